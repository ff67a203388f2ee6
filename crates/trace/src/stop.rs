//! Why a traced thread stands still (ptrace(2), "Stopped states").

use std::ffi::c_int;
use std::time::{Duration, Instant};

use nix::sys::ptrace;
use nix::unistd::Pid;

use crate::{Error, status, sys};

/// A state change of a traced thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A new image is in place, and nothing of it has run.
    Exec,
    /// It has made another thread or process, which is traced, too.
    Child,
    /// It is about to end; registers and memory are still there.
    Exit,
    /// Job control stopped its process.
    Group,
    /// We asked for it, or it has just begun.
    Interrupted,
    /// It enters or leaves a system call.
    Call,
    /// A filter wants to know what to do with a call.
    Filter,
    /// A signal is about to be delivered.
    Signal(c_int),
    /// It is gone.
    Ended,
}

impl Stop {
    /// What a wait status means.
    pub(crate) fn of(status: c_int) -> Stop {
        const STOPPING: [c_int; 4] = [libc::SIGSTOP, libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];
        // PTRACE_O_TRACESYSGOOD.
        const CALL: c_int = libc::SIGTRAP | 0x80;
        if !libc::WIFSTOPPED(status) {
            return Stop::Ended;
        }
        match (status >> 16, libc::WSTOPSIG(status)) {
            (libc::PTRACE_EVENT_EXEC, _) => Stop::Exec,
            (libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE, _) => {
                Stop::Child
            }
            (libc::PTRACE_EVENT_EXIT, _) => Stop::Exit,
            (libc::PTRACE_EVENT_SECCOMP, _) => Stop::Filter,
            (libc::PTRACE_EVENT_STOP, signal) if STOPPING.contains(&signal) => Stop::Group,
            (0, CALL) => Stop::Call,
            (0, signal) => Stop::Signal(signal),
            _ => Stop::Interrupted,
        }
    }

    /// Whether registers can be changed here: elsewhere the thread is still inside the kernel's part
    /// of a call, which goes on with registers of its own.
    pub(crate) fn is_at_the_border(self) -> bool {
        matches!(self, Stop::Group | Stop::Interrupted | Stop::Signal(_))
    }
}

/// Waits for one thread to stop. Not in the kernel: the first thread of a process is reported as ended
/// only when all others have been waited for, so who waits for it alone may wait for ever.
pub(crate) fn wait_for(thread: Pid) -> Result<Stop, Error> {
    const EAGER: Duration = Duration::from_millis(2);
    let start = Instant::now();
    loop {
        match sys::wait_no_longer(thread.as_raw()) {
            Ok(Some((_, status))) => return Ok(Stop::of(status)),
            Ok(None) if start.elapsed() < EAGER => std::thread::yield_now(),
            Ok(None) if status::is_zombie(thread) => return Ok(Stop::Ended),
            Ok(None) => std::thread::sleep(Duration::from_millis(1)),
            Err(errno) => return Err(Error::request("waiting", thread, errno)),
        }
    }
}

/// Lets a stopped thread go on, with a signal or without (0).
pub(crate) fn resume(thread: Pid, signal: c_int) -> Result<(), Error> {
    sys::resume(libc::PTRACE_CONT, thread, signal)
        .map_err(|errno| Error::request("continuing", thread, errno))
}

/// Lets a stopped thread go on with what it stopped for.
pub(crate) fn go_on(thread: Pid, stop: Stop) -> Result<(), Error> {
    match stop {
        Stop::Signal(signal) => resume(thread, signal),
        Stop::Group => listen(thread),
        _ => resume(thread, 0),
    }
}

/// Lets a stopped thread go on until it enters or leaves a system call.
pub(crate) fn resume_to_call(thread: Pid, signal: c_int) -> Result<(), Error> {
    sys::resume(libc::PTRACE_SYSCALL, thread, signal)
        .map_err(|errno| Error::request("continuing", thread, errno))
}

/// Leaves a thread in its job-control stop (PTRACE_LISTEN).
pub(crate) fn listen(thread: Pid) -> Result<(), Error> {
    sys::resume(libc::PTRACE_LISTEN, thread, 0)
        .map_err(|errno| Error::request("listening", thread, errno))
}

/// Lets a thread go for good. Where its process is stopped by job control, it stays stopped.
pub(crate) fn detach(thread: Pid, signal: c_int) -> Result<(), Error> {
    sys::resume(libc::PTRACE_DETACH, thread, signal)
        .map_err(|errno| Error::request("detaching", thread, errno))
}

/// The number that comes with an event: a new thread's id, an exit status.
pub(crate) fn message(thread: Pid) -> Option<i64> {
    ptrace::getevent(thread).ok()
}
