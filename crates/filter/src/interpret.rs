//! A BPF interpreter for the check: what would the kernel answer?

use crate::instruction::{
    ADD, AND, AUDIT, COPY_TO_X, DIVIDE, Instruction, JUMP, JUMP_EQUAL, JUMP_GREATER,
    JUMP_GREATER_EQUAL, JUMP_SET, LEFT, LOAD, LOAD_CONSTANT, LOAD_MEMORY, LOAD_X_MEMORY,
    MEMORY_WORDS, MULTIPLY, NUMBER, OR, RETURN, RIGHT, STORE, SUBTRACT, WITH_X, XOR, argument_low,
};

/// A call as a filter sees it (`struct seccomp_data`, include/uapi/linux/seccomp.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Call {
    /// The audit architecture.
    pub audit: u32,
    /// The call's number.
    pub number: u32,
    /// The six argument registers.
    pub arguments: [u64; 6],
}

/// Why a program has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// An instruction that our compiler never writes.
    UnknownInstruction,
    /// A load from outside the call.
    UnknownOffset,
    /// The program runs off its end.
    NoReturn,
}

impl Call {
    fn word(&self, offset: u32) -> Option<u32> {
        match offset {
            NUMBER => return Some(self.number),
            AUDIT => return Some(self.audit),
            _ => {}
        }
        let index = offset.checked_sub(argument_low(0))? / 8;
        let argument = *self.arguments.get(usize::try_from(index).ok()?)?;
        let half = match offset - argument_low(index) {
            0 => argument,
            4 => argument >> 32,
            _ => return None,
        };
        u32::try_from(half & u64::from(u32::MAX)).ok()
    }
}

/// The registers and the scratch memory.
#[derive(Default)]
struct Machine {
    a: u32,
    x: u32,
    memory: [u32; MEMORY_WORDS],
}

/// Runs a program on a call and gives its answer, a `SECCOMP_RET_*` value.
///
/// # Errors
/// A [`Fault`] for a program that the kernel would refuse or that we did not write.
pub fn run(program: &[Instruction], call: &Call) -> Result<u32, Fault> {
    let mut machine = Machine::default();
    let mut at = 0_usize;
    loop {
        let instruction = program.get(at).ok_or(Fault::NoReturn)?;
        let k = instruction.k;
        at += 1;
        match instruction.code {
            RETURN => return Ok(k),
            LOAD => machine.a = call.word(k).ok_or(Fault::UnknownOffset)?,
            JUMP => at = at.saturating_add(usize::try_from(k).unwrap_or(usize::MAX)),
            JUMP_EQUAL | JUMP_GREATER | JUMP_GREATER_EQUAL | JUMP_SET => {
                at += skip(instruction, machine.a, k);
            }
            _ => at += machine.step(instruction)?,
        }
    }
}

/// How many instructions a conditional jump skips; `operand` is k or X.
fn skip(instruction: &Instruction, a: u32, operand: u32) -> usize {
    let condition = match instruction.code & !WITH_X {
        JUMP_EQUAL => a == operand,
        JUMP_GREATER => a > operand,
        JUMP_GREATER_EQUAL => a >= operand,
        _ => a & operand != 0,
    };
    let distance = if condition {
        instruction.jt
    } else {
        instruction.jf
    };
    usize::from(distance)
}

const EQUAL_X: u16 = JUMP_EQUAL | WITH_X;
const GREATER_X: u16 = JUMP_GREATER | WITH_X;
const GREATER_EQUAL_X: u16 = JUMP_GREATER_EQUAL | WITH_X;
const SET_X: u16 = JUMP_SET | WITH_X;

impl Machine {
    /// Runs an instruction that few programs have, and says how many to skip behind it.
    fn step(&mut self, instruction: &Instruction) -> Result<usize, Fault> {
        let k = instruction.k;
        let word = usize::try_from(k)
            .ok()
            .and_then(|at| self.memory.get_mut(at));
        match instruction.code {
            COPY_TO_X => self.x = self.a,
            LOAD_CONSTANT => self.a = k,
            LOAD_MEMORY => self.a = *word.ok_or(Fault::UnknownOffset)?,
            LOAD_X_MEMORY => self.x = *word.ok_or(Fault::UnknownOffset)?,
            STORE => *word.ok_or(Fault::UnknownOffset)? = self.a,
            EQUAL_X | GREATER_X | GREATER_EQUAL_X | SET_X => {
                return Ok(skip(instruction, self.a, self.x));
            }
            code if code & WITH_X != 0 => self.a = calculate(code & !WITH_X, self.a, self.x)?,
            code => self.a = calculate(code, self.a, k)?,
        }
        Ok(0)
    }
}

/// What an operation without X makes of A and its operand.
pub(crate) fn calculate(code: u16, a: u32, operand: u32) -> Result<u32, Fault> {
    let shifted = |shifted: Option<u32>| shifted.ok_or(Fault::UnknownInstruction);
    Ok(match code {
        ADD => a.wrapping_add(operand),
        SUBTRACT => a.wrapping_sub(operand),
        MULTIPLY => a.wrapping_mul(operand),
        DIVIDE => return a.checked_div(operand).ok_or(Fault::UnknownInstruction),
        OR => a | operand,
        AND => a & operand,
        XOR => a ^ operand,
        LEFT => return shifted(a.checked_shl(operand)),
        RIGHT => return shifted(a.checked_shr(operand)),
        _ => return Err(Fault::UnknownInstruction),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instruction::{OR_X, argument_high};

    const fn ret(k: u32) -> Instruction {
        Instruction::plain(RETURN, k)
    }

    const fn load(k: u32) -> Instruction {
        Instruction::plain(LOAD, k)
    }

    const fn branch(code: u16, k: u32) -> Instruction {
        Instruction {
            code,
            jt: 0,
            jf: 1,
            k,
        }
    }

    const CALL: Call = Call {
        audit: 1,
        number: 2,
        arguments: [0, 0x11_0000_0022, 0, 0, 0, 0],
    };

    #[test]
    fn a_condition_chooses_between_two_ways() {
        for (offset, code, k, expected) in [
            (NUMBER, JUMP_EQUAL, 2, 10),
            (NUMBER, JUMP_EQUAL, 3, 20),
            (NUMBER, JUMP_GREATER_EQUAL, 2, 10),
            (NUMBER, JUMP_GREATER_EQUAL, 3, 20),
            (NUMBER, JUMP_SET, 6, 10),
            (NUMBER, JUMP_SET, 5, 20),
            (AUDIT, JUMP_EQUAL, 1, 10),
            (argument_low(1), JUMP_EQUAL, 0x22, 10),
            (argument_high(1), JUMP_EQUAL, 0x11, 10),
        ] {
            let program = [load(offset), branch(code, k), ret(10), ret(20)];
            assert_eq!(run(&program, &CALL), Ok(expected), "{program:?}");
        }
        let long = [Instruction::plain(JUMP, 1), ret(1), ret(2)];
        assert_eq!(run(&long, &CALL), Ok(2));
    }

    #[test]
    fn a_program_that_is_none_has_no_answer() {
        for (program, fault) in [
            (&[load(8), ret(1)][..], Fault::UnknownOffset),
            (&[load(0)][..], Fault::NoReturn),
            (&[][..], Fault::NoReturn),
            (&[Instruction::plain(JUMP, u32::MAX)][..], Fault::NoReturn),
            (
                &[Instruction::plain(0x16, 0)][..],
                Fault::UnknownInstruction,
            ),
        ] {
            assert_eq!(run(program, &CALL), Err(fault), "{program:?}");
        }
    }

    #[test]
    fn xor_and_or_gather_differences() {
        let program = |guess| {
            [
                load(argument_low(1)),
                Instruction::plain(XOR, 0x22),
                Instruction::plain(COPY_TO_X, 0),
                load(argument_high(1)),
                Instruction::plain(XOR, guess),
                Instruction::plain(OR_X, 0),
                branch(JUMP_EQUAL, 0),
                ret(1),
                ret(2),
            ]
        };
        assert_eq!(run(&program(0x11), &CALL), Ok(1));
        assert_eq!(run(&program(0x12), &CALL), Ok(2));
    }
}
