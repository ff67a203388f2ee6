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
        let condition = match instruction.code {
            RETURN => return Ok(k),
            LOAD => {
                a = call.word(k).ok_or(Fault::UnknownOffset)?;
                continue;
            }
            XOR => {
                a ^= k;
                continue;
            }
            OR_X => {
                a |= x;
                continue;
            }
            COPY_TO_X => {
                x = a;
                continue;
            }
            JUMP => {
                at = at
                    .checked_add(usize::try_from(k).map_err(|_| Fault::NoReturn)?)
                    .ok_or(Fault::NoReturn)?;
                continue;
            }
            JUMP_EQUAL => a == k,
            JUMP_GREATER_EQUAL => a >= k,
            JUMP_SET => a & k != 0,
            _ => return Err(Fault::UnknownInstruction),
        };
        at += usize::from(if condition {
            instruction.jt
        } else {
            instruction.jf
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_instruction_does_what_the_kernel_documents() {
        let ret = |k| Instruction::plain(RETURN, k);
        let load = |k| Instruction::plain(LOAD, k);
        let call = Call {
            audit: 1,
            number: 2,
            arguments: [0, 0x11_0000_0022, 0, 0, 0, 0],
        };
        let jump = |code, k| {
            [
                load(NUMBER),
                Instruction {
                    code,
                    jt: 0,
                    jf: 1,
                    k,
                },
                ret(10),
                ret(20),
            ]
        };
        for (program, expected) in [
            (&jump(JUMP_EQUAL, 2)[..], Ok(10)),
            (&jump(JUMP_EQUAL, 3)[..], Ok(20)),
            (&jump(JUMP_GREATER_EQUAL, 2)[..], Ok(10)),
            (&jump(JUMP_GREATER_EQUAL, 3)[..], Ok(20)),
            (&jump(JUMP_SET, 6)[..], Ok(10)),
            (&jump(JUMP_SET, 5)[..], Ok(20)),
            (
                &[
                    load(argument_high(1)),
                    Instruction {
                        code: JUMP_EQUAL,
                        jt: 0,
                        jf: 1,
                        k: 0x11,
                    },
                    ret(1),
                    ret(2),
                ][..],
                Ok(1),
            ),
            (&[Instruction::plain(JUMP, 1), ret(1), ret(2)][..], Ok(2)),
            (&[load(8), ret(1)][..], Err(Fault::UnknownOffset)),
            (&[load(0)][..], Err(Fault::NoReturn)),
            (
                &[Instruction::plain(JUMP, u32::MAX)][..],
                Err(Fault::NoReturn),
            ),
            (
                &[Instruction::plain(0x16, 0)][..],
                Err(Fault::UnknownInstruction),
            ),
        ] {
            assert_eq!(run(program, &call), expected, "{program:?}");
        }
    }

    #[test]
    fn xor_and_or_gather_differences() {
        let program = |guess| {
            [
                Instruction::plain(LOAD, argument_low(1)),
                Instruction::plain(XOR, 0x22),
                Instruction::plain(COPY_TO_X, 0),
                Instruction::plain(LOAD, argument_high(1)),
                Instruction::plain(XOR, guess),
                Instruction::plain(OR_X, 0),
                Instruction {
                    code: JUMP_EQUAL,
                    jt: 0,
                    jf: 1,
                    k: 0,
                },
                Instruction::plain(RETURN, 1),
                Instruction::plain(RETURN, 2),
            ]
        };
        let call = Call {
            arguments: [0, 0x11_0000_0022, 0, 0, 0, 0],
            ..Call::default()
        };
        assert_eq!(run(&program(0x11), &call), Ok(1));
        assert_eq!(run(&program(0x12), &call), Ok(2));
    }
}
