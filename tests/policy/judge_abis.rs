//! `test --arch`: calls of other ABIs than the filter's own, and of the other machine.

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
