//! Properties of all suggestions: with the addition the call is allowed, and nothing else changes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod report_support;

use policy::{Action, Mode, Request};
use proptest::collection;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use report_support::{ABI, judge_of, mkdir, numbered, plain};
use watch::{Call, Format, Ground, Outcome, Reporter, card};

/// The same cases in every run, so that a failure is one for everybody; new ones under `make test-all`.
fn configuration() -> ProptestConfig {
    let full = std::env::var_os("SANDBOX_FULL_TESTS").is_some();
    ProptestConfig {
        cases: if full { 4096 } else { 256 },
        rng_seed: match full {
            true => RngSeed::Random,
            false => RngSeed::Fixed(1),
        },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn names() -> Vec<&'static str> {
    syscalls::names(ABI).map(|(name, _)| name).collect()
}

const ITEMS: &[&str] = &[
    "@system-service",
    "@mount",
    "!@mount",
    "@file-system=EPERM",
    "ptrace=EPERM",
    "write(fd == 1)",
    "write(fd == 2)=EACCES",
    "fcntl(cmd == F_GETFD)",
    "!fcntl",
    "socket(family == AF_UNIX)",
    "socket(family == AF_INET)=EPERM",
    "mprotect(prot &? PROT_EXEC)=EPERM",
    "ioctl(cmd == TIOCSTI)",
    "ioctl=log",
    "clone(flags &? CLONE_NEWUSER)=EPERM",
    "restart_syscall=EPERM",
];

/// Calls that the items are about.
const OFTEN: &[&str] = &[
    "write", "fcntl", "socket", "mprotect", "ioctl", "clone", "ptrace",
];

fn item() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => select(names()).prop_map(str::to_owned),
        2 => select(ITEMS).prop_map(str::to_owned),
        1 => select(names()).prop_map(|name| format!("!{name}")),
        1 => select(names()).prop_map(|name| format!("{name}=EPERM")),
    ]
}

fn list() -> impl Strategy<Value = String> {
    collection::vec(item(), 0..8).prop_map(|items| items.join(":"))
}

fn a_call() -> impl Strategy<Value = Call> {
    let name = prop_oneof![select(names()), select(OFTEN)];
    let value = prop_oneof![0..40_u64, Just(0x5412), any::<u64>()];
    let number = name.prop_map(|name| syscalls::number(ABI, name).unwrap());
    let number = prop_oneof![20 => number, 1 => 500..600_u32];
    (number, collection::vec(value, 6))
        .prop_map(|(number, arguments)| numbered(ABI.audit(), number, &arguments))
}

fn default() -> impl Strategy<Value = Action> {
    select(&["kill", "kill_thread", "trap", "log", "EPERM"][..])
        .prop_map(|text| Action::parse(text).unwrap())
}

proptest! {
    #![proptest_config(configuration())]

    #[test]
    fn the_list_with_the_addition_allows_the_call(
        list in list(),
        denies in any::<bool>(),
        default in default(),
        calls in collection::vec(a_call(), 8),
    ) {
        let mode = if denies { Mode::DenyList } else { Mode::AllowList };
        let request = Request { default, ..plain(mode, &list) };
        let judge = judge_of(&request, &[]);
        for call in calls.iter().filter(|call| judge.verdict(call).is_violation()) {
            let judgement = judge.judge(call);
            let undoes = matches!(call.name(), Some("clone3" | "openat2"));
            let Ok(addition) = judgement.addition else {
                prop_assert!(undoes, "{} {:?}", judgement.subject, judgement.addition);
                continue;
            };
            let item = addition.item.expect("an item");
            let longer = format!("{list}:{item}");
            let better = judge_of(&Request { list: longer.as_bytes(), ..request }, &[]);
            prop_assert!(!better.verdict(call).is_violation(), "{longer}");
            for other in calls.iter().filter(|other| other.number != call.number) {
                let resumed = other.name() == Some("restart_syscall");
                let same = judge.verdict(other).action == better.verdict(other).action;
                prop_assert!(same || resumed, "{longer}: {other:?}");
            }
        }
    }

    #[test]
    fn a_plain_list_grows_by_the_name(list in collection::vec(select(names()), 0..20), call in a_call()) {
        let list = list.join(":");
        let judge = judge_of(&plain(Mode::AllowList, &list), &[]);
        let judgement = judge.judge(&call);
        prop_assume!(judge.verdict(&call).is_violation());
        prop_assert_eq!(&judgement.ground, &Ground::Unlisted);
        let addition = judgement.addition.expect("an addition");
        prop_assert_eq!(addition.item, Some(judgement.subject));
    }

    #[test]
    fn text_of_a_hostile_program_stays_in_its_place(texts in collection::vec("\\PC{0,8}\\p{Any}{0,8}", 5)) {
        let mut violation = mkdir(Outcome::Died);
        violation.program = texts[0].clone();
        violation.rendered = texts[1].clone();
        violation.command = texts[2].clone().into_bytes();
        let place = violation.place.as_mut().unwrap();
        place.module = texts[3].clone();
        place.symbol = Some((texts[4].clone(), 1));
        for (format, lines) in [(Format::Text, 1), (Format::Json, 1), (Format::Oz, 2), (Format::OzWiki, 6)] {
            let report = Reporter::new(format, true).take(&violation).unwrap();
            prop_assert_eq!(report.matches('\n').count(), lines);
            let control = |letter: char| letter.is_control() && letter != '\n';
            prop_assert!(!report.contains(control), "{report:?}");
            if format == Format::Json {
                let parsed: serde_json::Value = serde_json::from_str(&report).unwrap();
                prop_assert_eq!(parsed["program"].as_str(), Some(texts[0].as_str()));
            }
        }
        prop_assert_eq!(card(&violation, "sandboxify").matches('\n').count(), 3);
    }

    #[test]
    fn verdicts_and_judgements_agree(list in list(), call in a_call()) {
        let judge = judge_of(&plain(Mode::AllowList, &list), &[]);
        let (verdict, judgement) = (judge.verdict(&call), judge.judge(&call));
        prop_assert_eq!(verdict.action, judgement.action);
        prop_assert_eq!(verdict.is_violation(), judgement.action != Action::Allow);
        let decided = judge.compiled().policy.decide(call.audit, call.number, &call.arguments);
        prop_assert_eq!(decided, verdict.action);
    }
}
