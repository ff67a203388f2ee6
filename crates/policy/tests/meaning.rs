//! What lists mean: which item decides on a call, and which action it gets.
#![allow(clippy::unwrap_used, clippy::panic)]

use policy::{Action, Mode, Policy, Request};
use syscalls::Abi;

const BOTH_MACHINES: [Abi; 2] = [Abi::X86_64, Abi::Aarch64];

fn request<'a>(mode: Mode, list: &'a str, default: &str) -> Request<'a> {
    Request::plain(
        mode,
        "LIST",
        list.as_bytes(),
        Action::parse(default).unwrap(),
    )
}

fn compile(mode: Mode, list: &str, default: &str, abi: Abi) -> Policy {
    match request(mode, list, default).compile(abi, &policy::no_files) {
        Ok(compiled) => compiled.policy,
        Err(error) => panic!("{list:?}: {error}"),
    }
}

/// What a list gives a call by name, spelled as in a list.
fn given(mode: Mode, list: &str, default: &str, abi: Abi, call: &str) -> String {
    let number = syscalls::number(abi, call).unwrap();
    compile(mode, list, default, abi)
        .decide(abi.audit(), number, &[0; 6])
        .to_string()
}

#[track_caller]
fn assert_table(mode: Mode, default: &str, table: &[(&str, &str, &str)]) {
    for abi in BOTH_MACHINES {
        for (list, call, action) in table {
            let answer = given(mode, list, default, abi, call);
            assert_eq!(answer, *action, "{call} with {list:?} on {abi}");
        }
    }
}

#[test]
fn items_of_an_allow_list_work_left_to_right() {
    assert_table(
        Mode::AllowList,
        "kill_process",
        &[
            ("read", "read", "allow"),
            ("read", "write", "kill_process"),
            ("write:read:write", "read", "allow"),
            ("read=EPERM", "read", "EPERM"),
            ("read=EPERM", "write", "kill_process"),
            ("read=EPERM:read", "read", "allow"),
            ("read:read=EPERM", "read", "EPERM"),
            ("read=EPERM:read=log", "read", "log"),
            ("read:!read", "read", "kill_process"),
            ("read:!read", "write", "kill_process"),
            ("read=EPERM:!read", "read", "kill_process"),
            ("!read", "read", "kill_process"),
            ("!read:read", "read", "allow"),
            ("write:!read", "write", "allow"),
        ],
    );
}

#[test]
fn items_of_a_deny_list_work_left_to_right() {
    assert_table(
        Mode::DenyList,
        "EACCES",
        &[
            ("read", "read", "EACCES"),
            ("read", "write", "allow"),
            ("read=EPERM", "read", "EPERM"),
            ("read=EPERM:read", "read", "EACCES"),
            ("read:read=kill", "read", "kill_process"),
            ("read:read=allow", "read", "allow"),
            ("read=allow:read", "read", "EACCES"),
            ("read:!read", "read", "allow"),
            ("read=EPERM:!read", "read", "allow"),
            ("read=log", "read", "log"),
        ],
    );
}

#[test]
fn a_group_applies_its_item_to_each_member() {
    assert_table(
        Mode::AllowList,
        "kill_process",
        &[
            ("@mount", "mount", "allow"),
            ("@mount", "umount2", "allow"),
            ("@mount", "read", "kill_process"),
            ("@mount=EPERM", "mount", "EPERM"),
            ("@mount:!umount2", "umount2", "kill_process"),
            ("@mount:!umount2", "mount", "allow"),
            ("umount2:!@mount", "umount2", "kill_process"),
            ("mount=kill_thread:@mount", "mount", "allow"),
            ("@mount:mount=ENODEV", "mount", "ENODEV"),
            (
                "@system-service:read=EPERM:!@basic-io",
                "read",
                "kill_process",
            ),
            ("@known", "reboot", "allow"),
            ("@known:!@known", "read", "kill_process"),
        ],
    );
    assert_table(
        Mode::DenyList,
        "kill_process",
        &[
            ("@mount", "mount", "kill_process"),
            ("@mount", "read", "allow"),
            ("@mount:umount2=allow", "umount2", "allow"),
            ("@mount:umount2=allow", "mount", "kill_process"),
            ("@mount:!@mount", "mount", "allow"),
        ],
    );
}

#[test]
fn a_known_group_reaches_every_call_and_only_those() {
    for abi in BOTH_MACHINES {
        let policy = compile(Mode::AllowList, "@known", "kill_process", abi);
        for number in 0..1024 {
            let named = syscalls::name(abi, number).is_some();
            let allowed = policy.decide(abi.audit(), number, &[0; 6]) == Action::Allow;
            assert_eq!(allowed, named, "{number} on {abi}");
        }
    }
}

#[test]
fn every_action_can_be_given_to_a_call() {
    for (written, action) in [
        ("allow", "allow"),
        ("kill", "kill_process"),
        ("kill_process", "kill_process"),
        ("kill_thread", "kill_thread"),
        ("trap", "trap"),
        ("log", "log"),
        ("EPERM", "EPERM"),
        ("EWOULDBLOCK", "EAGAIN"),
        ("errno(EPERM)", "EPERM"),
        ("errno(13)", "EACCES"),
        ("errno(0xd)", "EACCES"),
        ("errno(4095)", "errno(4095)"),
    ] {
        let list = format!("read={written}");
        assert_table(Mode::AllowList, "trap", &[(&list, "read", action)]);
        assert_table(Mode::DenyList, "trap", &[(&list, "read", action)]);
    }
}

#[test]
fn numbers_name_calls_as_names_do() {
    for abi in BOTH_MACHINES {
        let audit = abi.audit();
        let newest = syscalls::newest(abi);
        for number in [0, 16, newest, newest + 1, newest + 2, 1000, 0x3fff_ffff] {
            for list in [format!("{number}"), format!("0x{number:x}")] {
                let policy = compile(Mode::AllowList, &list, "kill_process", abi);
                assert_eq!(
                    policy.decide(audit, number, &[0; 6]),
                    Action::Allow,
                    "{list}"
                );
                let next = policy.decide(audit, number + 1, &[0; 6]);
                assert_eq!(next, Action::KillProcess, "the one behind {list}");
                let policy = compile(Mode::DenyList, &list, "kill_process", abi);
                assert_eq!(
                    policy.decide(audit, number, &[0; 6]),
                    Action::KillProcess,
                    "{list}"
                );
            }
        }
    }
    assert_eq!(
        given(Mode::AllowList, "read:0=EPERM", "kill", Abi::X86_64, "read"),
        "EPERM"
    );
    assert_eq!(
        given(
            Mode::AllowList,
            "0=EPERM:!read",
            "kill",
            Abi::X86_64,
            "read"
        ),
        "kill_process"
    );
}

#[test]
fn empty_items_and_blanks_mean_nothing() {
    for list in [
        "read:write",
        ":read::write:",
        " read :\twrite ",
        "read\n:write",
    ] {
        assert_table(
            Mode::AllowList,
            "kill_process",
            &[
                (list, "read", "allow"),
                (list, "write", "allow"),
                (list, "close", "kill_process"),
            ],
        );
    }
}

/// Lists that are wrong, and what is said of them.
const WRONG: [(&str, &str); 9] = [
    (
        "write:raed",
        r#"LIST: item "raed" (column 7): unknown system call; did you mean "read"?"#,
    ),
    (
        "READ",
        r#"LIST: item "READ" (column 1): unknown system call; did you mean "read"?"#,
    ),
    (
        "! raed=EPERM",
        r#"LIST: item "! raed=EPERM" (column 7): "!" takes an item out and cannot have an action or a condition"#,
    ),
    (
        "qqqqqqqq",
        r#"LIST: item "qqqqqqqq" (column 1): unknown system call"#,
    ),
    (
        " @mounts",
        r#"LIST: item "@mounts" (column 2): unknown group; did you mean "mount"?"#,
    ),
    (
        "!@mounts",
        r#"LIST: item "!@mounts" (column 2): unknown group; did you mean "mount"?"#,
    ),
    (
        "read:0x40000000",
        r#"LIST: item "0x40000000" (column 6): not a system call number; numbers go from 0 to 0x3fffffff"#,
    ),
    (
        "read=errno(4096)",
        r#"LIST: item "read=errno(4096)" (column 5): not an error; use a name such as EPERM or a number from 1 to 4095"#,
    ),
    (
        "@pledge-stdio=EPERM",
        r#"LIST: item "@pledge-stdio=EPERM" (column 1): a promise can be added to an allow-list or taken out again, and nothing else"#,
    ),
];

#[test]
fn what_cannot_be_looked_up_is_an_error_that_names_place_and_cure() {
    for (list, message) in WRONG {
        for abi in BOTH_MACHINES {
            let error = request(Mode::AllowList, list, "kill")
                .compile(abi, &policy::no_files)
                .unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }
}

#[test]
fn a_condition_printed_and_read_means_the_same() {
    for (call, text) in [
        ("socket", "family == 1 || family == 2 && type != 3"),
        ("read", "arg0 & 3 == 1 && argL1 + 2 > 7"),
        ("fchmod", "mode == 0x9ed"),
        ("fchmod", "fd >= argH1 ^ 0x400 || (fd | 1) + 2 == 3"),
        ("openat", "flags & 3 == 0 && (dfd == 5 || filename != arg3)"),
    ] {
        let list = format!("{call}({text})");
        let request = Request::plain(
            Mode::AllowList,
            "LIST",
            list.as_bytes(),
            Action::KillProcess,
        );
        let compiled = request.compile(Abi::X86_64, &policy::no_files).unwrap();
        let number = syscalls::number(Abi::X86_64, call).unwrap();
        let policy::Answer::Decision(decision) = compiled.policy.native().answer(number) else {
            panic!("{list}");
        };
        let case = compiled.policy.cases(&decision)[0];
        let printed = compiled
            .policy
            .conditions()
            .display(case.condition, call)
            .to_string();
        assert_eq!(printed, text, "{list}");
    }
}
