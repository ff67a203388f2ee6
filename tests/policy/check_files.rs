//! `check FILE...`: several files, and what Oz's own compiler made of an expression.

use serde_json::json;

use crate::{Files, json, tool};

const WEAKER: [(&str, &str); 5] = [
    (
        "read: !(argL0 == 5)",
        "7: Oz's own compiler ignored this \"!\"; here it negates",
    ),
    (
        "read: ~argL0 == 5",
        "7: Oz's own compiler ignored this \"~\"; here it takes the complement",
    ),
    (
        "read: argL0 < 5",
        "13: Oz's own compiler took < for <= and <= for <; here they are what they say",
    ),
    (
        "read: argL0 <= 5",
        "13: Oz's own compiler took < for <= and <= for <; here they are what they say",
    ),
    (
        "read: false",
        "7: Oz's own compiler took a rule that is always false for true; here it denies",
    ),
];

#[test]
fn what_oz_made_weaker_is_remarked_in_its_files() {
    for (rule, remark) in WEAKER {
        let files = Files::new(&[("p.seccomp", &format!("write: 1\n{rule}\n"))]);
        let path = files.path().join("p.seccomp");
        let outcome = tool(["check"]).arg(&path).outcome().status(1);
        outcome.stdout(&format!("{}:2:{remark}\n", path.display()));
    }
    for rule in [
        "read: argL0 > 5",
        "read: argL0 >= 5",
        "read: argL0 == 5",
        "read: argL0 != 5",
        "read: in(arg0, 1, 2)",
        "read: 1",
    ] {
        let files = Files::new(&[("p.seccomp", &format!("{rule}\n"))]);
        let outcome = files.tool(["check", "p.seccomp"]).outcome();
        assert!(!outcome.stdout.contains("Oz"), "{rule}: {outcome:?}");
    }
}

#[test]
fn constants_that_oz_took_for_true_are_remarked() {
    for body in [
        "!true",
        "1 == 2",
        "5 &? 2",
        "in(4, 1, 2, 3)",
        "notIn(1, 1, 2)",
    ] {
        let files = Files::new(&[("p.seccomp", &format!("read: {body}\n"))]);
        let outcome = files.tool(["check", "p.seccomp"]).outcome();
        assert_eq!(outcome.status, 1, "{body}: {outcome:?}");
    }
}

#[test]
fn a_list_was_never_given_to_oz() {
    for (rule, _) in WEAKER {
        let condition = rule.trim_start_matches("read: ");
        let list = format!("write:read({condition})");
        let outcome = tool(["check", "--list-allow", &list]).outcome();
        assert!(!outcome.stdout.contains("Oz"), "{list}: {outcome:?}");
    }
}

#[test]
fn a_definition_is_remarked_where_it_stands() {
    let files = Files::new(&[(
        "p.seccomp",
        "LOW(x) = x < 3\nread: LOW(argL0)\nwrite: LOW(argL0)\n",
    )]);
    let path = files.path().join("p.seccomp");
    let outcome = tool(["check"]).arg(&path).outcome().status(1);
    assert_eq!(outcome.stdout.lines().count(), 1, "{outcome:?}");
    outcome.stdout_has(&format!(
        "{}:1:12: Oz's own compiler took <",
        path.display()
    ));
}

#[test]
fn several_files_put_their_names_before_their_findings() {
    let files = Files::new(&[
        ("clean", "read"),
        ("one", "read:ptrace"),
        ("two", "read:bpf:fstat"),
    ]);
    let check = |names: &[&str]| files.tool(["check"]).args(names).outcome();
    let reaches =
        "is allowed, and reaches beyond the program; leave it out unless the program needs it";
    check(&["clean", "clean"])
        .succeeded()
        .stdout("nothing found\n");
    check(&["one"])
        .status(1)
        .stdout(&format!("ptrace {reaches}\n"));
    check(&["clean", "one", "two"]).status(1).stdout(&format!(
        "one: ptrace {reaches}\n\
         two: fstat is allowed, but not newfstatat, which newer C libraries call instead\n\
         two: bpf {reaches}\n"
    ));
    let outcome = files
        .tool(["check", "--json", "clean", "one"])
        .outcome()
        .status(1);
    assert_eq!(
        json(&outcome),
        json!({"findings": [format!("one: ptrace {reaches}")]})
    );
    check(&["one", "nosuch"])
        .status(2)
        .stdout("")
        .stderr_has("nosuch: cannot be read: ENOENT");
}

#[test]
fn a_file_is_checked_as_what_it_is() {
    let files = Files::new(&[
        ("p.seccomp", "execve: 1\n"),
        ("unit", "SystemCallFilter=~execve\n"),
    ]);
    let check = |arguments: &[&str]| files.tool(["check"]).args(arguments).outcome();
    let gap = "execve is denied, but execveat can do the same\n";
    check(&["p.seccomp"]).succeeded();
    check(&["--mode", "blacklist", "p.seccomp"])
        .status(1)
        .stdout(gap);
    // A unit says itself that it is a deny-list.
    check(&["unit"]).status(1).stdout_has(gap);
}
