//! What a child says when it does not become the program that it was to be. Its end of the pipe closes
//! by itself when it does.

use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::io::{Errno, fcntl_dupfd_cloexec};

use crate::error::{Error, call};
use crate::namespace::errno;
use crate::plan::Bytes;
use crate::sys;

/// How long a child may take to become a program, whose file may lie on a slow disk.
const PATIENCE: Duration = Duration::from_secs(20);
/// No error is longer.
const MOST_BYTES: u64 = 64 << 10;

/// No failure has this status.
const UNEXECUTED: u8 = 0;

/// What is said instead of words by whoever cannot make any.
pub(crate) fn unexecuted(errno: i32) -> [u8; 5] {
    let [a, b, c, d] = errno.to_ne_bytes();
    [UNEXECUTED, a, b, c, d]
}

/// The parent's end.
pub(crate) struct Ear(UnixStream);
/// The child's end.
pub(crate) struct Mouth(OwnedFd);

/// Both ends, closed by exec.
pub(crate) fn pipe() -> Result<(Ear, Mouth), Error> {
    let ends = UnixStream::pair().map_err(|error| call("make a pipe")(errno(&error)))?;
    Ok((Ear(ends.0), Mouth(ends.1.into())))
}

impl Ear {
    /// Waits until the child has become a program.
    ///
    /// # Errors
    /// [`Error::Start`] with what it said instead, [`Error::Program`] for an exec that failed behind a filter;
    /// [`Error::Call`] for one that says nothing for too long.
    pub(crate) fn listen(self, program: &Bytes) -> Result<(), Error> {
        let mut said = Vec::new();
        let patience = self.0.set_read_timeout(Some(PATIENCE));
        patience.map_err(|error| call("wait for the new process")(errno(&error)))?;
        let read = self.0.take(MOST_BYTES).read_to_end(&mut said);
        read.map_err(|error| match errno(&error) {
            Errno::AGAIN => call("hear of the new process")(Errno::TIMEDOUT),
            other => call("hear of the new process")(other),
        })?;
        match said.split_first() {
            None => Ok(()),
            Some((&UNEXECUTED, errno)) => Err(Error::Program {
                path: program.clone(),
                source: errno.try_into().map_or(Errno::IO, |errno| {
                    Errno::from_raw_os_error(i32::from_ne_bytes(errno))
                }),
            }),
            Some((&status, why)) => Err(Error::Start {
                why: String::from_utf8_lossy(why).into_owned(),
                status: status.into(),
            }),
        }
    }
}

impl Mouth {
    /// The same with a number that is not below another one.
    pub(crate) fn above(self, least: i32) -> Result<Mouth, Error> {
        let moved = fcntl_dupfd_cloexec(self.0.as_fd(), least);
        moved.map(Mouth).map_err(call("move a descriptor"))
    }

    /// The descriptor, for whoever can say no more than [`unexecuted`].
    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// In the child: tells why it did not become the program, and ends.
    pub(crate) fn fail(self, error: &Error) -> ! {
        let status = u8::try_from(error.status()).unwrap_or(u8::MAX);
        let words = [&[status], error.to_string().as_bytes()].concat();
        // Whoever would hear it may be gone.
        let _ = UnixStream::from(self.0).write_all(&words);
        sys::end(status.into())
    }
}
