//! # Safety
//!
//! The only `unsafe` of this room: requests that neither nix nor the standard library has. Every
//! pointer that goes to the kernel is made from a reference that outlives the call. What a traced
//! process does with its own memory meanwhile is its own affair: nothing here points there.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "arguments of system calls are register-sized words, whatever their C type"
)]

use std::ffi::c_int;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::unistd::Pid;

/// An error number of the call that just failed.
pub(crate) fn last_errno() -> i32 {
    std::io::Error::last_os_error()
        .raw_os_error()
        .unwrap_or(libc::EIO)
}

fn checked(result: libc::c_long) -> Result<libc::c_long, i32> {
    match result {
        -1 => Err(last_errno()),
        result => Ok(result),
    }
}

/// Waits for a state change of one traced thread, or of any (-1): its id and wait status. Not with
/// nix: its signals have no real-time ones.
pub(crate) fn wait(thread: i32) -> Result<(Pid, c_int), i32> {
    let mut status = 0;
    loop {
        // SAFETY: writes one int.
        let waited = unsafe { libc::waitpid(thread, &raw mut status, libc::__WALL) };
        match waited {
            -1 if last_errno() == libc::EINTR => {}
            -1 => return Err(last_errno()),
            waited => return Ok((Pid::from_raw(waited), status)),
        }
    }
}

/// As [`wait`], but does not wait: nothing where nothing has happened.
pub(crate) fn wait_no_longer(thread: i32) -> Result<Option<(Pid, c_int)>, i32> {
    let mut status = 0;
    let options = libc::__WALL | libc::WNOHANG;
    // SAFETY: writes one int.
    match unsafe { libc::waitpid(thread, &raw mut status, options) } {
        -1 => Err(last_errno()),
        0 => Ok(None),
        waited => Ok(Some((Pid::from_raw(waited), status))),
    }
}

/// A ptrace(2) request without a pointer: continue, listen, step to the next system call, detach.
pub(crate) fn resume(request: libc::c_uint, thread: Pid, signal: c_int) -> Result<(), i32> {
    let signal = libc::c_long::from(signal);
    // SAFETY: these requests take no pointer.
    checked(unsafe { libc::ptrace(request, thread.as_raw(), 0, signal) }).map(drop)
}

/// The ABI of the call that a stopped thread is in (`AUDIT_ARCH_*`; PTRACE_GET_SYSCALL_INFO, Linux 5.3).
pub(crate) fn call_abi(thread: Pid) -> Option<u32> {
    /// `struct ptrace_syscall_info` up to what all stops have (include/uapi/linux/ptrace.h).
    #[repr(C)]
    #[derive(Default)]
    struct Information {
        operation: u8,
        padding: [u8; 3],
        abi: u32,
        instruction: u64,
        stack: u64,
    }
    const GET_SYSCALL_INFO: libc::c_uint = 0x420e;
    let mut information = Information::default();
    let size = size_of::<Information>();
    // SAFETY: writes at most `size` bytes there.
    let result = unsafe {
        libc::ptrace(
            GET_SYSCALL_INFO,
            thread.as_raw(),
            size,
            &raw mut information,
        )
    };
    checked(result).ok()?;
    Some(information.abi)
}

/// The signals that a stopped thread blocks, as the kernel counts: signal n is bit n - 1.
pub(crate) fn signal_mask(thread: Pid) -> Result<u64, i32> {
    let mut mask = 0_u64;
    let size = size_of::<u64>();
    // SAFETY: writes `size` bytes to the mask.
    let result = unsafe {
        libc::ptrace(
            libc::PTRACE_GETSIGMASK,
            thread.as_raw(),
            size,
            &raw mut mask,
        )
    };
    checked(result).map(|_| mask)
}

/// Replaces the signals that a stopped thread blocks.
pub(crate) fn set_signal_mask(thread: Pid, mask: u64) -> Result<(), i32> {
    let size = size_of::<u64>();
    // SAFETY: reads `size` bytes of the mask.
    let result = unsafe {
        libc::ptrace(
            libc::PTRACE_SETSIGMASK,
            thread.as_raw(),
            size,
            &raw const mask,
        )
    };
    checked(result).map(drop)
}

/// Sends a signal to one thread (tgkill(2)), which may be gone.
pub(crate) fn send(process: Pid, thread: Pid, signal: c_int) {
    // SAFETY: takes no pointer.
    let _ = unsafe { libc::syscall(libc::SYS_tgkill, process.as_raw(), thread.as_raw(), signal) };
}

/// Whether two threads have one memory (kcmp(2)); nothing where the kernel does not say.
pub(crate) fn share_memory(one: Pid, other: Pid) -> Option<bool> {
    const KCMP_VM: c_int = 1;
    // SAFETY: takes no pointer.
    let result =
        unsafe { libc::syscall(libc::SYS_kcmp, one.as_raw(), other.as_raw(), KCMP_VM, 0, 0) };
    checked(result).ok().map(|order| order == 0)
}

/// A descriptor that stands for a process (pidfd_open(2), Linux 5.3).
pub(crate) fn open_process(process: Pid) -> Result<OwnedFd, i32> {
    // SAFETY: takes no pointer.
    let descriptor = checked(unsafe { libc::syscall(libc::SYS_pidfd_open, process.as_raw(), 0) })?;
    // SAFETY: the kernel made this descriptor for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor as c_int) })
}

/// A copy of another process's descriptor (pidfd_getfd(2), Linux 5.6).
pub(crate) fn take_descriptor(process: BorrowedFd<'_>, number: c_int) -> Result<OwnedFd, i32> {
    let process = process.as_raw_fd();
    // SAFETY: takes no pointer.
    let descriptor = checked(unsafe { libc::syscall(libc::SYS_pidfd_getfd, process, number, 0) })?;
    // SAFETY: the kernel made this descriptor for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor as c_int) })
}

/// Sends a signal to the process that a descriptor stands for (pidfd_send_signal(2), Linux 5.1).
pub(crate) fn signal_process(process: BorrowedFd<'_>, signal: c_int) -> Result<(), i32> {
    let process = process.as_raw_fd();
    let information = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: a null pointer stands for what kill(2) would say.
    let result =
        unsafe { libc::syscall(libc::SYS_pidfd_send_signal, process, signal, information, 0) };
    checked(result).map(drop)
}

/// Waits until a descriptor is ready for reading or has hung up, in milliseconds; -1 is for ever.
pub(crate) fn poll(descriptor: BorrowedFd<'_>, timeout: c_int) -> Result<libc::c_short, i32> {
    poll_for(descriptor, libc::POLLIN, timeout)
}

/// Waits until a descriptor has hung up.
pub(crate) fn poll_for_end(
    descriptor: BorrowedFd<'_>,
    timeout: c_int,
) -> Result<libc::c_short, i32> {
    poll_for(descriptor, 0, timeout)
}

fn poll_for(
    descriptor: BorrowedFd<'_>,
    events: libc::c_short,
    timeout: c_int,
) -> Result<libc::c_short, i32> {
    let mut place = libc::pollfd {
        fd: descriptor.as_raw_fd(),
        events,
        revents: 0,
    };
    // SAFETY: reads and writes one pollfd.
    match unsafe { libc::poll(&raw mut place, 1, timeout) } {
        -1 => Err(last_errno()),
        _ => Ok(place.revents),
    }
}

/// The next notification of a listener (seccomp_unotify(2), "SECCOMP_IOCTL_NOTIF_RECV").
pub(crate) fn receive(listener: BorrowedFd<'_>) -> Result<libc::seccomp_notif, i32> {
    // SAFETY: a structure of integers; the kernel wants it zeroed.
    let mut notification: libc::seccomp_notif = unsafe { std::mem::zeroed() };
    // SAFETY: writes one notification.
    let result = unsafe {
        libc::ioctl(
            listener.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_RECV,
            &raw mut notification,
        )
    };
    checked(result.into()).map(|_| notification)
}

/// Answers a notification (seccomp_unotify(2), "SECCOMP_IOCTL_NOTIF_SEND").
pub(crate) fn respond(
    listener: BorrowedFd<'_>,
    mut response: libc::seccomp_notif_resp,
) -> Result<(), i32> {
    // SAFETY: reads one response.
    let result = unsafe {
        libc::ioctl(
            listener.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_SEND,
            &raw mut response,
        )
    };
    checked(result.into()).map(drop)
}

/// Whether who made a notified call still waits for its answer.
pub(crate) fn still_waits(listener: BorrowedFd<'_>, mut id: u64) -> bool {
    // SAFETY: reads one number.
    let result = unsafe {
        libc::ioctl(
            listener.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_ID_VALID,
            &raw mut id,
        )
    };
    result == 0
}

/// Asks for wake-ups on the same processor (Linux 6.6): a fraction of the cost of others.
pub(crate) fn wake_up_synchronously(listener: BorrowedFd<'_>) -> Result<(), i32> {
    const SYNC_WAKE_UP: libc::c_ulong = 1;
    // SAFETY: takes a number, not a pointer.
    let result = unsafe {
        libc::ioctl(
            listener.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS,
            SYNC_WAKE_UP,
        )
    };
    checked(result.into()).map(drop)
}
