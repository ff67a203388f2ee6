//! `test --arch`: calls of other ABIs than the filter's own, and of the other machine.

use sandbox_tests::Outcome;

use crate::tool;

/// What a call gets that comes by an ABI.
fn answer(arch: &str, list: &str, call: &str) -> String {
    let outcome = tool(["test", "--arch", arch, "--list-deny", list, call]).outcome();
    format!("{} {}", outcome.status, outcome.stdout.trim_end())
}

#[test]
fn calls_of_another_abi_of_the_machine_meet_its_native_filter() {
    for (arch, call) in [("x86", "read"), ("x86", "3"), ("x32", "read"), ("arm", "3")] {
        let expected = format!("1 {call}: kill_process (calls of other ABIs)");
        assert_eq!(answer(arch, "execve", call), expected, "{arch}");
    }
}

#[test]
fn a_number_means_the_call_that_it_has_on_that_abi() {
    // 59 is execve on x86_64 and pipe2 on aarch64, where execve is 221.
    for (arch, call, expected) in [
        ("x86_64", "59", "1 59: kill_process (execve)"),
        ("aarch64", "59", "0 59: allow (not listed)"),
        ("aarch64", "221", "1 221: kill_process (execve)"),
        ("aarch64", "execve", "1 execve: kill_process (execve)"),
    ] {
        assert_eq!(answer(arch, "execve", call), expected, "{arch} {call}");
    }
}

#[test]
fn a_name_that_the_abi_does_not_have_is_an_error() {
    // aarch64 never had open.
    tool(["test", "--arch", "aarch64", "--list-deny", "execve", "open"])
        .outcome()
        .status(2)
        .stdout("")
        .stderr_has("\"open\" is no system call of this ABI");
}

#[test]
fn an_abi_that_is_not_known_is_an_error_that_lists_those_that_are() {
    tool(["test", "--arch", "riscv64", "--list-deny", "execve", "read"])
        .outcome()
        .status(2)
        .stderr(
            "sandbox-policy: \"riscv64\" is no ABI; there are x86_64, x86, x32, aarch64 and arm\n",
        );
}

#[test]
fn the_compiled_filter_agrees_on_every_abi() {
    for arch in ["x86_64", "x86", "x32", "aarch64", "arm"] {
        let ask = |more: &[&str]| {
            tool(["test", "--arch", arch, "--list-deny", "execve=EPERM:read"])
                .args(["execve", "read", "write"])
                .args(more)
                .outcome()
                .status(1)
                .stdout
        };
        assert_eq!(ask(&[]).lines().count(), 3, "{arch}");
        assert_eq!(ask(&[]), ask(&["--compiled"]), "{arch}");
    }
}

/// What a call of 32-bit programs gets by a list.
fn on_x86(options: &[&str], call: &str) -> Outcome {
    let run = tool(["test", "--arch", "x86"]).args(options);
    run.arg(call).outcome()
}

#[test]
fn an_abi_that_was_added_has_answers_of_its_own() {
    let list = ["--list-allow", "read:write(fd == 1):socketcall"];
    let added = [&list[..], &["--add-arch", "x86"]].concat();
    for (call, rule) in [
        ("read", "read"),
        ("3", "read"),
        ("write(1)", "write(fd == 1)"),
        ("socketcall", "socketcall"),
    ] {
        let foreign = format!("{call}: kill_process (calls of other ABIs)\n");
        on_x86(&list, call).status(1).stdout(&foreign);
        for more in [&[][..], &["--compiled"]] {
            let options = [&added[..], more].concat();
            let answer = format!("{call}: allow ({rule})\n");
            on_x86(&options, call).succeeded().stdout(&answer);
        }
    }
    on_x86(&added, "write(2)").status(1);
    // Others are still foreign.
    let x32 = tool(["test", "--arch", "x32", "read"])
        .args(&added)
        .outcome();
    x32.status(1)
        .stdout("read: kill_process (calls of other ABIs)\n");
    let native = tool(["test", "read"]).args(&added).outcome();
    native.succeeded().stdout("read: allow (read)\n");
}

#[test]
fn an_abi_comes_from_the_variable_too_and_the_option_goes_before_it() {
    let ask = |options: &[&str], variable: &str| {
        let run = tool(["test", "--arch", "x86", "--list-allow", "read"]).args(options);
        run.arg("read").env("SECCOMP_ARCH", variable).outcome()
    };
    ask(&[], "x86").succeeded();
    ask(&["--add-arch", "x86_64"], "x86").status(1);
    ask(&["--add-arch", "x86"], "nonsense").succeeded();
    ask(&["--add-arch", "vax"], "x86")
        .status(2)
        .stdout("")
        .stderr_has("\"vax\": not an ABI that can be added here");
}

#[test]
fn a_logged_call_of_another_abi_runs() {
    let options = ["--list-allow", "", "--default-action", "log"];
    on_x86(&options, "read")
        .succeeded()
        .stdout("read: log (calls of other ABIs)\n");
}
