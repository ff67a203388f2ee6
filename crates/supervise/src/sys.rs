//! # Safety
//!
//! Processes beside a program, and their descriptors. No pointer goes to the kernel that is not made from a
//! reference that outlives the call.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "arguments of system calls are register-sized words, whatever their C type"
)]

use std::ffi::c_int;
use std::os::fd::{FromRawFd, OwnedFd};

use filter::sys::{answer, syscall, write_without_sigpipe};
use nix::unistd::Pid;

/// Writes all of `bytes`. A reader that went away raises no SIGPIPE.
///
/// # Errors
/// The error number of write(2).
pub fn write_all(descriptor: c_int, mut bytes: &[u8]) -> Result<(), i32> {
    while !bytes.is_empty() {
        match write_without_sigpipe(descriptor, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(libc::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Whether a descriptor is that of a terminal that changes nothing of what is written (OPOST, termios(3)).
pub(crate) fn prints_as_it_is(descriptor: c_int) -> bool {
    let mut settings = std::mem::MaybeUninit::<libc::termios>::uninit();
    // SAFETY: writes one termios.
    let result = unsafe { libc::tcgetattr(descriptor, settings.as_mut_ptr()) };
    if result != 0 {
        return false;
    }
    // SAFETY: tcgetattr succeeded and filled it.
    let settings = unsafe { settings.assume_init() };
    settings.c_oflag & libc::OPOST == 0
}

/// Which side of a fork this is.
pub enum Fork {
    /// The one that was there before.
    Parent {
        /// The new process.
        child: Pid,
    },
    /// The new one.
    Child,
}

/// A fork whose child sends no signal when it ends: the program must not find a SIGCHLD pending. The
/// child may share this process's descriptors instead of getting copies (CLONE_FILES, clone(2)). The caller
/// has one thread, so that no lock is left held in the child.
///
/// # Errors
/// The error number of clone(2).
pub fn fork_without_signal(shares_descriptors: bool) -> Result<Fork, i32> {
    let flags = match shares_descriptors {
        true => libc::CLONE_FILES as usize,
        false => 0,
    };
    // SAFETY: without CLONE_VM this is fork(2), and no memory is shared: the child goes on with a copy.
    let child = answer(unsafe { syscall(libc::SYS_clone, [flags, 0, 0, 0, 0, 0]) })?;
    match i32::try_from(child) {
        Ok(0) => Ok(Fork::Child),
        Ok(child) => Ok(Fork::Parent {
            child: Pid::from_raw(child),
        }),
        Err(_) => Err(libc::EINVAL),
    }
}

/// Ends this process without any exit handler: in a fork they belong to the parent.
pub fn exit_at_once() -> ! {
    // SAFETY: does not return.
    unsafe { libc::_exit(0) }
}

/// Closes all descriptors but these (close_range(2); without it they stay open until exit). Only for a
/// process that was forked for one purpose, which uses no other descriptor from here on.
pub fn close_all_but(kept: &[c_int]) {
    let mut kept = kept.to_vec();
    kept.sort_unstable();
    kept.push(c_int::MAX);
    let mut first = 0;
    for next in kept {
        if first < next {
            // SAFETY: this process uses no descriptor but the kept ones from here on.
            let _ = unsafe { libc::syscall(libc::SYS_close_range, first, next - 1, 0) };
        }
        first = next.saturating_add(1);
    }
}

/// Takes a descriptor over that nobody else owns: a new one, or one whose number came from another
/// process with the same table.
pub fn own_descriptor(number: c_int) -> OwnedFd {
    // SAFETY: the kernel made it for this; of a listener the launcher's copy is closed by exec.
    unsafe { OwnedFd::from_raw_fd(number) }
}
