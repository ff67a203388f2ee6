//! strace's traces of real programs become policies under which they work, with the calls that
//! `sandboxify --learn` sees from the same place on.

#[allow(dead_code)]
#[path = "../watch/rules.rs"]
mod rules;
#[allow(dead_code)]
#[path = "../watch/workshop.rs"]
mod workshop;

use std::fs;
use std::path::Path;

use sandbox_tests::{Run, installed};

use crate::recorder::from_log;
use workshop::{Door, Job};

/// Files, JSON and a child, without threads: their locks depend on timing.
const PYTHON: &str = r#"
import json, os, subprocess
with open("kept.json", "w") as file:
    json.dump({"a": [1, 2, 3]}, file)
with open("kept.json") as file:
    print(json.load(file))
print("child", subprocess.run(["/bin/cat", "kept.json"], capture_output=True).stdout)
os.rename("kept.json", "gone.json")
"#;

/// The trace of a job, in a file beside its work.
fn traced(job: &Job, options: &[&str], program: &Path, arguments: &[&str]) -> std::path::PathBuf {
    let trace = job.file("trace");
    let work = job.work();
    let run = Run::new("strace").args(["-f", "-o"]).arg(&trace);
    let run = run.args(options).arg(program).args(arguments);
    let run = run.env("HOME", &work).env("SHELL", "/bin/sh");
    let outcome = run
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .directory(&work)
        .outcome();
    job.same("strace", &outcome);
    trace
}

/// Learns from a trace, and from a run, and compares; then lets the program work under it.
fn replays(job: &Job, program: &Path, arguments: &[&str]) {
    job.learn("exec").stderr_has(": learned ");
    let expected = rules::names(&job.learned());
    for options in [&[][..], &["-tt", "-y"], &["-X", "raw", "-ttt", "-T"]] {
        let trace = traced(job, options, program, arguments);
        let policy = job.file("traced.seccomp");
        let _ = fs::remove_file(&policy);
        let outcome = from_log(["--learn"]).arg(&policy).arg(&trace).outcome();
        outcome.succeeded().stdout("").stderr_has(": learned ");
        let text = fs::read_to_string(&policy).expect("the policy");
        assert_eq!(rules::names(&text), expected, "{options:?}");
        assert!(!text.contains("arguments unknown"), "{options:?}: {text}");
        for door in [Door::Launcher, Door::Ticket] {
            let outcome = job.enforce(door, &policy);
            job.same(&format!("{options:?} {door:?}"), &outcome);
        }
    }
}

#[test]
fn python_replays() {
    let (program, arguments) = (Path::new("/usr/bin/python3"), ["-I", "-c", PYTHON]);
    replays(&Job::new(program, &arguments), program, &arguments);
}

#[test]
fn git_replays() {
    let program = installed("git").expect("git; `make test` installs it");
    let arguments = ["log", "--format=%s"];
    let prepare = |work: &Path| {
        let script = "git init -q . && printf one > file && git add file && \
                      git -c user.name=A -c user.email=a@example.org commit -q -m 'the first'";
        let run = Run::new("sh").args(["-c", script]).directory(work);
        run.env("HOME", work)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .outcome()
            .succeeded();
    };
    let job = Job::new(&program, &arguments).prepared(prepare);
    replays(&job, &program, &arguments);
}

#[test]
fn a_trace_that_the_program_writes_into_is_incomplete() {
    let run = Run::new("strace").args(["-f", "sh", "-c", "echo 'mkdir(9) = 1' >&2"]);
    let trace = run.outcome().succeeded().stderr;
    let outcome = from_log([""; 0]).input(trace).outcome().status(1);
    let outcome = outcome.stderr_has("the call has no end");
    let names = rules::names(&outcome.stdout);
    assert!(names.contains(&"exit_group".to_owned()), "{names:?}");
    for name in ["execve", "mkdir"] {
        assert!(!names.contains(&name.to_owned()), "{names:?}");
    }
}
