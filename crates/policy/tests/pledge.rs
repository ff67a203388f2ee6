//! The promises against the table that they were made from.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use policy::{List, Target};

/// A call of a promise, and whether it has a condition.
type Calls<'a> = BTreeMap<&'a str, bool>;

/// The rows for every promise, which the lists leave out.
const ALWAYS: &str = "(always)";

/// What the lists have otherwise: promise, call, what they say of it ([`None`]: nothing) and why.
const DIFFERENCES: [(&str, &str, Option<bool>, &str); 5] = [
    (
        "stdio",
        "kill",
        None,
        "a list does not know the process's number",
    ),
    (
        "stdio",
        "tgkill",
        None,
        "a list does not know the process's number",
    ),
    (
        "stdio",
        "tkill",
        None,
        "it signals any thread of the user's",
    ),
    (
        "proc",
        "tkill",
        Some(false),
        "it stands where kill and tgkill do",
    ),
    (
        "anet",
        "sendto",
        None,
        "with MSG_FASTOPEN and an address it connects",
    ),
];

/// `promise call qualifier`, tab-separated, below a heading; a call may be named twice.
fn read_table(table: &str) -> BTreeMap<&str, Calls<'_>> {
    let mut promises: BTreeMap<&str, Calls> = BTreeMap::new();
    for row in table.lines().skip(1) {
        let fields: Vec<&str> = row.split('\t').collect();
        let [promise, call, qualifier] = fields[..] else {
            panic!("{row:?}");
        };
        let calls = promises.entry(promise).or_default();
        let before = calls.insert(call, !qualifier.is_empty());
        assert!(
            before.is_none_or(|condition| condition != qualifier.is_empty()),
            "{row}"
        );
    }
    promises
}

fn read_promise(name: &str) -> Calls<'static> {
    let text = policy::pledge(name).unwrap();
    let mut calls = Calls::new();
    for item in List::parse("PROMISE", text.as_bytes()).unwrap().items {
        let Target::Name(call) = item.target else {
            panic!("{item}");
        };
        let condition = item.written.contains(&b'(');
        assert_eq!(
            calls.insert(call, condition),
            None,
            "{call} twice in {name}"
        );
    }
    calls
}

#[test]
fn the_promises_are_those_of_the_table() {
    let Some(path) = support::shared("groups/pledge-promises.tsv") else {
        return;
    };
    let table = fs::read_to_string(path).unwrap();
    let mut table = read_table(&table);
    let always = table.remove(ALWAYS).unwrap();
    assert_eq!(
        always,
        Calls::from([("arch_prctl", false), ("exit", false)])
    );
    for (promise, call, ours, why) in DIFFERENCES {
        let calls = table.get_mut(promise).unwrap();
        let theirs = match ours {
            Some(condition) => calls.insert(call, condition),
            None => calls.remove(call),
        };
        assert_ne!(theirs, ours, "no difference: {call} of {promise} ({why})");
    }
    let names: BTreeSet<&str> = policy::pledges().collect();
    assert_eq!(names, table.keys().copied().collect());
    for (name, calls) in table {
        assert_eq!(read_promise(name), calls, "{name}");
    }
}

#[test]
fn only_stdio_restricts_what_another_promise_has_without_condition() {
    let bare = |promise: &str| {
        let calls = read_promise(promise).into_iter();
        calls.filter_map(|(call, condition)| (!condition).then_some(call))
    };
    let bare: BTreeSet<&str> = policy::pledges().flat_map(bare).collect();
    for promise in policy::pledges().filter(|&name| name != "stdio") {
        for (call, condition) in read_promise(promise) {
            assert!(!condition || !bare.contains(call), "{call} of {promise}");
        }
    }
}
