//! What is learned is what happened: the names that a run shows are those that strace sees.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sandbox_tests::{Outcome, compile, installed};

use crate::programs::{self, statics};
use crate::rules;
use crate::workshop::Job;

/// The names of the calls in a log of strace, behind its first line that begins with `after`.
fn traced(log: &Path, after: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(log).expect("the log");
    let calls = text.lines().filter_map(call);
    let behind = calls.skip_while(|call| !call.starts_with(after)).skip(1);
    // A stopped call is shown twice.
    let names = behind.filter(|call| !call.starts_with('<'));
    let name = |call: &str| call.split('(').next().map(str::to_owned);
    names.filter_map(name).collect()
}

/// A line of `strace -f -o` without its process; nothing where it tells of a signal or an end.
fn call(line: &str) -> Option<&str> {
    let (_, call) = line.split_once(' ')?;
    let call = call.trim_start();
    (!call.starts_with("---") && !call.starts_with("+++")).then_some(call)
}

/// Runs the job under strace.
fn strace(job: &Job, log: &Path, words: &[&str], program: &Path) -> Outcome {
    let run = sandbox_tests::Run::new("strace")
        .args(["-f", "-o"])
        .arg(log);
    let work = job.work();
    let run = run.env("HOME", &work).env("SHELL", "/bin/sh");
    let run = run.env("GIT_CONFIG_NOSYSTEM", "1").directory(&work);
    run.arg(program).args(words).outcome()
}

/// Asserts that strace and learning have seen the same from a place on.
#[track_caller]
fn same_names(program: &Path, words: &[&str], prepare: fn(&Path), place: &str, after: &str) {
    let job = Job::new(program, words).prepared(prepare);
    let log = job.file("strace.log");
    strace(&job, &log, words, program).succeeded();
    job.learn(place).succeeded();
    let learned: BTreeSet<String> = rules::names(&job.learned()).into_iter().collect();
    assert_eq!(learned, traced(&log, after), "{}", program.display());
}

#[track_caller]
fn same_names_from_exec(program: &str, words: &[&str]) {
    let program = installed(program).expect("an installed program");
    same_names(&program, words, |_| {}, "exec", "execve(");
}

#[test]
fn of_small_programs() {
    let mut all: Vec<_> = statics(programs::HELLO).into_iter().collect();
    all.extend([
        ("dynamic", programs::hello()),
        ("files", compile(programs::MARKED, &[])),
    ]);
    all.push(("a tree", programs::tree()));
    for (_, program) in all {
        same_names(&program, &[], |_| {}, "exec", "execve(");
    }
}

#[test]
fn of_real_programs() {
    same_names_from_exec("cat", &["/etc/passwd"]);
    same_names_from_exec("ls", &["-l", "/etc/passwd"]);
    same_names_from_exec("sort", &["/etc/passwd"]);
    same_names_from_exec(
        "sqlite3",
        &[
            "-batch",
            "-init",
            "/dev/null",
            "new.db",
            "CREATE TABLE t (n);",
        ],
    );
    let python = Path::new("/usr/bin/python3");
    same_names(
        python,
        &["-I", "-c", "print(2 ** 70)"],
        |_| {},
        "exec",
        "execve(",
    );
}

#[test]
fn of_git() {
    let prepare = |work: &Path| {
        let git = sandbox_tests::Run::new("git")
            .args(["init", "-q"])
            .arg(work);
        git.env("HOME", work).outcome().succeeded();
        fs::write(work.join("file"), "words").expect("a file");
    };
    let git = installed("git").expect("git");
    same_names(&git, &["status", "--short"], prepare, "exec", "execve(");
}

#[test]
fn from_main_on() {
    let mut all: Vec<_> = statics(programs::MARKED).into_iter().collect();
    all.push(("dynamic", compile(programs::MARKED, &[])));
    for (kind, program) in all {
        let job = Job::new(&program, &[]);
        let log = job.file("strace.log");
        strace(&job, &log, &[], &program).succeeded();
        job.learn("main").succeeded();
        let learned: BTreeSet<String> = rules::names(&job.learned()).into_iter().collect();
        let mut expected = traced(&log, "getppid(");
        expected.insert("getppid".to_owned());
        assert_eq!(learned, expected, "{kind}");
    }
}
