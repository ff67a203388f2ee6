//! `test`: calls with arguments, and what conditions say of them.

use serde_json::{Value, json};

use crate::{known, tool};

/// A bit of everything that a condition can do to a call.
const LIST: &str = "read:openat(flags & O_ACCMODE == O_RDONLY):write(fd == 1 || fd == 2):\
                    mprotect:mprotect(prot &? PROT_EXEC)=EPERM:ioctl(cmd != TIOCSTI):\
                    lseek(offset == 0x100000000):fchmodat(dfd == AT_FDCWD):socket(family == 1)=log";

/// The rules of [`LIST`] that decide.
const OPENAT: &str = "openat(flags & O_ACCMODE == O_RDONLY)";
const WRITE: &str = "write(fd == 1 || fd == 2)";
const MPROTECT: &str = "mprotect(prot &? PROT_EXEC)=EPERM";
const LSEEK: &str = "lseek(offset == 0x100000000)";
const FCHMODAT: &str = "fchmodat(dfd == AT_FDCWD)";

/// Asks about one call and asserts the answer, by policy and by compiled filter.
#[track_caller]
fn answers(call: &str, answer: &str, status: i32) {
    for more in [&[][..], &["--compiled"]] {
        let outcome = tool(["test", "--list-allow", LIST, call]).args(more);
        outcome
            .outcome()
            .status(status)
            .stdout(&format!("{call}: {answer}\n"))
            .stderr("");
    }
}

#[test]
fn arguments_are_constants_numbers_and_what_can_be_made_of_them() {
    for (call, action, rule, status) in [
        ("openat(AT_FDCWD, *, O_WRONLY)", "kill_process", OPENAT, 1),
        (
            "openat(AT_FDCWD, *, O_RDONLY|O_CLOEXEC)",
            "allow",
            OPENAT,
            0,
        ),
        (
            "openat(*, *, (O_RDWR | O_CREAT) & ~O_RDWR)",
            "allow",
            OPENAT,
            0,
        ),
        ("write(1)", "allow", WRITE, 0),
        ("write ( 0x2 , * , 100 )", "allow", WRITE, 0),
        ("write(3 - 1)", "allow", WRITE, 0),
        ("write(0)", "kill_process", WRITE, 1),
        ("mprotect(*, *, PROT_READ|PROT_EXEC)", "EPERM", MPROTECT, 1),
        ("mprotect(*, *, PROT_READ)", "allow", "mprotect", 0),
        ("ioctl(0, TCGETS)", "allow", "ioctl(cmd != TIOCSTI)", 0),
        (
            "ioctl(0, TIOCSTI)",
            "kill_process",
            "ioctl(cmd != TIOCSTI)",
            1,
        ),
        (
            "socket(AF_UNIX, SOCK_STREAM, 0)",
            "log",
            "socket(family == 1)=log",
            0,
        ),
    ] {
        answers(call, &format!("{action} ({rule})"), status);
    }
}

#[test]
fn negative_arguments_are_what_a_register_holds() {
    for dfd in [
        "AT_FDCWD",
        "-100",
        "- 100",
        "4294967196",
        "0xffffffffffffff9c",
    ] {
        answers(
            &format!("fchmodat({dfd})"),
            &format!("allow ({FCHMODAT})"),
            0,
        );
    }
    let negated = "fchmodat(-AT_FDCWD)";
    answers(negated, &format!("kill_process ({FCHMODAT})"), 1);
    answers("write(-1)", &format!("kill_process ({WRITE})"), 1);
}

#[test]
fn the_kernel_sees_as_many_bits_as_the_type_of_an_argument_has() {
    // fd is 32 bits wide, offset 64.
    answers("write(0x700000001)", &format!("allow ({WRITE})"), 0);
    answers("lseek(0, 0x100000000)", &format!("allow ({LSEEK})"), 0);
    answers("lseek(0, 0)", &format!("kill_process ({LSEEK})"), 1);
}

#[test]
fn what_is_left_open_may_be_anything() {
    for call in [
        "write",
        "write()",
        "write(*)",
        "write(*, 0, 0)",
        "write(_)",
        "write(...)",
        "write(\"x\")",
    ] {
        answers(
            call,
            &format!("kill_process ({WRITE}), for some arguments"),
            1,
        );
    }
    answers(
        "mprotect",
        &format!("EPERM ({MPROTECT}), for some arguments"),
        1,
    );
    // Here nothing of what was left open matters.
    answers("write(1, *)", &format!("allow ({WRITE})"), 0);
    answers("read", "allow (read)", 0);
}

#[test]
fn a_comma_in_a_string_separates_nothing() {
    let call = "openat(AT_FDCWD, \"a,b\", O_RDONLY)";
    answers(call, &format!("allow ({OPENAT})"), 0);
}

#[test]
fn a_line_of_json_says_whether_the_answer_depends() {
    let outcome = tool(["test", "--json", "--list-allow", LIST, "-"])
        .input("write\nwrite(2)\nmprotect\n")
        .outcome()
        .status(1);
    let lines: Vec<Value> = outcome
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect();
    let kill = "kill_process";
    assert_eq!(
        lines,
        [
            json!({"call": "write", "action": kill, "errno": null, "rule": WRITE, "depends": true}),
            json!({"call": "write(2)", "action": "allow", "errno": null, "rule": WRITE, "depends": false}),
            json!({"call": "mprotect", "action": "errno", "errno": 1, "rule": MPROTECT, "depends": true}),
        ]
    );
}

#[test]
fn what_is_no_call_is_an_error_that_shows_it() {
    for (call, message) in [
        (
            "openat(",
            "\"openat(\" is no call: expected \")\" at the end",
        ),
        (
            "read(1) x",
            "\"read(1) x\" is no call: expected \")\" at the end",
        ),
        (
            "read(1,2,3,4,5,6,7)",
            "is no call: a call has at most six arguments",
        ),
        ("read(FROB)", "argument: \"FROB\": unknown word"),
        (
            "openat(*, *, O_RDONYL)",
            "unknown word; did you mean \"O_RDONLY\"?",
        ),
        ("read(1,,2)", "argument: \"\": expected a number"),
        ("read(fd)", "argument: \"fd\": unknown word"),
        ("read(arg0)", "argument: \"arg0\": not a constant"),
        (
            "read(1 == 1)",
            "argument: \"1 == 1\": a condition, not a number",
        ),
        ("read(1 / 0)", "argument: \"1 / 0\": a divisor"),
        ("(1)", "\"\" is no system call"),
        ("openat)", "\"openat)\" is no system call"),
    ] {
        let outcome = tool(["test", "--list-allow", LIST, "read", call]).outcome();
        let outcome = outcome.status(2).stdout("");
        assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
        outcome.stderr_has(message);
    }
}

#[test]
fn the_compiled_filter_answers_as_conditions_do() {
    for (option, list) in [
        ("--list-allow", LIST),
        ("--list-allow", "@pledge-stdio:@pledge-rpath"),
        (
            "--list-deny",
            "clone(clone_flags & 0x7e020000 != 0):prctl(option > 30)=EPERM",
        ),
        (
            "--list-allow",
            "read(argL0 * 3 == 0x333 || argL0 % 7 == 2):write(argH1 >> 4 < argL2)",
        ),
    ] {
        let ask = |more: &[&str]| {
            let run = tool(["test", option, list, "-"]).args(more);
            run.input(known()).outcome().stdout
        };
        let plain = ask(&[]);
        assert_eq!(plain.lines().count(), known().lines().count(), "{list}");
        assert!(plain.contains(", for some arguments\n"), "{plain}");
        assert_eq!(plain, ask(&["--compiled"]), "{list}");
    }
}
