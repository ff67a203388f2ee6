//! The parts of an instruction of x86_64: prefixes, the ModRM byte with what belongs to it, and numbers.
//! Encodings: Intel SDM volume 2, chapter 2.

/// Bytes that are taken off the front of an instruction.
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl Cursor<'_> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// A displacement or an immediate, sign-extended.
    pub(super) fn number(&mut self, length: usize) -> Option<u64> {
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
pub(super) struct Prefixes {
    rex: u8,
    pub(super) short: bool,
}

impl Prefixes {
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Self {
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

    pub(super) fn is_wide(self) -> bool {
        self.rex & 8 != 0
    }

    /// A register number of three bits, with the fourth from the `REX` byte.
    pub(super) fn register(self, number: u8, extension: u8) -> usize {
        usize::from(number & 7) | usize::from(self.rex & extension != 0) << 3
    }

    /// The bytes of an immediate that is as long as operands are, up to four.
    pub(super) fn immediate(self) -> usize {
        if self.short { 2 } else { 4 }
    }
}

/// The second operand of an instruction with a ModRM byte.
pub(super) enum Operand {
    Register(usize),
    /// Memory, this far behind the instruction.
    Relative(u64),
    Memory,
}

/// What a ModRM byte and the bytes that belong to it say.
pub(super) struct Operands {
    /// The first operand, or a part of the opcode.
    pub(super) register: usize,
    /// That part of the opcode.
    pub(super) digit: u8,
    pub(super) other: Operand,
}

const REX_R: u8 = 4;
pub(super) const REX_B: u8 = 1;

impl Operands {
    pub(super) fn read(cursor: &mut Cursor<'_>, prefixes: Prefixes) -> Option<Self> {
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
