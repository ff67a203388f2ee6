//! More than one filter: an outer sandbox of our own, and the object twice in one process.

use sandbox_tests::{Outcome, Run, libsandbox, public_directory};

use crate::programs::{
    caller, failed, filters, filters_around_the_tests, hello, linked_to_libsandbox, number,
};

/// A filtered program that replaces itself by a program with a list of its own.
fn within(outer: &str, assignments: &[&str], program: &[&str]) -> Outcome {
    let run = Run::preloaded("env").deny(outer).env("SECCOMP_QUIET", "1");
    run.args(assignments).args(program).outcome()
}

#[test]
fn a_filtered_program_can_start_one_with_a_filter_of_its_own() {
    let outcome = within(
        "ptrace",
        &["SECCOMP_SYSCALL_DENY=mount"],
        &["cat", "/proc/self/status"],
    );
    let outcome = outcome.succeeded();
    assert_eq!(filters(&outcome), filters_around_the_tests() + 2);
    outcome.stderr("adding mount to the process seccomp filter\n");
}

#[test]
fn an_inner_list_cannot_allow_what_an_outer_one_denies() {
    let (caller, getppid) = (caller(), number("getppid").to_string());
    let caller = caller.to_str().expect("a path in ASCII");
    within(
        "getppid=EPERM",
        &["SECCOMP_SYSCALL_ALLOW=@known"],
        &[caller, &getppid],
    )
    .succeeded()
    .stdout(&failed("getppid", 1));
}

#[test]
fn a_filter_that_an_outer_sandbox_refuses_is_an_error_and_the_program_does_not_run() {
    for (outer, message) in [
        (
            "seccomp=EPERM",
            "libsandbox: the kernel refused the filter: EPERM (an outer sandbox may forbid filters)\n",
        ),
        (
            "prctl=EPERM",
            "libsandbox: cannot set no_new_privs: EPERM\n",
        ),
    ] {
        within(outer, &["SECCOMP_SYSCALL_ALLOW=@known"], &["echo", "ran"])
            .status(1)
            .stdout("")
            .stderr_has(message);
    }
}

#[test]
fn without_a_list_an_outer_sandbox_that_forbids_filters_is_no_obstacle() {
    within("seccomp=EPERM:prctl=EPERM", &[], &["echo", "ran"])
        .succeeded()
        .stdout("ran\n")
        .stderr("");
}

#[test]
fn two_copies_of_the_object_in_one_process_load_one_filter() {
    let directory = public_directory();
    let cat = sandbox_tests::installed("cat").expect("cat");
    let cat = linked_to_libsandbox(&cat, directory.path());
    let outcome = Run::new(cat)
        .env("LD_PRELOAD", libsandbox())
        .arg("/proc/self/status")
        .deny("ptrace")
        .outcome()
        .succeeded();
    assert_eq!(filters(&outcome), filters_around_the_tests() + 1);
    outcome.stderr("adding ptrace to the process seccomp filter\n");
}

#[test]
fn the_object_preloaded_beside_others_leaves_them_in_place() {
    let nothing = sandbox_tests::compile("", &["-shared", "-fPIC"]);
    for preload in [
        format!("{} {}", libsandbox().display(), nothing.display()),
        format!("{}:{}", nothing.display(), libsandbox().display()),
    ] {
        Run::new("sh")
            .args(["-c", "echo $LD_PRELOAD"])
            .env("LD_PRELOAD", &preload)
            .deny("ptrace")
            .outcome()
            .succeeded()
            .stdout(&format!("{preload}\n"));
        let run = Run::new(hello()).env("LD_PRELOAD", &preload);
        run.allow("write:exit_group").outcome().killed();
    }
}
