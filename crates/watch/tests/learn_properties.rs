//! Learned policies and random programs: what was seen is allowed, and nothing else of those calls.
#![allow(clippy::unwrap_used)]

#[path = "support/learning.rs"]
mod learning;

use std::collections::BTreeSet;

use learning::{allows, call, compiled, learn, learned, observed, options};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use watch::Call;
use watch::learn::oz::{self, Detail};
use watch::learn::{Generalise, Options};

/// The same cases in every run, so that a failure is one for everybody; new ones under `make test-all`.
fn configuration() -> ProptestConfig {
    let full = std::env::var_os("SANDBOX_FULL_TESTS").is_some();
    ProptestConfig {
        cases: if full { 2048 } else { 128 },
        rng_seed: match full {
            true => RngSeed::Random,
            false => RngSeed::Fixed(1),
        },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Calls, the places of their selecting arguments, and how many bits the kernel reads of them.
const CALLS: [(&str, &[(usize, u32)]); 12] = [
    ("read", &[]),
    ("getuid", &[]),
    ("fcntl", &[(1, 32)]),
    ("ioctl", &[(1, 32)]),
    ("prctl", &[(0, 32)]),
    ("socket", &[(0, 32), (1, 32), (2, 32)]),
    ("setsockopt", &[(1, 32), (2, 32)]),
    ("mmap", &[(2, 64), (3, 64)]),
    ("mprotect", &[(2, 64)]),
    ("openat", &[(2, 32)]),
    ("personality", &[(0, 32)]),
    ("unshare", &[(0, 64)]),
];

fn argument() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0..8_u64,
        2 => (0..32_u32).prop_map(|bit| 1 << bit),
        2 => any::<u32>().prop_map(u64::from),
        1 => any::<u64>(),
    ]
}

fn a_call() -> impl Strategy<Value = (usize, Call)> {
    let arguments = proptest::array::uniform6(argument());
    (0..CALLS.len(), arguments)
        .prop_map(|(kind, arguments)| (kind, call(CALLS[kind].0, &arguments)))
}

/// What a call is told apart by.
fn key(kind: usize, call: &Call) -> (usize, Vec<u64>) {
    let bits = |bits: u32| u64::MAX >> (64 - bits);
    let places = CALLS[kind].1.iter();
    let values = places.map(|(place, width)| call.arguments[*place] & bits(*width));
    (kind, values.collect())
}

fn only(calls: &[(usize, Call)]) -> Vec<Call> {
    calls.iter().map(|(_, call)| *call).collect()
}

/// The alternatives of a rule's body, where a parenthesis is one.
fn alternatives(body: &str) -> Vec<&str> {
    body.split(" || ").collect()
}

proptest! {
    #![proptest_config(configuration())]

    #[test]
    fn what_was_seen_is_allowed_and_nothing_else(seen in vec(a_call(), 0..40), others in vec(a_call(), 40)) {
        let policy = compiled(&learned(None, &only(&seen)).text);
        let keys: BTreeSet<_> = seen.iter().map(|(kind, call)| key(*kind, call)).collect();
        for (kind, call) in seen.iter().chain(&others) {
            prop_assert_eq!(allows(&policy, call), keys.contains(&key(*kind, call)), "{:?}", call);
        }
    }

    #[test]
    fn the_text_of_the_tracer_allows_what_was_seen_and_nothing_else(seen in vec(a_call(), 0..40), others in vec(a_call(), 40)) {
        let learned = oz::text(&observed(&only(&seen)), &options(), Detail::Raw).unwrap();
        let policy = compiled(&learned.text);
        let keys: BTreeSet<_> = seen.iter().map(|(kind, call)| key(*kind, call)).collect();
        for (kind, call) in seen.iter().chain(&others) {
            prop_assert_eq!(allows(&policy, call), keys.contains(&key(*kind, call)), "{:?}", call);
        }
        let counts: Vec<u64> = learned.summary.calls.iter().map(|call| call.seen).collect();
        prop_assert!(counts.is_sorted_by(|one, other| one >= other));
        prop_assert_eq!(counts.iter().sum::<u64>(), u64::try_from(seen.len()).unwrap());
    }

    #[test]
    fn two_runs_come_to_their_union(one in vec(a_call(), 0..20), two in vec(a_call(), 0..20), others in vec(a_call(), 20)) {
        let first = learned(None, &only(&one)).text;
        let policy = compiled(&learned(Some(&first), &only(&two)).text);
        let seen = || one.iter().chain(&two);
        let keys: BTreeSet<_> = seen().map(|(kind, call)| key(*kind, call)).collect();
        for (kind, call) in seen().chain(&others) {
            prop_assert_eq!(allows(&policy, call), keys.contains(&key(*kind, call)), "{:?}", call);
        }
    }

    #[test]
    fn no_alternative_can_be_spared(seen in vec(a_call(), 1..25)) {
        let text = learned(None, &only(&seen)).text;
        for line in text.lines().filter(|line| line.contains("  # seen")) {
            let (rule, remark) = line.split_once("  #").unwrap();
            let (name, body) = rule.split_once(": ").unwrap();
            let all = alternatives(body);
            for dropped in 0..all.len() {
                let mut rest = all.clone();
                let gone = rest.remove(dropped);
                let changed = match rest.is_empty() {
                    true => text.replace(line, ""),
                    false => text.replace(line, &format!("{name}: {}  #{remark}", rest.join(" || "))),
                };
                let policy = compiled(&changed);
                let alone = compiled(&format!("{name}: {gone}\n"));
                for (_, call) in &seen {
                    prop_assert_eq!(allows(&policy, call), !allows(&alone, call));
                }
            }
        }
    }

    #[test]
    fn wider_rules_allow_what_was_seen(seen in vec(a_call(), 1..30), calls in any::<bool>()) {
        let generalise = if calls { Generalise::Calls } else { Generalise::Values };
        let text = learn(None, &only(&seen), &Options { generalise, ..options() }).unwrap().text;
        let policy = compiled(&text);
        prop_assert!(seen.iter().all(|(_, call)| allows(&policy, call)));
    }

    #[test]
    fn the_order_of_calls_changes_nothing(seen in vec(a_call(), 0..30)) {
        let mut reversed = only(&seen);
        reversed.reverse();
        prop_assert_eq!(learned(None, &only(&seen)), learned(None, &reversed));
    }

    #[test]
    fn any_text_is_refused_or_kept(text in "([a-z]{1,6}[:=]? ?|[#\\[\\]|;]|1|\n|read: 1\n|fcntl: cmd == F_GETFL|fcntl: |# seen 3|  ){0,12}", seen in vec(a_call(), 0..5)) {
        let Ok(learned) = learn(Some(&text), &only(&seen), &options()) else {
            return Ok(());
        };
        let policy = compiled(&learned.text);
        prop_assert!(seen.iter().all(|(_, call)| allows(&policy, call)));
    }
}
