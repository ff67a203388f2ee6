//! python3: files, JSON and sockets.

use std::fs;

use sandbox_tests::Outcome;

use crate::lists::{allow_list, assert_close_to_minimal, names, without};
use crate::place::{Door, Place, User};

/// Debian's, whatever else is in the path.
pub const PYTHON: &str = "/usr/bin/python3";

/// Writes a value and reads it back, then talks to itself over TCP.
pub const JOB: &str = include_str!("../support/job.py");

/// What [`JOB`] prints.
pub const DONE: &str = "json True 70\ntcp PING\n";

/// Tries something and prints the error's type and number.
const TRY_SOCKET: &str = r#"
import socket
try:
    socket.socket()
except OSError as error:
    print(type(error).__name__, error.errno)
"#;

const TRY_EXEC: &str = r#"
import os
try:
    os.execv("/bin/echo", ["echo", "executed"])
except OSError as error:
    print(type(error).__name__, error.errno)
"#;

/// Runs [`JOB`] under a list.
pub fn job(place: &Place, list: &str) -> Outcome {
    fs::write(place.work().join("job.py"), JOB).expect("the script");
    place.allow(list, PYTHON).arg("job.py").outcome()
}

fn list() -> String {
    allow_list("python3")
}

#[test]
fn files_json_and_sockets_work_under_the_list() {
    for place in Place::all() {
        let outcome = job(&place, &list()).succeeded();
        outcome.stdout(DONE).stderr("");
    }
}

#[test]
fn without_an_essential_name_it_dies() {
    for place in Place::all() {
        for name in ["openat", "read", "write", "close", "accept4"] {
            job(&place, &without(&list(), name)).killed();
        }
    }
}

#[test]
fn the_list_is_close_to_minimal() {
    let place = Place::new(Door::Preload, User::Own);
    assert_close_to_minimal(&list(), DONE, |list| job(&place, list));
}

#[test]
fn a_denied_socket_raises_permission_error() {
    for place in Place::all() {
        let under_lists = [
            place.deny("socket=EACCES", PYTHON),
            place.allow(&format!("{}:socket=EACCES", list()), PYTHON),
        ];
        for run in under_lists {
            run.args(["-I", "-c", TRY_SOCKET])
                .outcome()
                .succeeded()
                .stdout("PermissionError 13\n")
                .stderr("");
        }
    }
}

#[test]
fn a_denied_socket_kills() {
    for place in Place::all() {
        let denied = place.deny("socket", PYTHON).args(["-I", "-c", TRY_SOCKET]);
        denied.outcome().killed().stdout("");
        let other = place.deny("execve:execveat:ptrace", PYTHON);
        let other = other.args(["-I", "-c", JOB]).outcome();
        other.succeeded().stdout(DONE);
    }
}

#[test]
fn an_exec_under_a_list_without_execve_dies() {
    assert!(names(&list()).all(|name| !name.starts_with("execve")));
    for place in Place::all() {
        let run = place.allow(&list(), PYTHON).args(["-I", "-c", TRY_EXEC]);
        run.outcome().killed().stdout("");
    }
}

#[test]
fn a_denied_exec_dies_or_raises() {
    for place in Place::all() {
        let killed = place.deny("execve", PYTHON).args(["-I", "-c", TRY_EXEC]);
        killed.outcome().killed().stdout("");
        let refused = place.deny("execve=EPERM", PYTHON);
        let refused = refused.args(["-I", "-c", TRY_EXEC]).outcome();
        refused.succeeded().stdout("PermissionError 1\n");
    }
}
