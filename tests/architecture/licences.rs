//! Where dependencies come from and under which terms.

use std::collections::BTreeSet;

use crate::metadata::{members, packages, text};

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Terms that ask for a notice and no more.
const ACCEPTED: [&str; 10] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether an SPDX expression can be satisfied by accepted licences alone.
fn acceptable(expression: &str) -> bool {
    // The old spelling of OR, still found in manifests.
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    any_of(&words, &mut at) && at == words.len()
}

/// `a OR b`: binds less than AND.
fn any_of(words: &[&str], at: &mut usize) -> bool {
    let mut accepted = all_of(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        accepted |= all_of(words, at);
    }
    accepted
}

fn all_of(words: &[&str], at: &mut usize) -> bool {
    let mut accepted = one(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        accepted &= one(words, at);
    }
    accepted
}

fn one(words: &[&str], at: &mut usize) -> bool {
    let Some(&word) = words.get(*at) else {
        return false;
    };
    *at += 1;
    if word == "(" {
        let accepted = any_of(words, at);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return accepted && closed;
    }
    if let (Some(&"WITH"), Some(exception)) = (words.get(*at), words.get(*at + 1)) {
        *at += 2;
        return ACCEPTED.contains(&format!("{word} WITH {exception}").as_str());
    }
    ACCEPTED.contains(&word)
}

#[test]
fn licence_expressions_are_read_as_spdx_says() {
    for (expression, accepted) in [
        ("MIT", true),
        ("GPL-3.0-or-later", false),
        ("MIT OR GPL-2.0-only", true),
        ("MIT/Apache-2.0", true),
        ("MIT AND GPL-2.0-only", false),
        ("GPL-2.0-only OR MIT AND LGPL-2.1", false),
        ("(MIT OR GPL-2.0-only) AND Unicode-3.0", true),
        ("(MIT OR Apache-2.0) AND NCSA", false),
        ("Apache-2.0 WITH LLVM-exception OR GPL-2.0-only", true),
        ("GPL-2.0-only WITH Linux-syscall-note", false),
        ("", false),
        ("(MIT", false),
        ("MIT MIT", false),
    ] {
        assert_eq!(acceptable(expression), accepted, "{expression:?}");
    }
}

#[test]
fn every_dependency_has_an_accepted_licence() {
    for package in packages().values() {
        let licence = package["license"].as_str().unwrap_or("");
        assert!(
            acceptable(licence),
            "{} is under {licence:?}",
            text(package, "name")
        );
    }
}

#[test]
fn every_dependency_comes_from_crates_io_and_every_path_is_a_member() {
    let members: BTreeSet<&str> = members().into_keys().collect();
    for package in packages().values() {
        let name = text(package, "name");
        match package["source"].as_str() {
            Some(source) => assert_eq!(source, CRATES_IO, "{name}"),
            None => assert!(members.contains(name), "{name} lies outside the workspace"),
        }
    }
}
