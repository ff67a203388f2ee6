//! From a policy to a program.
//!
//! The layout: the ABI, then numbers beyond the native ones, then a binary tree over ranges of
//! numbers with equal actions. No argument is loaded for a call whose action does not depend on
//! one, and only `ld`, `jeq`, `jge` and `jset` lead there, so that the kernel's constant-action bitmap
//! (seccomp_is_const_allow, kernel/seccomp.c) answers allowed calls without running the program.

use alloc::vec::Vec;

use policy::{Action, MINUS_ONE, Policy, Range};
use syscalls::Abi;

use crate::Error;
use crate::assemble::{Assembler, Label};
use crate::instruction::{
    AUDIT, Instruction, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_SET, LOAD, NUMBER, action_value,
};
use crate::ticket::Ticket;

/// The longest program that seccomp(2) takes (BPF_MAXINSNS, include/uapi/linux/bpf_common.h).
const LONGEST: usize = 4096;

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
    /// Lays out a policy. With a ticket, its three calls are also allowed to who holds it.
    ///
    /// # Errors
    /// [`Error::TooLong`] when the kernel would not take the program.
    pub fn compile(policy: &Policy, ticket: Option<&Ticket>) -> Result<Program, Error> {
        let mut assembler = Assembler::default();
        let refuse = assembler.answer(action_value(policy.default_action()));
        let numbers = numbers(&mut assembler, policy, ticket);
        assembler.continue_at(numbers);
        let native = assembler.put(Instruction::plain(LOAD, NUMBER));
        assembler.branch(JUMP_EQUAL, policy.abi().audit(), native, refuse);
        assembler.put(Instruction::plain(LOAD, AUDIT));
        let instructions = assembler.finish();
        match instructions.len() {
            0..=LONGEST => Ok(Program { instructions }),
            length => Err(Error::TooLong { length }),
        }
    }

    /// The instructions in running order.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }
}

/// Everything that depends on the number of a call with the native audit architecture.
fn numbers(assembler: &mut Assembler, policy: &Policy, ticket: Option<&Ticket>) -> Label {
    let minus_one = assembler.answer(action_value(policy.minus_one_action()));
    if policy.abi() != Abi::X86_64 {
        let native = tree(assembler, &leaves(policy, ticket), ticket);
        return assembler.branch(JUMP_EQUAL, MINUS_ONE, minus_one, native);
    }
    let refuse = assembler.answer(action_value(policy.default_action()));
    let beyond = assembler.branch(JUMP_EQUAL, MINUS_ONE, minus_one, refuse);
    let native = tree(assembler, &leaves(policy, ticket), ticket);
    assembler.branch(JUMP_SET, Abi::X32_BIT, beyond, native)
}

/// What a call gets.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Answer {
    action: Action,
    /// Whether a ticket changes it.
    guarded: bool,
}

/// Consecutive numbers with one answer, but for a few in between.
struct Leaf {
    first: u32,
    answer: Answer,
    exceptions: Vec<(u32, Answer)>,
}

/// Exceptions in a leaf are tested one after the other; a few save a level of the tree each.
const MOST_EXCEPTIONS: usize = 3;

/// The policy's ranges with the calls that a ticket opens set apart: first number, last, answer.
fn runs(policy: &Policy, ticket: Option<&Ticket>) -> Vec<(u32, u32, Answer)> {
    let opened = if ticket.is_some() {
        Ticket::opened(policy.abi())
    } else {
        Vec::new()
    };
    let mut runs = Vec::with_capacity(policy.ranges().len() + 2 * opened.len());
    for &Range {
        first,
        last,
        action,
    } in policy.ranges()
    {
        let plain = Answer {
            action,
            guarded: false,
        };
        let mut next = first;
        let within = |number: &&u32| (first..=last).contains(*number) && action != Action::Allow;
        for &number in opened.iter().filter(within) {
            if next < number {
                runs.push((next, number - 1, plain));
            }
            runs.push((
                number,
                number,
                Answer {
                    action,
                    guarded: true,
                },
            ));
            next = number + 1;
        }
        if next <= last {
            runs.push((next, last, plain));
        }
    }
    runs
}

/// Runs gathered into leaves: a single number between two runs of one answer is an exception.
fn leaves(policy: &Policy, ticket: Option<&Ticket>) -> Vec<Leaf> {
    let runs = runs(policy, ticket);
    let mut leaves: Vec<Leaf> = Vec::with_capacity(runs.len());
    let mut at = 0;
    while let Some(&(first, last, answer)) = runs.get(at) {
        let behind = runs.get(at + 1).map(|run| run.2);
        match leaves.last_mut() {
            Some(leaf)
                if first == last
                    && behind == Some(leaf.answer)
                    && leaf.exceptions.len() < MOST_EXCEPTIONS =>
            {
                leaf.exceptions.push((first, answer));
                at += 2;
            }
            _ => {
                leaves.push(Leaf {
                    first,
                    answer,
                    exceptions: Vec::new(),
                });
                at += 1;
            }
        }
    }
    leaves
}

/// A balanced search over the first numbers of the leaves.
fn tree(assembler: &mut Assembler, leaves: &[Leaf], ticket: Option<&Ticket>) -> Label {
    if let [leaf] = leaves {
        let mut label = place(assembler, leaf.answer, ticket);
        for &(number, answer) in &leaf.exceptions {
            let other = place(assembler, answer, ticket);
            label = assembler.branch(JUMP_EQUAL, number, other, label);
        }
        return label;
    }
    let (lower, upper) = leaves.split_at(leaves.len() / 2);
    let above = tree(assembler, upper, ticket);
    let below = tree(assembler, lower, ticket);
    assembler.branch(JUMP_GREATER_EQUAL, upper[0].first, above, below)
}

fn place(assembler: &mut Assembler, answer: Answer, ticket: Option<&Ticket>) -> Label {
    match ticket {
        Some(ticket) if answer.guarded => ticket.guard(assembler, answer.action),
        _ => assembler.answer(action_value(answer.action)),
    }
}
