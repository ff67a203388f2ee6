//! The stub for aarch64, to be audited line by line.
//!
//! The kernel jumps here with all registers zero and `sp` at argc (start_thread,
//! arch/arm64/include/asm/processor.h). The stub makes two system calls, prctl(2) and seccomp(2); any answer but
//! zero to either leads to a message and the end of the process, and behind that end to a breakpoint. Else
//! what was used is put back, and the program begins as if nothing had been: the kernel keeps all
//! registers but x0 over a call (arch/arm64/kernel/entry.S), and no line here touches the flags.
//!
//! `count` and `filter` are behind the stub in the same segment (`seal.rs`), which nobody can write to. The
//! jump is direct, so it needs no register and no landing pad (BTI).

use crate::stub::Line;

/// What lies behind the message: udf #0, which ends a process that would ever get there.
pub(crate) const FILLING: [u8; 4] = [0; 4];

/// The stub. The bytes of `b entry` are those of [`jump`].
#[rustfmt::skip]
pub(crate) const LINES: [Line; 34] = [
    ("mov x8, #167", &[0xe8, 0x14, 0x80, 0xd2], "the call prctl"),
    ("mov x0, #38", &[0xc0, 0x04, 0x80, 0xd2], "PR_SET_NO_NEW_PRIVS, without which only root may filter"),
    ("mov x1, #1", &[0x21, 0x00, 0x80, 0xd2], "on"),
    ("mov x2, #0", &[0x02, 0x00, 0x80, 0xd2], "must be zero"),
    ("mov x3, #0", &[0x03, 0x00, 0x80, 0xd2], "must be zero"),
    ("mov x4, #0", &[0x04, 0x00, 0x80, 0xd2], "must be zero"),
    ("svc #0", &[0x01, 0x00, 0x00, 0xd4], "prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)"),
    ("cbnz x0, fail", &[0xe0, 0x01, 0x00, 0xb5], "zero is success, all else is not"),
    ("ldr w0, count", &[0x60, 0x07, 0x00, 0x18], "how many instructions there are; the kernel reads 16 bits, and 4096 is the most"),
    ("adr x1, filter", &[0xe1, 0x07, 0x00, 0x10], "where they are"),
    ("stp x0, x1, [sp, #-16]!", &[0xe0, 0x07, 0xbf, 0xa9], "struct sock_fprog: the length with padding, the pointer"),
    ("mov x8, #277", &[0xa8, 0x22, 0x80, 0xd2], "the call seccomp"),
    ("mov x0, #1", &[0x20, 0x00, 0x80, 0xd2], "SECCOMP_SET_MODE_FILTER"),
    ("mov x1, #0", &[0x01, 0x00, 0x80, 0xd2], "no flags: there is one thread, so none to synchronise"),
    ("mov x2, sp", &[0xe2, 0x03, 0x00, 0x91], "struct sock_fprog is what was pushed"),
    ("svc #0", &[0x01, 0x00, 0x00, 0xd4], "seccomp(SECCOMP_SET_MODE_FILTER, 0, &program)"),
    ("cbnz x0, fail", &[0xc0, 0x00, 0x00, 0xb5], "zero is success, all else is not"),
    ("stp xzr, xzr, [sp], #16", &[0xff, 0x7f, 0x81, 0xa8], "the stack as it was, and sp at argc again"),
    ("mov x1, #0", &[0x01, 0x00, 0x80, 0xd2], "zero as at the start; x0 is, by the answer"),
    ("mov x2, #0", &[0x02, 0x00, 0x80, 0xd2], "zero as at the start; x3 and x4 still are"),
    ("mov x8, #0", &[0x08, 0x00, 0x80, 0xd2], "zero as at the start"),
    ("b entry", &[0, 0, 0, 0x14], "the program's own beginning"),
    ("fail:", &[], "no filter, no program"),
    ("mov x8, #64", &[0x08, 0x08, 0x80, 0xd2], "the call write"),
    ("mov x0, #2", &[0x40, 0x00, 0x80, 0xd2], "standard error"),
    ("adr x1, message", &[0x01, 0x01, 0x00, 0x10], "the message behind this code"),
    ("mov x2, #73", &[0x22, 0x09, 0x80, 0xd2], "its length"),
    ("svc #0", &[0x01, 0x00, 0x00, 0xd4], "whether it could be written makes no difference"),
    ("end:", &[], "again and again, should it return"),
    ("mov x8, #94", &[0xc8, 0x0b, 0x80, 0xd2], "the call exit_group"),
    ("mov x0, #126", &[0xc0, 0x0f, 0x80, 0xd2], "cannot be executed, as shells and launchers say it"),
    ("svc #0", &[0x01, 0x00, 0x00, 0xd4], "exit_group(126)"),
    ("brk #0", &[0x00, 0x00, 0x20, 0xd4], "an outer filter may forbid even that: this raises SIGTRAP"),
    ("b end", &[0xfc, 0xff, 0xff, 0x17], "where that is ignored"),
];

/// `b entry`: its distance counts from itself, in instructions, and has 26 bits.
pub(crate) fn jump(address: u64, entry: u64) -> Option<Vec<u8>> {
    const PLACE: u64 = 0x54;
    const REACH: i64 = 1 << 27;
    let from = i64::try_from(address.checked_add(PLACE)?).ok()?;
    let distance = i64::try_from(entry).ok()?.checked_sub(from)?;
    if distance % 4 != 0 || !(-REACH..REACH).contains(&distance) {
        return None;
    }
    let field = u32::try_from((distance / 4) & 0x03ff_ffff).ok()?;
    Some((0x1400_0000 | field).to_le_bytes().to_vec())
}
