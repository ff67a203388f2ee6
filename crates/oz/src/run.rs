//! Running a cell from the host: start its first process, pass the terminal on, wait for its end.

mod filtered;
mod relay;
mod signals;
mod terminal;
pub mod watcher;

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use confine::plan::Plan;
use confine::{Cgroup, First};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use serde::Serialize;
use wire::Channel;

use crate::init::{Go, Note, Order, Report, Stage};
use filtered::Escort;
use signals::Signals;
use watcher::Job;

/// How long each step of a start may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a cell did not come about, or was lost.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The program that is to be the first of a cell cannot be opened.
    #[error("{}: {source}", path.display())]
    Init {
        /// Where it was looked for.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The host's part failed.
    #[error(transparent)]
    Cell(#[from] confine::Error),
    /// The first process does not talk to us.
    #[error("the cell's first process, {stage}: {source}{}", ending(*status))]
    Lost {
        /// What it did when it was last heard of.
        stage: Stage,
        /// How that was noticed.
        source: wire::Error,
        /// How it ended, if it did.
        status: Option<i32>,
    },
    /// The first process says why there is no cell.
    #[error("{stage}: {why}")]
    Refused {
        /// At what.
        stage: Stage,
        /// Why.
        why: String,
        /// The exit status that goes with it.
        status: i32,
    },
    /// Somebody wanted an end before there was a beginning.
    #[error("{stage}: ended by signal {signal}")]
    Interrupted {
        /// At what.
        stage: Stage,
        /// Which.
        signal: i32,
    },
    /// There is no filter, or nobody to watch it.
    #[error(transparent)]
    Filter(#[from] filtered::Failure),
    /// The terminal cannot be passed on.
    #[error("the terminal: {0}")]
    Terminal(#[from] Errno),
}

impl Failure {
    /// The exit status for it.
    pub fn status(&self) -> i32 {
        match self {
            Failure::Refused { status, .. } => *status,
            Failure::Interrupted { signal, .. } => 128 + signal,
            Failure::Cell(error) => error.status(),
            // It was killed, and with it the program.
            Failure::Lost {
                status: Some(status @ 129..),
                ..
            } => *status,
            _ => crate::command::FAILED.into(),
        }
    }
}

fn ending(status: Option<i32>) -> String {
    match status {
        None => String::new(),
        Some(status @ 0..=128) => format!(", and has ended with status {status}"),
        Some(status) => format!(", and was killed by signal {}", status - 128),
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Stage::Plan => "while it was started",
            Stage::Tree => "while the tree was made",
            Stage::Settle => "while name and network were set",
            Stage::Program => "while the program was started",
            Stage::Stay => "while the program ran",
        })
    }
}

/// Which of the three standard descriptors are terminals: those become one of the cell's own.
pub fn terminals() -> [bool; 3] {
    use rustix::termios::isatty;
    [
        isatty(rustix::stdio::stdin()),
        isatty(rustix::stdio::stdout()),
        isatty(rustix::stdio::stderr()),
    ]
}

/// Runs a cell to its end; gives the status of its program, which has a filter where there is a `job`.
/// `tell` hears what was left out of it.
///
/// # Errors
/// [`Failure`]; nothing of the cell is left then.
pub fn run(
    plan: Plan,
    job: Option<Job>,
    init: &Path,
    tell: impl FnOnce(&[Note]),
) -> Result<i32, Failure> {
    Cgroup::sweep();
    let opened = File::open(init);
    let mut program = opened.map_err(|source| Failure::Init {
        path: init.to_path_buf(),
        source,
    })?;
    let program = confine::sealed(&mut program)?;
    let (channel, theirs) = Channel::pair().map_err(|source| Failure::Lost {
        stage: Stage::Plan,
        source,
        status: None,
    })?;
    let mut signals = Signals::new()?;
    // Before all that can be written to is open: it is a fork.
    let (filter, escort) = filtered::prepare(job)?;
    // Before the first process, so that it goes after it.
    let cgroup = Cgroup::make(&plan.limits)?;
    let first = confine::launch(&program, theirs.as_fd(), &plan, &cgroup)?;
    drop((program, theirs));
    let mut cell = Cell {
        first,
        channel,
        escort,
        stage: Stage::Plan,
    };
    cell.tell(&Order { plan, filter })?;
    let (notes, terminal) = cell.started(&mut signals)?;
    if is_heard() {
        tell(&notes);
    }
    relay::until_the_end(&cell.first, terminal, &mut signals)?;
    cell.ended()
}

/// Whether standard error takes anything. One that nobody reads must not keep us from the cell's signals.
fn is_heard() -> bool {
    const SOON: Timespec = Timespec {
        tv_sec: 1,
        tv_nsec: 0,
    };
    let error = rustix::stdio::stderr();
    let mut wanted = [PollFd::new(&error, PollFlags::OUT)];
    poll(&mut wanted, Some(&SOON)).is_ok_and(|ready| ready > 0)
}

/// A cell while it is started and stayed with.
struct Cell {
    first: First,
    channel: Channel,
    /// Whoever is there for its filter; ended after the first process.
    escort: Escort,
    stage: Stage,
}

impl Cell {
    fn tell<T: Serialize>(&self, what: &T) -> Result<(), Failure> {
        let sent = self.channel.send(what, &[], PATIENCE);
        sent.map_err(|source| self.lost(source))
    }

    /// Waits until the program runs.
    fn started(&mut self, signals: &mut Signals) -> Result<(Vec<Note>, Option<OwnedFd>), Failure> {
        loop {
            self.wait(signals)?;
            let (report, mut descriptors) = self
                .channel
                .receive(PATIENCE)
                .map_err(|source| self.lost(source))?;
            match report {
                Report::At(next) => self.stage = next,
                Report::Ready => {
                    self.escort.take(descriptors)?;
                    self.tell(&Go)?;
                }
                Report::Started(notes) => {
                    self.escort.permits()?;
                    return Ok((notes, descriptors.pop()));
                }
                Report::Failed { stage, why, status } => {
                    return Err(Failure::Refused { stage, why, status });
                }
                Report::Ended(_) => return Err(self.lost(wire::Error::Closed)),
            }
        }
    }

    /// Waits for the next report, or for somebody who does not want to wait. He is given the moment that
    /// the program may need to be there: then it is to be told, and not killed.
    fn wait(&self, signals: &mut Signals) -> Result<(), Failure> {
        const MOMENT: Duration = Duration::from_secs(1);
        let mut deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).map_err(|_| Errno::INVAL)?;
            let mut wanted = [
                PollFd::new(&self.channel, PollFlags::IN),
                PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN),
            ];
            match poll(&mut wanted, Some(&left)) {
                Ok(0) => return Err(self.late(signals)),
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            if wanted.first().is_some_and(|one| !one.revents().is_empty()) {
                return Ok(());
            }
            signals.keep();
            if signals.end().is_some() {
                deadline = deadline.min(Instant::now() + MOMENT);
            }
        }
    }

    fn late(&self, signals: &Signals) -> Failure {
        let stage = self.stage;
        match signals.end() {
            Some(signal) => Failure::Interrupted { stage, signal },
            None => self.lost(wire::Error::Late),
        }
    }

    fn lost(&self, source: wire::Error) -> Failure {
        /// Whoever hangs up is about to end.
        const SOON: Duration = Duration::from_millis(500);
        let status = match source {
            wire::Error::Closed => self.first.wait(SOON),
            _ => None,
        };
        Failure::Lost {
            stage: self.stage,
            source,
            status,
        }
    }

    /// What the first process said last; one that was killed has said nothing.
    fn ended(mut self) -> Result<i32, Failure> {
        self.stage = Stage::Stay;
        match self.channel.receive(Duration::ZERO) {
            Ok((Report::Ended(status), _)) => Ok(status),
            Ok((Report::Failed { stage, why, status }, _)) => {
                Err(Failure::Refused { stage, why, status })
            }
            Ok(_) | Err(_) => Err(self.lost(wire::Error::Closed)),
        }
    }
}
