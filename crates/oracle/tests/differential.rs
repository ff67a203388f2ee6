//! Two compilers and the definition: where libseccomp can say what a policy says, its program and the
//! native one answer as the policy does, on all that the constants of the conditions can tell apart.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../../filter/tests/generators/mod.rs"]
mod generators;
#[path = "../../../tests/support/report.rs"]
mod report;

use std::cell::Cell;
use std::collections::BTreeMap;

use filter::{Call, Checked, Program, action_value};
use generators::boundaries;
use oracle::Error;
use policy::{Action, Answer, Mode, Policy, Request};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use syscalls::Abi;

const ABI: Abi = Abi::NATIVE;

/// A list, its mode and what a violation does.
type Written = (Mode, String, &'static str);

fn number() -> impl Strategy<Value = String> {
    let wide = prop_oneof![
        Just(u64::MAX),
        Just(1 << 32),
        Just(0xffff_ffff),
        Just(0x1_0000_0001),
        any::<u64>()
    ];
    prop_oneof![
        2 => (0_u64..9).prop_map(|small| small.to_string()),
        1 => wide.prop_map(|wide| format!("{wide:#x}")),
    ]
}

fn small() -> impl Strategy<Value = String> {
    let small = prop_oneof![3 => 0_u32..9, 1 => any::<u32>()];
    small.prop_map(|small| small.to_string())
}

fn ordering() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("<"), Just("<="), Just(">"), Just(">=")]
}

/// A comparison that libseccomp has itself.
fn plain() -> impl Strategy<Value = String> {
    let equal = prop_oneof![Just("=="), Just("!=")];
    prop_oneof![
        (0..3, equal.clone(), number()).prop_map(|(at, sign, to)| format!("arg{at} {sign} {to}")),
        (0..3, ordering(), number()).prop_map(|(at, sign, to)| format!("arg{at} {sign} {to}")),
        (0..3, number(), number()).prop_map(|(at, mask, to)| format!("arg{at} & {mask} == {to}")),
        (equal, small()).prop_map(|(sign, to)| format!("fd {sign} {to}")),
        (0..3, number()).prop_map(|(at, mask)| format!("arg{at} &? {mask}")),
    ]
}

/// One that has to be taken apart into bits.
fn in_bits() -> impl Strategy<Value = String> {
    let part = prop_oneof![Just("argL"), Just("argH")];
    prop_oneof![
        (part, 0..3, ordering(), small())
            .prop_map(|(part, at, sign, to)| format!("{part}{at} {sign} {to}")),
        (ordering(), small()).prop_map(|(sign, to)| format!("fd {sign} {to}")),
        (0..3, 0..9, number()).prop_map(|(at, by, to)| format!("arg{at} >> {by} == {to}")),
        (0..3, number(), number()).prop_map(|(at, turn, to)| format!("(arg{at} ^ {turn}) == {to}")),
        (0..3, number(), number()).prop_map(|(at, set, to)| format!("(arg{at} | {set}) < {to}")),
        small().prop_map(|to| format!("~argL1 == {to}")),
    ]
}

/// One that libseccomp cannot express.
fn beyond() -> impl Strategy<Value = String> {
    prop_oneof![Just("arg0 == arg1"), Just("argL1 + 1 > 3"),].prop_map(String::from)
}

fn condition() -> impl Strategy<Value = String> {
    let list = (0..3, prop::collection::vec(number(), 1..5));
    let leaf = prop_oneof![
        24 => plain(),
        8 => in_bits(),
        1 => beyond(),
        4 => list.prop_map(|(at, list)| format!("in(arg{at}, {})", list.join(", "))),
    ];
    leaf.prop_recursive(2, 4, 2, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            two.clone()
                .prop_map(|(left, right)| format!("({left}) || ({right})")),
            two.prop_map(|(left, right)| format!("({left}) && ({right})")),
            inner.prop_map(|inner| format!("!({inner})")),
        ]
    })
}

fn written() -> impl Strategy<Value = Written> {
    let action = prop_oneof![
        Just(""),
        Just("=EPERM"),
        Just("=EACCES"),
        Just("=log"),
        Just("=trap"),
        Just("=kill_thread"),
        Just("=allow"),
    ];
    let items = prop::collection::vec((condition(), action), 1..3);
    let mode = prop_oneof![Just(Mode::AllowList), Just(Mode::DenyList)];
    let default = prop_oneof![Just("kill_process"), Just("EPERM"), Just("log")];
    // A call without condition, one that libseccomp has no name for, one above the newest known.
    let others = prop_oneof![Just("getpid:file_setattr=EPERM:1000=EACCES"), Just("close")];
    (items, mode, default, others, any::<bool>()).prop_map(
        |(items, mode, default, others, base)| {
            let items = items
                .iter()
                .map(|(condition, action)| format!("read({condition}){action}"));
            let base = base.then(|| "read".to_string());
            let items: Vec<String> = base.into_iter().chain(items).collect();
            (mode, format!("{}:{others}", items.join(":")), default)
        },
    )
}

/// Argument registers that the conditions of read(2) tell apart.
fn vectors(policy: &Policy) -> Vec<[u64; 6]> {
    let mut values = vec![0, 1, u64::MAX, 1 << 32, 0xffff_ffff];
    if let Answer::Decision(decision) = policy.native().answer(0) {
        for case in policy.cases(&decision) {
            boundaries(policy.conditions(), case.condition, &mut values);
        }
    }
    values.sort_unstable();
    values.dedup();
    let at = |place: usize| values[place % values.len()];
    let mut vectors = Vec::new();
    for place in 0..values.len() {
        for step in 0..8 {
            vectors.push([
                at(place),
                at(place * 5 + step),
                at(place * 11 + step * 2),
                0,
                0,
                0,
            ]);
        }
    }
    vectors
}

fn answer(program: &Checked, number: u32, arguments: [u64; 6]) -> u32 {
    let audit = ABI.audit();
    let call = Call {
        audit,
        number,
        arguments,
    };
    filter::run(program.instructions(), &call).unwrap()
}

fn policy((mode, list, default): &Written) -> Option<Policy> {
    let default = Action::parse(default).unwrap();
    let request = Request::plain(*mode, "LIST", list.as_bytes(), default);
    // A deny rule on an argument that the kernel reads less of is refused; that is another test's.
    let request = Request {
        whole_registers: true,
        ..request
    };
    let compiled = request.compile(ABI, &policy::no_files);
    compiled.ok().map(|compiled| compiled.policy)
}

/// How a comparison came out: compared, or why not.
fn compare(written: &Written) -> Result<&'static str, TestCaseError> {
    let Some(policy) = policy(written) else {
        return Ok("not a policy: a constant too large");
    };
    let program = match oracle::compile(&policy, None) {
        Ok(program) => program,
        Err(Error::Inexpressible { why, .. }) => {
            return Ok(match why {
                oracle::Why::TwoArguments => "arguments compared with each other",
                oracle::Why::Arithmetic => "arithmetic",
                oracle::Why::TooManyRules => "too many rules",
                oracle::Why::Number => "a number too large",
            });
        }
        Err(Error::Filter(filter::Error::TooLong { .. })) => return Ok("too long"),
        Err(other) => return Err(TestCaseError::fail(format!("{written:?}: {other}"))),
    };
    let failed = |error: filter::Error| TestCaseError::fail(format!("{written:?}: {error}"));
    let theirs = program.check(&policy, None).map_err(failed)?;
    let ours = Program::compile(&policy, None).map_err(failed)?;
    let ours = ours.check(&policy, None).map_err(failed)?;
    for arguments in vectors(&policy) {
        for number in [0, 1, 3, 39, 469, 1000] {
            let decided = action_value(policy.decide(ABI.audit(), number, &arguments));
            let both = [&ours, &theirs].map(|program| answer(program, number, arguments));
            prop_assert_eq!(both, [decided; 2], "{:?} on {:x?}", written, arguments);
        }
    }
    Ok("compared")
}

#[test]
fn both_compilers_and_the_policy_agree() {
    let cases = match std::env::var_os("SANDBOX_FULL_TESTS") {
        Some(_) => 15_000,
        None => 200,
    };
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    };
    let counts: Cell<BTreeMap<&'static str, u32>> = Cell::default();
    let outcome = TestRunner::new(config).run(&written(), |written| {
        let outcome = compare(&written)?;
        let mut map = counts.take();
        *map.entry(outcome).or_default() += 1;
        counts.set(map);
        Ok(())
    });
    let counts = counts.take();
    let written: Vec<String> = counts.iter().map(|(how, n)| format!("{n} {how}")).collect();
    report::measured(&format!("of {cases} policies: {}", written.join("; ")));
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let compared = counts.get("compared").copied().unwrap_or(0);
    assert!(compared * 3 >= cases * 2, "most are excluded: {counts:?}");
}
