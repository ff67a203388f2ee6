//! A checked program under a supervisor: violations are shown to somebody first.
//!
//! The program stays as it was checked; only what its last instructions answer changes, each answer
//! into one other, so the supervised program decides as the checked one does. Kills and traps stay in
//! the kernel wherever anything is enforced.

use alloc::vec::Vec;

use policy::{MINUS_ONE, Policy};
use syscalls::Abi;

use crate::compile::{Checked, LONGEST};
use crate::error::Error;
use crate::instruction::{
    AUDIT, Instruction, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_SET, LOAD, NUMBER, RETURN,
    argument_low,
};

/// What becomes of violations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supervision {
    /// Nothing is enforced: every violation waits for the supervisor, who lets it run.
    Audit,
    /// The same through ptrace(2), where there is another listener already.
    AuditByTrace,
    /// Kills and traps are the kernel's; errors are given by the supervisor, who reports them. Where
    /// he is gone the call fails with ENOSYS: it does not run.
    Explain,
}

/// A program that needs a supervisor.
pub struct Supervised {
    instructions: Vec<Instruction>,
}

/// What filters return (include/uapi/linux/seccomp.h).
const KIND: u32 = 0xffff_0000;
const ALLOW: u32 = 0x7fff_0000;
const LOG: u32 = 0x7ffc_0000;
const TRACE: u32 = 0x7ff0_0000;
const NOTIFY: u32 = 0x7fc0_0000;
const ERRNO: u32 = 0x0005_0000;
const KILL_PROCESS: u32 = 0x8000_0000;

impl Supervision {
    fn answer(self, answer: u32) -> u32 {
        match (self, answer & KIND) {
            (_, ALLOW) => answer,
            (Supervision::Audit, _) => NOTIFY,
            (Supervision::AuditByTrace, _) => TRACE,
            (Supervision::Explain, ERRNO | LOG) => NOTIFY,
            (Supervision::Explain, _) => answer,
        }
    }
}

impl Checked {
    /// Puts a supervisor between the program and its answers.
    ///
    /// # Errors
    /// [`Error::TooLong`] when the kernel would not take the program.
    pub fn supervised(
        self,
        supervision: Supervision,
        policy: &Policy,
    ) -> Result<Supervised, Error> {
        let mut waits = false;
        let changed = self.instructions.into_iter().map(|instruction| {
            let mut instruction = instruction;
            if instruction.code == RETURN {
                instruction.k = supervision.answer(instruction.k);
                waits |= instruction.k == NOTIFY;
            }
            instruction
        });
        let body: Vec<Instruction> = changed.collect();
        let mut instructions = Vec::new();
        if supervision == Supervision::Explain && waits {
            for table in policy.tables() {
                refuse_listeners(table.abi(), &mut instructions);
            }
        }
        instructions.extend(body);
        match instructions.len() {
            0..=LONGEST => Ok(Supervised { instructions }),
            length => Err(Error::TooLong {
                length,
                longest: None,
            }),
        }
    }
}

/// Answers whoever wants a listener of his own with EBUSY, as the kernel does while ours is there
/// (seccomp(2)). If the supervisor died, a program could else install one, and answer for our
/// filter's notifications, too.
fn refuse_listeners(abi: Abi, instructions: &mut Vec<Instruction>) {
    const NEW_LISTENER: u32 = 1 << 3;
    const FLAGS: u32 = argument_low(1);
    const EBUSY: u32 = 16;
    let Some(number) = syscalls::number(abi, "seccomp") else {
        return;
    };
    let jump = |code, k, jt, jf| Instruction { code, jt, jf, k };
    instructions.extend([
        Instruction::plain(LOAD, AUDIT),
        jump(JUMP_EQUAL, abi.audit(), 0, 6),
        Instruction::plain(LOAD, NUMBER),
        jump(JUMP_EQUAL, number, 1, 0),
        // x32 has the same number behind its bit.
        jump(JUMP_EQUAL, number | Abi::X32_BIT, 0, 3),
        Instruction::plain(LOAD, FLAGS),
        jump(JUMP_SET, NEW_LISTENER, 0, 1),
        Instruction::plain(RETURN, ERRNO | EBUSY),
    ]);
}

impl Supervised {
    /// Kills whatever makes a call of another ABI than the native one, x32's included, whoever supervises
    /// the others: what a policy for one ABI says of such a call is nothing.
    ///
    /// # Errors
    /// [`Error::TooLong`] when the kernel would not take the program.
    pub fn of_native_calls(self) -> Result<Supervised, Error> {
        let jump = |code, k, jt, jf| Instruction { code, jt, jf, k };
        let kill = Instruction::plain(RETURN, KILL_PROCESS);
        let mut instructions = alloc::vec![
            Instruction::plain(LOAD, AUDIT),
            jump(JUMP_EQUAL, Abi::NATIVE.audit(), 1, 0),
            kill,
        ];
        if Abi::NATIVE == Abi::X86_64 {
            instructions.extend([
                Instruction::plain(LOAD, NUMBER),
                // What a tracer makes of a call that is not to be made (seccomp(2)).
                jump(JUMP_EQUAL, MINUS_ONE, 2, 0),
                jump(JUMP_GREATER_EQUAL, Abi::X32_BIT, 0, 1),
                kill,
            ]);
        }
        instructions.extend(self.instructions);
        match instructions.len() {
            0..=LONGEST => Ok(Supervised { instructions }),
            length => Err(Error::TooLong {
                length,
                longest: None,
            }),
        }
    }

    /// The instructions in running order.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }
}

/// A program that another process of ours has compiled and checked, and handed over.
#[derive(Debug)]
pub struct Entrusted {
    instructions: Vec<Instruction>,
}

impl Entrusted {
    /// A program as it was handed over: one number an instruction, as [`Instruction::to_bits`] gives it.
    pub fn from_bits(program: &[u64]) -> Entrusted {
        let instructions = program.iter().copied().map(Instruction::from_bits);
        Entrusted {
            instructions: instructions.collect(),
        }
    }

    pub(crate) fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }
}
