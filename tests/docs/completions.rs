//! What shells complete: every option, method and group, and nothing that is not there.

use std::collections::BTreeSet;

use sandbox_tests::{Run, installed, repository, skip};

use crate::words::{help, long_options, methods, page};

const BASH: &str = "packaging/completions/sandboxify.bash";
const ZSH: &str = "packaging/completions/_sandboxify";

#[test]
fn completions_know_every_option_of_the_help_and_no_other() {
    for file in [BASH, ZSH] {
        assert_eq!(long_options(&page(file)), long_options(&help()), "{file}");
    }
}

#[test]
fn completions_know_every_group() {
    for file in [BASH, ZSH] {
        let page = page(file);
        let words: BTreeSet<&str> = page.split([' ', '\n', '\t', '(', ')', '\'']).collect();
        for group in syscalls::groups() {
            let name = format!("@{}", group.name());
            assert!(words.contains(name.as_str()), "{name} is not in {file}");
        }
    }
}

/// What bash offers at the end of this line.
fn offered(line: &str) -> BTreeSet<String> {
    let program = "source \"$0\"; COMP_LINE=$1; COMP_POINT=${#COMP_LINE}; _sandboxify
                   printf '%s\\n' \"${COMPREPLY[@]}\"";
    let outcome = Run::new("bash")
        .args(["-c", program, BASH, line])
        .directory(&repository())
        .outcome()
        .succeeded();
    outcome
        .stdout
        .split_whitespace()
        .map(String::from)
        .collect()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(ToString::to_string).collect()
}

#[test]
fn bash_completes_options_methods_actions_and_lists() {
    assert_eq!(offered("sandboxify --method "), methods());
    // Without quotes bash keeps what lies before the last ":".
    for (line, wanted) in [
        ("sandboxify --me", "--method"),
        ("sandboxify --deny @mou", "@mount"),
        ("sandboxify --deny execve:@mou", "@mount"),
        ("sandboxify --deny '@mou", "@mount"),
        ("sandboxify --deny 'execve:!@mou", "execve:!@mount"),
        ("sandboxify --default-action kill_t", "kill_thread"),
        ("sandboxify --quiet --allow @swap --isol", "--isolate"),
    ] {
        assert_eq!(offered(line), set(&[wanted]), "{line}");
    }
}

#[test]
fn options_end_where_the_program_begins() {
    for line in [
        "sandboxify --quiet /bin/ls --me",
        "sandboxify --deny @mount -- --me",
        "sandboxify --deny @mount ls ",
    ] {
        assert_eq!(offered(line), set(&[]), "{line}");
    }
}

#[test]
fn zsh_reads_its_completion() {
    let Some(zsh) = installed("zsh") else {
        return skip("zsh is not installed");
    };
    Run::new(zsh)
        .args(["-n", ZSH])
        .directory(&repository())
        .outcome()
        .succeeded()
        .stderr("");
}
