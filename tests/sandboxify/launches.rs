//! What passes the look at the program and fails in execve(2), with the filter already there.
//!
//! Each launcher is paused between the two, and the file is changed meanwhile.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sandbox_tests::{Outcome, Run, broken_pipe, compile, public_directory, publish, root, skip};

use crate::paused::Paused;
use crate::programs::{file, hello_static, methods, overwrite, text};

/// A list that announces something and allows nothing that a launcher or program could use.
const NEXT_TO_NOTHING: &str = "acct";

/// Starts a launch, does something while it is paused, and gives what came of it.
fn changed_meanwhile(method: &str, program: &Path, change: impl FnOnce(u32)) -> Outcome {
    let options = ["--method", method, "--allow", NEXT_TO_NOTHING];
    let paused = Paused::start(Run::launched(options, program));
    change(paused.pid());
    paused.go_on().outcome()
}

#[track_caller]
fn failed(outcome: Outcome, status: i32, program: &Path, why: &str) {
    let outcome = outcome.status(status).stdout("");
    let message = format!("sandboxify: {}: {why}\n", text(program));
    let expected = format!("adding acct to the process seccomp filter\n{message}");
    outcome.stderr(&expected);
}

#[test]
fn a_program_that_is_open_for_writing_fails_with_its_message() {
    for method in methods() {
        let directory = public_directory();
        let program = publish(&hello_static(), directory.path());
        let mut writer = None;
        let outcome = changed_meanwhile(method, &program, |_| {
            let file = fs::OpenOptions::new().append(true).open(&program);
            writer = Some(file.expect("open the program"));
        });
        failed(outcome, 126, &program, "the file is open for writing");
        drop(writer);
        // Without a pause, too.
        let writer = fs::OpenOptions::new().append(true).open(&program);
        let options = ["--method", method, "-q", "--allow", ""];
        let outcome = Run::launched(options, &program).outcome();
        let outcome = outcome.status(126).stdout("");
        outcome.stderr_has("the file is open for writing");
        drop(writer);
    }
}

#[test]
fn a_program_that_disappears_fails_with_127() {
    for method in methods() {
        let directory = public_directory();
        let program = publish(&hello_static(), directory.path());
        let outcome = changed_meanwhile(method, &program, |_| {
            fs::remove_file(&program).expect("remove the program");
        });
        let outcome = outcome.status(127).stdout("");
        outcome.stderr_has(&format!("sandboxify: {}: ", text(&program)));
    }
}

#[test]
fn an_interpreter_that_disappears_runs_nothing() {
    for method in methods() {
        let directory = public_directory();
        let place = directory.path();
        let interpreter = publish(&hello_static(), place);
        let script = file(
            place,
            "script",
            format!("#!{}\n", text(&interpreter)),
            0o755,
        );
        let outcome = changed_meanwhile(method, &script, |_| {
            fs::remove_file(&interpreter).expect("remove the interpreter");
        });
        assert!([126, 127].contains(&outcome.status), "{outcome:#?}");
        let outcome = outcome.stdout("");
        outcome.stderr_has(&format!("sandboxify: {}: ", text(&script)));
    }
}

#[test]
fn a_loader_that_disappears_runs_nothing() {
    for method in methods() {
        let directory = public_directory();
        let place = directory.path();
        // Any static program serves as the loader of another one.
        let loader = publish(&hello_static(), place);
        let flag = format!("-Wl,--dynamic-linker={}", text(&loader));
        let built = compile("int main(void) { return 0; }\n", &[&flag]);
        let program = publish(&built, place);
        fs::remove_file(built).expect("a program that is of no further use");
        let outcome = changed_meanwhile(method, &program, |_| {
            fs::remove_file(&loader).expect("remove the loader");
        });
        assert!([126, 127].contains(&outcome.status), "{outcome:#?}");
        let outcome = outcome.stdout("");
        outcome.stderr_has(&format!("sandboxify: {}: ", text(&program)));
    }
}

#[test]
fn a_program_that_becomes_something_else_fails_with_its_message() {
    /// The file type in the ELF header (elf(5)); 4 is a core file.
    const E_TYPE: usize = 16;
    let hello = fs::read(hello_static()).expect("helloworld");
    let mut core = hello.clone();
    core[E_TYPE] = 4;
    let contents = [(&b"echo RAN\n"[..]), b"", &core, &hello[..40]];
    for (method, content) in methods()
        .iter()
        .flat_map(|method| contents.map(|content| (method, content)))
    {
        let directory = public_directory();
        let program = publish(&hello_static(), directory.path());
        let outcome = changed_meanwhile(method, &program, |_| {
            overwrite(&program, content);
        });
        let why = "not a program in a format that the kernel knows";
        failed(outcome, 126, &program, why);
    }
}

#[test]
fn a_broken_elf_file_never_runs_past_its_launch() {
    /// The number of program headers (elf(5)).
    const E_PHNUM: usize = 56;
    for method in methods() {
        let directory = public_directory();
        let mut bytes = fs::read(hello_static()).expect("helloworld");
        bytes[E_PHNUM..E_PHNUM + 2].copy_from_slice(&[0, 0]);
        let program = file(directory.path(), "broken", &bytes, 0o755);
        let options = ["--method", method, "-q", "--allow", ""];
        let outcome = Run::launched(options, &program).outcome();
        let outcome = outcome.status(126).stdout("");
        outcome.stderr_has("not a program in a format that the kernel knows");
    }
}

#[test]
fn a_program_that_loses_its_permission_fails_with_its_message() {
    for method in methods() {
        let directory = public_directory();
        let program = publish(&hello_static(), directory.path());
        let outcome = changed_meanwhile(method, &program, |_| {
            let none = fs::Permissions::from_mode(0o644);
            fs::set_permissions(&program, none).expect("chmod");
        });
        failed(outcome, 126, &program, "permission denied");
    }
}

#[test]
fn arguments_that_are_too_long_fail_with_their_message() {
    let Some(prlimit) = sandbox_tests::installed("prlimit") else {
        return skip("prlimit is not installed");
    };
    if !root() {
        return skip("an undumpable launcher's limits are root's to change");
    }
    for method in methods() {
        let program = hello_static();
        let options = ["--method", method, "--allow", NEXT_TO_NOTHING];
        // A small stack leaves room for 128 KiB of arguments (execve(2), "Limits on size").
        let long = "x".repeat(100_000);
        let run = Run::launched(options, &program).args([&long, &long, &long]);
        let paused = Paused::start(run);
        let process = paused.pid().to_string();
        Run::new(&prlimit)
            .args(["--pid", &process, "--stack=131072"])
            .outcome()
            .succeeded();
        let outcome = paused.go_on().outcome();
        failed(
            outcome,
            126,
            &program,
            "arguments and environment are too long",
        );
    }
}

#[test]
fn the_message_of_a_failed_launch_may_find_no_reader() {
    for method in methods() {
        let directory = public_directory();
        let program = file(directory.path(), "text", "echo RAN\n", 0o755);
        for redirection in ["2>&-", "2>/dev/full"] {
            let launcher = sandbox_tests::sandboxify();
            let script = format!("exec \"$@\" {redirection}");
            let outcome = Run::new("sh")
                .args(["-c", &script, "sh"])
                .arg(launcher)
                .args(["--method", method, "--allow", ""])
                .arg(&program)
                .outcome();
            outcome.status(126).stdout("");
        }
        let options = ["--method", method, "-q", "--allow", ""];
        let run = Run::launched(options, &program).stderr_to(broken_pipe());
        run.outcome().status(126).stdout("");
    }
}
