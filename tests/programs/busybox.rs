//! busybox-static: a shell and its applets in one static file.

use std::path::PathBuf;

use sandbox_tests::{Outcome, installed};

use crate::bash::{DONE, JOB};
use crate::lists::{allow_list, assert_close_to_minimal, names, without};
use crate::place::{Door, Place, User};

/// The static program.
pub fn busybox() -> PathBuf {
    installed("busybox").expect("busybox-static is not installed; `make test` installs it")
}

/// Runs a script in busybox's sh under an allow-list.
pub fn script(place: &Place, list: &str, script: &str) -> Outcome {
    let run = place.allow_exactly(list, busybox());
    run.args(["sh", "-c", script]).outcome()
}

fn list() -> String {
    allow_list("busybox")
}

#[test]
fn applets_work_under_the_list() {
    for place in Place::launchers() {
        let outcome = script(&place, &list(), JOB).succeeded();
        outcome.stdout(DONE).stderr("");
    }
}

#[test]
fn without_an_essential_name_it_dies() {
    for place in Place::launchers() {
        for name in ["clone", "pipe2", "wait4", "write"] {
            script(&place, &without(&list(), name), JOB).killed();
        }
    }
}

#[test]
fn the_list_is_close_to_minimal() {
    let place = Place::new(Door::Launcher, User::Own);
    assert_close_to_minimal(&list(), DONE, |list| script(&place, list, JOB));
}

#[test]
fn applets_in_forks_of_the_shell_need_no_execve_and_nothing_else_runs_without() {
    let list = without(&list(), "execve");
    for place in Place::launchers() {
        let outcome = script(&place, &list, "echo pear | sort; exec /bin/echo executed");
        outcome.killed().stdout("pear\n");
        // This shell executes itself again for cat, in a child.
        let outcome = script(&place, &list, "cat kept; echo \"status $?\"");
        outcome.succeeded().stdout("status 159\n");
    }
}

#[test]
fn a_wrong_call_of_an_applet_kills_it() {
    assert!(names(&list()).all(|name| name != "socket" && name != "mkdir"));
    for place in Place::launchers() {
        // nc is executed in a child; mkdir runs in the shell's own process.
        let outcome = script(
            &place,
            &list(),
            "nc 127.0.0.1 9; echo \"status $?\"; mkdir new",
        );
        outcome.killed().stdout("status 159\n");
        assert!(!place.work().join("new").exists());
    }
}

#[test]
fn a_deny_list_stops_what_it_names() {
    for place in Place::launchers() {
        let denied = place.deny("mkdir=EROFS:mkdirat=EROFS:socket=EACCES", busybox());
        denied
            .args(["sh", "-c", &format!("{JOB}mkdir new; nc 127.0.0.1 9")])
            .outcome()
            .status(1)
            .stdout(DONE)
            .stderr_has("can't create directory 'new': Read-only file system")
            .stderr_has("Permission denied");
        let killed = place.deny("pipe2", busybox()).args(["sh", "-c", JOB]);
        killed.outcome().killed().stdout("");
    }
}
