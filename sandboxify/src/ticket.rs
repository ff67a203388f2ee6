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
    let words = sys::random_words().map_err(|errno| Failure::System {
        what: "getrandom",
        errno,
    })?;
    Ok(Ticket::new(words))
}

/// Loads the filter and executes the image past it. From the load on, nothing but calls that carry
/// the words gets through: no allocation, no other message.
pub(crate) fn launch(
    program: &Checked,
    logging: Logging,
    ticket: &Ticket,
    image: &Image,
) -> Result<Infallible, Failure> {
    let mut message = Vec::with_capacity(image.path.as_bytes().len() + 256);
    message.extend_from_slice(b"sandboxify: ");
    message.extend_from_slice(image.path.as_bytes());
    message.extend_from_slice(b": ");
    // Behind the filter SIGPIPE can no longer be held back.
    let audible = sys::is_open_for_writing(libc::STDERR_FILENO);
    let strings = sys::Strings::new(image);
    filter::load(program, logging)?;
    let errno = sys::execute_with(&strings, ticket.words());
    message.extend_from_slice(errno_in_words(errno).as_bytes());
    message.push(b'\n');
    if !audible {
        message.clear();
    }
    sys::say_and_exit_with(&message, exec_status(errno), ticket.words())
}

/// 127 where there is nothing to execute, 126 where there is something that cannot be.
pub(crate) fn exec_status(errno: i32) -> u8 {
    match errno {
        libc::ENOENT | libc::ENOTDIR => 127,
        _ => 126,
    }
}
