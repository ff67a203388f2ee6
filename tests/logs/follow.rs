//! Recording from the kernel: who may, where, and whose calls.

use std::path::Path;

use logs::{Entry, Loss, Socket};
use nix::sys::signal::Signal;
use sandbox_tests::{Run, public_directory, publish, root, sandbox_policy, skip};

use crate::recorder::{Recorder, can_follow, from_log};

#[test]
fn an_ordinary_user_is_told_what_recording_needs() {
    let directory = public_directory();
    let program = publish(&sandbox_policy(), directory.path());
    let run = Run::new(program).args(["from-log", "--follow", "--all"]);
    let run = if root() { run.as_nobody() } else { run };
    let outcome = run.outcome().status(2).stdout("");
    let outcome = outcome.stderr_has("--follow: ").stderr_has("EPERM");
    outcome.stderr_has("CAP_AUDIT_READ").stderr_has("strace");
}

#[test]
fn a_namespace_that_gets_no_records_is_refused() {
    if !root() {
        return skip("only root makes a network namespace without a user namespace");
    }
    let run = Run::new("unshare").arg("-n").arg(sandbox_policy());
    let run = run.args(["from-log", "--follow", "--all", "--for", "1"]);
    let outcome = run.outcome().status(2).stdout("");
    if outcome.stderr.contains("cannot be seen") {
        return skip("which network namespace is the initial one cannot be seen here");
    }
    outcome.stderr_has("this is not the initial network namespace");
}

#[test]
fn whom_to_record_must_be_said_before() {
    let outcome = from_log(["--follow"]).outcome().status(2).stdout("");
    outcome.stderr_has("--exe PATH");
}

#[test]
fn only_those_who_were_asked_for_are_recorded() {
    if !can_follow() {
        return skip("audit records arrive for root in the initial network namespace");
    }
    let directory = public_directory();
    let wanted = publish(Path::new("/bin/true"), directory.path());
    let other = publish(Path::new("/bin/echo"), directory.path());
    let run = from_log(["--follow", "--exe"]).arg(&wanted);
    let recorder = Recorder::start(directory.path(), run);
    for (program, call) in [(&wanted, "exit_group=log"), (&other, "write=log")] {
        Run::preloaded(program).deny(call).outcome().succeeded();
    }
    let outcome = recorder.stop(Signal::SIGINT).succeeded();
    let seen: Vec<&str> = outcome
        .stdout
        .lines()
        .filter(|line| line.contains("# seen"))
        .collect();
    assert_eq!(seen, ["exit_group: 1  # seen 1"]);
    outcome.stderr_has("leave no record");
}

#[test]
fn records_of_killed_programs_count_as_seen() {
    if !can_follow() {
        return skip("audit records arrive for root in the initial network namespace");
    }
    let directory = public_directory();
    let program = publish(Path::new("/bin/true"), directory.path());
    // SIGHUP ended it with nothing written.
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let run = from_log(["--follow", "--exe"]).arg(&program);
        let recorder = Recorder::start(directory.path(), run);
        Run::preloaded(&program)
            .deny("exit_group")
            .outcome()
            .killed();
        let outcome = recorder.stop(signal).succeeded();
        assert!(
            outcome.stdout.contains("\nexit_group: 1  # seen 1\n"),
            "{outcome:#?}"
        );
    }
}

#[test]
fn a_recording_without_a_record_writes_nothing() {
    if !can_follow() {
        return skip("audit records arrive for root in the initial network namespace");
    }
    let directory = public_directory();
    let policy = directory.path().join("p.seccomp");
    let run = from_log([
        "--follow",
        "--for",
        "1",
        "--exe",
        "/no/such/program",
        "--learn",
    ]);
    let outcome = run.arg(&policy).outcome().status(2);
    outcome.stdout("").stderr_has("no system call");
    assert!(!policy.exists());
}

#[test]
fn records_that_find_no_room_are_said_to_be_lost() {
    if !can_follow() {
        return skip("audit records arrive for root in the initial network namespace");
    }
    // The kernel's least buffer holds a few records, and nobody reads meanwhile.
    let mut socket = Socket::join(1).expect("the group");
    let run = Run::preloaded("/bin/true").allow("read");
    run.default_action("log").outcome().succeeded();
    let run = Run::preloaded("/bin/ls").arg("-la").allow("read");
    run.default_action("log").outcome().succeeded();
    std::thread::sleep(std::time::Duration::from_millis(200));
    let mut lost = Vec::new();
    let mut take = |entry| {
        if let Entry::Lost(one) = entry {
            lost.push(one.why);
        }
    };
    socket.receive(&mut take).expect("records");
    socket.finish(&mut take);
    assert!(lost.contains(&Loss::Buffer), "{lost:?}");
}
