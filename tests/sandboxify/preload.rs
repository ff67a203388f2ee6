//! `--method preload`: libsandbox.so in the program itself.

use std::fs;
use std::path::Path;

use sandbox_tests::{
    Run, compile, compile_with, installed, libsandbox, public_directory, publish, sandboxify, skip,
};

use crate::programs::{HELLO, file, hello_dynamic, hello_static, text};

/// What a dynamic helloworld calls once its libraries are up.
const HELLO_CALLS: &str = "newfstatat:write:exit_group";

/// The options that select the method.
pub const PRELOAD: [&str; 2] = ["--method", "preload"];

fn preloading(list: &[&str], program: impl AsRef<Path>) -> Run {
    Run::launched([&PRELOAD[..], list].concat(), program.as_ref())
}

/// Runs a launcher on a program that it must refuse.
#[track_caller]
pub fn refused(launcher: &Path, program: &Path, said: &str) {
    let run = Run::new(launcher)
        .args(PRELOAD)
        .args(["--allow", "@known"])
        .arg(program);
    run.outcome().status(126).stdout("").stderr_has(said);
}

#[test]
fn a_dynamic_program_needs_three_names() {
    preloading(&["--allow", HELLO_CALLS], hello_dynamic())
        .outcome()
        .succeeded()
        .stdout("Hello, world!\n")
        .stderr(
            "adding newfstatat to the process seccomp filter\n\
             adding write to the process seccomp filter\n\
             adding exit_group to the process seccomp filter\n",
        );
    for list in [
        "write:exit_group",
        "newfstatat:exit_group",
        "newfstatat:write",
        "",
    ] {
        let outcome = preloading(&["--allow", list], hello_dynamic()).outcome();
        outcome.killed();
    }
}

#[test]
fn python_runs_under_a_deny_list() {
    let Some(python) = installed("python3") else {
        return skip("python3 is not installed");
    };
    let code = "import os; print(os.path.exists('/')); os.getppid()";
    let run = |list: &str| {
        let run = preloading(&["-q", "--deny", list], &python);
        run.args(["-c", code]).outcome()
    };
    run("acct").succeeded().stdout("True\n").stderr("");
    run("getppid").killed();
}

#[test]
fn all_of_the_request_reaches_the_object() {
    let program = compile(
        "#include <errno.h>\n#include <stdio.h>\n#include <sys/syscall.h>\n#include <unistd.h>\n\
         int main(void) { int ran = syscall(SYS_getppid) >= 0; printf(\"%d %d\\n\", ran, errno); return 0; }\n",
        &[],
    );
    let options = ["-q", "--deny", "getppid", "--default-action", "EXDEV"];
    let outcome = preloading(&options, &program).outcome().succeeded();
    outcome.stdout("0 18\n").stderr("");
    let variables = preloading(&[], &program)
        .deny("getppid")
        .default_action("errno(5)")
        .env("SECCOMP_QUIET", "1");
    variables.outcome().succeeded().stdout("0 5\n").stderr("");
    let list = preloading(&["-q", "--deny", "getppid=EPERM"], &program);
    list.allow("").outcome().succeeded().stdout("0 1\n");
    let log = preloading(&["-q", "--log", "--deny", "getppid=EPERM"], &program);
    let Some((outcome, records)) = log.audited(1) else {
        return skip("audit records need CAP_AUDIT_READ");
    };
    outcome.succeeded().stdout("0 1\n");
    assert_eq!(records.len(), 1, "{records:#?}");
}

#[test]
fn the_program_sees_none_of_the_variables_but_the_preload() {
    let outcome = preloading(
        &["-q", "--deny", "acct", "--default-action", "EPERM"],
        "/usr/bin/env",
    )
    .env("KEPT", "1")
    .env("SECCOMP_SYSCALL_ALLOW", "write")
    .outcome()
    .succeeded();
    assert!(!outcome.stdout.contains("SECCOMP_"), "{outcome:#?}");
    let preload = format!("LD_PRELOAD={}\n", text(&libsandbox()));
    outcome.stdout_has("KEPT=1\n").stdout_has(&preload);
}

#[test]
fn the_users_own_preloaded_objects_stay_and_start_before_the_filter() {
    let own = compile(
        "#include <unistd.h>\n\
         __attribute__((constructor)) static void start(void)\n\
         { getppid(); if (write(1, \"own\\n\", 4) < 0) _exit(1); }\n",
        &["-shared", "-fPIC"],
    );
    let other = compile(
        "#include <unistd.h>\n\
         __attribute__((constructor)) static void start(void)\n\
         { if (write(1, \"other\\n\", 6) < 0) _exit(1); }\n",
        &["-shared", "-fPIC"],
    );
    // No getppid in the list: behind the filter the first object would be killed.
    let run = preloading(&["-q", "--allow", HELLO_CALLS], hello_dynamic());
    let run = run.env("LD_PRELOAD", format!("{}:{}", text(&own), text(&other)));
    run.outcome()
        .succeeded()
        .stdout("other\nown\nHello, world!\n")
        .stderr("");
}

#[test]
fn a_script_is_filtered_in_its_interpreter() {
    let directory = public_directory();
    let script = file(directory.path(), "script", "#!/bin/sh\necho ran\n", 0o755);
    let run = preloading(&["-q", "--deny", "acct"], &script);
    run.outcome().succeeded().stdout("ran\n");
    preloading(&["--deny", "write"], &script).outcome().killed();
    let still = file(
        directory.path(),
        "still",
        format!("#!{}\n", text(&hello_static())),
        0o755,
    );
    refused(&sandboxify(), &still, "static");
}

#[test]
fn a_program_of_another_c_library_is_filtered_too() {
    if installed("musl-gcc").is_none() {
        return skip("musl-gcc is not installed");
    }
    let program = compile_with("musl-gcc", HELLO, &[]);
    let run = |list: &str| preloading(&["-q", "--allow", list], &program).outcome();
    run("ioctl:writev:exit_group")
        .succeeded()
        .stdout("Hello, world!\n");
    run("ioctl:exit_group").killed().stdout("");
}

#[test]
fn the_object_is_found_where_it_is_installed() {
    let directory = public_directory();
    let (bin, lib) = (directory.path().join("bin"), directory.path().join("lib"));
    fs::create_dir(&bin).expect("bin");
    fs::create_dir(&lib).expect("lib");
    let launcher = publish(&sandboxify(), &bin);
    publish(&libsandbox(), &lib);
    let run = Run::new(launcher)
        .args(PRELOAD)
        .args(["-q", "--allow", HELLO_CALLS]);
    let outcome = run.arg(hello_dynamic()).outcome();
    outcome.succeeded().stdout("Hello, world!\n");
}
