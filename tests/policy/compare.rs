//! `diff` and `subset`: whether two policies mean the same, and where not.

use sandbox_tests::Outcome;
use serde_json::{Value, json};

use crate::{Files, json};

const SAME: &str = "the two policies mean the same\n";
const WITHIN: &str = "everything that the first lets run the second lets run, too\n";

/// A command on two policies, as text and as JSON.
fn compare(command: &str, a: &str, b: &str, options: &[&str]) -> (Outcome, Value) {
    let files = Files::new(&[("a", a), ("b", b)]);
    let run = || files.tool([command, "a", "b"]).args(options);
    let (text, value) = (run().outcome(), run().arg("--json").outcome());
    assert_eq!(text.status, value.status, "{a} {b}");
    (text, json(&value))
}

#[track_caller]
fn equal(a: &str, b: &str) {
    let (outcome, value) = compare("diff", a, b, &[]);
    outcome.succeeded().stdout(SAME).stderr("");
    assert_eq!(
        value,
        json!({"equal": true, "differences": [], "sampled": []})
    );
}

#[test]
fn what_is_written_differently_may_mean_the_same() {
    for (a, b) in [
        (
            "read:write(fd == 1)",
            "# Oz's\nread: 1\nwrite: argL0 == 1\n",
        ),
        (
            "read:write(fd == 1)",
            "DEFAULT_POSITIVE = allow\nread: 1\nwrite: !(argL0 != 1)\n",
        ),
        (
            "mprotect:mprotect(prot &? 6)=EPERM",
            "mprotect:mprotect(prot & 6 == 6)=EPERM",
        ),
        ("read(fd == 1 || fd == 2)", "read(in(fd, 2, 1))"),
        ("read(fd == 1):read(fd == 2)", "read(fd == 2):read(fd == 1)"),
        ("mkdir:read(fd <= 2)", "mkdir:read(fd < 3)"),
        (
            "mkdir:read(!(fd == 1 || fd > 5))",
            "mkdir:read(fd != 1 && fd <= 5)",
        ),
        (
            "lseek(offset == 0x100000002)",
            "lseek(argH1 == 1 && argL1 == 2)",
        ),
        ("lseek(offset > 0x1ffffffff)", "lseek(argH1 > 1)"),
        ("read:write:!write", "read"),
        ("read(fd == 1):read", "read"),
        ("read(1 == 2)", ""),
        (
            "read",
            "SystemCallArchitectures=native\nSystemCallFilter=read\nSystemCallFilter=~@default\nSystemCallFilter=read\n",
        ),
    ] {
        equal(a, b);
        equal(b, a);
    }
}

#[test]
fn a_group_means_its_members() {
    let group = syscalls::group("basic-io").expect("a group");
    let numbers = group.numbers(syscalls::Abi::NATIVE);
    let names: Vec<String> = numbers.iter().map(u32::to_string).collect();
    equal("@basic-io", &names.join(":"));
    equal("@basic-io:!@basic-io", "");
}

#[test]
fn a_call_that_differs_is_named_with_both_answers() {
    for (a, b, difference) in [
        ("read:write", "read", "write: allow | kill_process\n"),
        (
            "read:write=EPERM",
            "read:write=EACCES",
            "write: EPERM | EACCES\n",
        ),
        ("read=log", "read", "read: log | allow\n"),
    ] {
        let (outcome, value) = compare("diff", a, b, &[]);
        outcome.status(1).stdout(difference);
        assert_eq!(value["equal"], false);
        assert_eq!(value["differences"].as_array().map(Vec::len), Some(1));
        assert_eq!(value["differences"][0]["arguments"], Value::Null, "{value}");
    }
    let (_, value) = compare("diff", "read:write=EPERM", "read", &[]);
    let difference = json!({"call": "write", "arguments": null, "a": "EPERM", "b": "kill_process"});
    assert_eq!(value["differences"], json!([difference]));
}

/// What `test` says of a call by a policy.
fn tested(files: &Files, file: &str, call: &str) -> String {
    let outcome = files.tool(["test", file, call]).outcome();
    let (_, answer) = outcome.stdout.rsplit_once("): ").expect("an answer");
    let (action, _) = answer.split_once(" (").expect("a rule");
    assert!(
        !outcome.stdout.contains("for some arguments"),
        "{outcome:?}"
    );
    action.to_string()
}

#[test]
fn the_arguments_of_a_counter_example_show_the_difference() {
    for (a, b) in [
        ("write(fd == 1)", "write"),
        ("write(fd == 1 || fd == 2)", "write(fd == 2)"),
        (
            "openat(flags & O_ACCMODE == O_RDONLY)",
            "openat(flags == O_RDONLY)",
        ),
        (
            "mprotect:mprotect(prot &? PROT_EXEC)=EPERM",
            "mprotect:mprotect(prot == PROT_EXEC)=EPERM",
        ),
        ("lseek(offset == 5)", "lseek(argL1 == 5)"),
        ("ioctl(arg1 != TIOCSTI)", "ioctl(cmd != TIOCSTI)"),
        (
            "mkdir:lseek(offset > 0x100000000)",
            "mkdir:lseek(offset >= 0x100000000)",
        ),
        ("read(arg0 == arg2)", "read(arg0 <= arg2)"),
        (
            "socket(family == AF_UNIX && type & 0xf == SOCK_STREAM)",
            "socket(family == AF_UNIX)",
        ),
        ("mkdir:read(argL0 &? 0x30)", "mkdir:read(argL0 & 0x30 != 0)"),
    ] {
        let (outcome, value) = compare("diff", a, b, &[]);
        let outcome = outcome.status(1);
        let line = outcome.stdout.trim_end();
        let (call, actions) = line.rsplit_once("): ").expect("arguments");
        let files = Files::new(&[("a", a), ("b", b)]);
        let call = format!("{call})");
        let answers = ["a", "b"].map(|file| tested(&files, file, &call));
        assert_eq!(answers.join(" | "), actions, "{call}");
        assert_ne!(answers[0], answers[1], "{call}");
        let difference = &value["differences"][0];
        assert_eq!(difference["arguments"].as_array().map(Vec::len), Some(6));
        assert_eq!(difference["a"], answers[0].as_str());
    }
}

#[test]
fn every_call_that_differs_is_told() {
    let (outcome, value) = compare("diff", "@basic-io", "read", &[]);
    let group = syscalls::group("basic-io").expect("a group");
    let count = group.numbers(syscalls::Abi::NATIVE).len() - 1;
    assert!(count > 5);
    assert_eq!(outcome.stdout.lines().count(), count);
    assert_eq!(value["differences"].as_array().map(Vec::len), Some(count));
}

#[test]
fn what_has_no_name_is_compared_too() {
    let unit = |lines: &str| format!("[Service]\nSystemCallFilter={lines}\n");
    let (outcome, _) = compare(
        "diff",
        "read",
        &unit("read\nSystemCallErrorNumber=EPERM"),
        &[],
    );
    outcome
        .status(1)
        .stdout_has("calls of other ABIs: kill_process | EPERM\n")
        .stdout_has("number -1: kill_process |");
}

#[test]
fn an_abi_besides_is_compared_under_its_name() {
    let (outcome, _) = compare("diff", "socketcall:read", "read", &["--add-arch", "x86"]);
    outcome
        .status(1)
        .stdout("socketcall (x86): allow | kill_process\n");
    let (outcome, _) = compare("diff", "socketcall:read", "read", &[]);
    outcome.succeeded().stdout(SAME);
    let conditional = ["read(fd == 1)", "read(fd == 2)"];
    let (outcome, _) = compare(
        "diff",
        conditional[0],
        conditional[1],
        &["--add-arch", "x86"],
    );
    assert_eq!(outcome.stdout.lines().count(), 2, "{outcome:?}");
    outcome.stdout_has("read (x86)(0x");
}

#[test]
fn a_subset_lets_nothing_run_that_the_other_does_not() {
    for (a, b, within) in [
        ("read", "read:write", true),
        ("read:write", "read", false),
        ("read", "read", true),
        ("", "read", true),
        ("read(fd == 1)", "read(fd < 2)", true),
        ("read(fd < 2)", "read(fd == 1)", false),
        // Refused in other words, or recorded: nothing more runs.
        ("read=EPERM", "", true),
        ("read=log", "read", true),
        ("read", "read=log", true),
        ("read=log", "", false),
    ] {
        let (outcome, value) = compare("subset", a, b, &[]);
        let outcome = outcome.status(i32::from(!within));
        assert_eq!(outcome.stdout == WITHIN, within, "{a} {b}: {outcome:?}");
        assert_eq!(value["subset"], within, "{a} {b}");
        assert_eq!(
            value["differences"].as_array().map(Vec::is_empty),
            Some(within)
        );
    }
}

#[test]
fn lists_in_files_are_deny_lists_when_asked() {
    let denied = ["--mode", "blacklist"];
    let (outcome, _) = compare("subset", "execve:read", "execve", &denied);
    outcome.succeeded().stdout(WITHIN);
    let (outcome, _) = compare("subset", "execve", "execve:read", &denied);
    outcome.status(1).stdout("read: allow | kill_process\n");
}

#[test]
fn a_policy_that_cannot_be_read_has_status_2() {
    for (a, b, message) in [
        (
            "read",
            "raed",
            "item \"raed\" (column 1): unknown system call",
        ),
        ("read(fd == x)", "read", "unknown word"),
    ] {
        let files = Files::new(&[("a", a), ("b", b)]);
        for command in ["diff", "subset"] {
            let outcome = files.tool([command, "a", "b"]).outcome();
            outcome.status(2).stdout("").stderr_has(message);
            let outcome = files.tool([command, "a", "nosuch"]).outcome();
            outcome.status(2).stdout("");
        }
    }
}
