//! The options, and the variables that they stand in for.

use std::fs;

use sandbox_tests::{Run, public_directory, sandboxify, skip};

use crate::programs::{
    STATIC_CALLS, announced, arguments, calling, file, hello_static, number, text,
};

#[test]
fn variables_do_what_options_do() {
    Run::new(sandboxify())
        .arg(hello_static())
        .allow(STATIC_CALLS)
        .outcome()
        .succeeded()
        .stdout("Hello, world!\n")
        .stderr(&announced(STATIC_CALLS));
    Run::new(sandboxify())
        .arg(hello_static())
        .deny("write")
        .outcome()
        .killed();
    // Defined but empty: nothing is allowed.
    Run::launched::<&str>([], hello_static())
        .allow("")
        .deny("ptrace")
        .outcome()
        .killed()
        .stdout("")
        .stderr("");
    let quiet = Run::launched::<&str>([], hello_static())
        .deny("ptrace")
        .env("SECCOMP_QUIET", "1")
        .outcome();
    quiet.succeeded().stderr("");
}

#[test]
fn a_list_option_replaces_both_list_variables() {
    Run::launched(["--deny", "ptrace"], hello_static())
        .allow("")
        .deny("write")
        .outcome()
        .succeeded()
        .stderr("adding ptrace to the process seccomp filter\n");
    Run::launched(["--allow", STATIC_CALLS], hello_static())
        .allow("")
        .deny("write")
        .outcome()
        .succeeded();
    // Replaced lists are not even read.
    Run::launched(["--allow", ""], hello_static())
        .allow("no_such_call")
        .outcome()
        .killed();
}

#[test]
fn two_list_options_are_a_usage_error() {
    let (allow, deny) = (["--allow", STATIC_CALLS], ["--deny", "ptrace"]);
    for options in [[allow, deny], [deny, allow], [allow, allow], [deny, deny]] {
        let outcome = Run::launched(options.concat(), hello_static()).outcome();
        let outcome = outcome.status(125).stdout("");
        outcome.stderr_has("was given already");
    }
}

#[test]
fn a_default_action_option_replaces_the_variable() {
    for (option, printed) in [("EACCES", "errno 13\n"), ("errno(5)", "errno 5\n")] {
        calling(
            &["--deny", "getppid", "--default-action", option],
            &["getppid"],
        )
        .default_action("kill_process")
        .outcome()
        .succeeded()
        .stdout(printed);
    }
    calling(&["--deny", "getppid"], &["getppid"])
        .default_action("EXDEV")
        .outcome()
        .succeeded()
        .stdout("errno 18\n");
    calling(&["--deny", "getppid=EPERM:getpid"], &["getppid", "getpid"])
        .outcome()
        .killed();
}

#[test]
fn denials_with_an_error_are_recorded_when_asked_for() {
    for (options, expected) in [(&["--log"][..], 1), (&[], 0)] {
        let options = [&["--deny", "getppid=EPERM"], options].concat();
        let run = calling(&options, &["getppid"]);
        let Some((outcome, records)) = run.audited(expected) else {
            return skip("audit records need CAP_AUDIT_READ");
        };
        outcome.succeeded().stdout("errno 1\n");
        let recorded: Vec<_> = records.iter().map(|record| record.syscall).collect();
        assert_eq!(recorded, vec![number("getppid"); expected], "{options:?}");
    }
}

#[test]
fn quiet_means_that_only_failures_are_told() {
    for option in ["--quiet", "-q"] {
        Run::launched([option, "--allow", STATIC_CALLS], hello_static())
            .outcome()
            .succeeded()
            .stdout("Hello, world!\n")
            .stderr("");
        let outcome = Run::launched([option, "--allow", "rite"], hello_static()).outcome();
        outcome.status(125).stderr_has("rite");
    }
}

#[test]
fn print_shows_the_policy_and_runs_nothing() {
    let printed = Run::launched(
        ["--print", "--allow", "write:getppid=EPERM:exit_group"],
        hello_static(),
    );
    let text = printed.outcome().succeeded().stderr("").stdout;
    assert!(!text.contains("Hello"), "{text}");
    for part in [
        "allow: 2 system calls\n  exit_group write\n",
        "1 system call\n  getppid\n",
        "x32 calls: kill_process\n",
        "calls of other ABIs: kill_process\n",
        "number -1: kill_process\n",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    // Without a program, too, and from the variables.
    let outcome = Run::new(sandboxify())
        .arg("--print")
        .deny("ptrace")
        .default_action("EPERM")
        .outcome()
        .succeeded();
    outcome
        .stdout_has("  ptrace\n")
        .stdout_has("allow: the other");
    let outcome = Run::new(sandboxify()).arg("--print").outcome();
    outcome.status(125).stderr_has("no policy given");
}

#[test]
fn print_shows_conditions() {
    // Neither "allow" nor "kill_process" alone is what becomes of write.
    for condition in ["fd == 0", "fd == 1"] {
        let list = format!("exit_group:write({condition})");
        let outcome = Run::launched(["--print", "--allow", &list], hello_static()).outcome();
        outcome.succeeded().stdout_has(condition);
    }
}

#[test]
fn print_shows_an_abi_that_was_added() {
    // Another ABI's calls no longer get what foreign ones get, and it has some of its own.
    let options = ["--print", "--arch", "x86", "--allow", "read:socketcall"];
    let outcome = Run::launched(options, hello_static()).outcome();
    let outcome = outcome.succeeded().stdout_has("socketcall");
    outcome.stdout_has("x86");
}

#[test]
fn help_names_every_option() {
    let outcome = Run::launched(["--help"], hello_static()).outcome();
    let help = outcome.succeeded().stdout;
    for option in [
        "--allow",
        "--deny",
        "--policy",
        "--arch",
        "--default-action",
        "--method",
        "--isolate",
        "--log",
        "--quiet",
        "--print",
    ] {
        assert!(
            help.contains(&format!("{option} ")),
            "no {option} in\n{help}"
        );
    }
}

#[test]
fn help_and_version_run_nothing() {
    for option in ["--help", "-h"] {
        let outcome = Run::launched([option], hello_static()).outcome();
        let outcome = outcome.succeeded().stderr("");
        let outcome = outcome.stdout_has("Usage: sandboxify [OPTIONS] PROGRAM");
        assert!(!outcome.stdout.contains("Hello"));
    }
    let version = format!("sandboxify {}\n", env!("CARGO_PKG_VERSION"));
    for option in ["--version", "-V"] {
        let outcome = Run::launched([option], hello_static()).outcome();
        outcome.succeeded().stdout(&version).stderr("");
    }
}

#[test]
fn options_end_at_two_dashes_or_at_the_program() {
    let deny = ["-q", "--deny", "ptrace"];
    let program = arguments();
    let program = text(&program);
    for options in [&deny[..], &["-q", "--deny", "ptrace", "--"]] {
        let run = Run::launched(options, program).args(["--help", "--", "--deny", "-q"]);
        let expected = format!("{program}\n--help\n--\n--deny\n-q\n");
        run.outcome().succeeded().stdout(&expected);
    }
    // Behind the two dashes even an option is a program.
    let directory = public_directory();
    file(
        directory.path(),
        "--help",
        fs::read(program).expect("the program"),
        0o755,
    );
    let run = Run::launched([&deny[..], &["--"]].concat(), "--help")
        .env("PATH", directory.path())
        .outcome();
    run.succeeded().stdout("--help\n");
    // A value may be tied to its option.
    Run::launched(["-q", "--deny=ptrace", "--method=ticket"], program)
        .outcome()
        .succeeded()
        .stdout(&format!("{program}\n"));
}
