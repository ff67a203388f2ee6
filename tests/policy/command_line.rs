//! Where the policy comes from, and what all subcommands share.

use sandbox_tests::{Run, broken_pipe};

use crate::tool;

/// `test write`, which tells an allow-list that lacks it from a deny-list that lacks it.
fn test_write() -> Run {
    tool(["test", "write"])
}

#[test]
fn without_a_list_the_variables_say_the_policy() {
    test_write()
        .allow("read")
        .outcome()
        .status(1)
        .stdout("write: kill_process (not listed)\n");
    test_write()
        .deny("read")
        .outcome()
        .succeeded()
        .stdout("write: allow (not listed)\n");
    test_write()
        .allow("read")
        .deny("read")
        .default_action("EPERM")
        .outcome()
        .status(1)
        .stdout("write: EPERM (not listed)\n");
}

#[test]
fn options_go_before_the_variables() {
    test_write()
        .args(["--list-deny", "read"])
        .allow("read")
        .outcome()
        .succeeded()
        .stdout("write: allow (not listed)\n");
    // A value that is replaced is not even looked at.
    test_write()
        .args(["--default-action", "log"])
        .allow("read")
        .default_action("nonsense")
        .outcome()
        .succeeded()
        .stdout("write: log (not listed)\n");
}

#[test]
fn a_variable_that_cannot_be_read_is_an_error_that_names_it() {
    test_write()
        .allow("opne")
        .outcome()
        .status(2)
        .stderr_has("SECCOMP_SYSCALL_ALLOW: item \"opne\" (column 1): unknown system call");
    for (name, value) in [
        ("SECCOMP_DEFAULT_ACTION", "allow"),
        ("SECCOMP_ARCH", "x32"),
        ("SECCOMP_LOG", "2"),
    ] {
        test_write()
            .allow("read")
            .env(name, value)
            .outcome()
            .status(2)
            .stdout("")
            .stderr_has(&format!("sandbox-policy: {name}: \"{value}\""));
    }
    test_write()
        .args(["--list-deny", "read", "--default-action", "EPREM"])
        .outcome()
        .status(2)
        .stderr_has("--default-action: \"EPREM\": ");
}

#[test]
fn no_policy_at_all_is_an_error() {
    for command in [
        &["show"][..],
        &["check"],
        &["convert", "--to", "list"],
        &["export", "--disasm"],
    ] {
        tool(command)
            .outcome()
            .status(2)
            .stdout("")
            .stderr_has("sandbox-policy: no policy given: give a FILE, use --list-allow LIST");
    }
}

#[test]
fn the_first_word_of_test_is_the_policy_where_nothing_else_is() {
    tool(["test", "policy.seccomp"])
        .outcome()
        .status(2)
        .stdout("")
        .stderr_has("sandbox-policy: no call given; write a call such as 'openat(");
    tool(["test", "read", "write"])
        .outcome()
        .status(2)
        .stdout("")
        .stderr("sandbox-policy: read: cannot be read: ENOENT\n");
}

#[test]
fn mistakes_on_the_command_line_have_status_2() {
    for (arguments, message) in [
        (
            &["show", "--list-allow", "read", "--list-deny", "read"][..],
            "cannot be used with",
        ),
        (&["nosuch"], "unrecognized subcommand 'nosuch'"),
        (&["show", "--nosuch"], "unexpected argument '--nosuch'"),
        (&["test", "--list-deny", "read"], "<FILE|CALL>"),
        (&["diff", "one"], "<B>"),
        (&["convert", "file"], "--to <FORMAT>"),
        (
            &["convert", "--to", "pfc", "file"],
            "unknown format \"pfc\"",
        ),
        (
            &["show", "--mode", "greylist", "file"],
            "invalid value 'greylist'",
        ),
        (
            &["export", "--list-deny", "read", "--compiler", "x"],
            "invalid value 'x'",
        ),
        (&["verify"], "<PID|FILE>"),
        (&[], "Usage: sandbox-policy"),
    ] {
        tool(arguments)
            .outcome()
            .status(2)
            .stdout("")
            .stderr_has(message);
    }
}

#[test]
fn help_and_version_are_printed() {
    let version = format!("sandbox-policy {}\n", env!("CARGO_PKG_VERSION"));
    tool(["--version"]).outcome().succeeded().stdout(&version);
    tool(["--help"])
        .outcome()
        .succeeded()
        .stdout_has("\nUsage: sandbox-policy [OPTIONS] <COMMAND>\n")
        .stdout_has("Exit status: 0 yes, 1 no");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    for arguments in [
        &["syscalls"][..],
        &["show", "--list-deny", "execve"],
        &["export", "--list-deny", "execve"],
        &["completions", "bash"],
    ] {
        let mut run = tool(arguments);
        let command = run.command().stdout(broken_pipe());
        let output = command.output().expect("sandbox-policy");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
    let pipeline = "\"$0\" syscalls | head -n 1; echo \"${PIPESTATUS[0]}\"";
    Run::new("bash")
        .args(["-c", pipeline])
        .arg(sandbox_tests::sandbox_policy())
        .outcome()
        .stderr("")
        .stdout_has("\n0\n");
}

#[test]
fn nobody_to_read_the_error_does_not_change_the_status() {
    tool(["groups", "nosuch"])
        .stderr_to(broken_pipe())
        .outcome()
        .status(2);
}
