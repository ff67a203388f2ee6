//! A policy for programs of two ABIs: x86_64's own and the 32-bit one beside it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use policy::{Action, Compiled, Error, MINUS_ONE, Mode, Policy, Request};
use support::{ask, ask_on, compile_request, errno, message};
use syscalls::Abi;

const KILL: Action = Action::KillProcess;

fn try_both(mode: Mode, list: &str, default: &str) -> Result<Compiled, Error> {
    let plain = Request::plain(mode, "LIST", list.as_bytes(), errno(default));
    let request = Request {
        besides: Some(Abi::X86),
        ..plain
    };
    compile_request(
        &request,
        &[(
            "/p",
            "read: arg0 == 5\nsocketcall: arg0 == 1\nmmap2[-EPERM]: 1",
        )],
    )
}

#[track_caller]
fn both(mode: Mode, list: &str) -> Policy {
    match try_both(mode, list, "kill") {
        Ok(compiled) => compiled.policy,
        Err(error) => panic!("{list}: {error}"),
    }
}

/// What a 32-bit call of this number gets.
fn by_number(policy: &Policy, number: u32) -> Action {
    policy.decide(Abi::X86.audit(), number, &[0; 6])
}

#[test]
fn each_abi_has_its_own_numbers() {
    let policy = both(Mode::AllowList, "read:exit_group");
    // x86: exit 1, read 3, write 4, exit_group 252.
    for (number, action) in [
        (0, KILL),
        (1, KILL),
        (3, Action::Allow),
        (4, KILL),
        (252, Action::Allow),
    ] {
        assert_eq!(by_number(&policy, number), action, "{number}");
    }
    assert_eq!(ask(&policy, "read", &[]), Action::Allow);
    assert_eq!(ask(&policy, "close", &[]), KILL, "number 3 here");
    let policy = both(Mode::DenyList, "read=EPERM:@mount");
    assert_eq!(by_number(&policy, 3), errno("EPERM"));
    assert_eq!(by_number(&policy, 0), Action::Allow);
    for call in ["mount", "umount2"] {
        assert_eq!(ask(&policy, call, &[]), KILL);
        assert_eq!(ask_on(&policy, Abi::X86, call, &[]), KILL);
    }
    assert_eq!(
        ask_on(&policy, Abi::X86, "umount", &[]),
        KILL,
        "which only x86 has"
    );
}

#[test]
fn a_name_of_one_abi_alone_is_said_of_that_one() {
    let compiled = try_both(
        Mode::AllowList,
        "read:socketcall:mmap2:arch_prctl:tuxcall",
        "kill",
    )
    .unwrap();
    let policy = &compiled.policy;
    for call in ["socketcall", "mmap2", "arch_prctl"] {
        assert_eq!(ask_on(policy, Abi::X86, call, &[]), Action::Allow, "{call}");
    }
    assert_eq!(ask(policy, "tuxcall", &[]), Action::Allow);
    assert_eq!(ask_on(policy, Abi::X86, "socket", &[]), KILL);
    let policy = both(Mode::AllowList, "/p");
    assert_eq!(ask_on(&policy, Abi::X86, "socketcall", &[1]), Action::Allow);
    assert_eq!(ask_on(&policy, Abi::X86, "socketcall", &[2]), KILL);
    assert_eq!(ask_on(&policy, Abi::X86, "read", &[5]), Action::Allow);
    assert_eq!(ask_on(&policy, Abi::X86, "read", &[4]), KILL);
}

#[test]
fn a_name_that_the_other_abi_has_is_not_skipped_but_announced_and_suggested() {
    let compiled = try_both(Mode::AllowList, "socketcall:mmap2", "kill").unwrap();
    let skipped = |note: &policy::Note| matches!(note, policy::Note::Skipped { .. });
    assert!(!compiled.notes.iter().any(skipped), "nothing is skipped");
    for call in ["socketcall", "mmap2"] {
        let line = format!("adding {call} to the process seccomp filter\n");
        assert!(compiled.announcement.contains(&line), "{call}");
    }
    assert_eq!(
        message(try_both(Mode::AllowList, "socketcal", "kill")),
        "LIST: item \"socketcal\" (column 1): unknown system call; did you mean \"socketcall\"?"
    );
}

#[test]
fn two_different_rules_for_a_call_of_the_other_abi_are_an_error() {
    let plain = Request::plain(Mode::AllowList, "LIST", b"/p", KILL);
    let request = Request {
        besides: Some(Abi::X86),
        ..plain
    };
    let files = [("/p", "socketcall: 1\nsocketcall: arg0 == 1")];
    let compiled = compile_request(&request, &files);
    assert!(compiled.is_err_and(|error| error.to_string().contains("another rule for the same")));
}

#[test]
fn a_condition_by_name_works_where_both_pass_the_argument_alike() {
    let policy = both(
        Mode::AllowList,
        "socket(family == AF_UNIX):read(count < 10):ioctl(cmd == TCGETS)",
    );
    for abi in [Abi::X86_64, Abi::X86] {
        assert_eq!(ask_on(&policy, abi, "socket", &[1]), Action::Allow, "{abi}");
        assert_eq!(ask_on(&policy, abi, "socket", &[2]), KILL, "{abi}");
        assert_eq!(
            ask_on(&policy, abi, "read", &[0, 0, 9]),
            Action::Allow,
            "{abi}"
        );
        assert_eq!(ask_on(&policy, abi, "read", &[0, 0, 10]), KILL, "{abi}");
        assert_eq!(
            ask_on(&policy, abi, "ioctl", &[0, 0x5401]),
            Action::Allow,
            "{abi}"
        );
    }
    let policy = both(
        Mode::DenyList,
        "fchmod(mode & 07000 != 0):clone(clone_flags &? CLONE_NEWUSER)",
    );
    for abi in [Abi::X86_64, Abi::X86] {
        assert_eq!(ask_on(&policy, abi, "fchmod", &[0, 0o4755]), KILL, "{abi}");
        assert_eq!(
            ask_on(&policy, abi, "fchmod", &[0, 0o755]),
            Action::Allow,
            "{abi}"
        );
        assert_eq!(ask_on(&policy, abi, "clone", &[0x1000_0000]), KILL, "{abi}");
    }
}

#[test]
fn a_condition_by_name_is_refused_where_the_other_abi_differs() {
    const WORDS: &str =
        "another ABI passes this argument differently; leave the ABI out, or the condition";
    for (list, column) in [
        ("mmap(prot == 1)", 6),
        ("mmap(prot &? PROT_EXEC)=EPERM", 6),
        ("read:mmap(len == 1)", 11),
        ("pread64(fd == 1 && pos == 0)", 20),
        ("fallocate(offset == 0)", 11),
        ("setuid(uid == 0)", 8),
        ("chown(user == 0)", 7),
        ("select(n == 0)", 8),
        ("clone(tls == 0)", 7),
    ] {
        let message = message(try_both(Mode::AllowList, list, "kill"));
        assert!(
            message.ends_with(&format!("(column {column}): {WORDS}")),
            "{message}"
        );
        let plain = Request::plain(Mode::AllowList, "LIST", list.as_bytes(), KILL);
        assert!(compile_request(&plain, &[]).is_ok(), "{list} on one ABI");
    }
    // What comes before the difference is the same.
    both(
        Mode::AllowList,
        "pread64(fd == 1):clone(clone_flags == 0):chown(filename != 0):fallocate(fd == 0)",
    );
    let policy = both(Mode::AllowList, "mmap(arg2 == 1)");
    assert_eq!(ask(&policy, "mmap", &[0, 0, 1]), Action::Allow);
    assert_eq!(ask(&policy, "mmap", &[0, 0, 2]), KILL);
}

#[test]
fn a_number_in_a_list_is_a_native_one() {
    let policy = both(Mode::AllowList, "0:1000");
    assert_eq!(ask(&policy, "read", &[]), Action::Allow);
    assert_eq!(ask_on(&policy, Abi::X86, "read", &[]), KILL);
    for number in [0, 1000] {
        assert_eq!(by_number(&policy, number), KILL, "{number}");
        assert_eq!(
            policy.decide(Abi::X86_64.audit(), number, &[0; 6]),
            Action::Allow
        );
    }
    let policy = both(Mode::DenyList, "59");
    assert_eq!(ask(&policy, "execve", &[]), KILL);
    assert_eq!(ask_on(&policy, Abi::X86, "execve", &[]), Action::Allow);
    assert_eq!(by_number(&policy, 59), Action::Allow);
}

#[test]
fn x32_and_other_abis_stay_refused_and_minus_one_is_nothing() {
    for mode in [Mode::AllowList, Mode::DenyList] {
        for default in ["kill", "EPERM", "log", "trap"] {
            let policy = try_both(mode, "@known", default).unwrap().policy;
            for audit in [Abi::Aarch64, Abi::Arm].map(Abi::audit) {
                assert_eq!(policy.decide(audit, 3, &[0; 6]), errno(default));
            }
            let x32 = policy.decide(Abi::X86_64.audit(), Abi::X32_BIT | 1, &[0; 6]);
            assert_eq!(x32, errno(default), "{mode:?}");
            let fatal = matches!(default, "kill" | "trap") && mode == Mode::AllowList;
            let expected = if fatal { errno(default) } else { Action::Allow };
            for abi in [Abi::X86_64, Abi::X86] {
                let given = policy.decide(abi.audit(), MINUS_ONE, &[0; 6]);
                assert_eq!(given, expected, "{abi} {mode:?} {default}");
            }
        }
    }
    // Bit 30 has no meaning on x86: such a number is one that no call has.
    let policy = try_both(Mode::AllowList, "read", "EPERM").unwrap().policy;
    assert_eq!(by_number(&policy, Abi::X32_BIT | 3), errno("ENOSYS"));
    let policy = both(Mode::DenyList, "read");
    assert_eq!(by_number(&policy, Abi::X32_BIT | 3), Action::Allow);
}

#[test]
fn what_follows_from_a_list_follows_on_both() {
    let policy = try_both(Mode::AllowList, "nanosleep", "EPERM")
        .unwrap()
        .policy;
    for abi in [Abi::X86_64, Abi::X86] {
        assert_eq!(
            ask_on(&policy, abi, "restart_syscall", &[]),
            Action::Allow,
            "{abi}"
        );
        assert_eq!(
            ask_on(&policy, abi, "clone3", &[]),
            errno("ENOSYS"),
            "{abi}"
        );
        assert_eq!(ask_on(&policy, abi, "read", &[]), errno("EPERM"), "{abi}");
    }
    let alone = Request::plain(Mode::AllowList, "LIST", b"@known", KILL);
    let policy = compile_request(&alone, &[]).unwrap().policy;
    assert_eq!(
        ask_on(&policy, Abi::X86, "read", &[]),
        KILL,
        "not asked for"
    );
}

#[test]
fn a_denial_by_number_is_refused_where_the_other_abi_differs() {
    for list in [
        "mmap(arg2 &? PROT_EXEC)",
        "setuid(argL0 == 0)",
        "preadv(arg3 == 0)",
    ] {
        let message = message(try_both(Mode::DenyList, list, "kill"));
        assert!(
            message.contains("another ABI passes this argument differently"),
            "{message}"
        );
    }
}

#[test]
fn a_call_that_does_the_work_of_others_is_noted() {
    let notes = |list: &str| {
        let compiled = try_both(Mode::DenyList, list, "kill").unwrap();
        compiled
            .notes
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let noted = notes("socket:io_uring_setup");
    assert_eq!(noted.len(), 1, "{noted:?}");
    assert!(
        noted[0].starts_with("socketcall of x86 may run, and does socket "),
        "{noted:?}"
    );
    assert!(notes("socket:socketcall:io_uring_setup").is_empty());
}
