//! From a policy to a program.
//!
//! The layout: the ABI, then numbers beyond the native ones, then a binary tree over ranges of
//! numbers with equal actions. No argument is loaded for a call whose action does not depend on
//! one, and only `ld`, `jeq` and `jge` lead there, so that the kernel's constant-action bitmap
//! (seccomp_is_const_allow, kernel/seccomp.c) answers allowed calls without running the program.

use alloc::vec::Vec;

use policy::{Action, MINUS_ONE, Policy, Range};
use syscalls::Abi;

use crate::Error;
use crate::assemble::{Assembler, Label};
use crate::instruction::{
    AUDIT, Instruction, JUMP_EQUAL, JUMP_GREATER_EQUAL, LOAD, NUMBER, action_value,
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
    assembler.branch(JUMP_GREATER_EQUAL, Abi::X32_BIT, beyond, native)
}

/// Consecutive numbers with the same answer.
struct Leaf {
    first: u32,
    action: Action,
    /// Whether a ticket changes the answer.
    guarded: bool,
}

/// The policy's ranges, with the calls that a ticket opens set apart.
fn leaves(policy: &Policy, ticket: Option<&Ticket>) -> Vec<Leaf> {
    let opened = if ticket.is_some() {
        Ticket::opened(policy.abi())
    } else {
        Vec::new()
    };
    let mut leaves = Vec::new();
    for &Range {
        first,
        last,
        action,
    } in policy.ranges()
    {
        let mut next = first;
        let within = |number: &&u32| (first..=last).contains(*number) && action != Action::Allow;
        for &number in opened.iter().filter(within) {
            if next < number {
                leaves.push(Leaf {
                    first: next,
                    action,
                    guarded: false,
                });
            }
            leaves.push(Leaf {
                first: number,
                action,
                guarded: true,
            });
            next = number + 1;
        }
        if next <= last {
            leaves.push(Leaf {
                first: next,
                action,
                guarded: false,
            });
        }
    }
    leaves
}

/// A balanced search over the first numbers of the leaves.
fn tree(assembler: &mut Assembler, leaves: &[Leaf], ticket: Option<&Ticket>) -> Label {
    if let [leaf] = leaves {
        return match ticket {
            Some(ticket) if leaf.guarded => ticket.guard(assembler, leaf.action),
            _ => assembler.answer(action_value(leaf.action)),
        };
    }
    let (lower, upper) = leaves.split_at(leaves.len() / 2);
    let above = tree(assembler, upper, ticket);
    let below = tree(assembler, lower, ticket);
    assembler.branch(JUMP_GREATER_EQUAL, upper[0].first, above, below)
}
