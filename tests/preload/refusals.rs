//! What is wrong with a variable ends the process with status 1, before main, with one line.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use sandbox_tests::{Outcome, Run, broken_pipe};

use crate::programs::hello;

const ALLOW: &str = "SECCOMP_SYSCALL_ALLOW";
const DENY: &str = "SECCOMP_SYSCALL_DENY";
const ACTIONS: &str =
    "actions are kill_process, kill_thread, trap, log, allow, an errno name, errno(1..4095)";

/// Asserts that a value is refused, and all that is printed about it.
#[track_caller]
fn refused(variable: &str, value: impl AsRef<OsStr>, message: &str) -> Outcome {
    let run = Run::preloaded(hello());
    let run = match variable {
        ALLOW | DENY => run,
        _ => run.deny("ptrace"),
    };
    run.env(variable, value)
        .outcome()
        .status(1)
        .stdout("")
        .stderr(&format!("libsandbox: {variable}: {message}\n"))
}

#[test]
fn an_unknown_name_is_refused_with_its_place_and_the_closest_name() {
    for (list, item, column, closest) in [
        ("newfstatat:wirte:exit_group", "wirte", 12, "write"),
        (" read :  Write ", "Write", 10, "write"),
        ("::opennat=EPERM", "opennat=EPERM", 3, "openat"),
        ("read:!exeve", "!exeve", 7, "execve"),
    ] {
        let message = format!(
            "item \"{item}\" (column {column}): unknown system call; did you mean \"{closest}\"?"
        );
        refused(ALLOW, list, &message);
        refused(DENY, list, &message);
    }
}

#[test]
fn an_unknown_name_that_resembles_none_is_refused_without_a_guess() {
    refused(
        ALLOW,
        "write:xyzzy_plugh",
        "item \"xyzzy_plugh\" (column 7): unknown system call",
    );
}

#[test]
fn an_unknown_group_is_refused_with_the_closest_group() {
    refused(
        ALLOW,
        "@basic-oi",
        "item \"@basic-oi\" (column 1): unknown group; did you mean \"basic-io\"?",
    );
}

#[test]
fn a_name_of_any_length_is_refused_in_one_short_line() {
    let long = "x".repeat(5000);
    let shown = "x".repeat(60);
    refused(
        ALLOW,
        &long,
        &format!("item \"{shown}...\" (column 1): unknown system call"),
    );
}

#[test]
fn numbers_beyond_the_native_ones_are_refused() {
    for number in ["0x40000000", "4294967295", "99999999999", "0x", "12a"] {
        refused(
            ALLOW,
            number,
            &format!(
                "item \"{number}\" (column 1): not a system call number; numbers go from 0 to 0x3fffffff"
            ),
        );
    }
}

#[test]
fn what_is_no_item_is_refused() {
    for (list, item, column) in [
        ("read:re ad", "re ad", 6),
        ("read:!", "!", 7),
        ("@", "@", 1),
        ("read:=EPERM", "=EPERM", 6),
        ("-1", "-1", 1),
    ] {
        let outcome = Run::preloaded(hello()).allow(list).outcome();
        let place = format!("libsandbox: {ALLOW}: item \"{item}\" (column {column}): ");
        outcome.status(1).stdout("").stderr_has(&place);
    }
}

#[test]
fn control_characters_are_escaped_in_messages() {
    let malformed =
        "not an item; write NAME, NUMBER, @GROUP, !NAME, NAME(CONDITION) or NAME=ACTION";
    for (list, shown) in [
        (&b"\x1b[2Jread"[..], r"\x1b[2Jread"),
        (b"re\nad", r"re\nad"),
        (b"read\xff", r"read\xff"),
        (b"r\xc3\xa9ad", r"r\xc3\xa9ad"),
    ] {
        let outcome = Run::preloaded(hello()).allow(OsStr::from_bytes(list));
        let outcome = outcome.outcome().status(1).stdout("");
        assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:#?}");
        outcome
            .stderr_has(&format!("item \"{shown}\" (column "))
            .stderr_has(malformed);
    }
    refused(
        "SECCOMP_LOG",
        OsStr::from_bytes(b"\x07\r"),
        r#""\x07\r": must be 1, or 0, or not set"#,
    );
}

#[test]
fn a_condition_that_is_none_is_refused_at_its_fault() {
    for (item, column, problem) in [
        (
            "socket(famly == AF_UNIX)",
            14,
            "unknown word; did you mean \"family\"?",
        ),
        (
            "socket(family == AF_UNX)",
            24,
            "unknown word; did you mean \"AF_UNIX\"?",
        ),
        ("socket(family == AF_UNIX", 13, "\"(\" without its \")\""),
        (
            "socket(family = AF_UNIX)",
            21,
            "expected an operator or the end",
        ),
        (
            "socket()",
            14,
            "expected a number, an argument, a constant or \"(\"",
        ),
        (
            "socket(7)",
            14,
            "a number, not a condition; compare it with something",
        ),
        ("@basic-io(fd == 1 || frob)", 28, "unknown word"),
    ] {
        let message = format!("item \"{item}\" (column {column}): {problem}");
        refused(ALLOW, format!("write:{item}"), &message);
    }
}

#[test]
fn a_deny_rule_that_garbage_in_a_register_passes_is_refused() {
    refused(
        DENY,
        "acct:ioctl(arg1 == TIOCSTI)",
        "item \"ioctl(arg1 == TIOCSTI)\" (column 12): the kernel reads fewer bits of this argument, so garbage in the others would pass the rule; use the argument's name",
    );
}

#[test]
fn a_file_that_cannot_be_read_is_refused() {
    for path in [
        "/nonexistent/nginx.seccomp",
        "./nonexistent",
        "../nonexistent",
    ] {
        refused(
            DENY,
            format!("write:{path}"),
            &format!("item \"{path}\" (column 7): cannot be read: ENOENT"),
        );
    }
}

#[test]
fn an_abi_that_the_kernel_does_not_run_is_refused() {
    for (abis, shown) in [
        ("x32", "x32"),
        ("x86:vax", "vax"),
        ("x86_64: sparc :x86", "sparc"),
    ] {
        let run = Run::preloaded(hello())
            .deny("ptrace")
            .env("SECCOMP_ARCH", abis);
        run.outcome().status(1).stdout("").stderr_has(&format!(
            "libsandbox: SECCOMP_ARCH: \"{shown}\": not an ABI that can be added here"
        ));
    }
}

#[test]
fn a_switch_is_1_or_0_or_not_set() {
    for switch in ["SECCOMP_LOG", "SECCOMP_QUIET"] {
        for value in ["2", "yes", "true", " 1", "01"] {
            let message = format!("\"{value}\": must be 1, or 0, or not set");
            refused(switch, value, &message);
        }
    }
}

#[test]
fn an_unknown_default_action_is_refused_and_never_read_as_kill() {
    for (value, closest) in [
        ("Log", "; did you mean \"log\"?"),
        ("LOG", "; did you mean \"log\"?"),
        ("EPREM", "; did you mean \"EPERM\"?"),
        ("", ""),
        ("13", ""),
    ] {
        let message = format!("\"{value}\": unknown action; {ACTIONS}{closest}");
        refused("SECCOMP_DEFAULT_ACTION", value, &message);
    }
}

#[test]
fn no_door_offers_an_action_that_leaves_the_decision_to_another_process() {
    for value in ["trace", "user_notif", "notify"] {
        let run = Run::preloaded(hello()).deny("ptrace").default_action(value);
        let outcome = run.outcome().status(1).stdout("");
        outcome.stderr_has(&format!("\"{value}\": unknown action"));
    }
}

#[test]
fn violations_cannot_be_allowed_by_default() {
    refused(
        "SECCOMP_DEFAULT_ACTION",
        "allow",
        "\"allow\": a violation cannot be allowed; use log to let it run and be recorded",
    );
}

#[test]
fn errors_that_no_call_can_return_are_refused() {
    let problem = "not an error; use a name such as EPERM or a number from 1 to 4095";
    for action in [
        "errno(0)",
        "errno(4096)",
        "errno(-1)",
        "errno(EWRONG)",
        "errno()",
    ] {
        let default = format!("\"{action}\": {problem}");
        refused("SECCOMP_DEFAULT_ACTION", action, &default);
        let item = format!("item \"execve={action}\" (column 12): {problem}");
        refused(ALLOW, format!("read:execve={action}"), &item);
    }
}

#[test]
fn an_action_or_a_condition_behind_a_removal_is_refused() {
    refused(
        ALLOW,
        "!read(fd == 1)",
        "item \"!read(fd == 1)\" (column 6): \"!\" takes an item out and cannot have an action or a condition",
    );
    refused(
        ALLOW,
        "!read=EPERM",
        "item \"!read=EPERM\" (column 6): \"!\" takes an item out and cannot have an action or a condition",
    );
}

#[test]
fn a_list_that_does_not_count_is_not_read() {
    Run::preloaded(hello())
        .allow(crate::programs::HELLO_CALLS)
        .deny("no_such_call")
        .outcome()
        .succeeded()
        .stdout("Hello, world!\n");
}

#[test]
fn a_list_that_makes_too_long_a_filter_is_refused() {
    // Ten thousand numbers apart cannot be told by 4096 instructions, however they are laid out.
    let numbers = (1001..21001).step_by(2).map(|number| number.to_string());
    let outcome = Run::preloaded(hello())
        .deny(numbers.collect::<Vec<_>>().join(":"))
        .env("SECCOMP_QUIET", "1")
        .outcome();
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:#?}");
    outcome
        .status(1)
        .stdout("")
        .stderr_has("instructions, and the kernel takes 4096; use fewer single numbers\n");
}

#[test]
fn an_error_that_nobody_can_read_still_ends_the_program_with_status_1() {
    Run::preloaded(hello())
        .stderr_to(broken_pipe())
        .allow("wirte")
        .outcome()
        .status(1)
        .stdout("");
}

#[test]
fn an_item_is_shown_as_it_was_written() {
    refused(
        ALLOW,
        "write: opennat = kill ",
        "item \"opennat = kill\" (column 8): unknown system call; did you mean \"openat\"?",
    );
}
