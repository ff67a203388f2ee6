//! The additions that reports suggest, on policies of every kind. Each was compiled before it was
//! suggested; here it is done once more, by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod report_support;

use policy::{Action, Mode, Request};
use report_support::{Files, call, call_of, judge, judge_of, numbered, plain};
use syscalls::Abi;
use watch::{Addition, Call, Ground, Judgement};

/// `--allow LIST`: what a call breaks and which item allows it.
fn item(mode: Mode, list: &str, call: &Call) -> (String, String) {
    let judgement = judge(mode, list).judge(call);
    let addition = judgement.addition.expect("an addition");
    let item = addition.item.expect("an item");
    let longer = format!("{list}:{item}");
    assert!(
        !judge(mode, &longer).verdict(call).is_violation(),
        "{longer}"
    );
    (judgement.ground.to_string(), item)
}

fn sigsys(list: &str, call: &Call) -> Judgement {
    judge(Mode::AllowList, list).judge(call)
}

type Case = (
    &'static str,
    &'static str,
    &'static [u64],
    &'static str,
    &'static str,
);

/// A list, a call with arguments, why it is denied, and what allows it.
const ALLOWING: &[Case] = &[
    ("read:write", "mkdir", &[1, 2], "not in the list", "mkdir"),
    ("", "mkdir", &[], "not in the list", "mkdir"),
    (
        "read",
        "fcntl",
        &[3, 2, 1],
        "not in the list",
        "fcntl(cmd == F_SETFD)",
    ),
    (
        "read",
        "socket",
        &[1, 0o2_000_001, 0],
        "not in the list",
        "socket(family == AF_UNIX && type == SOCK_STREAM|SOCK_CLOEXEC && protocol == 0)",
    ),
    (
        "read:fcntl(cmd == F_GETFD)",
        "fcntl",
        &[3, 2, 1],
        "not covered by fcntl(cmd == F_GETFD)",
        "fcntl(cmd == F_SETFD)",
    ),
    (
        "write(fd == 1)",
        "write",
        &[7],
        "not covered by write(fd == 1)",
        "write(fd == 7)",
    ),
    // What the kernel does not read of a register is not in the condition.
    (
        "write(fd == 1)",
        "write",
        &[0xffff_ffff_0000_0007],
        "not covered by write(fd == 1)",
        "write(fd == 7)",
    ),
    (
        "@basic-io:!write",
        "write",
        &[7],
        "not in the list",
        "write",
    ),
    (
        "@system-service:ptrace=EPERM",
        "ptrace",
        &[0],
        "denied by ptrace=EPERM",
        "ptrace(request == PTRACE_TRACEME)=allow",
    ),
    (
        "@system-service:mkdir=EPERM",
        "mkdir",
        &[0],
        "denied by mkdir=EPERM",
        "mkdir=allow",
    ),
    (
        "@file-system=EPERM:read",
        "mkdir",
        &[0],
        "denied by @file-system=EPERM",
        "mkdir=allow",
    ),
    (
        "mprotect:mprotect(prot &? PROT_EXEC)=EPERM",
        "mprotect",
        &[0, 0, 5],
        "denied by mprotect(prot &? PROT_EXEC)=EPERM",
        "mprotect(prot == PROT_READ|PROT_EXEC)=allow",
    ),
    (
        "read:mkdir=log",
        "mkdir",
        &[0],
        "logged by mkdir=log",
        "mkdir=allow",
    ),
];

#[test]
fn an_allow_list_gets_the_call_as_narrow_as_it_goes() {
    for &(list, name, arguments, ground, expected) in ALLOWING {
        let call = call(name, arguments);
        let (why, found) = item(Mode::AllowList, list, &call);
        let why = why.as_str();
        assert_eq!((why, found.as_str()), (ground, expected), "{list}");
    }
}

/// The same for lists that deny.
const DENYING: &[Case] = &[
    ("mkdir:rmdir", "mkdir", &[1, 2], "denied by mkdir", "!mkdir"),
    ("@mount", "mount", &[], "denied by @mount", "!mount"),
    (
        "mkdir=EPERM",
        "mkdir",
        &[],
        "denied by mkdir=EPERM",
        "!mkdir",
    ),
    (
        "ioctl(cmd == TIOCSTI)",
        "ioctl",
        &[0, 0x5412],
        "denied by ioctl(cmd == TIOCSTI)",
        "!ioctl",
    ),
    // The other rule stays.
    (
        "ioctl(cmd == TIOCSTI):ioctl(cmd == TIOCLINUX)",
        "ioctl",
        &[0, 0x5412],
        "denied by ioctl(cmd == TIOCSTI)",
        "ioctl(cmd == TIOCSTI)=allow",
    ),
];

#[test]
fn a_deny_list_gets_the_call_taken_out_or_excepted() {
    for &(list, name, arguments, ground, expected) in DENYING {
        let call = call(name, arguments);
        let (why, found) = item(Mode::DenyList, list, &call);
        let why = why.as_str();
        assert_eq!((why, found.as_str()), (ground, expected), "{list}");
    }
}

#[test]
fn a_call_without_a_name_is_added_by_its_number() {
    let unknown = numbered(Abi::X86_64.audit(), 999, &[]);
    let (why, found) = item(Mode::AllowList, "read", &unknown);
    assert_eq!((why.as_str(), found.as_str()), ("not in the list", "999"));
}

#[test]
fn what_an_error_action_answers_with_enosys_can_be_added() {
    let request = Request {
        default: Action::parse("EPERM").unwrap(),
        ..plain(Mode::AllowList, "read")
    };
    let judgement = judge_of(&request, &[]).judge(&call("statx", &[]));
    assert_eq!(judgement.action, Action::parse("ENOSYS").unwrap());
    assert_eq!(judgement.addition.unwrap().to_string(), "add statx");
}

#[test]
fn a_foreign_abi_is_added_with_the_call_if_need_be() {
    for (list, expected) in [
        ("read:mkdir", "give --arch x86"),
        ("read", "give --arch x86 and add mkdir"),
    ] {
        let judgement = sigsys(list, &call_of(Abi::X86, "mkdir", &[]));
        assert_eq!(judgement.ground, Ground::Foreign("x86".to_owned()));
        assert_eq!(judgement.ground.to_string(), "foreign ABI x86");
        let addition = judgement.addition.expect("an addition");
        assert_eq!(addition.arch, Some(Abi::X86));
        assert_eq!(addition.to_string(), expected);
    }
    let judgement = sigsys("read", &call_of(Abi::Aarch64, "mkdirat", &[]));
    let refusal = Err("no policy here holds for aarch64".to_owned());
    assert_eq!(judgement.addition, refusal);
}

#[test]
fn a_call_of_the_other_abi_is_added_where_the_policy_has_it() {
    let request = Request {
        besides: Some(Abi::X86),
        ..plain(Mode::AllowList, "read:mkdir(mode == 7)")
    };
    let judge = judge_of(&request, &[]);
    for (name, arguments, expected) in [
        ("mkdir", &[0, 8][..], "add mkdir(mode == 8)"),
        ("rmdir", &[], "add rmdir"),
        ("socketcall", &[1], "add socketcall"),
        ("fcntl64", &[0, 1], "add fcntl64"),
    ] {
        let judgement = judge.judge(&call_of(Abi::X86, name, arguments));
        assert_eq!(judgement.addition.unwrap().to_string(), expected);
    }
}

#[test]
fn nothing_is_suggested_for_x32_and_for_number_minus_one() {
    let judgement = sigsys("read", &call_of(Abi::X32, "read", &[]));
    assert_eq!(judgement.ground, Ground::X32);
    assert!(judgement.addition.is_err());
    let judgement = sigsys("read", &numbered(Abi::X86_64.audit(), u32::MAX, &[]));
    assert_eq!(judgement.ground, Ground::MinusOne);
    assert!(judgement.addition.is_err());
}

#[test]
fn nothing_is_suggested_that_undoes_a_condition() {
    for (list, name) in [
        ("clone(flags == CLONE_VM)", "clone3"),
        ("openat(flags == O_RDONLY)", "openat2"),
    ] {
        let refusal = sigsys(list, &call(name, &[])).addition.unwrap_err();
        assert!(refusal.contains("would undo the condition on"), "{refusal}");
    }
    assert!(sigsys("clone", &call("clone3", &[])).addition.is_ok());
    assert!(sigsys("read", &call("openat2", &[])).addition.is_ok());
}

#[test]
fn an_allowed_call_needs_nothing() {
    let judgement = sigsys("read", &call("read", &[]));
    assert_eq!(judgement.action, Action::Allow);
    assert!(judgement.addition.is_err());
}

/// What a policy of files suggests: the line, and what it replaces.
fn line(mode: Mode, list: &str, files: Files<'_>, call: &Call) -> (Judgement, Addition) {
    let request = Request {
        origin: "--policy",
        ..plain(mode, list)
    };
    let judge = judge_of(&request, files);
    let judgement = judge.judge(call);
    assert!(judge.verdict(call).is_violation());
    let addition = judgement.addition.clone().expect("an addition");
    (judgement, addition)
}

const INCLUDING: &str = "include \"base.seccomp\"\nwrite: fd == 1 || fd == 2 # out\n";
const BASE: &str = "# base\nread: 1\nptrace: return EPERM\nfcntl: arg1 == F_GETFD\n";
const FILES: Files<'static> = &[("/p/top.seccomp", INCLUDING), ("/p/base.seccomp", BASE)];

/// A call with arguments, why the files deny it, and what allows it.
const CHANGES: &[(&str, &[u64], &str, &str)] = &[
    ("mkdir", &[], "not in the list", "add the line `mkdir: 1`"),
    (
        "madvise",
        &[0, 0, 4],
        "not in the list",
        "add the line `madvise: behavior == MADV_DONTNEED`",
    ),
    (
        "write",
        &[7],
        "not covered by /p/top.seccomp:2: write: fd == 1 || fd == 2 # out",
        "change /p/top.seccomp:2 to `write: (fd == 1 || fd == 2) || fd == 7`",
    ),
    (
        "fcntl",
        &[0, 2],
        "not covered by /p/base.seccomp:4: fcntl: arg1 == F_GETFD",
        "change /p/base.seccomp:4 to `fcntl: (arg1 == F_GETFD) || cmd == F_SETFD`",
    ),
    (
        "ptrace",
        &[0],
        "denied by /p/base.seccomp:3: ptrace: return EPERM",
        "change /p/base.seccomp:3 to `ptrace: request == PTRACE_TRACEME`",
    ),
];

#[test]
fn a_file_gets_a_line_or_has_one_changed() {
    let read = |list: &str, name: &str, arguments: &[u64]| {
        let (judgement, addition) = line(Mode::AllowList, list, FILES, &call(name, arguments));
        (judgement.ground.to_string(), addition.to_string())
    };
    for &(name, arguments, ground, expected) in CHANGES {
        let found = read("/p/top.seccomp", name, arguments);
        assert_eq!((found.0.as_str(), found.1.as_str()), (ground, expected));
    }
}

#[test]
fn a_file_that_denies_loses_the_line() {
    let files = [(
        "/p/deny.seccomp",
        "mkdir: 1\nioctl: cmd == TIOCSTI\n@mount: 1\n",
    )];
    let read = |name: &str, arguments: &[u64]| {
        let (_, addition) = line(
            Mode::DenyList,
            "/p/deny.seccomp",
            &files,
            &call(name, arguments),
        );
        addition.to_string()
    };
    assert_eq!(read("mkdir", &[]), "remove /p/deny.seccomp:1");
    assert_eq!(read("ioctl", &[0, 0x5412]), "remove /p/deny.seccomp:2");
    assert_eq!(read("mount", &[]), "add !mount");
}

#[test]
fn a_file_with_a_policy_of_its_own_is_changed_in_itself() {
    let files = [("/p/own.seccomp", "DEFAULT_POLICY = EPERM\nread: 1\n")];
    let (_, addition) = line(
        Mode::AllowList,
        "/p/own.seccomp",
        &files,
        &call("mkdir", &[]),
    );
    // An item behind the file would be an error.
    assert_eq!(addition.item, None);
    assert_eq!(addition.to_string(), "add the line `mkdir: 1`");
}

#[test]
fn a_path_with_colons_is_found_again() {
    let files = [("/p/a:b.seccomp", "read: 1\n")];
    let list = "/p/a\\:b.seccomp";
    let (_, addition) = line(Mode::AllowList, list, &files, &call("mkdir", &[]));
    assert_eq!(addition.line.unwrap().text, "mkdir: 1");
}

#[test]
fn a_rule_that_no_addition_gets_past_is_named() {
    // A file with a policy of its own takes no item, and its line is about a group.
    let files = [(
        "/p/own.seccomp",
        "DEFAULT_POLICY = kill\n@mount: return EPERM\n",
    )];
    let judge = judge_of(&plain(Mode::AllowList, "/p/own.seccomp"), &files);
    let refusal = judge.judge(&call("mount", &[])).addition.unwrap_err();
    assert_eq!(
        refusal,
        "change the rule /p/own.seccomp:2: @mount: return EPERM"
    );
}

#[test]
fn definitions_and_defaults_are_those_of_the_policy() {
    let request = Request {
        definitions: &[b"{inline}LOG = 2"],
        default: Action::parse("EACCES").unwrap(),
        ..plain(Mode::AllowList, "write(fd == LOG)")
    };
    let judgement = judge_of(&request, &[]).judge(&call("write", &[1]));
    assert_eq!(
        judgement.addition.unwrap().to_string(),
        "add write(fd == 1)"
    );
}

#[test]
fn a_list_from_another_format_compares_whole_registers() {
    let request = Request {
        origin: "--policy",
        whole_registers: true,
        ..plain(
            Mode::DenyList,
            "ioctl(arg1 == TIOCSTI):ioctl(arg1 == TIOCLINUX)",
        )
    };
    let judgement = judge_of(&request, &[]).judge(&call("ioctl", &[0, 0x5412]));
    let expected = "add ioctl(cmd == TIOCSTI)=allow";
    assert_eq!(judgement.addition.unwrap().to_string(), expected);
}
