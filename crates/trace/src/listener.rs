//! The notifications of a filter: calls that wait until somebody says what becomes of them
//! (seccomp_unotify(2)).
//!
//! A notification is no denial: who answers may be anybody with the descriptor. Nothing that must not
//! run may depend on an answer alone.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::Error;
use crate::registers::RegisterCall;
use crate::sys;

/// The end of a filter at which its notifications arrive.
#[derive(Debug)]
pub struct Listener {
    descriptor: OwnedFd,
}

/// A call that waits for its answer.
#[derive(Debug, Clone, Copy)]
pub struct Notification {
    /// What the answer must name.
    pub id: u64,
    /// The thread that makes the call; 0 when our PID namespace does not see it.
    pub thread: i32,
    /// The call.
    pub call: RegisterCall,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// It runs.
    Continue,
    /// It fails with this error number.
    Fail(i32),
}

impl Listener {
    /// Takes a listener over, and asks for the cheap kind of wake-ups where there is one.
    pub fn new(descriptor: OwnedFd) -> Listener {
        // Kernels before 6.6 do not know it, and everything works without.
        let _ = sys::wake_up_synchronously(descriptor.as_fd());
        Listener { descriptor }
    }

    /// Another handle on the same listener.
    ///
    /// # Errors
    /// [`Error::Listener`] when there is no descriptor left.
    pub fn try_clone(&self) -> Result<Listener, Error> {
        let descriptor = self.descriptor.try_clone();
        let descriptor = descriptor.map_err(|error| Error::Listener {
            errno: error.raw_os_error().unwrap_or(libc::EMFILE),
        })?;
        Ok(Listener { descriptor })
    }

    /// Waits for the next call. Nothing when all that were under the filter are gone; kernels before
    /// 6.11 do not wake who waits here then, so somebody else must ask [`Listener::is_deserted`].
    ///
    /// # Errors
    /// [`Error::Listener`] when the kernel refuses.
    pub fn receive(&self) -> Result<Option<Notification>, Error> {
        loop {
            match sys::receive(self.descriptor.as_fd()) {
                Ok(notification) => return Ok(Some(Notification::of(&notification))),
                // Who made the call has died since, or a signal came to us.
                Err(libc::EINTR | libc::ENOENT) if !self.is_deserted(0) => {}
                Err(libc::EINTR | libc::ENOENT) => return Ok(None),
                Err(errno) => return Err(Error::Listener { errno }),
            }
        }
    }

    /// Whether nobody is left under the filter, within some milliseconds (-1: for ever).
    pub fn is_deserted(&self, milliseconds: i32) -> bool {
        let events = sys::poll_for_end(self.descriptor.as_fd(), milliseconds);
        events.is_ok_and(|events| events & (libc::POLLHUP | libc::POLLERR) != 0)
    }

    /// Whether a call waits, within some milliseconds; nothing when nobody is left.
    ///
    /// # Errors
    /// [`Error::Listener`] when the kernel refuses.
    pub fn is_waited_for(&self, milliseconds: i32) -> Result<Option<bool>, Error> {
        let events = match sys::poll(self.descriptor.as_fd(), milliseconds) {
            Ok(events) => events,
            Err(libc::EINTR) => 0,
            Err(errno) => return Err(Error::Listener { errno }),
        };
        if events & libc::POLLIN != 0 {
            return Ok(Some(true));
        }
        Ok((events & (libc::POLLHUP | libc::POLLERR) == 0).then_some(false))
    }

    /// Answers a call. Whether the answer was accepted: who made the call may have died, or a signal
    /// may have called it away, and then it will be made again.
    ///
    /// # Errors
    /// [`Error::Listener`] when the kernel refuses.
    pub fn reply(&self, notification: &Notification, reply: Reply) -> Result<bool, Error> {
        let (error, flags) = match reply {
            Reply::Continue => (0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE),
            Reply::Fail(errno) => (-errno, 0),
        };
        let response = libc::seccomp_notif_resp {
            id: notification.id,
            val: 0,
            error,
            flags: u32::try_from(flags).unwrap_or_default(),
        };
        match sys::respond(self.descriptor.as_fd(), response) {
            Ok(()) => Ok(true),
            Err(libc::ENOENT) => Ok(false),
            Err(errno) => Err(Error::Listener { errno }),
        }
    }

    /// Whether who made the call still waits: only then is what was read of it true.
    pub fn still_waits(&self, notification: &Notification) -> bool {
        sys::still_waits(self.descriptor.as_fd(), notification.id)
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl Notification {
    fn of(notification: &libc::seccomp_notif) -> Notification {
        let data = &notification.data;
        Notification {
            id: notification.id,
            thread: i32::try_from(notification.pid).unwrap_or_default(),
            call: RegisterCall {
                audit: data.arch,
                number: u32::from_ne_bytes(data.nr.to_ne_bytes()),
                arguments: data.args,
                instruction: data.instruction_pointer,
            },
        }
    }
}
