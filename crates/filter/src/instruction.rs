//! Classic BPF, as far as seccomp(2) takes it and we use it.

use policy::Action;

/// One instruction, laid out as the kernel's `struct sock_filter` (include/uapi/linux/filter.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Instruction {
    /// Class, operation, mode and source in one number.
    pub code: u16,
    /// Instructions to skip when a condition holds.
    pub jt: u8,
    /// Instructions to skip when it does not.
    pub jf: u8,
    /// The constant operand.
    pub k: u32,
}

/// `A = seccomp_data[k]`, four bytes.
pub(crate) const LOAD: u16 = 0x20;
/// `A = k`.
pub(crate) const LOAD_CONSTANT: u16 = 0x00;
/// `A = M[k]`.
pub(crate) const LOAD_MEMORY: u16 = 0x60;
/// `X = M[k]`.
pub(crate) const LOAD_X_MEMORY: u16 = 0x61;
/// `M[k] = A`.
pub(crate) const STORE: u16 = 0x02;
/// Skip k instructions.
pub(crate) const JUMP: u16 = 0x05;
/// Condition: A == k.
pub(crate) const JUMP_EQUAL: u16 = 0x15;
/// Condition: A > k.
pub(crate) const JUMP_GREATER: u16 = 0x25;
/// Condition: A >= k.
pub(crate) const JUMP_GREATER_EQUAL: u16 = 0x35;
/// Condition: A & k != 0.
pub(crate) const JUMP_SET: u16 = 0x45;
/// In a condition or operation: X stands in for k.
pub(crate) const WITH_X: u16 = 0x08;
/// `A += k`.
pub(crate) const ADD: u16 = 0x04;
/// `A -= k`.
pub(crate) const SUBTRACT: u16 = 0x14;
/// `A *= k`.
pub(crate) const MULTIPLY: u16 = 0x24;
/// `A /= k`.
pub(crate) const DIVIDE: u16 = 0x34;
/// `A |= k`.
pub(crate) const OR: u16 = 0x44;
/// `A &= k`.
pub(crate) const AND: u16 = 0x54;
/// `A <<= k`.
pub(crate) const LEFT: u16 = 0x64;
/// `A >>= k`.
pub(crate) const RIGHT: u16 = 0x74;
/// `A ^= k`.
pub(crate) const XOR: u16 = 0xa4;
/// `A |= X`.
pub(crate) const OR_X: u16 = OR | WITH_X;
/// `X = A`.
pub(crate) const COPY_TO_X: u16 = 0x07;
/// The answer is k.
pub(crate) const RETURN: u16 = 0x06;

/// Words of scratch memory (BPF_MEMWORDS, include/uapi/linux/filter.h).
pub(crate) const MEMORY_WORDS: usize = 16;

/// Offset of the call number in `struct seccomp_data` (include/uapi/linux/seccomp.h).
pub(crate) const NUMBER: u32 = 0;
/// Offset of the audit architecture.
pub(crate) const AUDIT: u32 = 4;

/// Offset of the lower half of an argument. Both our machines are little-endian.
pub(crate) const fn argument_low(index: u32) -> u32 {
    16 + 8 * index
}

/// Offset of the upper half of an argument.
pub(crate) const fn argument_high(index: u32) -> u32 {
    argument_low(index) + 4
}

impl Instruction {
    /// The instruction in one number, for a message to another process.
    pub fn to_bits(self) -> u64 {
        u64::from(self.code) << 48
            | u64::from(self.jt) << 40
            | u64::from(self.jf) << 32
            | u64::from(self.k)
    }

    /// The instruction that [`Instruction::to_bits`] was given.
    pub fn from_bits(bits: u64) -> Instruction {
        let [code_high, code_low, jt, jf, k @ ..] = bits.to_be_bytes();
        Instruction {
            code: u16::from_be_bytes([code_high, code_low]),
            jt,
            jf,
            k: u32::from_be_bytes(k),
        }
    }

    pub(crate) const fn plain(code: u16, k: u32) -> Instruction {
        Instruction {
            code,
            jt: 0,
            jf: 0,
            k,
        }
    }
}

/// What a filter returns for an action (`SECCOMP_RET_*`, include/uapi/linux/seccomp.h).
pub fn action_value(action: Action) -> u32 {
    match action {
        Action::Allow => 0x7fff_0000,
        Action::KillProcess => 0x8000_0000,
        Action::KillThread => 0,
        Action::Trap => 0x0003_0000,
        Action::Log => 0x7ffc_0000,
        Action::Trace => 0x7ff0_0000,
        Action::Errno(errno) => 0x0005_0000 | u32::from(errno.number()),
    }
}
