//! Instructions of aarch64 that start-up code loads addresses with. Encodings: Arm Architecture
//! Reference Manual for A-profile, C4.1 (index by encoding) and C6.2.
//!
//! Every other instruction is taken to change the register that its lowest bits name.

use super::Main;
use super::start::{Instruction, Machine, Next, Registers};

/// See [`Machine`].
pub(super) const MACHINE: Machine = Machine {
    first_argument: X0,
    begins,
    read,
};

const X0: usize = 0;
const LENGTH: usize = 4;
/// The register number that stands for the stack pointer or for zero, neither of which is followed.
const SP_OR_ZERO: usize = 31;
/// `mov x29, #0`: the outermost frame, which every `_start` marks.
const NO_FRAME: u32 = 0xd280_001d;
/// `bti c`, a landing pad for indirect jumps, may stand before it.
const BTI_C: u32 = 0xd503_245f;
const RET: u32 = 0xd65f_03c0;

/// Whether this is how a process begins in C.
fn begins(code: &[u8]) -> bool {
    match word(code) {
        Some(BTI_C) => code.get(LENGTH..).and_then(word) == Some(NO_FRAME),
        first => first == Some(NO_FRAME),
    }
}

fn word(code: &[u8]) -> Option<u32> {
    let bytes = code.first_chunk::<LENGTH>()?;
    Some(u32::from_le_bytes(*bytes))
}

/// The `count` bits of a word from bit `low` on.
fn bits(word: u32, low: u32, count: u32) -> u64 {
    u64::from(word >> low) & ((1 << count) - 1)
}

/// The same as a signed number.
fn signed(word: u32, low: u32, count: u32) -> u64 {
    let value = bits(word, low, count);
    let sign = 1 << (count - 1);
    (value ^ sign).wrapping_sub(sign)
}

fn register(word: u32, low: u32) -> usize {
    (word >> low & 31) as usize
}

/// Reads one instruction: see [`super::start`].
fn read(code: &[u8], address: u64, registers: &mut Registers) -> Option<Instruction> {
    let word = word(code)?;
    // udf, brk and hlt end a path as ret does.
    if word == RET
        || word >> 16 == 0
        || word & 0xff80_0000 == 0xd400_0000 && word & 0x0060_0000 != 0
    {
        return None;
    }
    if let Some(next) = transfer(word, address, registers) {
        return Some((LENGTH, next));
    }
    if is_branch_within(word) {
        return Some((LENGTH, Next::On));
    }
    let value = value(word, address, registers);
    forget_bases(word, registers);
    let destination = register(word, 0);
    if destination != SP_OR_ZERO {
        registers.set(destination, value);
    }
    Some((LENGTH, Next::On))
}

/// Calls and jumps to other functions: b, bl, br and blr.
fn transfer(word: u32, address: u64, registers: &Registers) -> Option<Next> {
    let target = address.wrapping_add(signed(word, 0, 26).wrapping_mul(4));
    match word & 0xfc00_0000 {
        0x1400_0000 => return Some(Next::Jump(target)),
        0x9400_0000 => return Some(Next::Function(Some(target))),
        _ => {}
    }
    let indirect = word & 0xffdf_fc1f == 0xd61f_0000;
    indirect.then(|| Next::Function(registers.address(register(word, 5))))
}

/// b.cond, cbz, cbnz, tbz and tbnz, which change no register.
fn is_branch_within(word: u32) -> bool {
    word & 0xff00_0000 == 0x5400_0000 || word & 0x7c00_0000 == 0x3400_0000
}

/// What an instruction puts into its destination, as far as that can be known.
fn value(word: u32, address: u64, registers: &Registers) -> Option<Main> {
    let source = || registers.address(register(word, 5));
    let relative = || signed(word, 5, 19) << 2 | bits(word, 29, 2);
    let half = bits(word, 21, 2) * 16;
    let immediate = bits(word, 5, 16) << half;
    let found = if word & 0x9f00_0000 == 0x9000_0000 {
        // adrp
        Main::Address((address & !0xfff).wrapping_add(relative() << 12))
    } else if word & 0x9f00_0000 == 0x1000_0000 {
        // adr
        Main::Address(address.wrapping_add(relative()))
    } else if word & 0xff80_0000 == 0x9100_0000 {
        // add x, x, #
        let shift = bits(word, 22, 1) * 12;
        Main::Address(source()?.wrapping_add(bits(word, 10, 12) << shift))
    } else if word & 0xffc0_0000 == 0xf940_0000 {
        // ldr x, [x, #]
        Main::WordAt(source()?.wrapping_add(bits(word, 10, 12) * 8))
    } else if word & 0xff00_0000 == 0x5800_0000 {
        // ldr x, address
        Main::WordAt(address.wrapping_add(signed(word, 5, 19).wrapping_mul(4)))
    } else if word & 0xff80_0000 == 0xd280_0000 {
        // movz
        Main::Address(immediate)
    } else if word & 0xff80_0000 == 0xf280_0000 {
        // movk
        let old = registers.address(register(word, 0))?;
        Main::Address(old & !(0xffff << half) | immediate)
    } else if word & 0xffe0_ffe0 == 0xaa00_03e0 {
        // mov x, x
        registers.get(register(word, 16))?
    } else {
        return None;
    };
    Some(found)
}

/// Loads and stores change more than one register: pairs their second, and those with a writeback the
/// one that they address by.
fn forget_bases(word: u32, registers: &mut Registers) {
    let pair = word & 0x3a00_0000 == 0x2800_0000;
    if pair {
        registers.set(register(word, 10), None);
    }
    if pair || word & 0x3b20_0000 == 0x3800_0000 {
        registers.set(register(word, 5), None);
    }
}
