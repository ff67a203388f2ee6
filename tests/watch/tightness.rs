//! How short a list can be: what a greeting calls from exec, from the entry point, from main, and once
//! libsandbox.so is in it.

use std::path::{Path, PathBuf};

use sandbox_tests::{Outcome, Run, compile, compile_with, repository};

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
        ("dynamic", compile(HELLO, &[])),
        ("dynamic, stripped", compile(HELLO, &["-s"])),
        ("static", compile(HELLO, &["-static"])),
        ("static, stripped", compile(HELLO, &["-static", "-s"])),
        ("musl, dynamic", compile_with("musl-gcc", HELLO, &[])),
        (
            "musl, static",
            compile_with("musl-gcc", HELLO, &["-static"]),
        ),
    ]
}

/// How many names the README says that a program needs: at exec, at entry, at main, and behind
/// libsandbox.so.
fn claimed(kind: &str) -> Vec<Option<usize>> {
    let page = std::fs::read_to_string(repository().join("README.md")).expect("README.md");
    let row = page
        .lines()
        .find_map(|line| line.strip_prefix(&format!("| {kind} |")));
    let row = row.unwrap_or_else(|| panic!("the README has no row for {kind}"));
    let cells = row.trim_end_matches('|').split('|');
    cells.map(|cell| cell.trim().parse().ok()).collect()
}

#[test]
fn lists_of_a_greeting_are_as_short_as_the_readme_says() {
    for (kind, program) in programs() {
        let all: Vec<Vec<String>> = PLACES.iter().map(|place| needed(&program, place)).collect();
        let mut counts: Vec<Option<usize>> = all.iter().map(|names| Some(names.len())).collect();
        counts.push(match kind.starts_with("static") || kind == "musl, static" {
            true => None,
            false => Some(needed_behind_the_object(&program, &all[0]).len()),
        });
        assert_eq!(counts, claimed(kind), "{kind}: {all:?}");
    }
}
