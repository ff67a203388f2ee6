//! Instructions of x86_64 that compilers make start-up code of: their lengths, and which of them load
//! an address. Encodings: Intel SDM volume 2, chapter 2 and appendix A.
//!
//! Anything else ends the reading. Every operand that an instruction names is taken to be changed.

use super::Main;
use super::operands::{Cursor, Operand, Operands, Prefixes, REX_B};
use super::start::{Instruction, Machine, Next, Registers};

/// See [`Machine`].
pub(super) const MACHINE: Machine = Machine {
    first_argument: RDI,
    begins,
    read,
};

const RAX: usize = 0;
const RCX: usize = 1;
const RDX: usize = 2;
const RSI: usize = 6;
const RDI: usize = 7;

/// Whether this is how a process begins in C: perhaps `endbr64`, then `xor ebp, ebp` (or `rbp`), since the
/// System V ABI asks for a marked outermost frame.
fn begins(code: &[u8]) -> bool {
    let code = code.strip_prefix(b"\xf3\x0f\x1e\xfa").unwrap_or(code);
    code.starts_with(b"\x31\xed") || code.starts_with(b"\x48\x31\xed")
}

/// Reads one instruction: see [`super::start`].
fn read(code: &[u8], address: u64, registers: &mut Registers) -> Option<Instruction> {
    let mut cursor = Cursor(code.get(..15).unwrap_or(code));
    let whole = cursor.0.len();
    let prefixes = Prefixes::read(&mut cursor);
    let opcode = cursor.byte()?;
    let effect = match opcode {
        0x0f => two_bytes(&mut cursor, prefixes)?,
        _ => one_byte(opcode, &mut cursor, prefixes)?,
    };
    let length = whole - cursor.0.len();
    let behind = address.wrapping_add(length as u64);
    Some((length, effect.apply(behind, registers)))
}

/// What an instruction does, before its address is known.
enum Effect {
    Nothing,
    Forget(&'static [usize]),
    /// Both operands may change.
    Change(Operands),
    /// The one operand beside a part of the opcode may change.
    ChangeOther(Operands),
    /// A register gets a number.
    Number(usize, u64),
    /// A register gets an address, or what is at one, if it is relative to the instruction.
    Address(Operands),
    Load(Operands),
    Copy {
        from: usize,
        to: usize,
    },
    Jump(u64),
    Call(u64),
    Indirect(Operand),
}

impl Effect {
    fn apply(self, behind: u64, registers: &mut Registers) -> Next {
        let mut next = Next::On;
        match self {
            Self::Nothing => {}
            Self::Forget(all) => all.iter().for_each(|one| registers.set(*one, None)),
            Self::Change(operands) => {
                registers.set(operands.register, None);
                forget(&operands.other, registers);
            }
            Self::ChangeOther(operands) => forget(&operands.other, registers),
            Self::Number(register, number) => registers.set(register, Some(Main::Address(number))),
            Self::Address(operands) => {
                let address = relative(&operands, behind).map(Main::Address);
                registers.set(operands.register, address);
            }
            Self::Load(operands) => {
                let word = relative(&operands, behind).map(Main::WordAt);
                registers.set(operands.register, word);
            }
            Self::Copy { from, to } => registers.set(to, registers.get(from)),
            Self::Jump(distance) => next = Next::Jump(behind.wrapping_add(distance)),
            Self::Call(distance) => next = Next::Function(Some(behind.wrapping_add(distance))),
            Self::Indirect(Operand::Register(register)) => {
                next = Next::Function(registers.address(register));
            }
            Self::Indirect(_) => next = Next::Function(None),
        }
        next
    }
}

fn forget(operand: &Operand, registers: &mut Registers) {
    if let Operand::Register(register) = operand {
        registers.set(*register, None);
    }
}

fn relative(operands: &Operands, behind: u64) -> Option<u64> {
    match operands.other {
        Operand::Relative(distance) => Some(behind.wrapping_add(distance)),
        _ => None,
    }
}

/// Instructions whose opcode has one byte.
fn one_byte(opcode: u8, cursor: &mut Cursor<'_>, prefixes: Prefixes) -> Option<Effect> {
    let low = prefixes.register(opcode, REX_B);
    Some(match opcode {
        0x04 | 0x0c | 0x14 | 0x1c | 0x24 | 0x2c | 0x34 | 0x3c | 0xa8 => accumulator(cursor, 1)?,
        0x05 | 0x0d | 0x15 | 0x1d | 0x25 | 0x2d | 0x35 | 0x3d | 0xa9 => {
            accumulator(cursor, prefixes.immediate())?
        }
        0x50..=0x57 => Effect::Nothing,
        0x58..=0x5f => forget_one(low),
        0x68 => skip(cursor, prefixes.immediate())?,
        0x6a | 0x70..=0x7f => skip(cursor, 1)?,
        0x90 => Effect::Nothing,
        0x98 | 0x99 => Effect::Forget(&[RAX, RDX]),
        0xa4 | 0xa5 | 0xaa | 0xab => Effect::Forget(&[RCX, RSI, RDI]),
        0xb0..=0xb7 => {
            cursor.number(1)?;
            forget_one(low)
        }
        0xb8..=0xbf if prefixes.is_wide() => Effect::Number(low, cursor.number(8)?),
        0xb8..=0xbf if !prefixes.short => {
            Effect::Number(low, cursor.number(4)? & u64::from(u32::MAX))
        }
        0xe8 => Effect::Call(cursor.number(4)?),
        0xe9 => Effect::Jump(cursor.number(4)?),
        0xeb => Effect::Jump(cursor.number(1)?),
        _ => with_operands(opcode, cursor, prefixes)?,
    })
}

fn skip(cursor: &mut Cursor<'_>, length: usize) -> Option<Effect> {
    cursor.number(length).map(|_| Effect::Nothing)
}

fn accumulator(cursor: &mut Cursor<'_>, length: usize) -> Option<Effect> {
    cursor.number(length).map(|_| Effect::Forget(&[RAX]))
}

fn forget_one(register: usize) -> Effect {
    let other = Operand::Register(register);
    let digit = 0;
    Effect::ChangeOther(Operands {
        register,
        digit,
        other,
    })
}

/// How long the immediate is behind the operands, by the opcode and the part of it among the operands.
fn immediate(opcode: u8, digit: u8, prefixes: Prefixes) -> Option<usize> {
    Some(match opcode {
        0x00..=0x3f if opcode & 7 < 4 => 0,
        // Of these two groups, `test` alone has one.
        0xf6 if digit < 2 => 1,
        0xf7 if digit < 2 => prefixes.immediate(),
        0x63 | 0x84..=0x8b | 0x8d | 0xd0..=0xd3 | 0xf6 | 0xf7 | 0xfe | 0xff => 0,
        0x6b | 0x80 | 0x83 | 0xc0 | 0xc1 | 0xc6 => 1,
        0x69 | 0x81 | 0xc7 => prefixes.immediate(),
        _ => return None,
    })
}

/// Instructions with a ModRM byte, some with an immediate behind it.
fn with_operands(opcode: u8, cursor: &mut Cursor<'_>, prefixes: Prefixes) -> Option<Effect> {
    let operands = Operands::read(cursor, prefixes)?;
    let length = immediate(opcode, operands.digit, prefixes)?;
    let number = cursor.number(length)?;
    let is_wide = prefixes.is_wide();
    Some(match (opcode, &operands.other) {
        (0x8b, Operand::Register(from)) if is_wide => Effect::Copy {
            from: *from,
            to: operands.register,
        },
        (0x89, Operand::Register(to)) if is_wide => Effect::Copy {
            from: operands.register,
            to: *to,
        },
        (0x8b, Operand::Relative(_)) if is_wide => Effect::Load(operands),
        (0x8d, Operand::Relative(_)) if is_wide => Effect::Address(operands),
        (0xc7, Operand::Register(to)) if is_wide => Effect::Number(*to, number),
        (0xc7, Operand::Register(to)) if !prefixes.short => {
            Effect::Number(*to, number & u64::from(u32::MAX))
        }
        (0xff, _) if [2, 4].contains(&operands.digit) => Effect::Indirect(operands.other),
        // Multiplication and division.
        (0xf6 | 0xf7, _) if operands.digit >= 4 => Effect::Forget(&[RAX, RDX]),
        (0x80..=0x83 | 0xc0..=0xc7 | 0xd0.., _) => Effect::ChangeOther(operands),
        _ => Effect::Change(operands),
    })
}

/// Instructions whose opcode has a second byte, behind `0f`: branches, no-operations, conditional moves
/// and the moves of vectors that compilers fill arrays with.
fn two_bytes(cursor: &mut Cursor<'_>, prefixes: Prefixes) -> Option<Effect> {
    let opcode = cursor.byte()?;
    match opcode {
        0x80..=0x8f => skip(cursor, 4),
        0x1e | 0x1f => Operands::read(cursor, prefixes).map(|_| Effect::Nothing),
        0x10
        | 0x11
        | 0x16
        | 0x28
        | 0x29
        | 0x40..=0x4f
        | 0x57
        | 0x6c
        | 0x6e
        | 0x6f
        | 0x7e
        | 0x7f
        | 0x90..=0x9f
        | 0xaf
        | 0xb6
        | 0xb7
        | 0xbe
        | 0xbf
        | 0xd6
        | 0xef => Operands::read(cursor, prefixes).map(Effect::Change),
        _ => None,
    }
}
