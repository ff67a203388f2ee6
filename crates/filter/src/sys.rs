//! # Safety
//!
//! The only `unsafe` of this room: a raw system call, and what is made of it. Raw, because the
//! preloaded object has no C library of its own and must not use its host's. Every pointer that
//! goes to the kernel is made from a reference that outlives the call.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "arguments of system calls are register-sized words, whatever their C type"
)]

use alloc::vec::Vec;
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
        value => Ok(usize::try_from(value).unwrap_or(usize::MAX)),
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
    match seccomp(program, logging, 0)? {
        0 => Ok(()),
        // A thread id: that thread could not be synchronised.
        _ => Err(libc::ESRCH),
    }
}

pub(crate) fn load_with_listener(program: &[Instruction], logging: Logging) -> Result<i32, i32> {
    let listener = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    let unhurried = listener | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    let descriptor = match seccomp(program, logging, unhurried) {
        Err(libc::EINVAL) => seccomp(program, logging, listener)?,
        answer => answer?,
    };
    i32::try_from(descriptor).map_err(|_| libc::EBADF)
}

fn seccomp(program: &[Instruction], logging: Logging, flags: libc::c_ulong) -> Result<usize, i32> {
    let length = u16::try_from(program.len()).map_err(|_| libc::E2BIG)?;
    let program = FilterProgram {
        length,
        instructions: program.as_ptr(),
    };
    let log = match logging {
        Logging::Default => 0,
        Logging::Denials => libc::SECCOMP_FILTER_FLAG_LOG,
    };
    let always = libc::SECCOMP_FILTER_FLAG_TSYNC | libc::SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
    let arguments = [
        libc::SECCOMP_SET_MODE_FILTER as usize,
        (flags | log | always) as usize,
        &raw const program as usize,
        0,
        0,
        0,
    ];
    // SAFETY: the program and its instructions live until the call returns.
    answer(unsafe { syscall(libc::SYS_seccomp, arguments) })
}

/// The set that holds SIGPIPE alone, as the kernel counts: signal n is bit n - 1.
const SIGPIPE_ALONE: u64 = 1 << (libc::SIGPIPE - 1);

/// The size of a signal set in the kernel, in bytes.
const SET_SIZE: usize = size_of::<u64>();

/// One write(2) that raises no SIGPIPE: the signal is blocked around it, and taken away where the
/// write raised it.
///
/// # Errors
/// The error number of the write.
pub fn write_without_sigpipe(descriptor: i32, bytes: &[u8]) -> Result<usize, i32> {
    let mask = set_mask(libc::SIG_BLOCK, SIGPIPE_ALONE);
    let pending_before = sigpipe_is_pending();
    let written = write(descriptor, bytes);
    if written == Err(libc::EPIPE) && !pending_before {
        take_pending_sigpipe();
    }
    set_mask(libc::SIG_SETMASK, mask);
    written
}

fn write(descriptor: i32, bytes: &[u8]) -> Result<usize, i32> {
    let arguments = [
        descriptor as usize,
        bytes.as_ptr() as usize,
        bytes.len(),
        0,
        0,
        0,
    ];
    // SAFETY: the kernel reads `bytes`, which outlives the call.
    answer(unsafe { syscall(libc::SYS_write, arguments) })
}

/// Changes this thread's signal mask and gives the one before.
fn set_mask(how: i32, set: u64) -> u64 {
    let mut before = 0_u64;
    let pointers = [&raw const set as usize, &raw mut before as usize];
    // SAFETY: reads one set and writes another; both outlive the call.
    let _ = unsafe {
        syscall(
            libc::SYS_rt_sigprocmask,
            [how as usize, pointers[0], pointers[1], SET_SIZE, 0, 0],
        )
    };
    before
}

fn sigpipe_is_pending() -> bool {
    let mut pending = 0_u64;
    // SAFETY: writes one set, which outlives the call.
    let _ = unsafe {
        syscall(
            libc::SYS_rt_sigpending,
            [&raw mut pending as usize, SET_SIZE, 0, 0, 0, 0],
        )
    };
    pending & SIGPIPE_ALONE != 0
}

fn take_pending_sigpipe() {
    let (set, at_once) = (SIGPIPE_ALONE, [0_u64; 2]);
    let pointers = [&raw const set as usize, &raw const at_once as usize];
    // SAFETY: reads one set and one timespec; both outlive the call.
    let _ = unsafe {
        syscall(
            libc::SYS_rt_sigtimedwait,
            [pointers[0], 0, pointers[1], SET_SIZE, 0, 0],
        )
    };
}

/// Reads the beginning of a file into `buffer` and gives the number of bytes.
///
/// # Errors
/// The error number of openat(2) or read(2).
pub fn read_file(path: &core::ffi::CStr, buffer: &mut [u8]) -> Result<usize, i32> {
    let file = open(path)?;
    let result = fill(file, buffer);
    close(file);
    result
}

/// Reads a whole file of at most 1 MiB, which is more than any policy has. Only a regular file: a pipe
/// is empty when it is read again, and others may have nothing to read for ever.
///
/// # Errors
/// The error number of openat(2) or read(2); EFBIG for a larger file, ESPIPE for one that is not
/// regular, EINVAL for a path with a NUL.
pub fn read_policy(path: &[u8]) -> Result<Vec<u8>, i32> {
    const LONGEST: usize = 1 << 20;
    let mut path = path.to_vec();
    path.push(0);
    let path = core::ffi::CStr::from_bytes_with_nul(&path).map_err(|_| libc::EINVAL)?;
    let file = open(path)?;
    if !is_regular(file) {
        close(file);
        return Err(libc::ESPIPE);
    }
    let mut text = Vec::new();
    let mut filled = 0;
    let result = loop {
        text.resize(filled + 16 * 1024, 0);
        match fill(file, &mut text[filled..]) {
            Ok(0) => break Ok(()),
            Ok(_) if filled >= LONGEST => break Err(libc::EFBIG),
            Ok(count) => filled += count,
            Err(errno) => break Err(errno),
        }
    };
    close(file);
    text.truncate(filled);
    result.map(|()| text)
}

fn open(path: &core::ffi::CStr) -> Result<usize, i32> {
    // Without O_NONBLOCK the open itself waits for the other end of a pipe.
    let flags = (libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY) as usize;
    let path = path.as_ptr() as usize;
    let arguments = [libc::AT_FDCWD as usize, path, flags, 0, 0, 0];
    // SAFETY: the kernel reads a NUL-terminated path, which outlives the call.
    answer(unsafe { syscall(libc::SYS_openat, arguments) })
}

/// Whether a descriptor is one of a regular file (fstat(2)).
fn is_regular(file: usize) -> bool {
    let mut status = core::mem::MaybeUninit::<libc::stat>::zeroed();
    let arguments = [file, status.as_mut_ptr() as usize, 0, 0, 0, 0];
    // SAFETY: the kernel writes a `struct stat`, for which there is room.
    let answered = answer(unsafe { syscall(libc::SYS_fstat, arguments) });
    // SAFETY: all zeros are a valid `struct stat`, whether the kernel wrote one or not.
    let status = unsafe { status.assume_init() };
    answered.is_ok() && status.st_mode & libc::S_IFMT == libc::S_IFREG
}

fn close(file: usize) {
    // SAFETY: closes a descriptor that `open` gave, and nobody uses behind this.
    let _ = unsafe { syscall(libc::SYS_close, [file, 0, 0, 0, 0, 0]) };
}

fn fill(file: usize, buffer: &mut [u8]) -> Result<usize, i32> {
    let mut filled = 0;
    loop {
        let rest = &mut buffer[filled..];
        let arguments = [file, rest.as_mut_ptr() as usize, rest.len(), 0, 0, 0];
        // SAFETY: the kernel writes at most `rest.len()` bytes there.
        match answer(unsafe { syscall(libc::SYS_read, arguments) }) {
            Ok(0) => return Ok(filled),
            Ok(count) => filled += count,
            Err(libc::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}
