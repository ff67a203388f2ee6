//! Signal handlers: they return to a few instructions that call rt_sigreturn(2), and what the signal has
//! interrupted lies above them on the stack, wherever it was made to run.
//!
//! The tables of the C library have such frames, those of musl, Go and aarch64's vDSO do not, or not all
//! of it.

use super::context::{Context, Machine};
use super::reader::Reader;

/// Whether these are the instructions that a handler returns to: `mov $15, %rax; syscall`, or
/// `mov x8, #139; svc #0`.
pub(super) fn is_trampoline(machine: Machine, reader: &Reader<'_>, address: u64) -> bool {
    match machine {
        Machine::X86_64 => {
            let code: Option<[u8; 9]> = reader.bytes(address);
            code == Some([0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05])
        }
        Machine::Aarch64 => {
            let code: Option<[u8; 8]> = reader.bytes(address);
            code == Some([0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4])
        }
    }
}

/// The registers of what was interrupted; the stack pointer is where a handler has returned with it.
pub(super) fn interrupted(context: &Context, reader: &Reader<'_>) -> Option<Context> {
    let frame = context.get(context.machine.stack_pointer())?;
    match context.machine {
        Machine::X86_64 => interrupted_x86_64(context, frame, reader),
        Machine::Aarch64 => interrupted_aarch64(context, frame, reader),
    }
}

/// `struct ucontext` and in it `struct sigcontext_64` (arch/x86/include/uapi/asm/sigcontext.h).
fn interrupted_x86_64(context: &Context, frame: u64, reader: &Reader<'_>) -> Option<Context> {
    const REGISTERS: u64 = 40;
    /// The columns of r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx and rsp, as the structure has them.
    const ORDER: [u16; 16] = [8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7];
    let first = frame.checked_add(REGISTERS)?;
    let counter = reader.word(first.checked_add(8 * 16)?)?;
    let pointer = reader.word(first.checked_add(8 * 15)?)?;
    let mut before = context.caller(counter, pointer);
    for (place, column) in (first..).step_by(8).zip(ORDER) {
        before.set(column, reader.word(place));
    }
    Some(before)
}

/// `struct rt_sigframe` (arch/arm64/kernel/signal.c): siginfo, then `struct ucontext` and in it
/// `struct sigcontext` (arch/arm64/include/uapi/asm/sigcontext.h).
fn interrupted_aarch64(context: &Context, frame: u64, reader: &Reader<'_>) -> Option<Context> {
    const REGISTERS: u64 = 128 + 176 + 8;
    let first = frame.checked_add(REGISTERS)?;
    let counter = reader.word(first.checked_add(8 * 32)?)?;
    let pointer = reader.word(first.checked_add(8 * 31)?)?;
    let mut before = context.caller(counter, pointer);
    for (place, column) in (first..).step_by(8).zip(0..=31) {
        before.set(column, reader.word(place));
    }
    Some(before)
}
