//! The manual page: each key of the schema is in it, and no other; its example is a profile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use profile::{CONFIG, PROFILE};

fn page() -> String {
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(room.join("../../docs/man/oz-profile.5")).expect("the page")
}

/// What a section or subsection of a page in mdoc(7) says.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let start = format!("{heading}\n");
    let (_, rest) = page.split_once(start.as_str()).expect(heading);
    let end = rest.find("\n.Sh ").unwrap_or(rest.len());
    let end = rest.find("\n.Ss ").map_or(end, |next| next.min(end));
    &rest[..end]
}

/// The keys that begin items of a list: `.It Cm one , Cm another`.
fn keys(section: &str) -> BTreeSet<&str> {
    let items = section
        .lines()
        .filter_map(|line| line.strip_prefix(".It Cm "));
    let words = items.flat_map(str::split_whitespace);
    words.filter(|word| !matches!(*word, "," | "Cm")).collect()
}

#[test]
fn each_key_of_a_profile_is_in_the_manual_and_no_other() {
    let page = page();
    for (block, known) in PROFILE {
        let heading = match block {
            "" => "\n.Ss Profile",
            block => &format!("\n.Ss {block}"),
        };
        let known: BTreeSet<&str> = known.iter().copied().collect();
        assert_eq!(keys(section(&page, heading)), known, "{heading}");
    }
    let headings = page.lines().filter(|line| line.starts_with(".Ss ")).count();
    assert_eq!(headings, PROFILE.len());
}

#[test]
fn each_key_of_the_configuration_is_in_the_manual_and_no_other() {
    let page = page();
    let known: BTreeSet<&str> = CONFIG.iter().copied().collect();
    assert_eq!(keys(section(&page, "\n.Sh CONFIGURATION")), known);
}

#[test]
fn the_example_of_the_manual_is_a_profile() {
    let page = page();
    let (_, example) = page
        .split_once(".Bd -literal -offset indent\n")
        .expect("an example");
    let (example, _) = example.split_once(".Ed").expect("its end");
    assert_eq!(support::profile(example).name, "evince");
}
