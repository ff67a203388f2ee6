//! `--method ticket`: how long a wrong guess takes does not tell where it is wrong.
//!
//! A comparison that stops at the first difference is measured beside ours: the measurement must be
//! able to see what it must not find.

use std::path::{Path, PathBuf};

use filter::{Instruction, Program, Ticket};
use policy::{Mode, Request};
use sandbox_tests::{Run, compile, public_directory, skip};
use syscalls::Abi;

use crate::programs::{file, number};

const WORDS: [u64; 3] = [
    0x1357_9bdf_fdb9_7531,
    0x8642_0ace_eca0_2468,
    0x0f1e_2d3c_4b5a_6978,
];

/// Writes a filter as the kernel takes it.
pub fn write_filter(directory: &Path, name: &str, instructions: &[Instruction]) -> PathBuf {
    let mut bytes = Vec::new();
    for instruction in instructions {
        bytes.extend(instruction.code.to_ne_bytes());
        bytes.extend([instruction.jt, instruction.jf]);
        bytes.extend(instruction.k.to_ne_bytes());
    }
    file(directory, name, bytes, 0o644)
}

/// The launcher's filter for a list that denies a few calls with EPERM.
pub fn with_ticket(list: &str, words: [u64; 3]) -> Vec<Instruction> {
    let request = Request::new(Mode::DenyList, "list", list.as_bytes(), |_| None);
    let mut request = request.expect("a list");
    request.set_default("default", b"EPERM").expect("an action");
    let policy = request
        .compile(Abi::NATIVE, &policy::no_files)
        .expect("a policy")
        .policy;
    let ticket = Ticket::new(words);
    let program = Program::compile(&policy, Some(&ticket)).expect("a program");
    let checked = program.check(&policy, Some(&ticket)).expect("a right one");
    checked.instructions().to_vec()
}

/// A filter that compares half by half and gives up at the first that differs.
fn naive(words: [u64; 3]) -> Vec<Instruction> {
    let (load, equal, answer) = (0x20, 0x15, 0x06);
    let put = |code, jt, jf, k| Instruction { code, jt, jf, k };
    let mut program = vec![
        put(load, 0, 0, 0),
        put(equal, 1, 0, number("execve")),
        put(answer, 0, 0, 0x7fff_0000),
    ];
    let halves = words
        .iter()
        .flat_map(|word| [*word as u32, (word >> 32) as u32]);
    for (index, half) in (0_u8..).zip(halves) {
        program.push(put(load, 0, 0, 16 + 8 * 3 + 4 * u32::from(index)));
        // Over the halves that are left and the permission.
        program.push(put(equal, 0, 2 * (5 - index) + 1, half));
    }
    program.push(put(answer, 0, 0, 0x7fff_0000));
    program.push(put(answer, 0, 0, 0x0005_0001));
    program
}

/// How far apart the mean times for the four places are, as a part of the shortest; nothing where the clock
/// did not tell calls from nothing.
fn spread(instructions: &[Instruction]) -> Option<f64> {
    let directory = public_directory();
    let filter = write_filter(directory.path(), "filter", instructions);
    let outcome = Run::new(compile(include_str!("time_guesses.c"), &["-static"]))
        .arg(filter)
        .args(WORDS.map(|word| format!("{word:x}")))
        .outcome()
        .succeeded();
    let means = outcome
        .stdout
        .lines()
        .map(|line| line.parse().expect("a mean"));
    let means: Vec<f64> = means.collect();
    assert_eq!(means.len(), 4);
    let least = means.iter().copied().fold(f64::MAX, f64::min);
    let most = means.iter().copied().fold(0.0, f64::max);
    let measured = means.iter().all(|mean| *mean > 0.0);
    measured.then(|| (most - least) / least)
}

#[test]
fn the_time_of_a_wrong_guess_does_not_tell_where_it_is_wrong() {
    if !cfg!(target_arch = "x86_64") {
        return skip("written for the registers and the clock of x86_64");
    }
    let ours = with_ticket("execve", WORDS);
    let mut measured = Vec::new();
    // Other work on the machine can only add to the spread.
    for _ in 0..5 {
        let (Some(ours), Some(naive)) = (spread(&ours), spread(&naive(WORDS))) else {
            return skip("the clock is too coarse to time a call");
        };
        if ours < 0.01 && ours * 4.0 < naive {
            return;
        }
        measured.push((ours, naive));
    }
    panic!("spread of our times, and of naive ones: {measured:.4?}");
}
