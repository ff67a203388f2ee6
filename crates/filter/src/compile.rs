//! From a policy to a program.
//!
//! The layout: the ABI, then numbers beyond the native ones, then a binary tree over ranges of
//! numbers with equal actions. No argument is loaded for a call whose action does not depend on
//! one, and only `ld`, `jeq`, `jge` and `jset` lead there, so that the kernel's constant-action bitmap
//! (seccomp_is_const_allow, kernel/seccomp.c) answers allowed calls without running the program.

use alloc::vec::Vec;

use policy::{Action, Answer, MINUS_ONE, Policy, Range, Table};
use syscalls::Abi;

use crate::Error;
use crate::assemble::{Assembler, Label};
use crate::decide::decide;
use crate::instruction::{
    AUDIT, Instruction, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_SET, LOAD, NUMBER, action_value,
};
use crate::ticket::Ticket;

/// The longest program that seccomp(2) takes (BPF_MAXINSNS, include/uapi/linux/bpf_common.h).
pub(crate) const LONGEST: usize = 4096;

/// A filter that was compiled but not yet compared with its policy.
pub struct Program {
    pub(crate) instructions: Vec<Instruction>,
}

/// A filter that answers as its policy does; the only kind that can be loaded.
pub struct Checked {
    pub(crate) instructions: Vec<Instruction>,
}

/// Instructions from elsewhere. They are worth nothing before the check.
impl From<Vec<Instruction>> for Program {
    fn from(instructions: Vec<Instruction>) -> Program {
        Program { instructions }
    }
}

impl Checked {
    /// The instructions in running order.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }
}

impl Program {
    /// Lays out a policy. With a ticket, its calls are also allowed to who holds it.
    ///
    /// # Errors
    /// [`Error::TooLong`] when the kernel would not take the program.
    pub fn compile(policy: &Policy, ticket: Option<&Ticket>) -> Result<Program, Error> {
        let mut layout = Layout {
            assembler: Assembler::default(),
            policy,
            longest: None,
        };
        let mut next = layout.answer(policy.default_action());
        for (place, table) in policy.tables().iter().enumerate().rev() {
            // Only the launcher holds a ticket, and it is a native program.
            let native = layout.numbers(table, ticket.filter(|_| place == 0))?;
            layout.assembler.continue_at(native);
            let native = layout.assembler.put(Instruction::plain(LOAD, NUMBER));
            next = layout
                .assembler
                .branch(JUMP_EQUAL, table.abi().audit(), native, next);
        }
        layout.assembler.put(Instruction::plain(LOAD, AUDIT));
        let longest = layout.longest;
        let instructions = layout.assembler.finish();
        match instructions.len() {
            0..=LONGEST => Ok(Program { instructions }),
            length => Err(Error::TooLong { length, longest }),
        }
    }

    /// The instructions in running order.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }
}

/// A program growing from its end.
struct Layout<'a> {
    assembler: Assembler,
    policy: &'a Policy,
    /// The call with the most instructions for its conditions so far.
    longest: Option<(Abi, u32, usize)>,
}

/// What a call gets.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Given {
    answer: Answer,
    /// Whether a ticket changes it.
    guarded: bool,
}

/// Consecutive numbers with one answer, but for a few in between.
struct Leaf {
    first: u32,
    given: Given,
    exceptions: Vec<(u32, Given)>,
}

/// Exceptions in a leaf are tested one after the other; a few save a level of the tree each.
const MOST_EXCEPTIONS: usize = 3;

/// A table's ranges with the calls that a ticket opens set apart: first number, last, answer.
fn runs(table: &Table, ticket: Option<&Ticket>) -> Vec<(u32, u32, Given)> {
    let opened = match ticket {
        Some(ticket) => ticket.opened(table.abi()),
        None => Vec::new(),
    };
    let mut runs = Vec::with_capacity(table.ranges().len() + 2 * opened.len());
    for &Range {
        first,
        last,
        answer,
    } in table.ranges()
    {
        let given = |guarded| Given { answer, guarded };
        let open = answer == Answer::Action(Action::Allow);
        let mut next = first;
        let within = |number: &&u32| (first..=last).contains(*number) && !open;
        for &number in opened.iter().filter(within) {
            if next < number {
                runs.push((next, number - 1, given(false)));
            }
            runs.push((number, number, given(true)));
            next = number + 1;
        }
        if next <= last {
            runs.push((next, last, given(false)));
        }
    }
    runs
}

/// Runs gathered into leaves: a single number between two runs of one answer is an exception.
fn leaves(table: &Table, ticket: Option<&Ticket>) -> Vec<Leaf> {
    let runs = runs(table, ticket);
    let mut leaves: Vec<Leaf> = Vec::with_capacity(runs.len());
    let mut at = 0;
    while let Some(&(first, last, given)) = runs.get(at) {
        let behind = runs.get(at + 1).map(|run| run.2);
        match leaves.last_mut() {
            Some(leaf)
                if first == last
                    && behind == Some(leaf.given)
                    && leaf.exceptions.len() < MOST_EXCEPTIONS =>
            {
                leaf.exceptions.push((first, given));
                at += 2;
            }
            _ => {
                leaves.push(Leaf {
                    first,
                    given,
                    exceptions: Vec::new(),
                });
                at += 1;
            }
        }
    }
    leaves
}

impl Layout<'_> {
    /// Everything that depends on the number of a call with a table's audit architecture.
    fn numbers(&mut self, table: &Table, ticket: Option<&Ticket>) -> Result<Label, Error> {
        let minus_one = self.answer(table.minus_one_action());
        if table.abi() != Abi::X86_64 {
            let native = self.tree(table.abi(), &leaves(table, ticket), ticket)?;
            return Ok(self
                .assembler
                .branch(JUMP_EQUAL, MINUS_ONE, minus_one, native));
        }
        let refuse = self.answer(self.policy.default_action());
        let beyond = self
            .assembler
            .branch(JUMP_EQUAL, MINUS_ONE, minus_one, refuse);
        let native = self.tree(table.abi(), &leaves(table, ticket), ticket)?;
        Ok(self
            .assembler
            .branch(JUMP_SET, Abi::X32_BIT, beyond, native))
    }

    /// A balanced search over the first numbers of the leaves.
    fn tree(&mut self, abi: Abi, leaves: &[Leaf], ticket: Option<&Ticket>) -> Result<Label, Error> {
        if let [leaf] = leaves {
            let mut label = self.place(abi, leaf.first, leaf.given, ticket)?;
            for &(number, given) in &leaf.exceptions {
                let other = self.place(abi, number, given, ticket)?;
                label = self.assembler.branch(JUMP_EQUAL, number, other, label);
            }
            return Ok(label);
        }
        let (lower, upper) = leaves.split_at(leaves.len() / 2);
        let above = self.tree(abi, upper, ticket)?;
        let below = self.tree(abi, lower, ticket)?;
        let edge = upper[0].first;
        Ok(self
            .assembler
            .branch(JUMP_GREATER_EQUAL, edge, above, below))
    }

    fn place(
        &mut self,
        abi: Abi,
        number: u32,
        given: Given,
        ticket: Option<&Ticket>,
    ) -> Result<Label, Error> {
        let mut label = self.answer(given.answer.otherwise());
        if let Answer::Decision(decision) = given.answer {
            let before = self.assembler.length();
            label = decide(&mut self.assembler, self.policy, &decision, label)
                .map_err(|_| Error::TooComplicated { abi, number })?;
            let length = self.assembler.length() - before;
            if self.longest.is_none_or(|longest| longest.2 < length) {
                self.longest = Some((abi, number, length));
            }
        }
        match ticket {
            Some(ticket) if given.guarded => Ok(ticket.guard(&mut self.assembler, label)),
            _ => Ok(label),
        }
    }

    fn answer(&mut self, action: Action) -> Label {
        self.assembler.answer(action_value(action))
    }
}
