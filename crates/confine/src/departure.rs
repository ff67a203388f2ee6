//! The last step of a start: the exec of the program, and whatever has to happen right before it.

use std::ffi::{CStr, CString};
use std::os::fd::BorrowedFd;

use rustix::process::Pid;

use crate::error::Error;
use crate::plan::Bytes;
use crate::{last_words, sys};

/// What is executed.
#[derive(Debug, Clone, Copy)]
pub struct Image<'a> {
    /// The program's file.
    pub path: &'a CStr,
    /// Its arguments, its name first.
    pub arguments: &'a [CString],
    /// Its environment.
    pub environment: &'a [CString],
}

/// How a program is executed. One value is there twice: in the process that becomes the program, and in the
/// one that waits for it.
pub trait Departure {
    /// In the process that becomes the program, which has given everything up: executes the image. Comes
    /// back with the reason why it did not.
    ///
    /// Where calls are not free any more by then, [`unexecuted`] written to `mouth` tells the same, and the
    /// process ends itself.
    fn leave(&mut self, image: &Image<'_>, mouth: BorrowedFd<'_>) -> Error;

    /// In the process that waits: does what the other one needs before it can go.
    ///
    /// # Errors
    /// [`Error`]; what the other process says of its end counts more.
    fn see_off(&mut self, program: Pid, handle: BorrowedFd<'_>) -> Result<(), Error>;
}

/// What a process writes that could not execute its program.
pub fn unexecuted(errno: i32) -> [u8; 5] {
    last_words::unexecuted(errno)
}

/// An exec, and nothing before it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plain;

impl Departure for Plain {
    fn leave(&mut self, image: &Image<'_>, _: BorrowedFd<'_>) -> Error {
        Error::Program {
            path: Bytes(image.path.to_bytes().to_vec()),
            source: sys::execute(image.path, image.arguments, image.environment),
        }
    }

    fn see_off(&mut self, _: Pid, _: BorrowedFd<'_>) -> Result<(), Error> {
        Ok(())
    }
}
