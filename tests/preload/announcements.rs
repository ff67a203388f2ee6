//! What is printed when all is well: one line per item, then notes.

use sandbox_tests::{Outcome, Run};
use syscalls::Abi;

use crate::programs::hello;

/// Helloworld under a list that only announces; `@known` lets it run.
fn allowing(list: &str) -> Outcome {
    Run::preloaded(hello()).allow(list).outcome()
}

fn denying(list: &str) -> Outcome {
    Run::preloaded(hello()).deny(list).outcome()
}

fn added(what: &str) -> String {
    format!("adding {what} to the process seccomp filter\n")
}

/// A group as it is announced.
fn group(name: &str) -> String {
    let group = syscalls::group(name).expect("a group");
    format!(
        "@{name} ({} system calls)",
        group.numbers(Abi::NATIVE).len()
    )
}

#[test]
fn numbers_are_announced_by_their_names() {
    let lines = ["newfstatat", "write", "exit_group"].map(added).concat();
    allowing("262:0x1:231").succeeded().stderr(&lines);
    // A number that has no name stays a number.
    denying("0x3ff").succeeded().stderr(&added("1023"));
}

#[test]
fn a_group_is_announced_as_one_line_with_its_size() {
    let lines = [&group("basic-io"), "newfstatat", "exit_group"];
    let lines = lines.map(added).concat();
    allowing("@basic-io:newfstatat:exit_group:@basic-io")
        .succeeded()
        .stderr(&lines);
}

#[test]
fn an_action_of_its_own_stands_behind_an_item() {
    let list = "@known:execve=EPERM:@mount=errno(EACCES):ptrace=errno(4000):kexec_load=kill:acct=trap:swapon=log:reboot=kill_thread";
    let lines = [
        added(&group("known")),
        "adding execve to the process seccomp filter (errno EPERM)\n".to_string(),
        added(&group("mount")).replace("filter", "filter (errno EACCES)"),
        "adding ptrace to the process seccomp filter (errno 4000)\n".to_string(),
        "adding kexec_load to the process seccomp filter (kill_process)\n".to_string(),
        "adding acct to the process seccomp filter (trap)\n".to_string(),
        "adding swapon to the process seccomp filter (log)\n".to_string(),
        "adding reboot to the process seccomp filter (kill_thread)\n".to_string(),
    ];
    allowing(list).succeeded().stderr(&lines.concat());
}

#[test]
fn the_lists_own_action_is_not_repeated() {
    Run::preloaded(hello())
        .deny("ptrace=EPERM:acct")
        .default_action("EPERM")
        .outcome()
        .succeeded()
        .stderr(&["ptrace", "acct"].map(added).concat());
    denying("@process:execve=allow")
        .succeeded()
        .stderr(&format!(
            "{}adding execve to the process seccomp filter (allow)\n",
            added(&group("process"))
        ));
}

#[test]
fn what_is_taken_out_is_not_announced() {
    allowing("@known:!ptrace:!@mount")
        .succeeded()
        .stderr(&added(&group("known")));
}

#[test]
fn a_name_of_other_machines_is_skipped_with_a_note() {
    let note = "libsandbox: note: mmap2 is not a system call of x86_64; skipped\n";
    let lines = ["newfstatat", "write", "exit_group"].map(added).concat();
    allowing("newfstatat:mmap2:write:exit_group")
        .succeeded()
        .stderr(&(lines + note));
}

#[test]
fn io_uring_beside_restricted_calls_is_noted() {
    let note = "libsandbox: note: io_uring_setup is allowed, and io_uring does openat";
    denying("openat:openat2").succeeded().stderr_has(note);
    allowing("@known:!connect")
        .succeeded()
        .stderr_has("and io_uring does connect");
    // Nothing to note where io_uring is denied too, or nothing of what it does is restricted.
    for list in ["openat:openat2:io_uring_setup", "ptrace"] {
        let outcome = denying(list).succeeded();
        assert!(!outcome.stderr.contains("note"), "{outcome:#?}");
    }
}

#[test]
fn a_deny_list_with_a_call_that_the_kernel_never_filters_is_noted() {
    for name in ["uretprobe", "uprobe"] {
        let note = format!(
            "libsandbox: note: the kernel runs {name} before any filter; denying it has no effect\n"
        );
        let outcome = denying(name).succeeded();
        assert_eq!(outcome.stderr, added(name) + &note);
    }
    let outcome = allowing("@known").succeeded();
    assert!(!outcome.stderr.contains("note"), "{outcome:#?}");
}

#[test]
fn quiet_prints_neither_lines_nor_notes_but_filters() {
    let quiet = |list: &str| {
        let run = Run::preloaded(hello()).env("SECCOMP_QUIET", "1");
        run.allow(list).outcome()
    };
    quiet("newfstatat:mmap2:write:exit_group")
        .succeeded()
        .stdout("Hello, world!\n")
        .stderr("");
    quiet("newfstatat:write").killed().stderr("");
}

#[test]
fn quiet_does_not_silence_a_failure() {
    Run::preloaded(hello())
        .env("SECCOMP_QUIET", "1")
        .allow("wirte")
        .outcome()
        .status(1)
        .stdout("")
        .stderr_has("did you mean \"write\"?");
}

#[test]
fn quiet_switched_off_is_as_if_not_set() {
    for value in ["", "0"] {
        Run::preloaded(hello())
            .env("SECCOMP_QUIET", value)
            .deny("ptrace")
            .outcome()
            .succeeded()
            .stderr(&added("ptrace"));
    }
}
