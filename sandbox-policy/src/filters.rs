//! The filters of a running process, as the kernel gives them to root.

use filter::Instruction;
use nix::errno::Errno;
use nix::sys::ptrace;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::sys;

/// More filters than a process has that still runs at a bearable speed.
const MOST: u32 = 64;

/// The filters of a thread, the oldest first. The thread is stopped for the moment that this takes.
///
/// # Errors
/// The kernel's: EPERM without CAP_SYS_ADMIN, under a filter of our own, or where somebody traces
/// the process already.
pub(crate) fn of_thread(thread: u32) -> Result<Vec<Vec<Instruction>>, Errno> {
    let thread = i32::try_from(thread).map_err(|_| Errno::ESRCH)?;
    let thread = Pid::from_raw(thread);
    ptrace::seize(thread, ptrace::Options::empty())?;
    let filters = stopped(thread);
    // If we ended without it, the kernel would do the same.
    let _ = ptrace::detach(thread, None);
    filters
}

fn stopped(thread: Pid) -> Result<Vec<Vec<Instruction>>, Errno> {
    ptrace::interrupt(thread)?;
    loop {
        match waitpid(thread, Some(WaitPidFlag::__WALL))? {
            WaitStatus::PtraceEvent(..) => break,
            // A signal that arrived first goes on its way.
            WaitStatus::Stopped(_, signal) => ptrace::cont(thread, signal)?,
            WaitStatus::Exited(..) | WaitStatus::Signaled(..) => return Err(Errno::ESRCH),
            _ => ptrace::cont(thread, None)?,
        }
    }
    let mut filters = Vec::new();
    for index in 0..MOST {
        match sys::filter(thread, index)? {
            Some(filter) => filters.push(filter),
            None => break,
        }
    }
    Ok(filters)
}
