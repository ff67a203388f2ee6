//! How short a list can be: what a greeting calls from exec, from the entry point, from main, and once
//! libsandbox.so is in it.

use std::path::{Path, PathBuf};

use sandbox_tests::{Outcome, Run, compile, compile_with};

use crate::programs::HELLO;
use crate::rules;
use crate::workshop::{Job, PLACES};

/// The names that a program needs with the filter at a place.
fn needed(program: &Path, place: &str) -> Vec<String> {
    let job = Job::new(program, &[]);
    job.learn(place).succeeded().stdout("Hello World!\n");
    let names = rules::names(&job.learned());
    // And no more: no assumption, no condition.
    let options = ["-q", "--at", place, "--allow", &names.join(":")];
    job.launched(options)
        .outcome()
        .succeeded()
        .stdout("Hello World!\n");
    for gone in &names {
        let fewer: Vec<&str> = names
            .iter()
            .filter(|name| *name != gone)
            .map(String::as_str)
            .collect();
        let options = ["-q", "--at", place, "--allow", &fewer.join(":")];
        job.launched(options).outcome().killed();
    }
    names
}

/// The names that a dynamic program needs behind libsandbox.so: of those from exec on the ones without
/// which it fails.
fn needed_behind_the_object(program: &Path, from_exec: &[String]) -> Vec<String> {
    let works = |names: &[&str]| -> bool {
        let run = Run::preloaded(program).env("SECCOMP_QUIET", "1");
        let outcome: Outcome = run.allow(names.join(":")).outcome();
        outcome.status == 0 && outcome.stdout == "Hello World!\n"
    };
    let mut needed: Vec<&str> = from_exec.iter().map(String::as_str).collect();
    assert!(works(&needed));
    for name in from_exec {
        let fewer: Vec<&str> = needed.iter().copied().filter(|one| one != name).collect();
        if works(&fewer) {
            needed = fewer;
        }
    }
    needed.into_iter().map(str::to_owned).collect()
}

fn programs() -> [(&'static str, PathBuf); 6] {
    [
        ("glibc", compile(HELLO, &[])),
        ("glibc, stripped", compile(HELLO, &["-s"])),
        ("static glibc", compile(HELLO, &["-static"])),
        ("static glibc, stripped", compile(HELLO, &["-static", "-s"])),
        ("musl", compile_with("musl-gcc", HELLO, &[])),
        ("static musl", compile_with("musl-gcc", HELLO, &["-static"])),
    ]
}

#[test]
fn lists_of_a_greeting_are_this_short() {
    for (kind, program) in programs() {
        let mut all = Vec::new();
        for place in PLACES {
            let names = needed(&program, place);
            eprintln!(
                "tightness: {kind}, {place}: {} names: {}",
                names.len(),
                names.join(" ")
            );
            all.push(names);
        }
        let [exec, entry, main] = &all[..] else {
            unreachable!("three places")
        };
        assert!(
            main.len() <= entry.len() && entry.len() <= exec.len(),
            "{kind}: {all:?}"
        );
        if kind.starts_with("static") {
            assert!(exec.len() <= 12, "{kind}: {exec:?}");
            assert!(main.len() <= 3, "{kind}: {main:?}");
        } else {
            assert!(main.len() <= 5, "{kind}: {main:?}");
            let behind = needed_behind_the_object(&program, exec);
            eprintln!(
                "tightness: {kind}, preload: {} names: {}",
                behind.len(),
                behind.join(" ")
            );
            assert!(behind.len() <= 5, "{kind}: {behind:?}");
        }
    }
}
