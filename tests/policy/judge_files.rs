//! `test FILE`: files as policies, and the options that say how they are read.

use std::fs;

use sandbox_tests::Outcome;

use crate::Files;

/// `test` in a directory with files.
fn test(files: &Files, arguments: &[&str]) -> Outcome {
    files.tool(["test"]).args(arguments).outcome()
}

#[test]
fn the_rule_that_decides_is_named_with_its_file_and_line() {
    let files = Files::new(&[("p.seccomp", "# a comment\nread: 1\nwrite: argL0 == 1\n")]);
    let path = files.path().join("p.seccomp");
    let path = path.to_str().expect("text");
    let outcome = test(&files, &[path, "read", "write(1)", "write(2)"]).status(1);
    outcome.stdout(&format!(
        "read: allow ({path}:2: read: 1)\nwrite(1): allow ({path}:3: write: argL0 == 1)\n\
         write(2): kill_process ({path}:3: write: argL0 == 1)\n"
    ));
}

#[test]
fn a_file_may_be_of_any_format() {
    let files = Files::new(&[
        ("list", "read:write=EPERM"),
        (
            "unit",
            "[Service]\nSystemCallFilter=read\nSystemCallFilter=~write:EPERM\nSystemCallErrorNumber=EACCES\n",
        ),
        (
            "oci.json",
            r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}"#,
        ),
        ("jail", "read: 1\nwrite: return 1\n@default kill-process\n"),
    ]);
    for file in ["list", "unit", "oci.json", "jail"] {
        let outcome = test(&files, &[file, "read"]).succeeded();
        assert!(
            outcome.stdout.starts_with("read: allow ("),
            "{file}: {outcome:?}"
        );
        let outcome = test(&files, &[file, "write"]).status(1);
        assert!(
            outcome.stdout.starts_with("write: EPERM ("),
            "{file}: {outcome:?}"
        );
    }
    // Said, and not guessed.
    let outcome = test(&files, &["--from", "oci", "list", "read"]);
    outcome.status(2).stdout("").stderr_has("list");
}

#[test]
fn a_file_is_a_list_of_what_is_allowed_or_of_what_is_not() {
    let files = Files::new(&[
        ("p.seccomp", "read: 1\nwrite: argL0 == 2\n"),
        ("list", "read:write(fd == 2)"),
    ]);
    for (mode, statuses) in [("whitelist", [0, 1, 0, 1]), ("blacklist", [1, 0, 1, 0])] {
        for file in ["p.seccomp", "list"] {
            let calls = ["read", "mkdir", "write(2)", "write(3)"];
            for (call, status) in calls.into_iter().zip(statuses) {
                test(&files, &["--mode", mode, file, call]).status(status);
            }
        }
    }
    test(&files, &["p.seccomp", "mkdir"]).status(1);
}

#[test]
fn definitions_come_from_files_or_from_the_command_line() {
    let files = Files::new(&[
        ("p.seccomp", "read: argL0 == SEVEN\nwrite: ONE(argL0)\n"),
        (
            "definitions",
            "SEVEN = 7\nONE(x) = x == 1\nmkdir: 1\nDEFAULT_POSITIVE = EPERM\n",
        ),
    ]);
    let calls = ["read(7)", "write(1)"];
    let with = |definitions: &[&str]| {
        let options: Vec<&str> = definitions
            .iter()
            .flat_map(|text| ["--definitions", text])
            .collect();
        test(&files, &[&options[..], &["p.seccomp"], &calls].concat())
    };
    with(&[])
        .status(2)
        .stdout("")
        .stderr_has("p.seccomp:1:16: unknown word\n");
    with(&["definitions"]).succeeded();
    with(&["{inline}SEVEN = 7\nONE(x) = x == 1"]).succeeded();
    with(&["{inline}SEVEN = 7", "{inline}ONE(x) = x == 1"]).succeeded();
    // The later one holds; of what is no definition nothing does.
    with(&["definitions", "{inline}SEVEN = 8"]).status(1);
    with(&["{inline}SEVEN = 8", "definitions"]).succeeded();
    let missing = test(
        &files,
        &["--definitions", "definitions", "p.seccomp", "mkdir"],
    );
    missing.status(1);
    with(&["nosuch"])
        .status(2)
        .stderr_has("nosuch: cannot be read: ENOENT");
    with(&["{inline}SEVEN == 7"])
        .status(2)
        .stdout("")
        .stderr_has("{inline}");
}

#[test]
fn a_default_action_option_holds_for_files_too() {
    let files = Files::new(&[
        ("p.seccomp", "read: 1\n"),
        (
            "oci.json",
            r#"{"defaultAction": "SCMP_ACT_KILL_PROCESS", "syscalls": []}"#,
        ),
    ]);
    for file in ["p.seccomp", "oci.json"] {
        let outcome = test(&files, &["--default-action", "EXDEV", file, "write"]);
        outcome.status(1).stdout_has("write: EXDEV (");
        test(&files, &[file, "write"])
            .status(1)
            .stdout_has("write: kill_process (");
    }
}

#[test]
fn with_list_variables_only_a_file_that_is_there_is_one() {
    let files = Files::new(&[("list", "write"), ("read", "")]);
    let ask = |words: &[&str]| {
        let run = files.tool(["test"]).args(words);
        run.allow("read").outcome()
    };
    ask(&["list", "write"])
        .succeeded()
        .stdout("write: allow (write)\n");
    ask(&["exit", "read"])
        .status(1)
        .stdout_has("read: allow (read)\n");
    ask(&["nosuch", "read"])
        .status(2)
        .stderr_has("\"nosuch\" is no system call");
    // With a list option no word is a file.
    let run = files.tool(["test", "--list-allow", "read", "read"]);
    run.outcome().succeeded().stdout("read: allow (read)\n");
}

#[test]
fn a_policy_file_that_cannot_be_read_is_an_error() {
    let files = Files::new(&[("wrong.seccomp", "read: 1\nwirte: 1\n")]);
    test(&files, &["nosuch", "read"])
        .status(2)
        .stdout("")
        .stderr("sandbox-policy: nosuch: cannot be read: ENOENT\n");
    let outcome = test(&files, &["wrong.seccomp", "read"])
        .status(2)
        .stdout("");
    outcome.stderr_has(
        "wrong.seccomp:2:1: unknown system call; did you mean \"write\"?\n  wirte: 1\n  ^\n",
    );
    fs::create_dir(files.path().join("directory")).expect("a directory");
    test(&files, &["directory", "read"])
        .status(2)
        .stderr_has("directory: cannot be read: not a regular file");
}
