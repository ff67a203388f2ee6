//! `check`: what a condition probably does not mean. Each finding with a list that has it, and one
//! that does not.

use crate::tool;

/// Asserts all findings about a list.
#[track_caller]
fn finds(option: &str, list: &str, findings: &[&str]) {
    let outcome = tool(["check", option, list]).outcome();
    let found: Vec<&str> = outcome.stdout.lines().collect();
    match findings {
        [] => assert_eq!(found, ["nothing found"], "{list}"),
        _ => assert_eq!(found, findings, "{list}"),
    }
    outcome.status(i32::from(!findings.is_empty()));
}

/// Asserts all findings about an allow-list; each is printed behind the rule that it is about.
#[track_caller]
fn about(list: &str, findings: &[(&str, &str)]) {
    let lines: Vec<String> = findings
        .iter()
        .map(|(rule, what)| format!("{rule}: {what}"))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    finds("--list-allow", list, &lines);
}

const NEVER: &str = "never decides: its condition cannot hold, or rules before it decide first";
const ALWAYS: &str = "its condition always holds";

#[test]
fn a_rule_that_nothing_gets_to() {
    for (list, rule) in [
        ("read(fd == 1 && fd == 2)", "read(fd == 1 && fd == 2)"),
        ("read(fd == 1):read(fd == 1)=EPERM", "read(fd == 1)"),
        (
            "read:read(fd == 1)=EPERM:read(fd == 1)=log",
            "read(fd == 1)=EPERM",
        ),
        (
            "read(fd > 5):read(fd > 7)=EPERM:read(fd > 6)=log",
            "read(fd > 7)=EPERM",
        ),
        (
            "lseek(argH1 == 1 && offset < 0x100000000)",
            "lseek(argH1 == 1 && offset < 0x100000000)",
        ),
    ] {
        about(list, &[(rule, NEVER)]);
    }
    about("read:read(fd == 1)=EPERM:read(fd == 2)=log", &[]);
    about("read(fd == 1):read(fd == 2)", &[]);
    about("read:read(fd > 6)=EPERM:read(fd > 7)=log", &[]);
    // What is replaced is said once more, and not by mistake.
    about("read(fd == 1):read", &[]);
}

#[test]
fn a_condition_that_is_the_same_for_all_arguments() {
    about("read(fd >= 0)", &[("read(fd >= 0)", ALWAYS)]);
    about(
        "lseek(argL1 <= 0xffffffff)",
        &[("lseek(argL1 <= 0xffffffff)", ALWAYS)],
    );
    about("read(fd > 0)", &[]);
    let constant = "this is the same for all arguments";
    finds(
        "--list-allow",
        "read(1 == 1)",
        &[&format!("column 8: {constant}")],
    );
    finds(
        "--list-allow",
        "write:read(fd == 1 && 2 < 1)",
        &[&format!("column 25: {constant}")],
    );
}

#[test]
fn an_inequality_that_garbage_in_a_register_passes() {
    let why = |name: &str| {
        format!(
            "the kernel reads fewer bits of arg1 than are compared, so garbage in the others passes the rule; use {name}"
        )
    };
    for list in [
        "ioctl(arg1 != TIOCSTI)",
        "ioctl(!(arg1 == TIOCSTI))",
        "ioctl(arg1 > 5)",
        "ioctl(fd == 0 && notIn(arg1, 5, 6))",
    ] {
        about(list, &[(list, &why("cmd"))]);
    }
    for list in [
        "ioctl(cmd != TIOCSTI)",
        "ioctl(argL1 != TIOCSTI)",
        "ioctl(arg1 == TCGETS)",
        // As wide as the register.
        "lseek(arg1 != 5)",
        "ioctl(arg2 != 5)",
    ] {
        about(list, &[]);
    }
}

#[test]
fn garbage_may_be_in_the_lower_half_too() {
    // umode_t has 16 bits.
    let rule = "chmod(argL1 != 04755)";
    let outcome = tool(["check", "--list-allow", rule]).outcome();
    outcome
        .status(1)
        .stdout_has(&format!("{rule}: the kernel reads fewer bits of "));
    about("chmod(mode != 04755)", &[]);
}

#[test]
fn protection_bits_compared_as_one_number_where_they_are_refused() {
    let why = "prot is a set of bits, and one more bit passes the rule; use prot &? BITS";
    for call in ["mmap", "mprotect", "pkey_mprotect"] {
        let rule = format!("{call}(prot == PROT_EXEC)");
        let others = ["mmap", "mprotect:pkey_mprotect", "pkey_mprotect:mprotect"];
        let rest = others
            .iter()
            .find(|rest| rest.starts_with(call))
            .expect("the rest");
        let list = match rest.split_once(':') {
            Some((_, sibling)) => format!("{rule}:{sibling}"),
            None => rule.clone(),
        };
        let outcome = tool(["check", "--list-deny", &list]).outcome().status(1);
        outcome.stdout_has(&format!("{rule}: {why}\n"));
    }
    let exception = "mmap:mmap(PROT_WRITE|PROT_EXEC == prot)=EPERM";
    about(
        exception,
        &[("mmap(PROT_WRITE|PROT_EXEC == prot)=EPERM", why)],
    );
    finds("--list-deny", "mmap(prot &? PROT_EXEC)", &[]);
    finds("--list-deny", "mmap(prot == PROT_NONE)", &[]);
    about("mmap(prot == PROT_READ)", &[]);
}

#[test]
fn a_condition_beside_a_call_that_hides_the_same_arguments() {
    let why = |call: &str, sibling: &str| {
        format!(
            "error: {call} has a condition, but {sibling} may run, and no filter sees its arguments; deny {sibling} with ENOSYS"
        )
    };
    for (call, condition, sibling) in [
        ("clone", "clone_flags &? CLONE_THREAD", "clone3"),
        ("openat", "flags & O_ACCMODE == O_RDONLY", "openat2"),
    ] {
        let list = format!("{call}({condition}):{sibling}");
        finds("--list-allow", &list, &[&why(call, sibling)]);
        // The cure that is named.
        let list = format!("{call}({condition}):{sibling}=ENOSYS");
        finds("--list-allow", &list, &[]);
    }
    let list = "open(flags == O_RDONLY):openat:openat2";
    finds("--list-allow", list, &[&why("open", "openat2")]);
    let list = "clone(clone_flags &? CLONE_NEWUSER)";
    finds("--list-deny", list, &[&why("clone", "clone3")]);
    finds("--list-deny", &format!("{list}:clone3=ENOSYS"), &[]);
}

#[test]
fn operators_that_associate_to_the_right() {
    let why = "operators associate to the right here, so this differs from C; use parentheses";
    for (expressions, differ) in [
        (
            &["10 - 3 - 2", "10 - 3 + 2", "100 / 10 / 5", "100 / 10 * 5"][..],
            true,
        ),
        (
            &[
                "100 % 10 / 5",
                "1 << 2 << 1",
                "7 * 100 / 10",
                "argL1 - 3 - 2",
            ],
            true,
        ),
        (
            &["10 - (3 - 2)", "(10 - 3) - 2", "1 + 2 - 3", "2 * 3 * 4"],
            false,
        ),
        (&["1 | 2 | 4", "10 - 3 * 2"], false),
    ] {
        for expression in expressions {
            let list = format!("read(argL0 == {expression})");
            let outcome = tool(["check", "--list-allow", &list]).outcome();
            let line = outcome.stdout.lines().next().unwrap_or_default();
            let found = line.starts_with("column ") && line.ends_with(why);
            assert_eq!(found, differ, "{expression}: {outcome:?}");
        }
    }
}

#[test]
fn what_the_kernel_or_io_uring_does_without_a_filter() {
    for call in ["uretprobe", "uprobe"] {
        let note = format!("the kernel runs {call} before any filter; denying it has no effect");
        finds("--list-deny", call, &[&note]);
        finds("--list-allow", call, &[]);
    }
    let note = |call: &str| {
        format!(
            "io_uring_setup is allowed, and io_uring does {call} without a system call that a filter sees; deny io_uring_setup too"
        )
    };
    for list in [
        "socket",
        "connect",
        "socket(family == AF_UNIX)",
        "socket=EPERM",
    ] {
        let call = list.split(['(', '=']).next().expect("a name");
        finds("--list-deny", list, &[&note(call)]);
        finds("--list-deny", &format!("{list}:io_uring_setup"), &[]);
    }
    finds("--list-deny", "acct", &[]);
}
