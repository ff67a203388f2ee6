//! A process that cannot be mistaken for another (pidfd_open(2)).

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::unistd::Pid;

use crate::{Error, sys};

/// A handle on a process, which stays with it when its number is used again.
#[derive(Debug)]
pub struct Process {
    descriptor: OwnedFd,
}

impl Process {
    /// Gets a handle.
    ///
    /// # Errors
    /// [`Error::Gone`] for a process that is not there, [`Error::Request`] before Linux 5.3.
    pub fn open(process: i32) -> Result<Process, Error> {
        let process = Pid::from_raw(process);
        sys::open_process(process)
            .map(|descriptor| Process { descriptor })
            .map_err(|errno| Error::request("pidfd_open", process, errno))
    }

    /// Kills it. That it is gone already is as good.
    pub fn kill(&self) {
        let _ = sys::signal_process(self.descriptor.as_fd(), libc::SIGKILL);
    }

    /// Whether it ends within some milliseconds; -1 waits until it does.
    pub fn ends_within(&self, milliseconds: i32) -> bool {
        matches!(sys::poll(self.as_fd(), milliseconds), Ok(events) if events != 0)
    }

    /// A copy of one of its descriptors; needs to be its tracer, or to be permitted to trace it.
    pub(crate) fn take_descriptor(&self, number: i32) -> Result<OwnedFd, i32> {
        sys::take_descriptor(self.descriptor.as_fd(), number)
    }
}

impl AsFd for Process {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}
