//! # Safety
//!
//! The only `unsafe` of this room: a raw system call, and the two calls made of it. Raw, because
//! the preloaded object has no C library of its own and must not use its host's.

use core::arch::asm;

use crate::instruction::Instruction;
use crate::load::Logging;

/// One system call; negative answers are errors (intro(2)).
///
/// # Safety
/// The kernel reads and writes memory as the call says: pointers among the arguments must be valid for it.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub unsafe fn syscall(number: libc::c_long, arguments: [usize; 6]) -> isize {
    let result: isize;
    // SAFETY: the kernel clobbers rcx and r11 and nothing else (arch/x86/entry/entry_64.S); the
    // caller answers for the arguments.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") arguments[0],
            in("rsi") arguments[1],
            in("rdx") arguments[2],
            in("r10") arguments[3],
            in("r8") arguments[4],
            in("r9") arguments[5],
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result
}

/// One system call; negative answers are errors (intro(2)).
///
/// # Safety
/// The kernel reads and writes memory as the call says: pointers among the arguments must be valid for it.
#[cfg(target_arch = "aarch64")]
#[inline(always)]
pub unsafe fn syscall(number: libc::c_long, arguments: [usize; 6]) -> isize {
    let result: isize;
    // SAFETY: the kernel keeps all registers but x0 (arch/arm64/kernel/entry.S); the caller answers
    // for the arguments.
    unsafe {
        asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") arguments[0] => result,
            in("x1") arguments[1],
            in("x2") arguments[2],
            in("x3") arguments[3],
            in("x4") arguments[4],
            in("x5") arguments[5],
            options(nostack),
        );
    }
    result
}

/// Splits the kernel's answer into a value and an error number.
///
/// # Errors
/// The error number of a failed call.
pub fn answer(result: isize) -> Result<usize, i32> {
    match result {
        -4095..=-1 => Err(i32::try_from(-result).unwrap_or(libc::EINVAL)),
        value => Ok(value.cast_unsigned()),
    }
}

/// `struct sock_fprog` (include/uapi/linux/filter.h).
#[repr(C)]
struct FilterProgram {
    length: u16,
    instructions: *const Instruction,
}

pub(crate) fn set_no_new_privileges() -> Result<(), i32> {
    let option = libc::PR_SET_NO_NEW_PRIVS as usize;
    // SAFETY: PR_SET_NO_NEW_PRIVS takes no pointer.
    answer(unsafe { syscall(libc::SYS_prctl, [option, 1, 0, 0, 0, 0]) }).map(drop)
}

pub(crate) fn action_available(action: u32) -> Result<(), i32> {
    let operation = libc::SECCOMP_GET_ACTION_AVAIL as usize;
    // SAFETY: SECCOMP_GET_ACTION_AVAIL reads one u32, which lives until the call returns.
    answer(unsafe {
        syscall(
            libc::SYS_seccomp,
            [operation, 0, &raw const action as usize, 0, 0, 0],
        )
    })
    .map(drop)
}

pub(crate) fn load(program: &[Instruction], logging: Logging) -> Result<(), i32> {
    let length = u16::try_from(program.len()).map_err(|_| libc::E2BIG)?;
    let program = FilterProgram {
        length,
        instructions: program.as_ptr(),
    };
    // SAFETY: the program and its instructions live until the call returns.
    match answer(unsafe { syscall(libc::SYS_seccomp, seccomp_arguments(&program, logging)) })? {
        0 => Ok(()),
        // A thread id: that thread could not be synchronised.
        _ => Err(libc::ESRCH),
    }
}

fn seccomp_arguments(program: &FilterProgram, logging: Logging) -> [usize; 6] {
    let log = match logging {
        Logging::Default => 0,
        Logging::Denials => libc::SECCOMP_FILTER_FLAG_LOG,
    };
    let flags = libc::SECCOMP_FILTER_FLAG_TSYNC | libc::SECCOMP_FILTER_FLAG_TSYNC_ESRCH | log;
    [
        libc::SECCOMP_SET_MODE_FILTER as usize,
        flags as usize,
        core::ptr::from_ref(program) as usize,
        0,
        0,
        0,
    ]
}
