//! The commands of the README, and the job of `make try`.

use std::fs;
use std::path::Path;

use sandbox_tests::{
    Run, built, libsandbox, public_directory, publish, repository, root, sandbox_policy,
    sandboxify, skip,
};

use crate::transcript::{Step, lines_match, steps};
use crate::words::page;

/// What a shell prints before each command, and never else (RECORD SEPARATOR).
const MARK: char = '\u{1e}';

/// Commands as one script, which prints a mark before each of them and keeps `$?` across it.
fn script(steps: &[Step]) -> String {
    let mut script = String::from(
        "exec 2>&1\nulimit -c 0\nmark() { status=$?; printf '\\036'; return $status; }\n",
    );
    for step in steps {
        script.push_str("mark\n");
        script.push_str(&step.command);
        script.push('\n');
    }
    script
}

/// A directory with what the commands name: the examples, the profiles and the built programs.
fn checkout(directory: &Path) {
    let release = directory.join("target/release");
    fs::create_dir_all(&release).expect("target/release");
    publish(&libsandbox(), &release);
    publish(&sandboxify(), &release);
    publish(&sandbox_policy(), &release);
    publish(&built("oz"), &release);
    publish(&built("oz-init"), &release);
    publish(&built("oz-seccomp"), &release);
    publish(&built("oz-seccomp-tracer"), &release);
    Run::new("cp")
        .arg("-R")
        .args(["examples", "profiles"].map(|name| repository().join(name)))
        .arg(directory)
        .outcome()
        .succeeded();
}

/// What each step prints, run in one shell from the first to the last.
fn printed(steps: &[Step]) -> Vec<String> {
    let directory = public_directory();
    checkout(directory.path());
    let file = directory.path().join("target/transcripts.sh");
    fs::write(&file, script(steps)).expect("the script");
    let run = Run::new("sh").arg(&file).directory(directory.path());
    let outcome = run.outcome();
    let printed: Vec<String> = outcome
        .stdout
        .split(MARK)
        .skip(1)
        .map(String::from)
        .collect();
    assert_eq!(printed.len(), steps.len(), "{outcome:#?}");
    printed
}

/// The two texts of a step, when they differ.
fn difference(step: &Step, printed: &str) -> Option<String> {
    let lines: Vec<&str> = printed.lines().collect();
    if lines_match(&step.output, &lines) {
        return None;
    }
    let (command, said) = (&step.command, step.output.join("\n"));
    Some(format!(
        "\n$ {command}\n--- said\n{said}\n--- printed\n{printed}"
    ))
}

/// The README, without what only root can do where that is somebody else.
fn readme() -> String {
    const SECTION: &str = "## A program in a cell\n";
    let whole = page("README.md");
    let (before, rest) = whole.split_once(SECTION).expect("a section on cells");
    let (_, after) = rest.split_once("\n## ").expect("a section behind it");
    if root() {
        return whole;
    }
    skip("cells are made by root");
    format!("{before}## {after}")
}

#[test]
fn every_command_in_the_readme_prints_what_the_readme_says() {
    let steps = steps(&readme());
    assert!(steps.len() > 10, "only {} commands", steps.len());
    let pairs = steps.iter().zip(printed(&steps));
    let differences: String = pairs
        .filter_map(|(step, printed)| difference(step, &printed))
        .collect();
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn the_job_of_make_try_ends_as_it_says() {
    Run::new(repository().join("examples/try"))
        .outcome()
        .succeeded()
        .stdout_has("\nAll of it as expected.\n");
}
