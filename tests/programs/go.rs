//! A static Go program: goroutines, files, HTTP, and its own way to start programs.

use std::path::PathBuf;

use sandbox_tests::{GO_PROGRAM, Outcome, Run, build_go};

use crate::lists::{allow_list, assert_close_to_minimal, names, without};
use crate::place::{Door, Place, User};

const DONE: &str = "sum 5050\nkept words\npage /here\n";

fn list() -> String {
    allow_list("go")
}

pub fn program(place: &Place) -> PathBuf {
    place.bring(&build_go(GO_PROGRAM))
}

fn job(place: &Place, list: &str) -> Outcome {
    place.allow_exactly(list, program(place)).outcome()
}

#[test]
fn goroutines_files_and_http_work_under_the_list() {
    for place in Place::launchers() {
        let outcome = job(&place, &list()).succeeded();
        outcome.stdout(DONE).stderr("");
    }
}

#[test]
fn without_an_essential_name_it_dies() {
    for place in Place::launchers() {
        for name in ["mmap", "openat", "write", "socket", "epoll_ctl"] {
            job(&place, &without(&list(), name)).killed();
        }
    }
}

#[test]
fn the_list_is_close_to_minimal() {
    let place = Place::new(Door::Launcher, User::Own);
    assert_close_to_minimal(&list(), DONE, |list| job(&place, list));
}

#[test]
fn a_child_that_would_exec_dies() {
    assert!(names(&list()).all(|name| !name.starts_with("execve")));
    let starts = |run: Run| run.arg("start a program").outcome();
    for place in Place::launchers() {
        let denied = starts(place.deny("execve", program(&place)));
        denied.status(1).stdout("signal: bad system call\n");
        let refused = starts(place.deny("execve=EPERM", program(&place)));
        refused
            .status(1)
            .stdout("fork/exec /bin/echo: operation not permitted\n");
        // Short of execve the list lacks what looks a program up, too.
        let outcome = starts(place.allow_exactly(&list(), program(&place)));
        assert_ne!(outcome.status, 0);
        assert_eq!(outcome.stdout, "", "{outcome:#?}");
    }
}

#[test]
fn a_denied_socket_is_an_error_in_go() {
    for place in Place::launchers() {
        let run = place.deny("socket=EACCES", program(&place));
        run.outcome()
            .status(1)
            .stdout_has("sum 5050\nkept words\nlisten tcp")
            .stdout_has("permission denied");
    }
}
