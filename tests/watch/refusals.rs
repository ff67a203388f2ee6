//! Learning runs that cannot be: they fail before the program, and leave the file as it was.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, chown};

use sandbox_tests::{NOBODY, Outcome, Run, publish, root, sandboxify, skip};

use crate::programs;
use crate::workshop::Job;

const HELLO: &str = "Hello World!\n";

#[track_caller]
fn refused(outcome: Outcome, reason: &str) {
    outcome.status(125).stdout("").stderr_has(reason);
}

#[test]
fn a_broken_file_is_left_alone() {
    let job = Job::new(programs::hello(), &[]);
    let broken = [
        ("learned.seccomp", "write: 1\nno such thing\n"),
        ("learned.seccomp", "wriite: 1\n"),
        ("learned.seccomp", "write: fd ==\n"),
        ("learned.seccomp", "DEFAULT_POSITIVE = EPERM\nwrite: 1\n"),
        ("learned.json", "{\"defaultAction\": "),
        ("learned.service", "[Service]\nSystemCallFilter=~write\n"),
        ("learned.policy", "write: arg0 ==\n"),
        ("learned.list", "write:wriite\n"),
    ];
    for (name, text) in broken {
        let file = job.file(name);
        fs::write(&file, text).expect("the policy");
        let outcome = job.learn_into(&file, &[]);
        assert_eq!(outcome.status, 125, "{text}: {outcome:#?}");
        refused(outcome, name);
        let after = fs::read_to_string(&file).expect("the policy");
        assert_eq!(after, text);
    }
}

#[test]
fn text_that_is_none_is_left_alone() {
    let job = Job::new(programs::hello(), &[]);
    fs::write(job.policy(), b"write: 1 # \xff\n").expect("the policy");
    let outcome = job.learn("exec");
    assert_eq!(
        fs::read(job.policy()).expect("the policy"),
        b"write: 1 # \xff\n"
    );
    refused(outcome, "learned.seccomp");
}

#[test]
fn a_directory_that_cannot_be_written() {
    if !root() {
        return skip("only root can become somebody else");
    }
    let job = Job::new(programs::hello(), &[]);
    let shared = job.file("shared");
    fs::create_dir(&shared).expect("a directory");
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o755)).expect("chmod");
    let (launcher, program) = (
        publish(&sandboxify(), &shared),
        publish(&programs::hello(), &shared),
    );
    let file = shared.join("learned.seccomp");
    let learn = || {
        let run = Run::new(&launcher).arg("--learn").arg(&file);
        run.arg(&program).directory(&shared).as_nobody().outcome()
    };
    refused(learn(), "cannot be written: ");
    assert!(!file.exists());
    chown(&shared, Some(NOBODY), Some(NOBODY)).expect("chown");
    learn().succeeded().stdout(HELLO);
    assert!(file.exists());
}

#[test]
fn no_directory_and_no_file() {
    let job = Job::new(programs::hello(), &[]);
    let nowhere = job.file("none").join("learned.seccomp");
    refused(job.learn_into(&nowhere, &[]), "No such file or directory");
    let directory = job.file("work");
    refused(job.learn_into(&directory, &[]), "is no regular file");
}

#[test]
fn what_is_no_file_is_neither_read_nor_replaced() {
    let job = Job::new(programs::hello(), &[]);
    let pipe = job.policy();
    let made = Run::new("mkfifo").arg(&pipe).outcome();
    made.succeeded();
    for _ in 0..2 {
        refused(job.learn("exec"), "is no regular file");
        let kind = fs::metadata(&pipe).expect("the pipe").file_type();
        assert!(kind.is_fifo());
    }
}

#[test]
fn policies_beside_learning() {
    let job = Job::new(programs::hello(), &[]);
    let file = job.policy();
    for option in ["--allow", "--deny"] {
        refused(job.learn_into(&file, &[option, "write"]), option);
    }
    fs::write(job.file("other.seccomp"), "write: 1\n").expect("a policy");
    let other = job.file("other.seccomp").display().to_string();
    refused(job.learn_into(&file, &["--policy", &other]), "--policy");
    assert!(!file.exists());
}

#[test]
fn options_that_do_not_go_together() {
    let job = Job::new(programs::hello(), &[]);
    let file = job.policy();
    for (options, reason) in [
        (&["--audit"][..], "exclude each other"),
        (&["--generalise", "much"], "none, values, calls"),
        (&["--assume", "no_such_call"], "no_such_call"),
        (&["--method", "preload"], "--method"),
        (&["--method", "suspend"], "--method"),
        (&["--at", "main", "--method", "ticket"], "--at"),
    ] {
        let outcome = job.learn_into(&file, options);
        assert_eq!(outcome.status, 125, "{options:?}: {outcome:#?}");
        refused(outcome, reason);
        assert!(!file.exists(), "{options:?}");
    }
    let strays = [
        &["--every", "--allow", "write"][..],
        &["--report", "report", "--allow", "write"],
        &["--assume", "write", "--audit", "--allow", "write"],
        &["--audit", "--explain", "--allow", "write"],
        &["--audit", "--report-format", "xml", "--allow", "write"],
        &["--audit"],
    ];
    for options in strays {
        let outcome = job.launched(options).outcome();
        assert_eq!(
            (outcome.status, outcome.stdout.as_str()),
            (125, ""),
            "{options:?}: {outcome:#?}"
        );
    }
}

#[test]
fn a_program_that_is_not_there() {
    for place in crate::workshop::PLACES {
        let job = Job::new("/nonexistent/program", &[]);
        job.learn(place).status(127);
        assert!(!job.policy().exists(), "{place}");
        let job = Job::new("/etc/passwd", &[]);
        job.learn(place).status(126);
        assert!(!job.policy().exists(), "{place}");
    }
}
