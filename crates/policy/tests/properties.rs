//! Properties of all lists: nothing panics, printing keeps the meaning, the last item decides.
#![allow(clippy::unwrap_used)]

use policy::{Action, Answer, Error, Item, List, Mode, Policy, Request, Target, Verb};
use proptest::collection;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use syscalls::Abi;

/// The same cases in every run, so that a failure is one for everybody; new ones under `make test-all`.
fn configuration() -> ProptestConfig {
    let full = std::env::var_os("SANDBOX_FULL_TESTS").is_some();
    ProptestConfig {
        cases: if full { 8192 } else { 256 },
        rng_seed: if full {
            RngSeed::Random
        } else {
            RngSeed::Fixed(1)
        },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn request(mode: Mode, list: &[u8], default: Action) -> Request<'_> {
    Request::plain(mode, "LIST", list, default)
}

/// Pieces of which something near the grammar is made.
const FRAGMENTS: &[&[u8]] = &[
    b":",
    b":",
    b":",
    b"!",
    b"=",
    b"(",
    b")",
    b"\\",
    b"\\ ",
    b" ",
    b"\t",
    b"\x0b",
    b"@",
    b"/",
    b"./",
    b"0x",
    b"7",
    b"4294967296",
    b"read",
    b"write",
    b"mount",
    b"known",
    b"mmap2",
    b"EPERM",
    b"errno(",
    b"errno(5)",
    b"kill",
    b"allow",
    b"\xc2\xa0",
    b"\xff",
    b"\xc3",
    b"\x1b[2J",
    b"\0",
    b"\n",
    b"'",
    b"\"",
];

/// Bytes that come near the grammar often enough to reach all of the parser.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => collection::vec(any::<u8>(), 0..200),
        4 => collection::vec(select(FRAGMENTS), 0..24).prop_map(|parts| parts.concat()),
    ]
}

fn abi() -> impl Strategy<Value = Abi> {
    select(&[Abi::X86_64, Abi::Aarch64][..])
}

fn mode() -> impl Strategy<Value = Mode> {
    select(&[Mode::AllowList, Mode::DenyList][..])
}

fn action() -> impl Strategy<Value = Action> {
    let words = [
        "allow",
        "kill_process",
        "kill_thread",
        "trap",
        "log",
        "EPERM",
        "ENOSYS",
        "errno(4095)",
    ];
    select(words.map(|word| Action::parse(word).unwrap()).to_vec())
}

fn violation() -> impl Strategy<Value = Action> {
    action().prop_filter("a violation cannot be allowed", |action| {
        *action != Action::Allow
    })
}

/// One item as a user writes it; every one of these is right.
fn item() -> impl Strategy<Value = String> {
    let names: Vec<String> = syscalls::names(Abi::X86_64)
        .map(|(name, _)| name.into())
        .collect();
    let groups: Vec<String> = syscalls::groups()
        .map(|group| format!("@{}", group.name()))
        .collect();
    let edge = syscalls::newest(Abi::X86_64);
    let number = prop_oneof![
        4 => 0_u32..1024,
        2 => edge - 2..edge + 6,
        1 => 0x3fff_fff0_u32..0x4000_0000,
        1 => 0_u32..0x4000_0000,
    ];
    let target = prop_oneof![8 => select(names), 8 => number.prop_map(|number| number.to_string()), 2 => select(groups)];
    (target, action(), 0..8).prop_map(|(target, action, verb)| match verb {
        0..4 => target,
        4..6 => format!("{target}={action}"),
        _ => format!("!{target}"),
    })
}

fn lists() -> impl Strategy<Value = String> {
    collection::vec(item(), 0..40).prop_map(|items| items.join(":"))
}

fn items(list: &str) -> Vec<Item<'_>> {
    List::parse("LIST", list.as_bytes()).unwrap().items
}

fn compile(mode: Mode, list: &str, default: Action, abi: Abi) -> Policy {
    let request = request(mode, list.as_bytes(), default);
    request.compile(abi, &policy::no_files).unwrap().policy
}

/// What was last said of each call up to 1023.
fn last_words(items: &[Item<'_>], abi: Abi) -> Vec<Option<Verb>> {
    let mut words = vec![None; 1024];
    for item in items {
        let calls = match &item.target {
            Target::Name(name) => syscalls::number(abi, name).into_iter().collect(),
            Target::Number(number) => vec![*number],
            Target::Group(name) => syscalls::group(name).unwrap().numbers(abi),
            Target::File(_) => Vec::new(),
        };
        for call in calls {
            if let Some(word) = words.get_mut(usize::try_from(call).unwrap()) {
                *word = Some(item.verb);
            }
        }
    }
    words
}

fn covers(policy: &Policy) -> Result<(), TestCaseError> {
    let ranges = policy.native().ranges();
    prop_assert_eq!(ranges[0].first, 0);
    prop_assert_eq!(ranges[ranges.len() - 1].last, policy::LAST);
    for range in ranges {
        prop_assert!(range.first <= range.last);
    }
    for pair in ranges.windows(2) {
        prop_assert_eq!(pair[0].last + 1, pair[1].first, "a gap or an overlap");
        prop_assert_ne!(pair[0].answer, pair[1].answer, "one range in two pieces");
    }
    Ok(())
}

fn agrees(policy: &Policy, numbers: impl Iterator<Item = u32>) -> Result<(), TestCaseError> {
    let ranges = policy.native().ranges();
    // Ranges do not speak for x32 calls.
    let x32 = |number: u32| policy.abi() == Abi::X86_64 && number & Abi::X32_BIT != 0;
    for number in numbers.filter(|&number| number <= policy::LAST && !x32(number)) {
        let at = ranges.partition_point(|range| range.last < number);
        let decided = policy.decide(policy.abi().audit(), number, &[0; 6]);
        prop_assert_eq!(
            ranges[at].answer,
            Answer::Action(decided),
            "call {}",
            number
        );
    }
    Ok(())
}

fn meaning<'a>(items: &[Item<'a>]) -> Vec<(Target<'a>, Verb)> {
    items
        .iter()
        .map(|item| (item.target.clone(), item.verb))
        .collect()
}

fn reads_back(text: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(list) = List::parse("LIST", text) {
        // A path or a condition that is no text is printed for a reader, not for the parser.
        let text = |item: &Item<'_>| std::str::from_utf8(item.written).is_ok();
        if !list.items.iter().all(text) {
            return Ok(());
        }
        let printed = list.to_string();
        let again = List::parse("LIST", printed.as_bytes());
        let again = again.map_err(|error| TestCaseError::fail(format!("{printed:?}: {error}")))?;
        prop_assert_eq!(
            meaning(&list.items),
            meaning(&again.items),
            "{:?}",
            &printed
        );
        prop_assert_eq!(again.to_string(), printed);
    }
    Ok(())
}

/// Random bytes rarely end an item with a backslash and a blank that the printed list lacks.
#[test]
fn a_backslash_does_not_join_two_items_when_printed() {
    for text in [
        "read\\ :write",
        "@mount\\\t:write",
        "read:!write\\ ::close",
        "read)\\ :write",
    ] {
        reads_back(text.as_bytes()).unwrap();
    }
}

proptest! {
    #![proptest_config(configuration())]

    #[test]
    fn any_bytes_are_a_list_or_an_error_with_a_column(text in bytes(), mode in mode(), abi in abi()) {
        if let Err(error) = request(mode, &text, Action::KillProcess).compile(abi, &policy::no_files) {
            let Error::Item { column, .. } = &error else {
                return Err(TestCaseError::fail(format!("{error:?}")));
            };
            prop_assert!((1..=text.len() + 1).contains(column), "column {} of {}", column, text.len());
            let message = error.to_string();
            prop_assert!(message.chars().all(|c| c.is_ascii() && !c.is_ascii_control()), "{:?}", message);
        }
    }

    #[test]
    fn a_list_that_was_read_is_printed_and_read_back(text in bytes()) {
        reads_back(&text)?;
    }

    #[test]
    fn a_list_is_printed_as_it_was_written(list in lists()) {
        prop_assert_eq!(items(&list).len(), list.split(':').filter(|item| !item.is_empty()).count());
        prop_assert_eq!(List::parse("LIST", list.as_bytes()).unwrap().to_string(), list);
    }

    #[test]
    fn the_last_item_that_concerns_a_call_decides(list in lists(), mode in mode(), default in violation(), abi in abi()) {
        let policy = compile(mode, &list, default, abi);
        let own = if mode == Mode::AllowList { Action::Allow } else { default };
        for (number, word) in (0..).zip(last_words(&items(&list), abi)) {
            let expected = match word {
                Some(Verb::Add) => own,
                Some(Verb::Set(action)) => action,
                // What follows for calls that were not named has tables of its own.
                None | Some(Verb::Remove) => continue,
            };
            prop_assert_eq!(policy.decide(abi.audit(), number, &[0; 6]), expected, "call {}", number);
        }
    }

    #[test]
    fn ranges_cover_all_native_numbers_and_agree_with_the_decisions(
        list in lists(), mode in mode(), default in violation(), abi in abi()
    ) {
        let policy = compile(mode, &list, default, abi);
        covers(&policy)?;
        let listed = items(&list).into_iter().filter_map(|item| match item.target {
            Target::Number(number) => Some(number),
            _ => None,
        });
        let around = listed.flat_map(|number| [number.saturating_sub(1), number, number + 1]);
        let far = [0x3fff_ffff, 0x4000_0000, 0x8000_0000, u32::MAX - 1];
        agrees(&policy, (0..1024).chain(around).chain(far))?;
    }

    #[test]
    fn every_action_that_a_call_can_get_is_among_the_actions(
        list in lists(), mode in mode(), default in violation(), abi in abi()
    ) {
        let policy = compile(mode, &list, default, abi);
        let actions = policy.actions();
        for number in (0..1024).chain([policy::MINUS_ONE]) {
            let given = policy.decide(abi.audit(), number, &[0; 6]);
            prop_assert!(actions.contains(&given), "{} of call {} is not in {:?}", given, number, actions);
        }
        prop_assert!(actions.contains(&default), "foreign calls get it");
        let once = |action: &Action| actions.iter().filter(|other| *other == action).count() == 1;
        prop_assert!(actions.iter().all(once));
    }
}
