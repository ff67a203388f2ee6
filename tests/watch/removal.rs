//! Nothing in a learned policy is spare: without any use that every run shows the program fails, and the
//! explanation names exactly that use.

use std::fs;

use sandbox_tests::{Run, rounds, sandboxify};
use serde_json::Value;

use crate::programs;
use crate::rules::{self, Use};
use crate::workshop::{Door, Job};

/// The uses that each of several learning runs has shown, and the text of the last.
fn always_seen(job: &Job) -> (String, Vec<Use>) {
    let mut always: Option<Vec<Use>> = None;
    for _ in 0..rounds(10).max(2) {
        let _ = fs::remove_file(job.policy());
        job.learn("exec");
        let now = rules::seen(&job.learned());
        always = Some(match always {
            None => now,
            Some(before) => before.into_iter().filter(|one| now.contains(one)).collect(),
        });
    }
    (job.learned(), always.expect("a run"))
}

/// The objects of a JSON report.
fn objects(report: &str) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).expect("an object");
    report.lines().map(parse).collect()
}

/// Asserts that a program fails without one use, and that the explanation asks for it.
fn one_is_needed(job: &Job, text: &str, one: &Use) {
    let (policy, report) = (job.file("less.seccomp"), job.file("report.json"));
    fs::write(&policy, rules::without(text, one)).expect("the policy");
    let _ = fs::remove_file(&report);
    let plain = job.plain().outcome();
    let outcome = job.enforce(Door::Launcher, &policy);
    let differs = outcome.status != plain.status || outcome.stdout != plain.stdout;
    assert!(differs, "{one:?} is not needed: {outcome:#?}");
    let options = ["-q", "--explain", "--report-format", "json", "--report"].map(Into::into);
    let options = options.into_iter().chain([report.clone().into_os_string()]);
    let options = options.chain(["--policy".into(), policy.clone().into_os_string()]);
    let explained = job.launched(options).outcome();
    assert_eq!(explained.status, outcome.status, "{one:?}: {explained:#?}");
    let report = fs::read_to_string(report).expect("the report");
    let violation = &objects(&report)[0];
    assert_eq!(violation["call"], one.call.as_str(), "{violation}");
    assert_eq!(violation["add"]["item"], one.item().as_str(), "{violation}");
    let line = violation["add"]["line"].as_str().expect("a line");
    assert!(line.starts_with(&format!("{}: ", one.call)), "{line}");
}

/// Asserts it of every `step`th use.
fn each_is_needed(job: &Job, step: usize) {
    let (text, always) = always_seen(job);
    assert!(always.len() > 4, "{text}");
    for one in always.iter().step_by(step) {
        one_is_needed(job, &text, one);
    }
}

#[test]
fn every_use_of_a_greeting_is_needed() {
    each_is_needed(&Job::new(programs::hello(), &[]), 1);
}

#[test]
fn every_use_of_a_static_greeting_is_needed() {
    for (_, program) in programs::statics(programs::HELLO) {
        each_is_needed(&Job::new(program, &[]), 1);
    }
}

#[test]
fn every_use_of_files_and_pipes_is_needed() {
    each_is_needed(&Job::new(programs::files(), &[]), 1);
}

#[test]
fn every_use_of_signals_and_timers_is_needed() {
    each_is_needed(&Job::new(programs::signals(), &[]), 1);
}

#[test]
fn samples_of_python_are_needed() {
    let step = if rounds(10) == 10 { 1 } else { 5 };
    let program = ["-I", "-c", "import json; print(json.dumps([1, 2]))"];
    each_is_needed(&Job::new("/usr/bin/python3", &program), step);
}

#[test]
fn samples_of_a_listing_are_needed() {
    let step = if rounds(10) == 10 { 1 } else { 3 };
    each_is_needed(&Job::new("/bin/ls", &["-l", "/etc/passwd"]), step);
}

#[test]
fn print_shows_the_learned_policy() {
    let job = Job::new(programs::hello(), &[]);
    job.learn("exec").succeeded();
    let printed = Run::new(sandboxify()).args(["--print", "--policy"]);
    let printed = printed.arg(job.policy()).outcome().succeeded();
    for one in rules::seen(&job.learned()) {
        assert!(printed.stdout.contains(&one.call), "{one:?}: {printed:#?}");
    }
}
