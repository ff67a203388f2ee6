//! The check notices nearly every single fault in the program of a condition, and each that turns a
//! test of one half of a register off.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod generators;

use filter::{Call, Instruction, Program};
use generators::{HIGH, boundaries};
use policy::{Action, Answer, Mode, Policy, Request};
use syscalls::Abi;

const LISTS: [&str; 10] = [
    "socket(family == AF_UNIX || family == AF_INET)",
    "mmap(prot & ~(PROT_READ|PROT_WRITE) == 0)",
    "mprotect(prot &? PROT_EXEC)=EPERM:mprotect",
    "fchmod(mode & 07000 != 0)=EPERM:fchmod",
    "openat(flags & O_ACCMODE == O_RDONLY)",
    "lseek(offset <= 0x700000005)",
    "lseek(offset > 5 && offset < 0x300000000)",
    "read(arg1 == arg2)",
    "clone(flags &? CLONE_THREAD && flags & CLONE_NEWUSER == 0)",
    "write(fd < 3):exit_group(error_code == 0)",
];

fn compile(list: &str) -> Policy {
    let request = Request::plain(
        Mode::AllowList,
        "LIST",
        list.as_bytes(),
        Action::KillProcess,
    );
    request
        .compile(Abi::X86_64, &policy::no_files)
        .unwrap()
        .policy
}

/// Calls with arguments on which a wrong program may show itself.
fn calls(policy: &Policy) -> Vec<Call> {
    let mut calls = Vec::new();
    for rule in policy.native().rules() {
        let Answer::Decision(decision) = rule.answer else {
            continue;
        };
        let mut values = vec![0, 1, 2, 3, 4, 7, u64::MAX, HIGH];
        for case in policy.cases(&decision) {
            boundaries(policy.conditions(), case.condition, &mut values);
        }
        values.extend((0..64).map(|bit| 1 << bit));
        for &first in &values {
            for second in [0, first, first ^ 1, first ^ 1 << 32] {
                let call = |arguments| Call {
                    audit: policy.abi().audit(),
                    number: rule.number,
                    arguments,
                };
                calls.push(call([first; 6]));
                calls.push(call([first, second, first, second, first, second]));
                calls.push(call([second, first, second, first, second, first]));
            }
        }
    }
    calls
}

/// Programs with one instruction changed: another constant, another way, another half.
fn mutants(program: &[Instruction]) -> Vec<Vec<Instruction>> {
    let mut mutants = Vec::new();
    for at in 0..program.len() {
        let old = program[at];
        let constants = [
            old.k ^ 1,
            old.k.wrapping_add(1),
            old.k.wrapping_sub(1),
            old.k ^ 4,
        ];
        let mut change = |new: Instruction| {
            let mut mutant = program.to_vec();
            mutant[at] = new;
            mutants.push(mutant);
        };
        constants
            .into_iter()
            .for_each(|k| change(Instruction { k, ..old }));
        let (jt, jf) = (old.jt, old.jf);
        change(Instruction {
            jt: jf,
            jf: jt,
            ..old
        });
        change(Instruction { jt, jf: jt, ..old });
        change(Instruction { jt: jf, jf, ..old });
    }
    mutants
}

/// Of the mutants that answer some call otherwise, how many there are and how many pass the check.
fn survivors(list: &str) -> (usize, usize) {
    let policy = compile(list);
    let program = Program::compile(&policy, None).unwrap();
    let calls = calls(&policy);
    let answers = |program: &[Instruction]| {
        let answer = |call: &Call| filter::run(program, call);
        calls.iter().map(answer).collect::<Vec<_>>()
    };
    let right = answers(program.instructions());
    let (mut wrong, mut missed) = (0, 0);
    for mutant in mutants(program.instructions()) {
        if answers(&mutant) != right {
            wrong += 1;
            missed += usize::from(Program::from(mutant).check(&policy, None).is_ok());
        }
    }
    (wrong, missed)
}

#[test]
fn nearly_every_fault_in_a_condition_is_noticed() {
    let (mut wrong, mut missed) = (0, 0);
    for list in LISTS {
        let (some, passed) = survivors(list);
        println!("{passed:3} of {some:3}: {list}");
        wrong += some;
        missed += passed;
    }
    assert!(wrong > 500, "{wrong} mutants");
    assert!(
        missed * 100 <= wrong * 4,
        "{missed} of {wrong} wrong programs pass"
    );
}

/// A test of a word of `prot` that is not there lets memory be written and executed.
#[test]
fn a_test_of_either_half_that_is_gone_is_noticed() {
    const LOAD: u16 = 0x20;
    const JUMP_SET: u16 = 0x45;
    let policy = compile("mmap(prot & ~(PROT_READ|PROT_WRITE) == 0)");
    let program = Program::compile(&policy, None).unwrap();
    let loads = program.instructions().iter().enumerate();
    let of_prot = loads.filter(|(_, one)| one.code == LOAD && [32, 36].contains(&one.k));
    let tests: Vec<usize> = of_prot.map(|(at, _)| at + 1).collect();
    assert_eq!(tests.len(), 2, "one for each half");
    for at in tests {
        let mut mutant = program.instructions().to_vec();
        let test = &mut mutant[at];
        match test.code {
            JUMP_SET => test.jt = test.jf,
            _ => test.jf = test.jt,
        }
        let refused = Program::from(mutant).check(&policy, None).is_err();
        assert!(refused, "instruction {at}");
    }
}
