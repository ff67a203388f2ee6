//! Learning into files of other formats, by the ends of their names.

use std::fs;

use crate::programs;
use crate::workshop::{Door, Job};

/// What a file of each format holds for sure.
const FORMATS: [(&str, &str); 7] = [
    ("learned.json", "\"defaultAction\": \"SCMP_ACT_"),
    ("learned.service", "SystemCallFilter="),
    ("learned.conf", "SystemCallFilter="),
    ("learned.policy", "exit_group: 1"),
    ("learned.list", "exit_group"),
    ("learned.seccomp", "exit_group: 1  # seen 1"),
    ("learned", "exit_group: 1  # seen 1"),
];

/// Formats without conditions take whole calls.
fn options(name: &str) -> &'static [&'static str] {
    match name.ends_with(".service") || name.ends_with(".conf") {
        true => &["--generalise", "calls"],
        false => &[],
    }
}

#[test]
fn the_program_runs_under_each() {
    let job = Job::new(programs::files(), &[]);
    for (name, text) in FORMATS {
        let file = job.file(name);
        let learned = job.learn_into(&file, options(name)).status(7);
        learned.stderr_has(": learned ").stderr_has("all new");
        let written = fs::read_to_string(&file).expect("the policy");
        assert!(written.contains(text), "{name}: {written}");
        job.same(name, &job.enforce(Door::Launcher, &file));
        job.same(name, &job.enforce(Door::Ticket, &file));
    }
}

#[test]
fn each_grows_by_another_program() {
    let (job, other) = (
        Job::new(programs::hello(), &[]),
        Job::new(programs::files(), &[]),
    );
    for (name, _) in FORMATS {
        let file = job.file(name);
        job.learn_into(&file, options(name)).succeeded();
        let learned = other.learn_into(&file, options(name)).status(7);
        learned.stderr_has(" new: ");
        for job in [&job, &other] {
            job.same(name, &job.enforce(Door::Launcher, &file));
        }
        let again = job.learn_into(&file, options(name)).succeeded();
        again.stderr_has("nothing new");
    }
}

#[test]
fn yaml_for_clusters_is_written() {
    let job = Job::new(programs::hello(), &[]);
    let file = job.file("learned.yaml");
    job.learn_into(&file, &[]).succeeded();
    let written = fs::read_to_string(&file).expect("the policy");
    assert!(written.contains("kind: SeccompProfile"), "{written}");
    assert!(written.contains("exit_group"), "{written}");
}
