//! The check notices a program that is wrong: every single fault that changes an answer.
#![allow(clippy::unwrap_used)]

use filter::{Call, Instruction, Program, Ticket, run};
use policy::{Action, Mode, Policy, Request};
use syscalls::Abi;

const LISTS: [(Mode, &str, &str); 6] = [
    (
        Mode::AllowList,
        "newfstatat:write:exit_group",
        "kill_process",
    ),
    (Mode::AllowList, "read:write=log:openat=EACCES", "EPERM"),
    (Mode::AllowList, "", "log"),
    (Mode::DenyList, "execve:mprotect", "kill_process"),
    (Mode::DenyList, "@mount=EPERM:1000", "trap"),
    (Mode::AllowList, "@system-service", "EPERM"),
];
const WORDS: [u64; 3] = [
    0x0123_4567_89ab_cdef,
    0x1111_2222_3333_4444,
    0x5555_6666_7777_8888,
];

fn compile(mode: Mode, list: &str, default: &str, abi: Abi) -> Policy {
    let request = Request::plain(
        mode,
        "LIST",
        list.as_bytes(),
        Action::parse(default).unwrap(),
    );
    request.compile(abi, &policy::no_files).unwrap().policy
}

/// Calls on which a wrong program may show itself, with and without the ticket's words.
fn calls(policy: &Policy) -> Vec<Call> {
    let near = |number: u32| number.saturating_sub(3)..=number.saturating_add(3);
    let edges = [Abi::X32_BIT, Abi::X32_BIT | 59, 1 << 31, u32::MAX];
    let numbers: Vec<u32> = (0..1100).chain(edges.into_iter().flat_map(near)).collect();
    let [a, b, c] = WORDS;
    let held = [
        [0; 6],
        [0, 0, 0, a, b, c],
        [0, 0, 0, a ^ 1, b, c],
        [0, 0, 0, a, b, c ^ 1 << 63],
    ];
    let audits = [policy.abi().audit(), Abi::X86.audit()];
    let on = |audit| numbers.iter().map(move |&number| (audit, number));
    let points = audits.into_iter().flat_map(on);
    let with = |(audit, number)| {
        held.map(|arguments| Call {
            audit,
            number,
            arguments,
        })
    };
    points.flat_map(with).collect()
}

/// Every program that differs in one field of one instruction, within what the kernel would take.
fn mutants(program: &[Instruction]) -> Vec<Vec<Instruction>> {
    let mut mutants = Vec::new();
    for at in 0..program.len() {
        let old = program[at];
        let constants = [
            old.k ^ 1,
            old.k.wrapping_add(1),
            old.k.wrapping_sub(1),
            old.k ^ 0x8000_0000,
            0x7fff_0000,
        ];
        let changed = constants.map(|k| Instruction { k, ..old });
        let jumps = [
            Instruction {
                jt: old.jf,
                jf: old.jt,
                ..old
            },
            Instruction {
                jt: old.jt.wrapping_add(1),
                ..old
            },
            Instruction {
                jf: old.jf.wrapping_add(1),
                ..old
            },
            Instruction {
                code: if old.code == 0x35 { 0x15 } else { 0x35 },
                ..old
            },
        ];
        let jumps: &[Instruction] = if old.code & 7 == 5 { &jumps } else { &[] };
        for new in changed.iter().chain(jumps).filter(|&&new| new != old) {
            let mut mutant = program.to_vec();
            mutant[at] = *new;
            mutants.push(mutant);
        }
    }
    mutants
}

/// How many wrong programs the check notices; it must notice all that answer one call wrongly.
fn noticed(policy: &Policy, ticket: Option<&Ticket>) -> usize {
    let program = Program::compile(policy, ticket).unwrap();
    let calls = calls(policy);
    let right: Vec<_> = calls
        .iter()
        .map(|call| run(program.instructions(), call).ok())
        .collect();
    let mut count = 0;
    for mutant in mutants(program.instructions()) {
        let differs = |at: &usize| run(&mutant, &calls[*at]).ok() != right[*at];
        let Some(at) = (0..calls.len()).find(differs) else {
            continue;
        };
        let call = &calls[at];
        let wrong = run(&mutant, call);
        let refused = Program::from(mutant).check(policy, ticket).is_err();
        assert!(refused, "{call:x?} gets {wrong:x?}, not {:x?}", right[at]);
        count += 1;
    }
    count
}

#[test]
fn every_fault_that_changes_an_answer_is_noticed() {
    let ticket = Ticket::new(WORDS);
    let mut faults = 0;
    for (mode, list, default) in LISTS {
        for abi in [Abi::X86_64, Abi::Aarch64] {
            let policy = compile(mode, list, default, abi);
            faults += noticed(&policy, None) + noticed(&policy, Some(&ticket));
        }
    }
    assert!(faults > 1000, "only {faults} programs were wrong");
}
