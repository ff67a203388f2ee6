//! A program from elsewhere behind our own beginning.
//!
//! The ABI, x32, −1, numbers above the newest known one and a ticket are answered here, as
//! [`crate::compile`] answers them; only then comes the body, which is asked about known calls and
//! about conditions.

use alloc::vec::Vec;

use policy::{Action, Answer, MINUS_ONE, Policy, Range, Table};
use syscalls::Abi;

use crate::Error;
use crate::assemble::{Assembler, Label};
use crate::compile::{LONGEST, Program};
use crate::instruction::{
    AUDIT, Instruction, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_SET, LOAD, NUMBER, action_value,
};
use crate::ticket::Ticket;

impl Program {
    /// Puts a program for the native ABI's calls behind our beginning. Calls of all other ABIs are
    /// violations.
    ///
    /// # Errors
    /// [`Error::TooLong`] when the kernel would not take the program.
    pub fn behind_prologue(
        policy: &Policy,
        ticket: Option<&Ticket>,
        body: Vec<Instruction>,
    ) -> Result<Program, Error> {
        let table = policy.native();
        let mut assembler = Assembler::default();
        let mut start = assembler.answer(action_value(policy.default_action()));
        for instruction in body.into_iter().rev() {
            start = assembler.put(instruction);
        }
        let known = newer(&mut assembler, table, start);
        let guarded = guarded(&mut assembler, table, ticket, known);
        let refuse = assembler.answer(action_value(policy.default_action()));
        let minus_one = assembler.answer(action_value(table.minus_one_action()));
        let native = match table.abi() {
            Abi::X86_64 => {
                let beyond = assembler.branch(JUMP_EQUAL, MINUS_ONE, minus_one, refuse);
                assembler.branch(JUMP_SET, Abi::X32_BIT, beyond, guarded)
            }
            _ => assembler.branch(JUMP_EQUAL, MINUS_ONE, minus_one, guarded),
        };
        let native = load(&mut assembler, NUMBER, native);
        let entry = assembler.branch(JUMP_EQUAL, table.abi().audit(), native, refuse);
        load(&mut assembler, AUDIT, entry);
        let instructions = assembler.finish();
        match instructions.len() {
            0..=LONGEST => Ok(Program { instructions }),
            length => Err(Error::TooLong {
                length,
                longest: None,
            }),
        }
    }
}

/// Answers numbers above the newest known one, unless it depends on arguments, and leaves the rest to
/// the body.
fn newer(assembler: &mut Assembler, table: &Table, body: Label) -> Label {
    let newest = syscalls::newest(table.abi());
    let mut label = body;
    for range in table.ranges().iter().filter(|range| range.last > newest) {
        let Range { first, answer, .. } = *range;
        let place = match answer {
            Answer::Action(action) => assembler.answer(action_value(action)),
            Answer::Decision(_) => body,
        };
        label = assembler.branch(JUMP_GREATER_EQUAL, first.max(newest + 1), place, label);
    }
    label
}

/// Opens the ticket's calls to who holds it; all else goes on at `otherwise` with the number loaded.
fn guarded(
    assembler: &mut Assembler,
    table: &Table,
    ticket: Option<&Ticket>,
    otherwise: Label,
) -> Label {
    let Some(ticket) = ticket else {
        return otherwise;
    };
    let again = load(assembler, NUMBER, otherwise);
    let guard = ticket.guard(assembler, again);
    let mut label = otherwise;
    for number in ticket.opened(table.abi()) {
        // What is open to all needs no key, and nothing is learnt from how long it takes.
        if table.answer(number) != Answer::Action(Action::Allow) {
            label = assembler.branch(JUMP_EQUAL, number, guard, label);
        }
    }
    label
}

/// Loads a word of the call before `next`.
fn load(assembler: &mut Assembler, offset: u32, next: Label) -> Label {
    assembler.continue_at(next);
    assembler.put(Instruction::plain(LOAD, offset))
}
