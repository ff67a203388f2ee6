//! A program that does what its policy does not allow dies, and it is said of what: each program with code
//! that somebody brought into it, as an attacker would.

use std::fs;

use sandbox_tests::{Outcome, Run, SIGSYS_STATUS, compile, publish};
use serde_json::json;

use crate::bench::{Bench, Maker, house_for};
use crate::house::SOON;
use crate::paper::Paper;

/// Code that runs in a program before its first own line.
const FOREIGN: &str = "#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>
__attribute__((constructor)) static void foreign(void) {
    char *const words[] = {\"/bin/true\", 0};
    syscall(CALL);
    (void)words;
    _exit(42);
}";

/// The first process of a program with this call in it.
fn attacked(name: &str, call: &str) -> Option<Outcome> {
    let paper = Paper::of(name);
    let house = house_for(&paper)?;
    let object = compile(FOREIGN, &["-shared", "-fPIC", &format!("-DCALL={call}")]);
    let object = publish(&object, house.path("").as_path());
    let mut keys = paper.keys.clone();
    keys["seccomp"]["whitelist"] = paper.policy().display().to_string().into();
    keys["environment"] = json!([{"name": "LD_PRELOAD", "value": "/opt/foreign.so"}]);
    let item = json!({"path": object, "target": "/opt/foreign.so", "read_only": true});
    let mut items = keys["whitelist"].as_array().cloned().unwrap_or_default();
    items.push(item);
    for directory in ["www", "redis"] {
        let path = house.home().join(directory);
        fs::create_dir(&path).expect("a directory");
        house.give(&path);
    }
    keys["whitelist"] = items.into();
    let profile = house.path("attacked.json");
    fs::write(&profile, keys.to_string()).expect("a profile");
    let bench = Bench::cell(&house, &paper, Maker::Root, &profile, &[]);
    let outcome = bench.run(["--version"]).start().outcome_within(SOON);
    house.assert_empty_within(SOON);
    Some(outcome)
}

#[track_caller]
fn assert_killed(name: &str, call: &str, shown: &str) {
    let Some(outcome) = attacked(name, call) else {
        return;
    };
    assert_eq!(outcome.status, SIGSYS_STATUS, "{name}: {outcome:#?}");
    let card = format!("oz: killed by the filter: {shown}");
    assert!(outcome.stderr.contains(&card), "{name}: {outcome:#?}");
    assert!(outcome.stderr.contains("to allow it: "), "{outcome:#?}");
}

#[test]
fn the_code_runs_where_the_call_is_allowed() {
    for name in ["bash", "pdftotext"] {
        if let Some(outcome) = attacked(name, "SYS_getpid") {
            outcome.status(42);
        }
    }
}

#[test]
fn bash_that_makes_a_ring_dies() {
    assert_killed("bash", "SYS_io_uring_setup, 8, 0", "io_uring_setup(8, ");
}

#[test]
fn git_that_traces_dies() {
    assert_killed("git", "SYS_ptrace, 0, 0, 0, 0", "ptrace(");
}

#[test]
fn imagemagick_that_makes_a_socket_dies() {
    assert_killed("imagemagick", "SYS_socket, 2, 1, 0", "socket(AF_INET");
}

#[test]
fn libreoffice_that_looks_for_keys_dies() {
    assert_killed("libreoffice", "SYS_keyctl, 0, 0, 0, 0, 0", "keyctl(");
}

#[test]
fn nginx_that_connects_dies() {
    assert_killed("nginx", "SYS_connect, 0, words, 16", "connect(");
}

#[test]
fn pdftotext_that_starts_a_program_dies() {
    let call = "SYS_execve, words[0], words, 0";
    assert_killed("pdftotext", call, "execve(\"/bin/true\"");
}

#[test]
fn redis_that_starts_a_program_dies() {
    let call = "SYS_execve, words[0], words, 0";
    assert_killed("redis", call, "execve(\"/bin/true\"");
}

#[test]
fn a_script_that_traces_dies_and_the_call_is_named() {
    let paper = Paper::of("python3");
    let Some(house) = house_for(&paper) else {
        return;
    };
    let script = "import ctypes\nprint('before', flush=True)\nctypes.CDLL(None).ptrace(0, 0, 0, 0)\nprint('after')";
    house.file("script.py", script);
    let run: Run = Bench::shipped(&house, &paper).run(["/home/tester/script.py"]);
    let outcome = run.outcome().status(SIGSYS_STATUS).stdout("before\n");
    outcome.stderr_has("oz: killed by the filter: ptrace(PTRACE_TRACEME");
    house.assert_empty_within(SOON);
}
