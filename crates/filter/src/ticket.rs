//! The ticket: three secret words that let the launcher, and nobody else, pass its own filter.
//!
//! execve(2), write(2), read(2) and exit_group(2) ignore their fourth to sixth argument, but a filter sees
//! them; so does close(2). A program with a ticket lets these calls through when the arguments hold
//! the words.
//! The comparison runs through all six halves before its one jump, so its time does not tell how
//! much of a guess was right.

use alloc::vec::Vec;

use crate::assemble::{Assembler, Label};
use crate::instruction::{
    COPY_TO_X, Instruction, JUMP_EQUAL, LOAD, OR_X, XOR, action_value, argument_high, argument_low,
};
use policy::Action;

/// Three random words. Not `Debug` or `Clone`: they belong in the launcher's registers only.
pub struct Ticket {
    words: [u64; 3],
    calls: &'static [&'static str],
}

/// The calls that a launcher's ticket opens.
const LAUNCH: [&str; 3] = ["execve", "write", "exit_group"];
/// The calls that the ticket of a cell's program opens: before its exec it waits until its watcher is there.
const CELL: [&str; 4] = ["execve", "write", "read", "exit_group"];
/// The call that a tracer's ticket opens, to close what seccomp(2) left in the program.
const INJECTION: [&str; 1] = ["close"];

/// The first of the three arguments that hold the words.
const FIRST_ARGUMENT: u32 = 3;

impl Ticket {
    /// A launcher's ticket from 192 bits that must come from the kernel's random source.
    pub fn new(words: [u64; 3]) -> Ticket {
        Ticket {
            words,
            calls: &LAUNCH,
        }
    }

    /// The ticket of a cell's program, which also opens read(2).
    pub fn for_cell(words: [u64; 3]) -> Ticket {
        Ticket {
            words,
            calls: &CELL,
        }
    }

    /// A tracer's ticket, for close(2) alone.
    pub fn for_injection(words: [u64; 3]) -> Ticket {
        Ticket {
            words,
            calls: &INJECTION,
        }
    }

    /// The words, for the launcher's calls and for the check.
    pub fn words(&self) -> [u64; 3] {
        self.words
    }

    /// The numbers of the calls that the ticket opens, ascending.
    pub(crate) fn opened(&self, abi: syscalls::Abi) -> Vec<u32> {
        let mut numbers: Vec<u32> = self
            .calls
            .iter()
            .filter_map(|name| syscalls::number(abi, name))
            .collect();
        // A few numbers: a sort of the library would be the largest function of the preloaded object.
        while let Some(at) = numbers.windows(2).position(|pair| pair[0] > pair[1]) {
            numbers.swap(at, at + 1);
        }
        numbers
    }

    /// The halves to compare: offset in `seccomp_data` and expected value.
    fn halves(&self) -> Vec<(u32, u32)> {
        let mut halves = Vec::with_capacity(2 * self.words.len());
        for (index, word) in (FIRST_ARGUMENT..).zip(self.words) {
            let [a, b, c, d, e, f, g, h] = word.to_le_bytes();
            halves.push((argument_low(index), u32::from_le_bytes([a, b, c, d])));
            halves.push((argument_high(index), u32::from_le_bytes([e, f, g, h])));
        }
        halves
    }

    /// Allows with the words, goes on at `otherwise` without them.
    pub(crate) fn guard(&self, assembler: &mut Assembler, otherwise: Label) -> Label {
        let refuse = otherwise;
        let allow = assembler.answer(action_value(Action::Allow));
        let mut entry = assembler.branch(JUMP_EQUAL, 0, allow, refuse);
        let first = argument_low(FIRST_ARGUMENT);
        for (offset, expected) in self.halves().into_iter().rev() {
            // A: this half's difference, gathered with those before it in X.
            if offset != first {
                assembler.put(Instruction::plain(OR_X, 0));
            }
            assembler.put(Instruction::plain(XOR, expected));
            entry = assembler.put(Instruction::plain(LOAD, offset));
            if offset != first {
                entry = assembler.put(Instruction::plain(COPY_TO_X, 0));
            }
        }
        entry
    }
}
