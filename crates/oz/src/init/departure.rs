//! How a program departs behind a filter: the process that becomes it loads the filter itself, waits until
//! whoever watches is there, and is executed by a ticket.
//!
//! ```text
//! the program to be                 oz-init                        oz
//! seccomp(2)
//!    ├───── the listener's number ──►│
//!    │                          pidfd_getfd(2)
//!    │                               ├────── process, listener ──────►│
//!    │                               │                        watches, or not
//!    │                               │◄────────────── go ─────────────┤
//!    │◄───────────── go ─────────────┤
//! execve(2)
//! ```
//!
//! No process but these is in the cell by then. Nobody else could look into this one: in root's cells it is
//! undumpable, and in those of ordinary users it has a user namespace of its own, in which nobody has a
//! privilege but its first process and its user on the host; see decision 020.

use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use confine::Error;
use confine::departure::{Departure, Image, unexecuted};
use confine::plan::Owner;
use filter::Entrusted;
use launch::Strings;
use launch::ticket::Past;
use rustix::process::{DumpableBehavior, Pid, PidfdGetfdFlags, pidfd_getfd, set_dumpable_behavior};
use wire::Channel;

use super::{Go, Loading, Report};

/// How long the filter may take to be loaded, which waits for nobody.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long whoever watches may take to be there.
const WATCHER: Duration = Duration::from_secs(30);
/// In the place of a listener's number where there is none.
const NO_LISTENER: i32 = -1;
/// The status of an exec that failed; what is told besides counts.
const UNEXECUTED: u8 = 126;

/// A departure behind a filter.
pub(super) struct Filtered<'a> {
    loading: Loading,
    maker: Owner,
    /// To whoever started the cell.
    channel: &'a mut Channel,
    inside: Option<UnixStream>,
    outside: UnixStream,
}

impl<'a> Filtered<'a> {
    pub(super) fn new(
        loading: Loading,
        maker: Owner,
        channel: &'a mut Channel,
    ) -> Result<Filtered<'a>, Error> {
        let ends = UnixStream::pair().map_err(failed("make a pipe"))?;
        let (inside, outside) = ends;
        let patience = outside.set_read_timeout(Some(PATIENCE));
        patience.map_err(failed("make a pipe"))?;
        Ok(Filtered {
            loading,
            maker,
            channel,
            inside: Some(inside),
            outside,
        })
    }

    /// Where the listener is in the other process.
    fn listener(&mut self, program: BorrowedFd<'_>) -> Result<Option<OwnedFd>, Error> {
        let mut word = [0; 4];
        let heard = self.outside.read_exact(&mut word);
        heard.map_err(failed("have the filter loaded"))?;
        match (i32::from_ne_bytes(word), self.loading.listens) {
            (NO_LISTENER, false) => Ok(None),
            (number @ 0.., true) => {
                let taken = pidfd_getfd(program, number, PidfdGetfdFlags::empty());
                let listener =
                    taken.map_err(|error| failed("take the filter's listener")(error.into()))?;
                Ok(Some(listener))
            }
            (number, _) => Err(Error::Departure(format!(
                "the filter's listener cannot be {number}"
            ))),
        }
    }

    /// Has whoever started the cell watch the program.
    fn report(
        &mut self,
        program: BorrowedFd<'_>,
        listener: Option<&OwnedFd>,
    ) -> Result<(), wire::Error> {
        let mut along = vec![program];
        along.extend(listener.map(AsFd::as_fd));
        self.channel.send(&Report::Ready, &along, PATIENCE)?;
        let (Go, _) = self.channel.receive(WATCHER)?;
        Ok(())
    }
}

impl Departure for Filtered<'_> {
    fn leave(&mut self, image: &Image<'_>, mouth: BorrowedFd<'_>) -> Error {
        let Some(talk) = self.inside.take() else {
            return Error::Departure("there is nobody to be told of the filter".into());
        };
        // Of an undumpable process nobody without privileges on the host could take the listener.
        let dumpable = match self.maker {
            Owner::Root => DumpableBehavior::NotDumpable,
            Owner::User => DumpableBehavior::Dumpable,
        };
        if let Err(error) = set_dumpable_behavior(dumpable) {
            return failed("say who may look into the program")(error.into());
        }
        let program = Entrusted::from_bits(&self.loading.program);
        let past = Past::by(self.loading.words);
        let image = launch::Image {
            path: image.path.to_owned(),
            arguments: image.arguments.to_vec(),
            environment: image.environment.to_vec(),
        };
        let strings = Strings::new(&image);
        let number = match filter::load_entrusted(&program, self.loading.listens) {
            Ok(number) => number.unwrap_or(NO_LISTENER),
            Err(error) => return Error::Departure(format!("the filter: {error}")),
        };
        // From here on nothing is called but what carries the words.
        let errno = go(&past, talk.as_raw_fd(), number)
            .map_or_else(|errno| errno, |()| past.execute(&strings));
        let _ = past.tell(mouth.as_raw_fd(), &unexecuted(errno));
        past.exit(UNEXECUTED)
    }

    fn see_off(&mut self, _: Pid, program: BorrowedFd<'_>) -> Result<(), Error> {
        drop(self.inside.take());
        let listener = self.listener(program)?;
        let watched = self.report(program, listener.as_ref());
        watched.map_err(|error| Error::Departure(format!("have the program watched: {error}")))?;
        drop(listener);
        self.outside
            .write_all(&[1])
            .map_err(failed("let the program go"))
    }
}

/// Tells the number, and waits until this process may go.
fn go(past: &Past, talk: i32, number: i32) -> Result<(), i32> {
    past.tell(talk, &number.to_ne_bytes())?;
    let mut word = [0];
    match past.hear(talk, &mut word)? {
        1 => Ok(()),
        _ => Err(libc::ECANCELED),
    }
}

fn failed(action: &'static str) -> impl Fn(std::io::Error) -> Error {
    move |error| Error::Departure(format!("cannot {action}: {error}"))
}
