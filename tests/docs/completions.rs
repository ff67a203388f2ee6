//! What shells complete: every option, method and group, and nothing that is not there.

use std::collections::BTreeSet;

use sandbox_tests::{Run, built, installed, public_directory, repository, sandbox_policy, skip};

use crate::words::{commands, flags_of_oz_seccomp, help, long_options, methods, options_of, page};

const BASH: &str = "packaging/completions/sandboxify.bash";
const ZSH: &str = "packaging/completions/_sandboxify";
const FILTERS_BASH: &str = "packaging/completions/oz-seccomp.bash";
const FILTERS_ZSH: &str = "packaging/completions/_oz-seccomp";

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
    for script in [ZSH, FILTERS_ZSH] {
        Run::new(&zsh)
            .args(["-n", script])
            .directory(&repository())
            .outcome()
            .succeeded()
            .stderr("");
    }
}

/// What bash offers for the last of these words, of which the first is oz-seccomp or its tracer.
fn offered_by_filters(words: &[&str]) -> BTreeSet<String> {
    let program = r#"
        source "$0"
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _${1//-/_}
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let run = Run::new("bash").args(["-c", program, FILTERS_BASH]);
    let outcome = run.args(words).directory(&repository()).outcome();
    let outcome = outcome.succeeded();
    let offered = outcome.stdout.split_whitespace();
    offered.map(String::from).collect()
}

#[test]
fn bash_completes_the_flags_of_oz_seccomp_and_the_options_of_its_tracer() {
    let flags = flags_of_oz_seccomp();
    let flags = flags.iter().map(|flag| format!("-{flag}"));
    assert_eq!(offered_by_filters(&["oz-seccomp", "-"]), flags.collect());
    let help = Run::new(built("oz-seccomp-tracer")).arg("--help").outcome();
    let options = long_options(&help.succeeded().stdout);
    assert!(options.len() > 9, "{options:?}");
    let options = options.iter().map(|option| format!("--{option}"));
    let offered = offered_by_filters(&["oz-seccomp-tracer", "--"]);
    assert_eq!(offered, options.collect());
    for (words, wanted) in [
        (&["oz-seccomp", "-mode", "b"][..], &["blacklist"][..]),
        (
            &["oz-seccomp", "-profile", "Carg"],
            &["Cargo.lock", "Cargo.toml"],
        ),
        (&["oz-seccomp", "ls", "-"], &[]),
        (&["oz-seccomp-tracer", "--format", "oz-"], &["oz-wiki"]),
        (&["oz-seccomp-tracer", "-xo", "Makef"], &["Makefile"]),
        (
            &["oz-seccomp-tracer", "-o", "p", "--ver"],
            &["--verbose", "--version"],
        ),
        (&["oz-seccomp-tracer", "-r", "ls", "-"], &[]),
    ] {
        assert_eq!(offered_by_filters(words), set(wanted), "{words:?}");
    }
    let zsh = page(FILTERS_ZSH);
    for flag in flags_of_oz_seccomp() {
        assert!(zsh.contains(&format!("-{flag}[")), "{flag}");
    }
    let help = Run::new(built("oz-seccomp-tracer")).arg("--help").outcome();
    for option in long_options(&help.stdout) {
        assert!(zsh.contains(&format!("--{option}")), "{option}");
    }
}

/// What bash offers for the last of these words, by the policy tool's own script.
fn offered_by_the_policy_tool(words: &[&str]) -> BTreeSet<String> {
    let program = r#"
        source <("$0" completions bash)
        COMP_WORDS=(sandbox-policy "$@"); COMP_CWORD=$#
        function=$(complete -p sandbox-policy | sed 's/.* -F \([^ ]*\) .*/\1/')
        $function sandbox-policy "${COMP_WORDS[$#]}" "${COMP_WORDS[$#-1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let run = Run::new("bash").args(["-c", program]).arg(sandbox_policy());
    let outcome = run.args(words).outcome().succeeded();
    outcome
        .stdout
        .split_whitespace()
        .map(String::from)
        .collect()
}

#[test]
fn bash_completes_the_commands_of_the_policy_tool_and_their_options() {
    let commands = commands();
    let offered = offered_by_the_policy_tool(&[""]);
    assert!(offered.is_superset(&commands), "{offered:?}");
    for command in commands.iter().filter(|command| *command != "help") {
        let offered = offered_by_the_policy_tool(&[command, "--"]);
        let options = options_of(Some(command));
        let expected = options.iter().map(|option| format!("--{option}"));
        assert_eq!(offered, expected.collect(), "{command}");
    }
    for (words, wanted) in [
        (&["test", "--comp"][..], "--compiled"),
        (&["export", "--compiler", "l"], "libseccomp"),
        (&["completions", "z"], "zsh"),
    ] {
        assert_eq!(
            offered_by_the_policy_tool(words),
            set(&[wanted]),
            "{words:?}"
        );
    }
}

#[test]
fn zsh_reads_the_completion_of_the_policy_tool() {
    let Some(zsh) = installed("zsh") else {
        return skip("zsh is not installed");
    };
    let run = Run::new(sandbox_policy()).args(["completions", "zsh"]);
    let script = run
        .outcome()
        .succeeded()
        .stdout_has("#compdef sandbox-policy\n");
    let directory = public_directory();
    let file = directory.path().join("_sandbox-policy");
    std::fs::write(&file, script.stdout).expect("the script");
    let run = Run::new(zsh).arg("-n").arg(file);
    run.outcome().succeeded().stderr("");
}
