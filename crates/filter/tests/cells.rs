//! What a cell's program gets: a ticket that lets it wait, and a filter that stops foreign calls whoever
//! watches the others.
#![allow(clippy::unwrap_used, clippy::panic)]

use filter::{Call, Instruction, Program, Supervision, Ticket, run};
use policy::{Action, Mode, Policy, Request};
use syscalls::Abi;

const WORDS: [u64; 3] = [0x0123_4567_89ab_cdef, u64::MAX, 0x8000_0000_0000_0001];
const KILL: u32 = 0x8000_0000;
const ALLOW: u32 = 0x7fff_0000;
const NOTIFY: u32 = 0x7fc0_0000;

fn policy(mode: Mode, list: &str) -> Policy {
    let request = Request::plain(mode, "LIST", list.as_bytes(), Action::KillProcess);
    request
        .compile(Abi::NATIVE, &policy::no_files)
        .unwrap()
        .policy
}

fn answer(program: &[Instruction], audit: u32, number: u32, held: [u64; 3]) -> u32 {
    let [a, b, c] = held;
    let arguments = [0, 0, 0, a, b, c];
    let call = Call {
        audit,
        number,
        arguments,
    };
    run(program, &call).unwrap()
}

fn number(name: &str) -> u32 {
    syscalls::number(Abi::NATIVE, name).unwrap()
}

#[test]
fn the_ticket_of_a_cell_opens_four_calls_and_one_wrong_bit_none() {
    let policy = policy(Mode::AllowList, "getpid");
    let ticket = Ticket::for_cell(WORDS);
    let program = Program::compile(&policy, Some(&ticket)).unwrap();
    let program = program.check(&policy, Some(&ticket)).unwrap();
    let native = Abi::NATIVE.audit();
    for name in ["execve", "write", "read", "exit_group"] {
        let held = answer(program.instructions(), native, number(name), WORDS);
        assert_eq!(held, ALLOW, "{name}");
        for bit in 0..192 {
            let mut words = WORDS;
            words[bit / 64] ^= 1 << (bit % 64);
            let wrong = answer(program.instructions(), native, number(name), words);
            assert_eq!(wrong, KILL, "{name}, bit {bit}");
        }
    }
    for name in ["close", "openat", "execveat", "seccomp"] {
        let other = answer(program.instructions(), native, number(name), WORDS);
        assert_eq!(other, KILL, "{name}");
    }
}

#[test]
fn calls_of_other_abis_are_killed_while_all_others_are_watched() {
    for mode in [Mode::AllowList, Mode::DenyList] {
        let policy = policy(mode, "getpid");
        let checked = Program::compile(&policy, None).unwrap();
        let checked = checked.check(&policy, None).unwrap();
        let supervised = checked.supervised(Supervision::Audit, &policy).unwrap();
        let watched = supervised.instructions().to_vec();
        let program = supervised.of_native_calls().unwrap();
        let program = program.instructions();
        let (native, foreign) = (Abi::NATIVE.audit(), Abi::X86.audit());
        let other = syscalls::number(Abi::NATIVE, "openat").unwrap();
        let (allowed, violation) = match mode {
            Mode::AllowList => (number("getpid"), other),
            Mode::DenyList => (other, number("getpid")),
        };
        assert_eq!(answer(program, native, allowed, [0; 3]), ALLOW);
        assert_eq!(answer(program, native, violation, [0; 3]), NOTIFY);
        // Without the change they were the watcher's.
        assert_eq!(answer(&watched, foreign, allowed, [0; 3]), NOTIFY);
        assert_eq!(answer(program, foreign, allowed, [0; 3]), KILL);
        assert_eq!(answer(program, 0, allowed, [0; 3]), KILL);
        if Abi::NATIVE == Abi::X86_64 {
            let x32 = allowed | Abi::X32_BIT;
            assert_eq!(answer(&watched, native, x32, [0; 3]), NOTIFY);
            assert_eq!(answer(program, native, x32, [0; 3]), KILL);
            assert_eq!(answer(program, native, u32::MAX - 1, [0; 3]), KILL);
        }
        let minus_one = answer(program, native, u32::MAX, [0; 3]);
        assert_eq!(minus_one, answer(&watched, native, u32::MAX, [0; 3]));
    }
}

#[test]
fn a_program_that_is_handed_over_arrives_as_it_was() {
    let policy = policy(Mode::AllowList, "getpid:socket(family == AF_UNIX)");
    let checked = Program::compile(&policy, None).unwrap();
    let checked = checked.check(&policy, None).unwrap();
    let bits: Vec<u64> = checked
        .instructions()
        .iter()
        .map(|one| one.to_bits())
        .collect();
    let arrived: Vec<Instruction> = bits
        .iter()
        .map(|one| Instruction::from_bits(*one))
        .collect();
    assert_eq!(arrived, checked.instructions());
    let every = Instruction {
        code: 0x0123,
        jt: 0x45,
        jf: 0x67,
        k: 0x89ab_cdef,
    };
    assert_eq!(every.to_bits(), 0x0123_4567_89ab_cdef);
}
