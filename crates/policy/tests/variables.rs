//! The environment contract: precedence, defaults, switches, and values that are errors.
#![allow(clippy::unwrap_used)]

use policy::{Action, Error, Mode, Request};

type Variables = [(&'static str, &'static str)];

fn read(variables: &Variables) -> Result<Option<Request<'static>>, Error> {
    let variables: Vec<_> = variables.to_vec();
    Request::from_variables(move |name| {
        variables
            .iter()
            .find_map(|(known, value)| (*known == name).then_some(value.as_bytes()))
    })
}

/// A request whose list is `x`, with other variables.
fn with(name: &'static str, value: &'static str) -> Result<Request<'static>, Error> {
    read(&[("SECCOMP_SYSCALL_ALLOW", "x"), (name, value)]).map(Option::unwrap)
}

#[test]
fn without_a_list_there_is_no_request() {
    assert_eq!(read(&[]), Ok(None));
    // The other variables are not even looked at.
    let others = [("SECCOMP_DEFAULT_ACTION", "nonsense"), ("SECCOMP_LOG", "?")];
    assert_eq!(read(&others), Ok(None));
}

#[test]
fn the_allow_list_beats_the_deny_list_even_when_empty() {
    const ALLOW: &str = "SECCOMP_SYSCALL_ALLOW";
    const DENY: &str = "SECCOMP_SYSCALL_DENY";
    for (variables, mode, origin, list) in [
        (&[(ALLOW, "a")][..], Mode::AllowList, ALLOW, "a"),
        (&[(DENY, "b")], Mode::DenyList, DENY, "b"),
        (&[(DENY, "b"), (ALLOW, "a")], Mode::AllowList, ALLOW, "a"),
        (&[(DENY, "b"), (ALLOW, "")], Mode::AllowList, ALLOW, ""),
        (&[(DENY, "")], Mode::DenyList, DENY, ""),
    ] {
        let expected = Request::plain(mode, origin, list.as_bytes(), Action::KillProcess);
        assert_eq!(read(variables), Ok(Some(expected)), "{variables:?}");
    }
}

#[test]
fn a_default_action_is_any_action_but_allow() {
    for (value, action) in [
        ("kill", "kill_process"),
        ("kill_process", "kill_process"),
        ("kill_thread", "kill_thread"),
        ("trap", "trap"),
        ("log", "log"),
        ("EPERM", "EPERM"),
        ("errno(13)", "EACCES"),
    ] {
        let request = with("SECCOMP_DEFAULT_ACTION", value).unwrap();
        assert_eq!(request.default.to_string(), action);
    }
    for (value, problem) in [
        (
            "allow",
            "a violation cannot be allowed; use log to let it run and be recorded",
        ),
        (
            "errno(0)",
            "not an error; use a name such as EPERM or a number from 1 to 4095",
        ),
        (
            "errno(4096)",
            "not an error; use a name such as EPERM or a number from 1 to 4095",
        ),
    ] {
        let error = with("SECCOMP_DEFAULT_ACTION", value).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("SECCOMP_DEFAULT_ACTION: \"{value}\": {problem}")
        );
    }
}

#[test]
fn an_unknown_default_action_is_an_error_with_the_closest_one() {
    for (value, closest) in [
        ("Log", Some("log")),
        ("kil", Some("kill")),
        ("EPREM", Some("EPERM")),
        ("", None),
        ("trace", None),
    ] {
        let error = with("SECCOMP_DEFAULT_ACTION", value)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(&format!(
                "SECCOMP_DEFAULT_ACTION: \"{value}\": unknown action"
            )),
            "{error}"
        );
        match closest {
            Some(closest) => assert!(
                error.contains(&format!("did you mean \"{closest}\"?")),
                "{error}"
            ),
            None => assert!(
                !error.contains("kill_process\"?"),
                "never a silent kill: {error}"
            ),
        }
    }
    let bytes = |name: &str| match name {
        "SECCOMP_SYSCALL_ALLOW" => Some(&b"x"[..]),
        "SECCOMP_DEFAULT_ACTION" => Some(&b"\xff\n"[..]),
        _ => None,
    };
    let error = Request::from_variables(bytes).unwrap_err().to_string();
    assert!(
        error.starts_with(r#"SECCOMP_DEFAULT_ACTION: "\xff\n": unknown action"#),
        "{error}"
    );
}

#[test]
fn a_switch_is_on_with_1_and_off_without() {
    for (value, on) in [("1", true), ("0", false), ("", false)] {
        assert_eq!(with("SECCOMP_LOG", value).unwrap().log, on, "{value:?}");
        assert!(!with("SECCOMP_LOG", value).unwrap().quiet);
        assert_eq!(with("SECCOMP_QUIET", value).unwrap().quiet, on, "{value:?}");
        assert!(!with("SECCOMP_QUIET", value).unwrap().log);
    }
    for name in ["SECCOMP_LOG", "SECCOMP_QUIET"] {
        for value in ["yes", "true", "2", " 1", "01"] {
            let error = with(name, value).unwrap_err().to_string();
            assert_eq!(
                error,
                format!("{name}: \"{value}\": must be 1, or 0, or not set")
            );
        }
    }
}

#[test]
fn the_other_abi_of_the_machine_can_be_added() {
    let native = syscalls::Abi::NATIVE.name();
    let other = match syscalls::Abi::NATIVE {
        syscalls::Abi::Aarch64 => "arm",
        _ => "x86",
    };
    let both: &'static str = format!("{native} : {other}:").leak();
    for (value, besides) in [
        (native, None),
        ("", None),
        (other, Some(other)),
        (both, Some(other)),
    ] {
        let request = with("SECCOMP_ARCH", value).unwrap();
        assert_eq!(request.besides.map(syscalls::Abi::name), besides, "{value}");
    }
    for (value, wrong) in [("x32", "x32"), ("mips", "mips"), ("X86_64:mips", "X86_64")] {
        let error = with("SECCOMP_ARCH", value).unwrap_err().to_string();
        let expected = format!(
            "SECCOMP_ARCH: \"{wrong}\": not an ABI that can be added here; did you mean \"{other}\"?"
        );
        assert_eq!(error, expected);
    }
}

#[test]
fn an_option_replaces_the_default_action_by_the_same_rules() {
    let mut request = with("SECCOMP_DEFAULT_ACTION", "EPERM").unwrap();
    request.set_default("--default-action", b"log").unwrap();
    assert_eq!(request.default, Action::Log);
    let error = request
        .set_default("--default-action", b"allow")
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("--default-action: \"allow\": "),
        "{error}"
    );
    assert_eq!(request.default, Action::Log, "unchanged after an error");
}
