//! Bugs that were there once, each with the smallest run that showed it.

use filter::Program;
use policy::{Action, Compiled, Mode, Request};
use sandbox_tests::Run;
use syscalls::Abi;

fn compile(mode: Mode, list: &str, default: Action) -> Compiled {
    let request = Request::plain(mode, "LIST", list.as_bytes(), default);
    request
        .compile(Abi::X86_64, &policy::no_files)
        .expect("a list in the grammar")
}

fn decide(compiled: &Compiled, number: u32) -> Action {
    compiled.policy.decide(Abi::X86_64.audit(), number, &[0; 6])
}

/// The action of the number behind the newest known one ran on to the end of the numbers, and the
/// check before the load stopped the program.
#[test]
fn a_number_right_behind_the_newest_known_one_can_be_listed() {
    let newest = syscalls::newest(Abi::X86_64);
    let list = (newest + 1).to_string();
    let compiled = compile(Mode::DenyList, &list, Action::KillProcess);
    let program = Program::compile(&compiled.policy, None).expect("a short program");
    assert!(program.check(&compiled.policy, None).is_ok());
    Run::preloaded("/bin/true").deny(list).outcome().succeeded();
}

/// With `log` for everything, restart_syscall was allowed instead of logged, and its record was missing.
#[test]
fn a_log_default_leaves_a_record_of_restart_syscall_too() {
    let restart = syscalls::number(Abi::X86_64, "restart_syscall").expect("a number");
    let everything_logged = compile(Mode::AllowList, "", Action::Log);
    assert_eq!(decide(&everything_logged, restart), Action::Log);
    let logged = compile(Mode::AllowList, "nanosleep=log", Action::KillProcess);
    assert_eq!(decide(&logged, restart), Action::Log);
    let allowed = compile(Mode::AllowList, "nanosleep=log:poll", Action::KillProcess);
    assert_eq!(decide(&allowed, restart), Action::Allow);
}

/// A backslash was taken for part of a name, and the list that was printed read as another one.
#[test]
fn a_backslash_is_no_part_of_a_name() {
    Run::preloaded("/bin/true")
        .deny("read\\ :write")
        .outcome()
        .status(1)
        .stderr_has("SECCOMP_SYSCALL_DENY: item \"read\\\\\" (column 1): not an item");
}

/// An item that was overridden and listed again was announced again.
#[test]
fn what_was_announced_is_not_announced_again() {
    let compiled = compile(Mode::AllowList, "read:read=log:read", Action::KillProcess);
    assert_eq!(
        compiled.announcement,
        "adding read to the process seccomp filter\nadding read to the process seccomp filter (log)\n"
    );
}

/// The message showed the item as it was understood, not as it was written.
#[test]
fn an_error_shows_the_item_as_it_was_written() {
    Run::preloaded("/bin/true")
        .allow("write: opennat = kill ")
        .outcome()
        .status(1)
        .stderr_has(
            "item \"opennat = kill\" (column 8): unknown system call; did you mean \"openat\"?",
        );
}
