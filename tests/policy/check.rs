//! `check`: mistakes and traps in a list.

use crate::{json, tool};

#[test]
fn a_clean_list_has_status_0() {
    for (option, list) in [
        ("--list-allow", "read:write:exit_group"),
        ("--list-deny", "execve:execveat"),
    ] {
        tool(["check", option, list])
            .outcome()
            .succeeded()
            .stdout("nothing found\n")
            .stderr("");
    }
}

#[test]
fn each_finding_is_a_line_and_the_status_is_1() {
    for (option, list, finding) in [
        (
            "--list-deny",
            "execve",
            "execve is denied, but execveat can do the same\n",
        ),
        (
            "--list-deny",
            "clone:clone3:fork",
            "clone, clone3, fork is denied, but vfork can do the same\n",
        ),
        (
            "--list-allow",
            "fstat:exit_group",
            "fstat is allowed, but not newfstatat, which newer C libraries call instead\n",
        ),
        (
            "--list-allow",
            "read:ptrace",
            "ptrace is allowed, and reaches beyond the program; leave it out unless the program needs it\n",
        ),
    ] {
        tool(["check", option, list])
            .outcome()
            .status(1)
            .stdout(finding);
    }
}

#[test]
fn a_call_that_is_logged_or_fails_is_judged_by_whether_it_runs() {
    // A logged execveat runs, so denying execve alone stops nobody.
    tool(["check", "--list-deny", "execve:execveat=log"])
        .outcome()
        .status(1)
        .stdout_has("execveat can do the same");
    tool(["check", "--list-deny", "execve:execveat=EPERM"])
        .outcome()
        .succeeded();
    tool(["check", "--list-allow", "read:ptrace=EPERM"])
        .outcome()
        .succeeded();
}

#[test]
fn notes_of_the_policy_are_findings() {
    tool([
        "check",
        "--list-deny",
        "openat:open:openat2:creat:open_by_handle_at",
    ])
    .outcome()
    .status(1)
    .stdout_has("io_uring_setup is allowed, and io_uring does open");
}

#[test]
fn the_json_lists_the_findings() {
    let outcome = tool(["check", "--json", "--list-deny", "execve"])
        .outcome()
        .status(1);
    let finding = "execve is denied, but execveat can do the same";
    assert_eq!(json(&outcome), serde_json::json!({"findings": [finding]}));
    let outcome = tool(["check", "--json", "--list-allow", "read"])
        .outcome()
        .succeeded();
    assert_eq!(json(&outcome), serde_json::json!({"findings": []}));
}

#[test]
fn a_list_that_cannot_be_read_is_an_error_with_its_place_and_the_closest_name() {
    for (option, list, message) in [
        (
            "--list-allow",
            "read:opne",
            "--list-allow: item \"opne\" (column 6): unknown system call; did you mean \"open\"?",
        ),
        (
            "--list-deny",
            "execve:mkdri",
            "--list-deny: item \"mkdri\" (column 8): unknown system call; did you mean \"mkdir\"?",
        ),
    ] {
        tool(["check", option, list])
            .outcome()
            .status(2)
            .stdout("")
            .stderr(&format!("sandbox-policy: {message}\n"));
    }
}
