//! The calling conventions that a Linux kernel for our two machines answers.

use core::fmt;

/// A system-call ABI: a numbering of the calls and the audit architecture that a filter sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abi {
    /// 64-bit x86, the `syscall` instruction.
    X86_64,
    /// 32-bit x86, `int 0x80` and `sysenter`, also reachable from 64-bit code.
    X86,
    /// 32-bit pointers on 64-bit x86: the x86_64 audit architecture with bit 30 in the number.
    X32,
    /// 64-bit Arm.
    Aarch64,
    /// 32-bit Arm, EABI.
    Arm,
}

impl Abi {
    /// The ABI of the machine that this was compiled for.
    #[cfg(target_arch = "x86_64")]
    pub const NATIVE: Abi = Abi::X86_64;
    /// The ABI of the machine that this was compiled for.
    #[cfg(target_arch = "aarch64")]
    pub const NATIVE: Abi = Abi::Aarch64;

    /// Bit 30, set in the number of every x32 call (`__X32_SYSCALL_BIT`, arch/x86/include/uapi/asm/unistd.h).
    pub const X32_BIT: u32 = 0x4000_0000;

    /// The value of `seccomp_data.arch` for calls of this ABI (`AUDIT_ARCH_*`, include/uapi/linux/audit.h).
    pub const fn audit(self) -> u32 {
        match self {
            Abi::X86_64 | Abi::X32 => 0xc000_003e,
            Abi::X86 => 0x4000_0003,
            Abi::Aarch64 => 0xc000_00b7,
            Abi::Arm => 0x4000_0028,
        }
    }

    /// The name that `SECCOMP_ARCH` and messages use.
    pub const fn name(self) -> &'static str {
        match self {
            Abi::X86_64 => "x86_64",
            Abi::X86 => "x86",
            Abi::X32 => "x32",
            Abi::Aarch64 => "aarch64",
            Abi::Arm => "arm",
        }
    }
}

impl fmt::Display for Abi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
