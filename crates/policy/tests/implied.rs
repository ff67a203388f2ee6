//! What a policy says of calls that its list does not name, of other ABIs and of number −1.
#![allow(clippy::unwrap_used)]

use policy::{Action, Errno, MINUS_ONE, Mode, Policy, Request};
use syscalls::Abi;

const BOTH_MACHINES: [Abi; 2] = [Abi::X86_64, Abi::Aarch64];
const BOTH_MODES: [Mode; 2] = [Mode::AllowList, Mode::DenyList];
const DEFAULTS: [&str; 6] = [
    "kill_process",
    "kill_thread",
    "trap",
    "log",
    "EPERM",
    "errno(4095)",
];
const FALL_BACK: [&str; 8] = [
    "clone3",
    "openat2",
    "faccessat2",
    "fchmodat2",
    "statx",
    "close_range",
    "futex_waitv",
    "epoll_pwait2",
];
const ENOSYS: Action = Action::Errno(Errno::ENOSYS);

fn action(text: &str) -> Action {
    Action::parse(text).unwrap()
}

fn compile(mode: Mode, list: &str, default: &str, abi: Abi) -> Policy {
    let request = Request::plain(mode, "LIST", list.as_bytes(), action(default));
    request.compile(abi, &policy::no_files).unwrap().policy
}

fn allow(list: &str, default: &str, abi: Abi) -> Policy {
    compile(Mode::AllowList, list, default, abi)
}

/// What a policy gives a call by name.
fn native(policy: &Policy, call: &str) -> Action {
    let number = syscalls::number(policy.abi(), call).unwrap();
    policy.decide(policy.abi().audit(), number, &[0; 6])
}

#[test]
fn restart_syscall_comes_with_each_call_that_it_resumes() {
    for abi in BOTH_MACHINES {
        for call in ["nanosleep", "clock_nanosleep", "poll", "futex"] {
            if syscalls::number(abi, call).is_none() {
                assert_eq!((abi, call), (Abi::Aarch64, "poll"));
                continue;
            }
            let policy = allow(call, "kill_process", abi);
            assert_eq!(
                native(&policy, "restart_syscall"),
                Action::Allow,
                "{call} on {abi}"
            );
        }
        let policy = allow("@timer", "EPERM", abi);
        assert_eq!(
            native(&policy, "restart_syscall"),
            action("EPERM"),
            "no sleep in @timer"
        );
    }
}

#[test]
fn restart_syscall_does_not_come_uncalled_for() {
    for abi in BOTH_MACHINES {
        for list in [
            "",
            "read",
            "nanosleep=EPERM",
            "futex:!futex",
            "nanosleep:@known=kill",
            // Never, in other words.
            "nanosleep(!(arg1 &? 0))",
            "nanosleep(argL0 & 0 == 1)",
        ] {
            let policy = allow(list, "kill_process", abi);
            assert_eq!(
                native(&policy, "restart_syscall"),
                Action::KillProcess,
                "{list:?}"
            );
        }
        let policy = allow("nanosleep:restart_syscall=EPERM", "kill_process", abi);
        assert_eq!(native(&policy, "restart_syscall"), action("EPERM"), "named");
        let policy = compile(Mode::DenyList, "restart_syscall", "trap", abi);
        assert_eq!(
            native(&policy, "restart_syscall"),
            Action::Trap,
            "denied by name"
        );
    }
}

#[test]
fn an_empty_list_allows_nothing_or_everything() {
    for abi in BOTH_MACHINES {
        for list in ["", ":", "read:!read"] {
            for default in DEFAULTS {
                let nothing = allow(list, default, abi);
                let everything = compile(Mode::DenyList, list, default, abi);
                for number in (0..1024).chain([0x3fff_ffff]) {
                    let given = nothing.decide(abi.audit(), number, &[0; 6]);
                    assert_ne!(given, Action::Allow, "{number} {list:?} {default}");
                    let given = everything.decide(abi.audit(), number, &[0; 6]);
                    assert_eq!(given, Action::Allow, "{number} {list:?} {default}");
                }
            }
        }
    }
}

#[test]
fn calls_newer_than_the_table_do_not_exist_under_an_errno_default() {
    for abi in BOTH_MACHINES {
        let newest = syscalls::newest(abi);
        let policy = allow("read:1000=EACCES:1001", "EPERM", abi);
        for number in [newest + 1, newest + 2, 999, 1002, 0x3fff_ffff] {
            assert_eq!(
                policy.decide(abi.audit(), number, &[0; 6]),
                ENOSYS,
                "{number} on {abi}"
            );
        }
        assert_eq!(policy.decide(abi.audit(), newest, &[0; 6]), action("EPERM"));
        assert_eq!(
            policy.decide(abi.audit(), 1000, &[0; 6]),
            action("EACCES"),
            "named"
        );
        assert_eq!(
            policy.decide(abi.audit(), 1001, &[0; 6]),
            Action::Allow,
            "named"
        );
        for default in ["kill_process", "kill_thread", "trap", "log"] {
            let policy = allow("read", default, abi);
            assert_eq!(
                policy.decide(abi.audit(), newest + 1, &[0; 6]),
                action(default)
            );
        }
        let policy = compile(Mode::DenyList, "read", "EPERM", abi);
        assert_eq!(
            policy.decide(abi.audit(), newest + 1, &[0; 6]),
            Action::Allow
        );
    }
}

#[test]
fn calls_that_libcs_can_do_without_do_not_exist_under_an_errno_default() {
    for abi in BOTH_MACHINES {
        for call in FALL_BACK {
            for default in ["EPERM", "EACCES", "errno(4095)"] {
                assert_eq!(native(&allow("read", default, abi), call), ENOSYS, "{call}");
                assert_eq!(native(&allow("", default, abi), call), ENOSYS, "{call}");
            }
            let cleared = allow(&format!("{call}=EACCES:!{call}"), "EPERM", abi);
            assert_eq!(native(&cleared, call), ENOSYS, "{call} as if never named");
            for default in ["kill_process", "kill_thread", "trap", "log"] {
                assert_eq!(
                    native(&allow("read", default, abi), call),
                    action(default),
                    "{call}"
                );
            }
            let denied = compile(Mode::DenyList, call, "EPERM", abi);
            assert_eq!(
                native(&denied, call),
                action("EPERM"),
                "{call} in a deny-list"
            );
            let other = compile(Mode::DenyList, "read", "EPERM", abi);
            assert_eq!(
                native(&other, call),
                Action::Allow,
                "{call} not in a deny-list"
            );
        }
    }
}

#[test]
fn a_call_that_libcs_can_do_without_gets_what_is_said_of_it() {
    for abi in BOTH_MACHINES {
        for call in FALL_BACK {
            assert_eq!(native(&allow(call, "EPERM", abi), call), Action::Allow);
            let set = allow(&format!("{call}=EACCES"), "EPERM", abi);
            assert_eq!(native(&set, call), action("EACCES"));
            let grouped = allow("@known=EACCES", "EPERM", abi);
            assert_eq!(
                native(&grouped, call),
                action("EACCES"),
                "named through a group"
            );
        }
    }
}

#[test]
fn number_minus_one_passes_unless_violations_are_fatal_in_an_allow_list() {
    for abi in BOTH_MACHINES {
        for default in DEFAULTS {
            let fatal = matches!(default, "kill_process" | "kill_thread" | "trap");
            let listed = if fatal {
                action(default)
            } else {
                Action::Allow
            };
            for (mode, expected) in [(Mode::AllowList, listed), (Mode::DenyList, Action::Allow)] {
                for list in ["", "read", "@known"] {
                    let policy = compile(mode, list, default, abi);
                    let given = policy.decide(abi.audit(), MINUS_ONE, &[0; 6]);
                    assert_eq!(given, expected, "{mode:?} {list:?} {default} on {abi}");
                    assert_eq!(policy.native().minus_one_action(), expected);
                }
            }
        }
    }
}

#[test]
fn a_foreign_abi_is_a_violation_in_both_modes() {
    const UNKNOWN: [u32; 3] = [0, 0xc000_0015, u32::MAX];
    for abi in BOTH_MACHINES {
        let known = [Abi::X86_64, Abi::X86, Abi::Aarch64, Abi::Arm].map(Abi::audit);
        let foreign = known
            .into_iter()
            .chain(UNKNOWN)
            .filter(|&audit| audit != abi.audit());
        for audit in foreign {
            for (mode, default) in BOTH_MODES
                .into_iter()
                .flat_map(|mode| DEFAULTS.map(|default| (mode, default)))
            {
                for list in ["", "@known", "@known=allow"] {
                    let policy = compile(mode, list, default, abi);
                    for number in [0, 1, 11, 1000, 0x3fff_ffff] {
                        let given = policy.decide(audit, number, &[0; 6]);
                        assert_eq!(
                            given,
                            action(default),
                            "{number} on {audit:#x}, {mode:?} {list:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn an_x32_call_is_a_violation_in_both_modes_where_there_is_x32() {
    const NUMBERS: [u32; 6] = [
        0x4000_0000,
        0x4000_003b,
        0x4000_0208,
        0x7fff_ffff,
        0xc000_003b,
        0xffff_fffe,
    ];
    for mode in BOTH_MODES {
        for default in DEFAULTS {
            for list in ["", "@known", "@known=allow"] {
                let policy = compile(mode, list, default, Abi::X86_64);
                for number in NUMBERS {
                    let given = policy.decide(Abi::X86_64.audit(), number, &[0; 6]);
                    assert_eq!(given, action(default), "{number:#x}, {mode:?} {list:?}");
                }
            }
        }
    }
}

#[test]
fn bit_31_alone_is_a_number_that_no_call_has() {
    for (mode, default, expected) in [
        (Mode::AllowList, "kill_process", Action::KillProcess),
        (Mode::AllowList, "EPERM", ENOSYS),
        (Mode::DenyList, "kill_process", Action::Allow),
    ] {
        let policy = compile(mode, "@known:0x3fffffff", default, Abi::X86_64);
        for number in [0x8000_0000, 0x8000_003b, 0xbfff_ffff] {
            let given = policy.decide(Abi::X86_64.audit(), number, &[0; 6]);
            assert_eq!(given, expected, "{number:#x}, {mode:?} {default}");
        }
    }
}

#[test]
fn bit_30_means_nothing_on_arm() {
    for (mode, default, expected) in [
        (Mode::AllowList, "kill_process", Action::KillProcess),
        (Mode::AllowList, "EPERM", ENOSYS),
        (Mode::DenyList, "kill_process", Action::Allow),
    ] {
        let policy = compile(mode, "@known", default, Abi::Aarch64);
        for number in [0x4000_0000, 0x4000_003b, 0xffff_fffe] {
            let given = policy.decide(Abi::Aarch64.audit(), number, &[0; 6]);
            assert_eq!(given, expected, "{number:#x}, {mode:?} {default}");
        }
    }
}
