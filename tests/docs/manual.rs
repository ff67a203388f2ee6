//! The manual pages: complete, and clean for the programs that render them.

use std::collections::BTreeSet;

use sandbox_tests::{Run, built, installed, repository, skip};

use crate::words::{commands, flags_of_oz_seccomp, help, long_options, methods, options_of, page};

const PAGES: [&str; 8] = [
    "docs/man/oz.1",
    "docs/man/oz-seccomp.1",
    "docs/man/oz-seccomp-tracer.1",
    "docs/man/sandboxify.1",
    "docs/man/sandbox-policy.1",
    "docs/man/libsandbox.7",
    "docs/man/seccomp-policy.5",
    "docs/man/oz-profile.5",
];

/// The long options that a page in mdoc(7) explains: those that begin an item of a list.
fn explained(page: &str) -> BTreeSet<String> {
    let items = page.lines().filter(|line| line.starts_with(".It Fl"));
    let words = items.flat_map(str::split_whitespace);
    words
        .filter_map(|word| word.strip_prefix('-'))
        .map(String::from)
        .collect()
}

#[test]
fn the_manual_explains_every_option_of_the_help_and_no_other() {
    assert_eq!(
        explained(&page("docs/man/sandboxify.1")),
        long_options(&help())
    );
}

#[test]
fn the_manual_explains_every_command_of_the_policy_tool_and_their_options_and_no_other() {
    let page = page("docs/man/sandbox-policy.1");
    let (_, rest) = page.split_once(".Ss Commands\n").expect("commands");
    let (list, _) = rest.split_once(".Ss").expect("more sections");
    let items = list.lines().filter_map(|line| line.strip_prefix(".It Cm "));
    let items: BTreeSet<String> = items.map(String::from).collect();
    assert!(items.len() > 5, "{items:?}");
    assert_eq!(items, commands());

    let mut options = options_of(None);
    for command in commands().iter().filter(|command| *command != "help") {
        options.extend(options_of(Some(command)));
    }
    assert!(options.contains("list-allow"), "{options:?}");
    assert_eq!(explained(&page), options);
}

#[test]
fn the_manual_explains_every_option_of_oz_and_no_other() {
    let run = |words: &[&str]| {
        Run::new(built("oz"))
            .args(words)
            .outcome()
            .succeeded()
            .stdout
    };
    let mut options = long_options(&run(&["--help"]));
    options.extend(long_options(&run(&["run", "--help"])));
    let page = page("docs/man/oz.1");
    assert_eq!(explained(&page), options);
    // The page names the parts that the help names.
    let help = run(&["run", "--help"]);
    let (_, parts) = help.split_once("without this part: ").expect("parts");
    for part in parts.lines().next().unwrap_or_default().split(", ") {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn the_manual_explains_every_option_of_the_tracer_and_no_other() {
    let run = Run::new(built("oz-seccomp-tracer")).arg("--help");
    let help = run.outcome().succeeded().stdout;
    let page = page("docs/man/oz-seccomp-tracer.1");
    assert_eq!(explained(&page), long_options(&help));
}

#[test]
fn the_manual_explains_every_flag_of_oz_seccomp_and_no_other() {
    let flags = flags_of_oz_seccomp();
    let page = page("docs/man/oz-seccomp.1");
    let (_, list) = page.split_once(".Ss Flags\n").expect("flags");
    let items = list.lines().filter_map(|line| line.strip_prefix(".It Fl "));
    let items = items.filter_map(|line| line.split_whitespace().next());
    assert_eq!(items.map(String::from).collect::<BTreeSet<_>>(), flags);
}

#[test]
fn the_manual_names_every_method() {
    let page = page("docs/man/sandboxify.1");
    for method in methods() {
        assert!(page.contains(&format!(".It Cm {method}\n")), "{method}");
    }
}

#[test]
fn every_variable_is_in_the_manual_and_in_the_readme() {
    for file in ["docs/man/libsandbox.7", "README.md"] {
        let page = page(file);
        for variable in policy::VARIABLES {
            assert!(page.contains(variable), "{variable} is not in {file}");
        }
    }
}

#[test]
fn every_group_is_in_the_manual() {
    let page = page("docs/man/libsandbox.7");
    let words: BTreeSet<&str> = page.split_whitespace().collect();
    for group in syscalls::groups() {
        let name = format!("@{}", group.name());
        assert!(words.contains(name.as_str()), "{name}");
    }
}

#[test]
fn the_manual_pages_render_without_a_warning() {
    let groff = installed("groff").map(|groff| (groff, vec!["-mandoc", "-Tutf8", "-ww", "-z"]));
    let mandoc = installed("mandoc").map(|mandoc| (mandoc, vec!["-T", "lint", "-W", "warning"]));
    let renderers: Vec<_> = groff.into_iter().chain(mandoc).collect();
    if renderers.is_empty() {
        return skip("neither groff nor mandoc is installed");
    }
    for (program, arguments) in renderers {
        for page in PAGES {
            let outcome = Run::new(&program)
                .args(&arguments)
                .arg(page)
                .directory(&repository())
                .outcome();
            outcome.succeeded().stdout("").stderr("");
        }
    }
}
