//! A tracer that holds a process's filters back until its next exec (PTRACE_O_SUSPEND_SECCOMP).

use nix::sys::ptrace;
use nix::unistd::Pid;

use crate::stop::{self, Stop};
use crate::{Error, sys};

/// A process whose filters have no effect yet.
#[derive(Debug)]
pub struct Suspended {
    process: Pid,
}

impl Suspended {
    /// Suspends the filters that a process of one thread will load. If this tracer dies, so does the
    /// process (PTRACE_O_EXITKILL).
    ///
    /// # Errors
    /// [`Error::Seize`]: EPERM without CAP_SYS_ADMIN, under another tracer, or with a filter of the
    /// tracer's own; EINVAL without CONFIG_CHECKPOINT_RESTORE.
    pub fn seize(process: i32) -> Result<Suspended, Error> {
        let process = Pid::from_raw(process);
        // nix has no name for this option.
        let suspend = ptrace::Options::from_bits_retain(libc::PTRACE_O_SUSPEND_SECCOMP);
        let options =
            suspend | ptrace::Options::PTRACE_O_EXITKILL | ptrace::Options::PTRACE_O_TRACEEXEC;
        let seized = ptrace::seize(process, options);
        seized
            .map(|()| Suspended { process })
            .map_err(|errno| Error::Seize {
                errno: errno as i32,
            })
    }

    /// Passes signals on until the exec stop, and lets the process go there, with its filters.
    ///
    /// # Errors
    /// [`Error::Gone`] when it ends before; others leave the process to its death with the tracer.
    pub fn hold_until_exec(self) -> Result<(), Error> {
        loop {
            let (thread, status) = sys::wait(self.process.as_raw()).map_err(|_| Error::Gone)?;
            match Stop::of(status) {
                Stop::Exec => return stop::detach(thread, 0),
                Stop::Ended => return Err(Error::Gone),
                stop => stop::go_on(thread, stop)?,
            }
        }
    }
}
