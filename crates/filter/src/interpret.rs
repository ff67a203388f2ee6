//! A BPF interpreter for the check: what would the kernel answer?

use crate::instruction::{AUDIT, NUMBER};
use crate::instruction::{
    COPY_TO_X, Instruction, JUMP, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_SET, LOAD, OR_X, RETURN,
    XOR, argument_high, argument_low,
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
        let half = |value: u64| u32::try_from(value & u64::from(u32::MAX)).ok();
        (0..6)
            .zip(self.arguments)
            .find_map(|(index, argument)| match offset {
                low if low == argument_low(index) => half(argument),
                high if high == argument_high(index) => half(argument >> 32),
                _ => None,
            })
    }
}

/// Runs a program on a call and gives its answer, a `SECCOMP_RET_*` value.
///
/// # Errors
/// A [`Fault`] for a program that the kernel would refuse or that we did not write.
pub fn run(program: &[Instruction], call: &Call) -> Result<u32, Fault> {
    let (mut a, mut x) = (0_u32, 0_u32);
    let mut at = 0_usize;
    loop {
        let instruction = program.get(at).ok_or(Fault::NoReturn)?;
        let k = instruction.k;
        at += 1;
        match instruction.code {
            RETURN => return Ok(k),
            LOAD => a = call.word(k).ok_or(Fault::UnknownOffset)?,
            XOR => a ^= k,
            OR_X => a |= x,
            COPY_TO_X => x = a,
            JUMP => at = at.saturating_add(usize::try_from(k).unwrap_or(usize::MAX)),
            _ => at += skip(instruction, a)?,
        }
    }
}

/// How many instructions a conditional jump skips.
fn skip(instruction: &Instruction, a: u32) -> Result<usize, Fault> {
    let k = instruction.k;
    let condition = match instruction.code {
        JUMP_EQUAL => a == k,
        JUMP_GREATER_EQUAL => a >= k,
        JUMP_SET => a & k != 0,
        _ => return Err(Fault::UnknownInstruction),
    };
    let distance = if condition {
        instruction.jt
    } else {
        instruction.jf
    };
    Ok(usize::from(distance))
}

#[cfg(test)]
mod tests {
    use super::*;

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
