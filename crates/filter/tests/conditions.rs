//! Conditions: the compiled program answers as the policy does, on the arguments where it matters.
#![allow(clippy::unwrap_used, clippy::panic)]

mod generators;

use filter::{Call, Program, action_value};
use generators::{HIGH, boundaries, condition};
use policy::{Action, Answer, Mode, Policy, Request};
use proptest::prelude::*;
use syscalls::Abi;

const ABI: Abi = Abi::X86_64;

fn compile(mode: Mode, list: &str) -> Policy {
    let default = Action::parse("kill_process").unwrap();
    let request = Request::plain(mode, "LIST", list.as_bytes(), default);
    match request.compile(ABI, &policy::no_files) {
        Ok(compiled) => compiled.policy,
        Err(error) => panic!("{error}"),
    }
}

/// What the compiled program answers, once it passed its own check.
fn answer(program: &filter::Checked, number: u32, arguments: [u64; 6]) -> u32 {
    let call = Call {
        audit: ABI.audit(),
        number,
        arguments,
    };
    filter::run(program.instructions(), &call).unwrap()
}

fn checked(policy: &Policy) -> filter::Checked {
    let program = Program::compile(policy, None).unwrap_or_else(|error| panic!("{error}"));
    program
        .check(policy, None)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Asserts the answers to a call whose first and second argument are given.
fn expect(list: &str, call: &str, allowed: &[[u64; 2]], refused: &[[u64; 2]]) {
    let policy = compile(Mode::AllowList, list);
    let program = checked(&policy);
    let number = syscalls::number(ABI, call).unwrap();
    for (pairs, runs) in [(allowed, true), (refused, false)] {
        for &[first, second] in pairs {
            let arguments = [first, second, 0, 0, 0, 0];
            let decided = policy.decide(ABI.audit(), number, &arguments);
            assert_eq!(decided.runs(), runs, "{list} on {first:#x}, {second:#x}");
            assert_eq!(
                answer(&program, number, arguments),
                action_value(decided),
                "{list}"
            );
        }
    }
}

#[test]
fn a_named_argument_is_compared_on_the_bits_that_the_kernel_reads() {
    expect(
        "socket(family == AF_UNIX)",
        "socket",
        &[[1, 0], [HIGH | 1, 0]],
        &[[2, 0], [0, 0]],
    );
    expect(
        "fchmod(mode == 04755)",
        "fchmod",
        &[[0, 0o4755], [0, HIGH | 0o4755], [0, 0x1_0000 | 0o4755]],
        &[[0, 0o755]],
    );
    expect(
        "read(arg0 == 5)",
        "read",
        &[[5, 0]],
        &[[4, 0], [0x1_0000_0005, 0]],
    );
    expect(
        "openat(dfd == AT_FDCWD)",
        "openat",
        &[[0xffff_ff9c, 0], [u64::MAX - 99, 0]],
        &[[3, 0]],
    );
}

#[test]
fn order_holds_across_the_halves() {
    expect(
        "read(arg0 > 5)",
        "read",
        &[[6, 0], [1 << 32, 0]],
        &[[5, 0], [0, 0]],
    );
    expect(
        "read(arg0 >= 0x100000005)",
        "read",
        &[[0x1_0000_0005, 0], [2 << 32, 0]],
        &[[0x1_0000_0004, 0], [u64::from(u32::MAX), 0]],
    );
    expect(
        "read(arg0 < arg1)",
        "read",
        &[[1, 1 << 32], [1, 2]],
        &[[2, 1], [1 << 32, 1], [3, 3]],
    );
    expect(
        "read(arg0 <= arg1)",
        "read",
        &[[3, 3], [1, 1 << 32]],
        &[[2, 1], [1 << 32, 1]],
    );
}

#[test]
fn bits_and_arithmetic_work() {
    expect(
        "read(arg0 &? 0x100000001)",
        "read",
        &[[0x1_0000_0001, 0], [u64::MAX, 0]],
        &[[1, 0], [1 << 32, 0]],
    );
    expect(
        "read(argL0 + argL1 == 7)",
        "read",
        &[[3, 4], [u64::from(u32::MAX), 8]],
        &[[3, 5]],
    );
    expect(
        "read(argL0 % 5 == 2)",
        "read",
        &[[7, 0], [2, 0]],
        &[[5, 0], [6, 0]],
    );
    expect("read(arg0 << 8 >> 8 == arg0 << 0)", "read", &[[0, 0]], &[]);
    expect("read(~argL0 == 5)", "read", &[[0xffff_fffa, 0]], &[[5, 0]]);
    expect("read(!(arg0 == 5))", "read", &[[4, 0]], &[[5, 0]]);
    expect(
        "read((arg0 ^ arg1) & ~0xff == 0)",
        "read",
        &[[1, 0x80], [HIGH, HIGH | 3]],
        &[[0, 0x100], [HIGH, 0]],
    );
}

#[test]
fn a_list_of_values_takes_an_instruction_each() {
    let values: Vec<String> = (0..40).map(|value| (value * 3).to_string()).collect();
    let list = format!("read(notIn(arg0, {}))", values.join(", "));
    expect(
        &list,
        "read",
        &[[1, 0], [1 << 32, 0], [0x1_0000_0003, 0]],
        &[[0, 0], [117, 0]],
    );
    let length = checked(&compile(Mode::AllowList, &list))
        .instructions()
        .len();
    assert!(length <= 40 + 18, "{length} instructions");
}

#[test]
fn exceptions_come_before_the_base_the_latest_first() {
    let policy = compile(
        Mode::AllowList,
        "read:read(fd == 1)=EPERM:read(fd > 0)=EACCES",
    );
    let decide = |fd| {
        policy
            .decide(ABI.audit(), 0, &[fd, 0, 0, 0, 0, 0])
            .to_string()
    };
    assert_eq!(
        [decide(0), decide(1), decide(2)],
        ["allow", "EACCES", "EACCES"]
    );
    checked(&policy);
}

fn cases() -> u32 {
    match std::env::var_os("SANDBOX_FULL_TESTS") {
        Some(_) => 20_000,
        None => 600,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    /// The definition and the program agree on all that the constants of the conditions can tell apart.
    #[test]
    fn the_program_answers_as_the_policy_does(
        conditions in prop::collection::vec(condition(), 1..4),
        seed in any::<[u64; 3]>(),
    ) {
        let items: Vec<String> = conditions.iter().enumerate().map(|(place, condition)| match place {
            0 => format!("read({condition})"),
            1 => format!("read({condition})=EPERM"),
            _ => format!("read({condition})=log"),
        }).collect();
        let list = items.join(":");
        let default = Action::parse("kill_process").unwrap();
        let request = Request::plain(Mode::AllowList, "LIST", list.as_bytes(), default);
        // A deny rule on an argument that the kernel reads less of is refused; that is another test's.
        let request = Request { whole_registers: true, ..request };
        let compiled = request.compile(ABI, &policy::no_files);
        prop_assume!(!matches!(&compiled, Err(policy::Error::Item { problem: policy::Problem::TooLarge, .. })), "a constant too large");
        let policy = compiled.unwrap_or_else(|error| panic!("{error}")).policy;
        let program = match Program::compile(&policy, None) {
            Err(filter::Error::TooLong { .. } | filter::Error::TooComplicated { .. }) => return Ok(()),
            other => other.unwrap_or_else(|error| panic!("{error}")),
        };
        let program = program.check(&policy, None).unwrap_or_else(|error| panic!("{list}: {error}"));
        let Answer::Decision(decision) = policy.native().answer(0) else { return Ok(()) };
        let mut values = vec![0, 1, u64::MAX, 1 << 32, 0xffff_ffff];
        values.extend(seed);
        for case in policy.cases(&decision) {
            boundaries(policy.conditions(), case.condition, &mut values);
        }
        values.sort_unstable();
        values.dedup();
        for (place, &first) in values.iter().enumerate() {
            for step in [0, 1, 3, 7] {
                let second = values[(place * 5 + step) % values.len()];
                let third = values[(place * 11 + step * 2) % values.len()];
                let arguments = [first, second, third, 0, 0, 0];
                let decided = policy.decide(ABI.audit(), 0, &arguments);
                prop_assert_eq!(answer(&program, 0, arguments), action_value(decided), "{} on {:x?}", list, arguments);
            }
        }
    }
}
