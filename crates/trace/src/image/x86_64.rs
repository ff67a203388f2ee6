//! Instructions of x86_64 that compilers make start-up code of: their lengths, and which of them load
//! an address. Encodings: Intel SDM volume 2, chapter 2 and appendix A.
//!
//! Anything else ends the reading. Every operand that an instruction names is taken to be changed.

use super::Main;
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

/// Bytes that are taken off the front of an instruction.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// A displacement or an immediate, sign-extended.
    fn number(&mut self, length: usize) -> Option<u64> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        let unsigned = bytes
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let sign = match length {
            0 => 0,
            _ => 1_u64.checked_shl(u32::try_from(length).ok()? * 8 - 1)?,
        };
        Some((unsigned ^ sign).wrapping_sub(sign))
    }
}

/// The prefixes that matter: a `REX` byte and whether operands have 16 bits.
#[derive(Clone, Copy)]
struct Prefixes {
    rex: u8,
    short: bool,
}

impl Prefixes {
    fn read(cursor: &mut Cursor<'_>) -> Self {
        const OPERAND_SIZE: u8 = 0x66;
        let mut short = false;
        while let [
            0x26 | 0x2e | 0x36 | 0x3e | 0x64..=0x67 | 0xf2 | 0xf3,
            rest @ ..,
        ] = cursor.0
        {
            short |= cursor.0.first() == Some(&OPERAND_SIZE);
            cursor.0 = rest;
        }
        let mut rex = 0;
        if let [first @ 0x40..=0x4f, rest @ ..] = cursor.0 {
            (rex, cursor.0) = (*first, rest);
        }
        Self { rex, short }
    }

    fn is_wide(self) -> bool {
        self.rex & 8 != 0
    }

    /// A register number of three bits, with the fourth from the `REX` byte.
    fn register(self, number: u8, extension: u8) -> usize {
        usize::from(number & 7) | usize::from(self.rex & extension != 0) << 3
    }

    /// The bytes of an immediate that is as long as operands are, up to four.
    fn immediate(self) -> usize {
        if self.short { 2 } else { 4 }
    }
}

/// The second operand of an instruction with a ModRM byte.
enum Operand {
    Register(usize),
    /// Memory, this far behind the instruction.
    Relative(u64),
    Memory,
}

/// What a ModRM byte and the bytes that belong to it say.
struct Operands {
    /// The first operand, or a part of the opcode.
    register: usize,
    /// That part of the opcode.
    digit: u8,
    other: Operand,
}

const REX_R: u8 = 4;
const REX_B: u8 = 1;

impl Operands {
    fn read(cursor: &mut Cursor<'_>, prefixes: Prefixes) -> Option<Self> {
        let byte = cursor.byte()?;
        let (mode, low) = (byte >> 6, byte & 7);
        let digit = byte >> 3 & 7;
        let mut has_base = true;
        if mode != 3 && low == 4 {
            // A scaled index; the base 101 is none in the first mode.
            has_base = cursor.byte()? & 7 != 5;
        }
        let other = match mode {
            3 => Operand::Register(prefixes.register(low, REX_B)),
            0 if low == 5 => Operand::Relative(cursor.number(4)?),
            _ => {
                let length = match mode {
                    0 if has_base => 0,
                    1 => 1,
                    _ => 4,
                };
                cursor.number(length)?;
                Operand::Memory
            }
        };
        Some(Self {
            register: prefixes.register(digit, REX_R),
            digit,
            other,
        })
    }
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

/// Instructions with a ModRM byte, some with an immediate behind it.
fn with_operands(opcode: u8, cursor: &mut Cursor<'_>, prefixes: Prefixes) -> Option<Effect> {
    let immediate = match opcode {
        0x00..=0x3f if opcode & 7 < 4 => 0,
        0x63 | 0x84..=0x8b | 0x8d | 0xd0..=0xd3 | 0xf6 | 0xf7 | 0xfe | 0xff => 0,
        0x6b | 0x80 | 0x83 | 0xc0 | 0xc1 | 0xc6 => 1,
        0x69 | 0x81 | 0xc7 => prefixes.immediate(),
        _ => return None,
    };
    let operands = Operands::read(cursor, prefixes)?;
    let mut number = cursor.number(immediate)?;
    Some(match (opcode, &operands.other) {
        (0x8b, Operand::Register(from)) if prefixes.is_wide() => Effect::Copy {
            from: *from,
            to: operands.register,
        },
        (0x89, Operand::Register(to)) if prefixes.is_wide() => Effect::Copy {
            from: operands.register,
            to: *to,
        },
        (0x8b, Operand::Relative(_)) if prefixes.is_wide() => Effect::Load(operands),
        (0x8d, Operand::Relative(_)) if prefixes.is_wide() => Effect::Address(operands),
        (0xc7, Operand::Register(to)) if !prefixes.short => {
            if !prefixes.is_wide() {
                number &= u64::from(u32::MAX);
            }
            Effect::Number(*to, number)
        }
        (0xff, _) if operands.digit == 2 || operands.digit == 4 => Effect::Indirect(operands.other),
        (0xf6 | 0xf7, _) if operands.digit < 2 => {
            // Of these, `test` alone has an immediate.
            let length = if opcode == 0xf6 {
                1
            } else {
                prefixes.immediate()
            };
            skip(cursor, length)?
        }
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
