//! Exit statuses: the program's own, 125 for the launcher's failures, 126 and 127 for programs that
//! cannot be run or found; and that none of the failures runs anything.

use std::path::Path;

use sandbox_tests::{Run, broken_pipe, compile, public_directory, sandboxify, skip};

use crate::programs::{file, hello_static, methods, text};

/// Runs sandboxify on something that must not run.
#[track_caller]
fn refused(options: &[&str], program: &str, status: i32, said: &str) {
    let outcome = Run::launched(options, program).outcome();
    let outcome = outcome.status(status).stdout("").stderr_has(said);
    assert!(
        outcome.stderr.starts_with("sandboxify: "),
        "{:?}",
        outcome.stderr
    );
}

#[test]
fn the_programs_own_status_is_the_launchers() {
    for method in methods() {
        for (script, status) in [("exit 0", 0), ("exit 7", 7), ("exit 125", 125)] {
            let options = ["--method", method, "--deny", "ptrace"];
            let run = Run::launched(options, "sh").args(["-c", script]);
            run.outcome().status(status);
        }
        for signal in ["TERM", "SEGV", "KILL", "PIPE", "SYS"] {
            let script = format!("kill -{signal} $$");
            let options = ["--method", method, "--deny", "ptrace"];
            let outcome = Run::launched(options, "sh").args(["-c", &script]).outcome();
            let bare = Run::new("sh").args(["-c", &script]).outcome();
            assert!(bare.status > 128, "{bare:?}");
            assert_eq!(outcome.status, bare.status, "{signal}");
        }
    }
}

#[test]
fn our_own_failures_give_125() {
    let hello = hello_static();
    let hello = text(&hello);
    let usage = "Try 'sandboxify --help'.";
    refused(&[], hello, 125, "no policy given");
    refused(
        &["--quiet", "--method", "ticket"],
        hello,
        125,
        "no policy given",
    );
    refused(&["--allow", "wirte"], hello, 125, "write");
    refused(&["--deny", "ptrace=EVERMIND"], hello, 125, "EVERMIND");
    refused(&["--allow", "@no-such-group"], hello, 125, "@no-such-group");
    refused(&["--no-such-option"], hello, 125, usage);
    refused(&["-x"], hello, 125, usage);
    refused(
        &["--method", "magic", "--deny", "acct"],
        hello,
        125,
        "magic",
    );
    refused(&["--quiet=1", "--deny", "acct"], hello, 125, usage);
    for action in ["allow", "Log", "errno(0)", "errno(4096)", ""] {
        let options = ["--deny", "acct", "--default-action", action];
        refused(&options, hello, 125, "--default-action");
    }
    for arguments in [
        &["--allow"][..],
        &["--deny", "acct"],
        &["--deny", "acct", "--"],
        &[],
    ] {
        let outcome = Run::new(sandboxify()).args(arguments).outcome();
        outcome.status(125).stdout("").stderr_has(usage);
    }
}

#[test]
fn a_policy_file_that_cannot_be_used_gives_125() {
    let hello = hello_static();
    let hello = text(&hello);
    let missing = ["--policy", "/nonexistent/policy"];
    refused(
        &missing,
        hello,
        125,
        "/nonexistent/policy: cannot be read: ENOENT",
    );
    let twice = ["--policy", "/dev/null", "--allow", ""];
    refused(&twice, hello, 125, "--allow: --policy was given already");
    let directory = public_directory();
    let wrong = file(directory.path(), "p.seccomp", "read: 1\nwirte: 1\n", 0o644);
    let place = format!("{}:2:1: unknown system call", text(&wrong));
    refused(&["--policy", text(&wrong)], hello, 125, &place);
}

#[test]
fn an_error_in_a_variable_names_the_variable() {
    for (name, value) in [
        ("SECCOMP_SYSCALL_ALLOW", "wirte"),
        ("SECCOMP_SYSCALL_DENY", "wirte"),
        ("SECCOMP_SYSCALL_DENY", "socket(family == AF_UNXI)"),
        ("SECCOMP_SYSCALL_DENY", "/nonexistent/policy.seccomp"),
    ] {
        let run = Run::launched::<&str>([], hello_static()).env(name, value);
        run.outcome().status(125).stdout("").stderr_has(name);
    }
    for (name, value) in [
        ("SECCOMP_DEFAULT_ACTION", "LOG"),
        ("SECCOMP_LOG", "maybe"),
        ("SECCOMP_QUIET", "maybe"),
        ("SECCOMP_ARCH", "vax"),
    ] {
        let run = Run::launched(["--deny", "acct"], hello_static()).env(name, value);
        run.outcome().status(125).stdout("").stderr_has(name);
    }
}

#[test]
fn what_is_not_there_gives_127() {
    let directory = public_directory();
    let plain = file(directory.path(), "plain", "", 0o755);
    let missing = directory.path().join("missing");
    let below = plain.join("below");
    let dangling = directory.path().join("dangling");
    std::os::unix::fs::symlink(&missing, &dangling).expect("a link");
    for method in methods() {
        let options = ["--method", method, "--allow", ""];
        for program in [&missing, &below, &dangling] {
            refused(&options, text(program), 127, "not found");
            refused(&options, text(program), 127, text(program));
        }
        refused(&options, "no-such-program", 127, "no-such-program");
        refused(&options, "", 127, "not found");
    }
}

#[test]
fn what_is_no_program_gives_126() {
    let directory = public_directory();
    let place = directory.path();
    let loop_ = place.join("loop");
    std::os::unix::fs::symlink(&loop_, &loop_).expect("a link");
    let cases = [
        (place.to_path_buf(), "is a directory"),
        (
            file(place, "data", "#!/bin/sh\necho RAN\n", 0o644),
            "permission denied",
        ),
        (Path::new("/dev/null").to_path_buf(), "permission denied"),
        (loop_, "too many symbolic links"),
        (file(place, "text", "echo RAN\n", 0o755), "not a program"),
        (file(place, "empty", "", 0o755), "not a program"),
        (file(place, "magic", "\x7fELF", 0o755), "not a program"),
        (
            file(place, "blank", "#!\necho RAN\n", 0o755),
            "not a program",
        ),
    ];
    for method in methods() {
        for (path, said) in &cases {
            refused(&["--method", method, "--allow", ""], text(path), 126, said);
        }
    }
}

#[test]
fn a_missing_interpreter_gives_126_and_is_named() {
    let directory = public_directory();
    let place = directory.path();
    let interpreter = "/nonexistent/interpreter";
    let elf = compile(
        "#include <unistd.h>\nint main(void) { return write(1, \"RAN\", 3) != 3; }\n",
        &[&format!("-Wl,--dynamic-linker={interpreter}")],
    );
    let script = file(place, "script", format!("#!{interpreter}\n"), 0o755);
    let through = file(place, "through", format!("#!{}\n", text(&script)), 0o755);
    let refusing = file(place, "refusing", format!("#!{}\n", text(place)), 0o755);
    for method in methods() {
        let options = ["--method", method, "--allow", ""];
        for program in [&elf, &script, &through] {
            refused(&options, text(program), 126, interpreter);
        }
        refused(&options, text(&refusing), 126, text(place));
    }
}

#[test]
fn a_method_that_does_not_exist_here_is_no_silent_fallback() {
    if !sandbox_tests::root() {
        return skip("only root can become another user");
    }
    // Without CAP_SYS_ADMIN there is no suspending.
    let directory = public_directory();
    let launcher = sandbox_tests::publish(&sandboxify(), directory.path());
    let hello = sandbox_tests::publish(&hello_static(), directory.path());
    let outcome = Run::new(launcher)
        .args(["--method", "suspend", "--deny", "acct"])
        .arg(hello)
        .as_nobody()
        .outcome();
    let outcome = outcome.status(125).stdout("");
    outcome
        .stderr_has("--method suspend")
        .stderr_has("CAP_SYS_ADMIN");
}

#[test]
fn a_closed_or_full_standard_error_changes_no_status() {
    let hello = hello_static();
    let script = |redirection: &str, list: &str| {
        format!(
            "exec {} --allow {list} {} {redirection}",
            text(&sandboxify()),
            text(&hello)
        )
    };
    for redirection in ["2>&-", "2>/dev/full"] {
        for (list, status) in [("'@known'", 0), ("wirte", 125), ("''", 159)] {
            let run = Run::new("sh").args(["-c", &script(redirection, list)]);
            run.outcome().status(status);
        }
    }
    // A pipe without a reader raises no SIGPIPE.
    for method in methods() {
        for (list, status) in [("@known", 0), ("wirte", 125), ("", 159)] {
            let run = Run::launched(["--method", method, "--allow", list], &hello);
            run.stderr_to(broken_pipe()).outcome().status(status);
        }
    }
}
