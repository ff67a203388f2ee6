//! Profiles of container engines: what they mean here, trap by trap.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

mod decisions;
mod profiles;

use decisions::gets;
use formats::{Context, Error, Format, read};
use policy::{Action, Mode};
use profiles::{argument, context, denying, errno, error, noted, policy, reading, rule};
use syscalls::Abi;

const ALLOW: Action = Action::Allow;

#[test]
fn an_argument_that_comes_twice_makes_a_rule_of_each_test() {
    let twice = [
        argument(0, "EQ", 1, 0),
        argument(0, "EQ", 2, 0),
        argument(1, "EQ", 9, 0),
    ];
    let text = denying(&rule("ALLOW", &twice.join(",")));
    let any = policy(&text);
    for (arguments, expected) in [
        ([1, 0], ALLOW),
        ([2, 0], ALLOW),
        ([0, 9], ALLOW),
        ([3, 8], errno(1)),
    ] {
        assert_eq!(gets(&any, "read", &arguments), expected, "{arguments:?}");
    }
    assert!(noted(
        &reading(&text),
        "syscalls[0]: an argument comes twice"
    ));
}

#[test]
fn tests_of_different_arguments_must_all_pass() {
    let both = [argument(0, "EQ", 1, 0), argument(1, "EQ", 9, 0)];
    let all = policy(&denying(&rule("ALLOW", &both.join(","))));
    for (arguments, expected) in [([1, 9], ALLOW), ([1, 0], errno(1)), ([0, 9], errno(1))] {
        assert_eq!(gets(&all, "read", &arguments), expected, "{arguments:?}");
    }
}

#[test]
fn comparisons_are_of_whole_registers() {
    for (op, value, passing, failing) in [
        ("EQ", 5, 5, 0x1_0000_0005),
        ("NE", 5, 0x1_0000_0005, 5),
        ("LT", 5, 4, 0x1_0000_0000),
        ("LE", 5, 5, 0x1_0000_0000),
        ("GE", 5, 0x1_0000_0000, 4),
        ("GT", 5, 0x1_0000_0000, 5),
        ("LE", u64::MAX, u64::MAX, 0),
        ("GE", 0, 0, 0),
    ] {
        let policy = policy(&denying(&rule("ALLOW", &argument(0, op, value, 0))));
        assert_eq!(
            gets(&policy, "read", &[passing]),
            ALLOW,
            "{passing} {op} {value}"
        );
        if passing != failing && value != u64::MAX {
            assert_eq!(
                gets(&policy, "read", &[failing]),
                errno(1),
                "{failing} {op} {value}"
            );
        }
    }
    let never = policy(&denying(&rule("ALLOW", &argument(0, "LT", 0, 0))));
    assert_eq!(gets(&never, "read", &[0]), errno(1));
}

#[test]
fn masked_equality_has_the_mask_first_and_cuts_the_number_to_it() {
    let masked = policy(&denying(&rule("ALLOW", &argument(0, "MASKED_EQ", 6, 2))));
    assert_eq!(gets(&masked, "read", &[0xf0f0_f0f0_0000_000b]), ALLOW);
    assert_eq!(gets(&masked, "read", &[6]), errno(1));
    let cut = policy(&denying(&rule("ALLOW", &argument(0, "MASKED_EQ", 1, 3))));
    assert_eq!(gets(&cut, "read", &[1]), ALLOW);
    let nothing = policy(&denying(&rule("ALLOW", &argument(0, "MASKED_EQ", 0, 7))));
    assert_eq!(
        gets(&nothing, "read", &[4]),
        ALLOW,
        "a mask of nothing tests nothing"
    );
}

#[test]
fn kill_ends_the_thread_and_errors_are_eperm_unless_said() {
    let text = r#"{"defaultAction": "SCMP_ACT_KILL", "syscalls": [
        {"names": ["read"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["write"], "action": "SCMP_ACT_ERRNO"},
        {"names": ["open"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13},
        {"names": ["close"], "action": "SCMP_ACT_ERRNO", "errno": "ENOENT", "errnoRet": 13},
        {"names": ["stat"], "action": "SCMP_ACT_KILL_PROCESS"},
        {"names": ["fstat"], "action": "SCMP_ACT_TRAP"},
        {"names": ["lseek"], "action": "SCMP_ACT_LOG"},
        {"name": "dup", "action": "SCMP_ACT_ERRNO", "errnoRet": 12345}]}"#;
    let policy = policy(text);
    for (name, expected) in [
        ("mount", Action::KillThread),
        ("read", ALLOW),
        ("write", errno(1)),
        ("open", errno(13)),
        ("close", errno(2)),
        ("stat", Action::KillProcess),
        ("fstat", Action::Trap),
        ("lseek", Action::Log),
        ("dup", errno(4095)),
    ] {
        assert_eq!(gets(&policy, name, &[]), expected, "{name}");
    }
    assert!(noted(
        &reading(text),
        "syscalls[7].errnoRet: the kernel answers 4095 for 12345"
    ));
    let word =
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "ENOSYS", "defaultErrnoRet": 38}"#;
    assert_eq!(reading(word).default, errno(38));
}

#[test]
fn a_default_that_allows_makes_a_deny_list() {
    let text = r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mount", "umount2"], "action": "SCMP_ACT_ERRNO"},
        {"names": ["personality"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]},
        {"names": ["ptrace"], "action": "SCMP_ACT_KILL_PROCESS"}]}"#;
    let read = reading(text);
    assert_eq!((read.mode, read.default), (Mode::DenyList, errno(1)));
    assert_eq!(
        read.list,
        "mount:umount2:personality(arg0 == 0x8):ptrace=kill_process"
    );
    let policy = policy(text);
    assert_eq!(gets(&policy, "read", &[]), ALLOW);
    assert_eq!(gets(&policy, "ptrace", &[]), Action::KillProcess);
    assert_eq!(gets(&policy, "personality", &[8]), errno(1));
    assert_eq!(gets(&policy, "personality", &[9]), ALLOW);
    let nothing = reading(r#"{"defaultAction": "SCMP_ACT_ALLOW"}"#);
    assert_eq!(
        (nothing.mode, nothing.default),
        (Mode::DenyList, Action::KillProcess)
    );
}

#[test]
fn a_default_that_logs_is_noted_for_it_stops_nothing() {
    let read = reading(r#"{"defaultAction": "SCMP_ACT_LOG"}"#);
    assert_eq!((read.mode, read.default), (Mode::AllowList, Action::Log));
    assert!(noted(&read, "logged and run"));
}

#[test]
fn a_rule_without_tests_wins_wherever_it_stands() {
    let conditional = rule("KILL", &argument(0, "EQ", 5, 0));
    for rules in [
        format!("{conditional},{}", rule("ALLOW", "")),
        format!("{},{conditional}", rule("ALLOW", "")),
        format!("{},{}", rule("ALLOW", ""), rule("KILL", "")),
    ] {
        let text = denying(&rules);
        assert_eq!(gets(&policy(&text), "read", &[5]), ALLOW, "{text}");
        assert_eq!(reading(&text).notes.len(), 1, "{text}");
    }
}

#[test]
fn a_rule_with_the_default_action_is_left_out() {
    let text = denying(&format!(
        "{},{}",
        rule("ERRNO", &argument(0, "EQ", 5, 0)),
        rule("ALLOW", "")
    ));
    assert_eq!(gets(&policy(&text), "read", &[5]), ALLOW);
    assert!(noted(&reading(&text), "read has the default action here"));
}

#[test]
fn rules_that_begin_alike_are_as_libseccomp_has_them() {
    let short = argument(0, "EQ", 5, 0);
    let long = format!("{short},{}", argument(1, "EQ", 6, 0));
    let broad_first = denying(&format!(
        "{},{}",
        rule("ALLOW", &short),
        rule("KILL", &long)
    ));
    assert_eq!(gets(&policy(&broad_first), "read", &[5, 6]), ALLOW);
    assert!(noted(&reading(&broad_first), "an earlier rule"));
    for (first, second) in [(&long, &short), (&short, &short)] {
        let text = denying(&format!(
            "{},{}",
            rule("ALLOW", first),
            rule("KILL", second)
        ));
        assert_eq!(
            error(&text),
            "p.json: syscalls[1]: read has a rule with another action for some of the same arguments; libseccomp refuses that"
        );
    }
}

#[test]
fn where_libseccomp_promises_nothing_the_stricter_action_wins() {
    let one = rule("ALLOW", &argument(0, "EQ", 5, 0));
    let other = rule("TRAP", &argument(1, "EQ", 6, 0));
    for rules in [format!("{one},{other}"), format!("{other},{one}")] {
        let text = denying(&rules);
        let policy = policy(&text);
        assert_eq!(gets(&policy, "read", &[5, 6]), Action::Trap);
        assert_eq!(gets(&policy, "read", &[5, 0]), ALLOW);
        assert_eq!(gets(&policy, "read", &[0, 6]), Action::Trap);
        assert!(noted(&reading(&text), "overlap"));
    }
    let apart = format!("{one},{}", rule("TRAP", &argument(0, "EQ", 6, 0)));
    assert_eq!(reading(&denying(&apart)).notes, [""; 0]);
}

#[test]
fn names_that_nobody_knows_are_noted_and_those_of_others_are_passed_over() {
    let text = denying(
        r#"{"names": ["read", "no_such_call", "arm_fadvise64_64", "chown32"], "action": "SCMP_ACT_ALLOW"}"#,
    );
    let read = reading(&text);
    assert_eq!(read.list, "read");
    assert_eq!(
        read.notes,
        [r#"syscalls[0]: no system call is named "no_such_call"; skipped"#]
    );
}

#[test]
fn architectures_bring_the_other_abi() {
    let with = |member: &str| {
        reading(&format!(
            r#"{{"defaultAction": "SCMP_ACT_ERRNO", {member}, "syscalls": [{{"names": ["read", "chown32"], "action": "SCMP_ACT_ALLOW"}}]}}"#
        ))
    };
    let listed = with(r#""architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]"#);
    assert_eq!(
        (listed.besides, listed.list.as_str()),
        (Some(Abi::X86), "read:chown32")
    );
    assert!(noted(&listed, "x32"));
    let mapped = r#""archMap": [
        {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]},
        {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}]"#;
    assert_eq!(with(mapped).besides, Some(Abi::X86));
    let foreign = r#""archMap": [{"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}]"#;
    assert_eq!(with(foreign).besides, None);
    let none = r#""archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": null}]"#;
    assert_eq!(with(none).besides, None);
}

#[test]
fn conditions_on_the_surroundings_choose_the_rules() {
    let rule = |conditions: &str| {
        denying(&format!(
            r#"{{"names": ["read"], "action": "SCMP_ACT_ALLOW", {conditions}}}"#
        ))
    };
    let given = Context {
        capabilities: &["CAP_SYSLOG", "CAP_BPF"],
        ..context()
    };
    for (conditions, holds) in [
        (r#""includes": {}"#, true),
        (r#""includes": {"caps": ["CAP_SYSLOG", "CAP_BPF"]}"#, true),
        (
            r#""includes": {"caps": ["CAP_SYSLOG", "CAP_SYS_ADMIN"]}"#,
            false,
        ),
        (
            r#""excludes": {"caps": ["CAP_SYSLOG", "CAP_SYS_ADMIN"]}"#,
            false,
        ),
        (r#""excludes": {"caps": ["CAP_SYS_ADMIN"]}"#, true),
        (r#""includes": {"arches": ["arm64"]}"#, false),
        (r#""includes": {"arches": ["amd64", "x32"]}"#, true),
        (r#""excludes": {"arches": ["amd64"]}"#, false),
        (r#""includes": {"minKernel": "4.8"}"#, true),
        (r#""includes": {"minKernel": "6.1.3-generic"}"#, true),
        (r#""includes": {"minKernel": "6.2"}"#, false),
        (r#""includes": {"minKernel": "10.0"}"#, false),
        (r#""excludes": {"minKernel": "6.1"}"#, false),
        (
            r#""includes": {"caps": null, "minKernel": ""}, "excludes": null"#,
            true,
        ),
    ] {
        let read = read(Format::Oci, rule(conditions).as_bytes(), &given).unwrap();
        assert_eq!(read.list == "read", holds, "{conditions}");
    }
}

#[test]
fn a_whole_configuration_is_a_profile_too() {
    let text = r#"{"ociVersion": "1.2.0", "linux": {"seccomp":
        {"defaultAction": "SCMP_ACT_KILL_PROCESS", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_BAD"}]}}}"#;
    assert_eq!(
        error(text),
        "p.json: linux.seccomp.syscalls[0].action: \"SCMP_ACT_BAD\" is no action (SCMP_ACT_...)"
    );
    assert_eq!(
        error(r#"{"linux": {}}"#),
        "p.json: linux: \"seccomp\" is missing"
    );
}

#[test]
fn crd_is_not_read() {
    let error = read(Format::Crd, b"", &context()).unwrap_err();
    assert_eq!(
        error,
        Error::NotReadable {
            format: Format::Crd
        }
    );
}
