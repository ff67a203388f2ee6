//! The registers of a stopped thread, as far as system calls need them.

use nix::sys::ptrace;
use nix::sys::ptrace::regset::NT_PRSTATUS;
use nix::unistd::Pid;

use crate::Error;
use crate::unwind::{Context, Machine};

/// The general registers of a stopped thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Registers(libc::user_regs_struct);

/// The instruction that makes a system call.
#[cfg(target_arch = "x86_64")]
pub(crate) const CALL: &[u8] = &[0x0f, 0x05];
/// The instruction that makes a system call: `svc #0`.
#[cfg(target_arch = "aarch64")]
pub(crate) const CALL: &[u8] = &[0x01, 0x00, 0x00, 0xd4];

/// The instruction that stops a traced thread: `int3`.
#[cfg(target_arch = "x86_64")]
pub(crate) const BREAK: &[u8] = &[0xcc];
/// The instruction that stops a traced thread: `brk #0`.
#[cfg(target_arch = "aarch64")]
pub(crate) const BREAK: &[u8] = &[0x00, 0x00, 0x20, 0xd4];

/// How far the program counter is behind a [`BREAK`] that was hit.
#[cfg(target_arch = "x86_64")]
pub(crate) const BEHIND_BREAK: u64 = 1;
/// How far the program counter is behind a [`BREAK`] that was hit.
#[cfg(target_arch = "aarch64")]
pub(crate) const BEHIND_BREAK: u64 = 0;

/// The audit architecture of native calls (`AUDIT_ARCH_*`, include/uapi/linux/audit.h).
#[cfg(target_arch = "x86_64")]
const AUDIT: u32 = 0xc000_003e;
/// The audit architecture of native calls.
#[cfg(target_arch = "aarch64")]
const AUDIT: u32 = 0xc000_00b7;

/// A call that a thread is in, by its registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterCall {
    /// `AUDIT_ARCH_*`.
    pub audit: u32,
    /// The number.
    pub number: u32,
    /// The arguments.
    pub arguments: [u64; 6],
    /// Where the call was made, behind the instruction.
    pub instruction: u64,
}

impl Registers {
    pub(crate) fn of(thread: Pid) -> Result<Registers, Error> {
        get(thread)
            .map(Registers)
            .map_err(|errno| Error::request("reading the registers", thread, errno as i32))
    }

    pub(crate) fn write(self, thread: Pid) -> Result<(), Error> {
        ptrace::setregset::<NT_PRSTATUS>(thread, self.0)
            .map_err(|errno| Error::request("writing the registers", thread, errno as i32))
    }
}

/// PTRACE_GETREGS, because PTRACE_GETREGSET lays those of a 32-bit program out as such a program would
/// have them (task_user_regset_view, arch/x86/kernel/ptrace.c).
#[cfg(target_arch = "x86_64")]
fn get(thread: Pid) -> nix::Result<libc::user_regs_struct> {
    ptrace::getregs(thread)
}

#[cfg(target_arch = "aarch64")]
fn get(thread: Pid) -> nix::Result<libc::user_regs_struct> {
    ptrace::getregset::<NT_PRSTATUS>(thread)
}

#[cfg(target_arch = "x86_64")]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "registers hold words whatever they mean"
)]
impl Registers {
    /// The code segment of 64-bit programs (`__USER_CS`, arch/x86/include/asm/segment.h).
    const USER_CODE: u64 = 0x33;

    pub(crate) fn is_native(&self) -> bool {
        self.0.cs == Registers::USER_CODE
    }

    pub(crate) fn program_counter(&self) -> u64 {
        self.0.rip
    }

    pub(crate) fn set_program_counter(&mut self, address: u64) {
        self.0.rip = address;
    }

    pub(crate) fn stack_pointer(&self) -> u64 {
        self.0.rsp
    }

    pub(crate) fn result(&self) -> u64 {
        self.0.rax
    }

    /// The registers in the order of unwind tables (System V ABI of x86_64, figure 3.36).
    pub(crate) fn context(&self) -> Context {
        let r = &self.0;
        let words = [
            r.rax, r.rdx, r.rcx, r.rbx, r.rsi, r.rdi, r.rbp, r.rsp, r.r8, r.r9, r.r10, r.r11,
            r.r12, r.r13, r.r14, r.r15,
        ];
        Context::new(Machine::X86_64, r.rip, &words)
    }

    /// Sets a call up. There is no earlier one to restart (`orig_rax`).
    pub(crate) fn prepare(&mut self, number: u64, arguments: [u64; 6]) {
        self.0.rax = number;
        self.0.orig_rax = u64::MAX;
        let [rdi, rsi, rdx, r10, r8, r9] = arguments;
        self.0.rdi = rdi;
        self.0.rsi = rsi;
        self.0.rdx = rdx;
        self.0.r10 = r10;
        self.0.r8 = r8;
        self.0.r9 = r9;
    }

    /// The call that the thread is in; `audit` is what the kernel says of its ABI, because a 64-bit
    /// program can make 32-bit calls (`int 0x80`).
    pub(crate) fn call(&self, audit: Option<u32>) -> RegisterCall {
        /// `AUDIT_ARCH_I386`.
        const I386: u32 = 0x4000_0003;
        let r = &self.0;
        let audit = audit.unwrap_or(if self.is_native() { AUDIT } else { I386 });
        RegisterCall {
            audit,
            number: r.orig_rax as u32,
            arguments: match audit {
                I386 => [r.rbx, r.rcx, r.rdx, r.rsi, r.rdi, r.rbp].map(|word| word & 0xffff_ffff),
                _ => [r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9],
            },
            instruction: r.rip,
        }
    }

    /// Does what the kernel does on the way out of an interrupted call that starts again (signal(7);
    /// arch_do_signal_or_restart, arch/x86/kernel/signal.c): the thread was stopped before that, and
    /// our own calls have taken its turn.
    pub(crate) fn restart_call(&mut self) {
        const RESTART_SYSCALL: u64 = 219;
        const LENGTH: u64 = 2;
        if self.0.orig_rax as i64 == -1 {
            return;
        }
        match self.0.rax as i64 {
            -514..=-512 => self.0.rax = self.0.orig_rax,
            -516 => self.0.rax = RESTART_SYSCALL,
            _ => return,
        }
        self.0.rip = self.0.rip.wrapping_sub(LENGTH);
        self.0.orig_rax = u64::MAX;
    }
}

#[cfg(target_arch = "aarch64")]
impl Registers {
    /// `PSR_MODE32_BIT` (arch/arm64/include/uapi/asm/ptrace.h).
    const MODE_32: u64 = 0x10;

    pub(crate) fn is_native(&self) -> bool {
        self.0.pstate & Registers::MODE_32 == 0
    }

    pub(crate) fn program_counter(&self) -> u64 {
        self.0.pc
    }

    pub(crate) fn set_program_counter(&mut self, address: u64) {
        self.0.pc = address;
    }

    pub(crate) fn stack_pointer(&self) -> u64 {
        self.0.sp
    }

    pub(crate) fn result(&self) -> u64 {
        self.0.regs[0]
    }

    /// The registers in the order of unwind tables (DWARF for the Arm 64-bit architecture, 4.1).
    pub(crate) fn context(&self) -> Context {
        let mut words = [self.0.sp; 32];
        words[..31].copy_from_slice(&self.0.regs);
        Context::new(Machine::Aarch64, self.0.pc, &words)
    }

    /// Sets a call up.
    pub(crate) fn prepare(&mut self, number: u64, arguments: [u64; 6]) {
        self.0.regs[..6].copy_from_slice(&arguments);
        self.0.regs[8] = number;
    }

    /// The call that the thread is in.
    #[allow(clippy::cast_possible_truncation, reason = "numbers have 32 bits")]
    pub(crate) fn call(&self, audit: Option<u32>) -> RegisterCall {
        let r = &self.0.regs;
        RegisterCall {
            audit: audit.unwrap_or(if self.is_native() { AUDIT } else { 0x4000_0028 }),
            number: if self.is_native() { r[8] } else { r[7] } as u32,
            arguments: [r[0], r[1], r[2], r[3], r[4], r[5]],
            instruction: self.0.pc,
        }
    }

    /// arm64 prepares the restart before it stops (do_signal, arch/arm64/kernel/signal.c).
    pub(crate) fn restart_call(&mut self) {}
}
