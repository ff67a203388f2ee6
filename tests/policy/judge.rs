//! `test`: what single calls get, and which item says so.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{known, tool};

#[test]
fn the_status_is_0_when_all_calls_run_1_when_one_does_not_and_2_for_an_unknown_one() {
    for (calls, status) in [
        (&["read"][..], 0),
        (&["mount"], 0),
        (&["read", "mount"], 0),
        (&["execve"], 1),
        (&["read", "execve", "read"], 1),
        (&["mkdir"], 1),
        (&["read", "nosuch"], 2),
    ] {
        let outcome = tool(["test", "--list-deny", "execve:@mount=log:mkdir=EPERM"])
            .args(calls)
            .outcome();
        assert_eq!(outcome.status, status, "{calls:?}: {outcome:#?}");
    }
}

#[test]
fn an_answer_names_the_action_and_the_item() {
    let list = "@system-service:!@mount:socket=EACCES:0x3b:!read:read=log";
    for (call, answer) in [
        ("write", "allow (@system-service)"),
        ("socket", "EACCES (socket=EACCES)"),
        ("execve", "allow (0x3b)"),
        ("read", "log (read=log)"),
        ("mount", "kill_process (not listed)"),
        ("bpf", "kill_process (not listed)"),
    ] {
        let outcome = tool(["test", "--arch", "x86_64", "--list-allow", list, call]).outcome();
        outcome.stdout(&format!("{call}: {answer}\n"));
    }
}

#[test]
fn what_follows_from_a_list_is_told_from_what_it_says() {
    for (list, call, answer) in [
        (
            "futex",
            "restart_syscall",
            "allow (resumes a call that is listed)",
        ),
        ("read", "restart_syscall", "EPERM (not listed)"),
        (
            "restart_syscall",
            "restart_syscall",
            "allow (restart_syscall)",
        ),
        // C libraries then use an older call.
        ("read", "clone3", "ENOSYS (not listed)"),
        ("clone3", "clone3", "allow (clone3)"),
    ] {
        tool([
            "test",
            "--list-allow",
            list,
            "--default-action",
            "EPERM",
            call,
        ])
        .outcome()
        .stdout(&format!("{call}: {answer}\n"));
    }
}

#[test]
fn calls_are_names_numbers_or_calls_with_arguments() {
    let calls = [
        "execve",
        "59",
        "0x3b",
        "execve(\"/bin/sh\", NULL)",
        "execve(*, *)",
        "execve ()",
    ];
    let outcome = tool(["test", "--arch", "x86_64", "--list-deny", "execve"])
        .args(calls)
        .outcome()
        .status(1);
    let expected = calls.map(|call| format!("{call}: kill_process (execve)\n"));
    outcome.stdout(&expected.concat());
}

#[test]
fn a_dash_reads_a_call_from_each_line_of_standard_input() {
    let outcome = tool(["test", "--list-deny", "execve", "mount", "-", "write"])
        .input("read\n\n  execve  \nopenat(AT_FDCWD, \"x\")")
        .outcome()
        .status(1);
    outcome.stdout(
        "mount: allow (not listed)\nread: allow (not listed)\nexecve: kill_process (execve)\n\
         openat(AT_FDCWD, \"x\"): allow (not listed)\nwrite: allow (not listed)\n",
    );
}

#[test]
fn a_line_of_standard_input_that_is_no_call_or_no_text_is_an_error() {
    for (input, message) in [
        (
            &b"read\nopne\n"[..],
            "\"opne\" is no system call of this ABI",
        ),
        (b"\xff\n", "standard input: "),
    ] {
        tool(["test", "--list-deny", "execve", "-"])
            .input(input)
            .outcome()
            .status(2)
            .stdout("")
            .stderr_has(message);
    }
}

/// A line of JSON about a call that gets the same for all arguments.
fn answer(call: &str, action: &str, errno: Option<u16>, rule: &str) -> Value {
    json!({"call": call, "action": action, "errno": errno, "rule": rule, "depends": false})
}

#[test]
fn each_line_of_json_has_call_action_errno_and_rule() {
    let outcome = tool([
        "test",
        "--json",
        "--list-allow",
        "read:write=EPERM:open=log",
    ])
    .args(["read", "write", "open", "mkdir(\"x\")"])
    .outcome()
    .status(1);
    let lines: Vec<Value> = outcome
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(
        lines,
        [
            answer("read", "allow", None, "read"),
            answer("write", "errno", Some(1), "write=EPERM"),
            answer("open", "log", None, "open=log"),
            answer("mkdir(\"x\")", "kill_process", None, "not listed"),
        ]
    );
}

#[test]
fn the_compiled_filter_answers_as_the_policy_does() {
    let known = known();
    assert!(known.lines().count() > 300, "{known}");
    for (option, list, action) in [
        (
            "--list-allow",
            "@system-service:!@mount:socket=EACCES",
            "EPERM",
        ),
        (
            "--list-deny",
            "execve:@mount=log:mkdir=trap:@raw-io=kill_thread",
            "kill",
        ),
        ("--list-allow", "", "log"),
    ] {
        let ask = |more: &[&str]| {
            tool(["test", option, list, "--default-action", action, "-"])
                .args(more)
                .input(known.as_str())
                .outcome()
        };
        let (plain, compiled) = (ask(&[]), ask(&["--compiled"]));
        assert_eq!(
            plain.stdout.lines().count(),
            known.lines().count(),
            "{plain:#?}"
        );
        assert_eq!(plain.stdout, compiled.stdout, "{list}");
        assert_eq!(plain.status, compiled.status, "{list}");
    }
}

#[test]
fn the_actions_are_those_of_the_table_of_show() {
    let list = "@system-service:!@mount:socket=EACCES:read=log";
    let show = tool(["show", "--list-allow", list]).outcome().succeeded();
    let shown: BTreeSet<String> = show
        .stdout
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, action)| format!("{name}: {}", action.trim()))
        .collect();
    let test = tool(["test", "--list-allow", list, "-"])
        .input(known())
        .outcome()
        .status(1);
    for line in test.stdout.lines() {
        let (answer, _) = line.split_once(" (").expect("a rule");
        assert!(shown.contains(answer), "{answer}");
    }
}
