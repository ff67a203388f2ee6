//! Running a cell from the host: start its first process, pass the terminal on, wait for its end.

mod relay;
mod terminal;

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use confine::plan::Plan;
use wire::Channel;

use crate::init::{Note, Report, Stage};

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
    #[error("the cell's first process, {stage}: {source}")]
    Lost {
        /// What it did when it was last heard of.
        stage: Stage,
        /// How that was noticed.
        source: wire::Error,
    },
    /// The first process says why there is no cell.
    #[error("{stage}: {why}")]
    Refused {
        /// At what.
        stage: Stage,
        /// Why.
        why: String,
    },
    /// The terminal cannot be passed on.
    #[error("the terminal: {0}")]
    Terminal(#[from] rustix::io::Errno),
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

/// Runs a cell to its end; gives the status of its program. `tell` hears what was left out of it.
///
/// # Errors
/// [`Failure`]; nothing of the cell is left then.
pub fn run(plan: &Plan, init: &Path, tell: impl FnOnce(&[Note])) -> Result<i32, Failure> {
    let opened = File::open(init);
    let mut program = opened.map_err(|source| Failure::Init {
        path: init.to_path_buf(),
        source,
    })?;
    let program = confine::sealed(&mut program)?;
    let lost = |source| Failure::Lost {
        stage: Stage::Plan,
        source,
    };
    let (mut channel, theirs) = Channel::pair().map_err(lost)?;
    let signals = relay::Signals::new()?;
    let first = confine::launch(&program, theirs.as_fd(), plan.network, None)?;
    drop((program, theirs));
    channel.send(plan, &[]).map_err(lost)?;
    let (notes, terminal) = started(&mut channel)?;
    tell(&notes);
    relay::until_the_end(&first, terminal, &signals)?;
    ended(&mut channel)
}

/// Waits until the program runs.
fn started(channel: &mut Channel) -> Result<(Vec<Note>, Option<OwnedFd>), Failure> {
    let mut stage = Stage::Plan;
    loop {
        let (report, mut descriptors) = channel
            .receive(PATIENCE)
            .map_err(|source| Failure::Lost { stage, source })?;
        match report {
            Report::At(next) => stage = next,
            Report::Started(notes) => return Ok((notes, descriptors.pop())),
            Report::Failed { stage, why } => return Err(Failure::Refused { stage, why }),
            Report::Ended(_) => {
                let source = wire::Error::Closed;
                return Err(Failure::Lost { stage, source });
            }
        }
    }
}

/// What the first process said last; one that was killed has said nothing.
fn ended(channel: &mut Channel) -> Result<i32, Failure> {
    const KILLED: i32 = 128 + 9;
    match channel.receive(Duration::from_secs(1)) {
        Ok((Report::Ended(status), _)) => Ok(status),
        Ok((Report::Failed { stage, why }, _)) => Err(Failure::Refused { stage, why }),
        Ok(_) | Err(_) => Ok(KILLED),
    }
}
