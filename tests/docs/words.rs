//! What pages and programs are compared by: options, variables, files.

use std::collections::BTreeSet;
use std::fs;

use sandbox_tests::{Run, repository, sandbox_policy, sandboxify};

/// The text of a file of the repository.
pub fn page(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What `sandboxify --help` prints.
pub fn help() -> String {
    let outcome = Run::new(sandboxify()).arg("--help").outcome().succeeded();
    outcome.stdout
}

/// The commands of `sandbox-policy`, as its help lists them.
pub fn commands() -> BTreeSet<String> {
    let help = Run::new(sandbox_policy()).arg("--help").outcome().stdout;
    let (_, rest) = help
        .split_once("\nCommands:\n")
        .expect("a list of commands");
    let lines = rest.lines().take_while(|line| !line.is_empty());
    let commands = lines.filter_map(|line| line.split_whitespace().next());
    commands.map(String::from).collect()
}

/// The options of a command of `sandbox-policy`, as its help lists them; of all without one.
pub fn options_of(command: Option<&str>) -> BTreeSet<String> {
    let run = Run::new(sandbox_policy()).args(command).arg("--help");
    let help = run.outcome().succeeded().stdout;
    let lines = help.lines().map(str::trim_start);
    let listed = lines.filter(|line| line.starts_with('-'));
    // The description behind an option may name one of another program.
    let names = listed.map(|line| line.split("  ").next().unwrap_or(line));
    names.flat_map(long_options).collect()
}

/// The flags of `oz-seccomp`, which have one dash, as its help lists them.
pub fn flags_of_oz_seccomp() -> BTreeSet<String> {
    let run = Run::new(sandbox_tests::built("oz-seccomp")).arg("-help");
    let help = run.outcome().succeeded().stdout;
    let lines = help.lines().filter_map(|line| line.strip_prefix("  -"));
    let names = lines.filter_map(|line| line.split_whitespace().next());
    let names: BTreeSet<String> = names.map(String::from).collect();
    assert!(names.len() > 4, "{names:?}");
    names
}

/// Every `--option` in a text, without its dashes.
pub fn long_options(text: &str) -> BTreeSet<String> {
    let begins =
        |at: usize| !text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '-');
    let names = text
        .match_indices("--")
        .filter(|(at, _)| begins(*at))
        .map(|(at, dashes)| {
            let rest = &text[at + dashes.len()..];
            let end = rest.find(|letter: char| !letter.is_ascii_lowercase() && letter != '-');
            rest[..end.unwrap_or(rest.len())].to_string()
        });
    names
        .filter(|name| name.starts_with(|first: char| first.is_ascii_lowercase()))
        .collect()
}

/// The words behind an option's list in the help: `--method` has several.
pub fn methods() -> BTreeSet<String> {
    let help = help();
    let lines = help.lines().map(str::trim_start);
    let methods = lines.filter_map(|line| line.strip_prefix("--method "));
    methods
        .filter_map(|rest| rest.split_whitespace().next().map(String::from))
        .collect()
}

#[test]
fn options_are_found_in_running_text() {
    let found = long_options("Usage: --allow LIST, '--default-action'=x -- --log--x a--no ---b");
    let wanted = ["allow", "default-action", "log--x"].map(String::from);
    assert_eq!(found, BTreeSet::from(wanted));
}
