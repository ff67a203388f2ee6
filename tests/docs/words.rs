//! What pages and programs are compared by: options, variables, files.

use std::collections::BTreeSet;
use std::fs;

use sandbox_tests::{Run, repository, sandboxify};

/// The text of a file of the repository.
pub fn page(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What `sandboxify --help` prints.
pub fn help() -> String {
    let outcome = Run::new(sandboxify()).arg("--help").outcome().succeeded();
    outcome.stdout
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
