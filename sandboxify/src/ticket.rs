//! `ticket`: without privileges, without a second process.
//!
//! The filter lets execve(2), write(2) and exit_group(2) through when three unused registers hold
//! three random words. Only the launcher knows them, and the exec that uses them clears every
//! register. The launcher makes itself undumpable first: else a process of the same user could
//! rewrite it through `/proc/PID/mem` between the load and the exec. exec makes the program dumpable
//! again.

use std::convert::Infallible;

use filter::{Checked, Logging, Ticket};

use crate::failure::{Failure, errno_in_words};
use crate::image::Image;
use crate::sys;

/// Draws the words. The launcher must be undumpable by now.
pub(crate) fn draw() -> Result<Ticket, Failure> {
    sys::become_undumpable().map_err(|errno| Failure::System {
        what: "PR_SET_DUMPABLE",
        errno,
    })?;
    words().map(Ticket::new)
}

/// 192 bits that nobody else knows.
pub(crate) fn words() -> Result<[u64; 3], Failure> {
    sys::random_words().map_err(|errno| Failure::System {
        what: "getrandom",
        errno,
    })
}

/// Loads the filter and executes the image past it.
pub(crate) fn launch(
    program: &Checked,
    logging: Logging,
    ticket: &Ticket,
    image: &Image,
) -> Result<Infallible, Failure> {
    let departure = Departure::prepare(image);
    filter::load(program, logging)?;
    departure.leave(ticket, None)
}

/// An exec with everything that it needs, made before the filter holds: from the load on, nothing but
/// calls that carry the words gets through, so no allocation and no other message.
pub(crate) struct Departure<'a> {
    strings: sys::Strings<'a>,
    message: Vec<u8>,
    audible: bool,
}

impl<'a> Departure<'a> {
    pub(crate) fn prepare(image: &'a Image) -> Departure<'a> {
        let mut message = Vec::with_capacity(image.path.as_bytes().len() + 256);
        message.extend_from_slice(b"sandboxify: ");
        message.extend_from_slice(image.path.as_bytes());
        message.extend_from_slice(b": ");
        Departure {
            strings: sys::Strings::new(image),
            message,
            // Behind the filter SIGPIPE can no longer be held back.
            audible: sys::is_open_for_writing(libc::STDERR_FILENO),
        }
    }

    /// Executes the image past the filter, when a number was written to a descriptor whose reader waits
    /// for it. Where that cannot be done, nothing is executed.
    pub(crate) fn leave(mut self, ticket: &Ticket, told: Option<(i32, i32)>) -> ! {
        let words = ticket.words();
        let told = told.map_or(Ok(()), |(descriptor, number)| {
            sys::tell_with(descriptor, number, words)
        });
        let errno = match told {
            Ok(()) => sys::execute_with(&self.strings, words),
            Err(errno) => errno,
        };
        self.message
            .extend_from_slice(errno_in_words(errno).as_bytes());
        self.message.push(b'\n');
        if !self.audible {
            self.message.clear();
        }
        sys::say_and_exit_with(&self.message, exec_status(errno), words)
    }
}

/// 127 where there is nothing to execute, 126 where there is something that cannot be.
pub(crate) fn exec_status(errno: i32) -> u8 {
    match errno {
        libc::ENOENT | libc::ENOTDIR => 127,
        _ => 126,
    }
}
