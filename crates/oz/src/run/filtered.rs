//! What the host does for the filter of a program: makes it, and has it watched.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;

use ::filter::Ticket;

use super::watcher::{self, Job, Watcher};
use crate::filter;
use crate::init::Loading;

/// Why a program has no filter, and so does not run.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It could not be made.
    #[error(transparent)]
    Filter(#[from] filter::Failure),
    /// The words of its ticket.
    #[error(transparent)]
    Ticket(#[from] launch::Error),
    /// Nobody watches it.
    #[error(transparent)]
    Watcher(#[from] watcher::Failure),
    /// The first process says that the program has a filter, and the kernel does not.
    #[error("the program came without its filter")]
    Unfiltered,
    /// The first process hands over what it should not.
    #[error("the cell's first process handed over {0}")]
    Strange(&'static str),
}

/// Whoever is there for the filter of a program.
pub(super) struct Escort {
    /// Whether there is a filter at all.
    filtered: bool,
    watcher: Option<Watcher>,
    listens: bool,
}

/// Makes the filter, and starts whoever is to watch it.
pub(super) fn prepare(job: Option<Job>) -> Result<(Option<Loading>, Escort), Failure> {
    let Some(job) = job else {
        let escort = Escort {
            filtered: false,
            watcher: None,
            listens: false,
        };
        return Ok((None, escort));
    };
    let words = launch::ticket::words()?;
    let listens = job.filter.listens();
    let loading = Loading {
        program: job.filter.program(&Ticket::for_cell(words))?,
        words,
        listens,
    };
    let watcher = match job.filter.is_watched() {
        true => Some(Watcher::start(job)?),
        false => None,
    };
    let escort = Escort {
        filtered: true,
        watcher,
        listens,
    };
    Ok((Some(loading), escort))
}

impl Escort {
    /// Takes the program up that waits with its filter: its process, and the listener if there is one.
    pub(super) fn take(&mut self, descriptors: Vec<OwnedFd>) -> Result<(), Failure> {
        let mut descriptors = descriptors.into_iter();
        let process = descriptors.next().filter(|_| self.filtered);
        let process = process.ok_or(Failure::Strange("a program that was not asked for"))?;
        let listener = descriptors.next();
        if listener.is_some() != self.listens {
            return Err(Failure::Strange("the wrong descriptors"));
        }
        let number = number(&process).ok_or(Failure::Strange("what is no process"))?;
        if !is_filtered(number) {
            return Err(Failure::Unfiltered);
        }
        match &mut self.watcher {
            None => Ok(()),
            Some(watcher) => Ok(watcher.take(number, &process, listener.as_ref())?),
        }
    }
}

/// The number of a process on the host (`Pid:`, proc_pid_fdinfo(5)); nothing for one that has ended, or is
/// out of sight.
fn number(process: &OwnedFd) -> Option<i32> {
    let path = format!("/proc/self/fdinfo/{}", process.as_raw_fd());
    let number = field(path.into(), "Pid:")?;
    number.parse().ok().filter(|number| *number > 0)
}

/// Whether the kernel says that a process has a filter (`Seccomp: 2`, proc_pid_status(5)).
fn is_filtered(process: i32) -> bool {
    let path = format!("/proc/{process}/status");
    field(path.into(), "Seccomp:").is_some_and(|mode| mode == "2")
}

fn field(path: PathBuf, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix(name))?;
    Some(value.trim().to_owned())
}
