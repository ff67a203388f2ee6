//! `ticket`: without privileges, without a second process.
//!
//! The filter lets execve(2), write(2) and exit_group(2) through when three unused registers hold
//! three random words. Only the launcher knows them, and the exec that uses them clears every
//! register. The launcher makes itself undumpable first: else a process of the same user could
//! rewrite it through `/proc/PID/mem` between the load and the exec. exec makes the program dumpable
//! again.

use std::convert::Infallible;

use filter::{Checked, Logging, Ticket};
use supervise::Voice;

use crate::errno::{exec_status, in_words};
use crate::error::Error;
use crate::image::Image;
use crate::sys;

/// Draws the words, and makes this process undumpable until its next exec.
///
/// # Errors
/// [`Error::System`].
pub fn draw() -> Result<Ticket, Error> {
    sys::become_undumpable().map_err(|errno| Error::System {
        what: "PR_SET_DUMPABLE",
        errno,
    })?;
    words().map(Ticket::new)
}

/// 192 bits that nobody else knows. Who uses them as a ticket must be undumpable.
///
/// # Errors
/// [`Error::System`].
pub fn words() -> Result<[u64; 3], Error> {
    sys::random_words().map_err(|errno| Error::System {
        what: "getrandom",
        errno,
    })
}

/// Loads the filter and executes the image past it. `voice` says why the image cannot be executed.
///
/// # Errors
/// [`Error::Filter`]; nothing is loaded then.
pub fn launch(
    program: &Checked,
    logging: Logging,
    ticket: &Ticket,
    image: &Image,
    voice: Voice,
) -> Result<Infallible, Error> {
    let departure = Departure::prepare(image, voice);
    filter::load(program, logging)?;
    departure.leave(ticket, None)
}

/// The calls that carry the words: all that gets through between the load and the exec. None of them
/// allocates.
pub struct Past {
    words: [u64; 3],
}

impl Past {
    /// Past the filters that were made with a ticket.
    pub fn new(ticket: &Ticket) -> Past {
        Past {
            words: ticket.words(),
        }
    }

    /// Past a filter that was made elsewhere, with these words.
    pub fn by(words: [u64; 3]) -> Past {
        Past { words }
    }

    /// Reads from a descriptor once, where the ticket opens that (`Ticket::for_cell`). Gives how much was
    /// read, 0 at the end.
    ///
    /// # Errors
    /// The error number of read(2).
    pub fn hear(&self, descriptor: i32, bytes: &mut [u8]) -> Result<usize, i32> {
        sys::read_with(descriptor, bytes, self.words)
    }

    /// Writes to a descriptor once. A pipe that nobody reads raises SIGPIPE: behind the filter it cannot be
    /// held back.
    ///
    /// # Errors
    /// The error number of write(2).
    pub fn tell(&self, descriptor: i32, bytes: &[u8]) -> Result<(), i32> {
        sys::write_with(descriptor, bytes, self.words)
    }

    /// Executes an image; comes back with the error number.
    pub fn execute(&self, strings: &sys::Strings<'_>) -> i32 {
        sys::execute_with(strings, self.words)
    }

    /// Ends this process.
    pub fn exit(&self, status: u8) -> ! {
        sys::exit_with(status, self.words)
    }
}

/// An exec with everything that it needs, made before the filter holds: from the load on, nothing but
/// calls that carry the words gets through, so no allocation and no other message.
pub struct Departure<'a> {
    strings: sys::Strings<'a>,
    message: Vec<u8>,
    ear: i32,
    audible: bool,
}

impl<'a> Departure<'a> {
    /// Prepares to execute an image. `voice` says why it cannot be, if so.
    pub fn prepare(image: &'a Image, voice: Voice) -> Departure<'a> {
        const ROOM: usize = 256;
        let mut message = Vec::with_capacity(image.path.as_bytes().len() + ROOM);
        message.extend_from_slice(voice.program.as_bytes());
        message.extend_from_slice(b": ");
        message.extend_from_slice(image.path.as_bytes());
        message.extend_from_slice(b": ");
        Departure {
            strings: sys::Strings::new(image),
            message,
            ear: voice.descriptor,
            audible: sys::is_open_for_writing(voice.descriptor),
        }
    }

    /// Executes the image past the filter, when a number was written to a descriptor (the first of `told`)
    /// whose reader waits for it. Where that cannot be done, nothing is executed, and this process ends with
    /// [`exec_status`].
    pub fn leave(mut self, ticket: &Ticket, told: Option<(i32, i32)>) -> ! {
        let past = Past::new(ticket);
        let told = told.map_or(Ok(()), |(descriptor, number)| {
            past.tell(descriptor, &number.to_ne_bytes())
        });
        let errno = match told {
            Ok(()) => past.execute(&self.strings),
            Err(errno) => errno,
        };
        self.message.extend_from_slice(in_words(errno).as_bytes());
        self.message.push(b'\n');
        if self.audible {
            // There is nobody else to be told.
            let _ = past.tell(self.ear, &self.message);
        }
        past.exit(exec_status(errno))
    }
}
