//! `oz-init`: the first process of a cell. It is given a plan, makes the cell, starts the program, gives
//! its privileges up and stays until the cell is over.

mod departure;

use std::os::fd::OwnedFd;
use std::time::Duration;

use confine::departure::Plain;
use confine::first::{self, Post};
use confine::plan::{Bytes, Plan};
use confine::{Remark, Started};
use serde::{Deserialize, Serialize};
use wire::Channel;

use crate::sys;
use departure::Filtered;

/// How long whoever started this process may take to say or to take something; the plan lies ready.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the first process is told.
#[derive(Serialize, Deserialize)]
pub struct Order {
    /// What the cell is to be.
    pub plan: Plan,
    /// The filter of its program, if it has one.
    pub filter: Option<Loading>,
}

/// A filter to be loaded. Its words are known to nobody else, and worth nothing behind the exec.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loading {
    /// The program, one number an instruction (`filter::Instruction::to_bits`).
    pub program: Vec<u64>,
    /// The words of its ticket.
    pub words: [u64; 3],
    /// Whether somebody answers some of its calls.
    pub listens: bool,
}

/// The program may go.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Go;

/// What the first process tells whoever started it.
#[derive(Debug, Serialize, Deserialize)]
pub enum Report {
    /// What it does now.
    At(Stage),
    /// The program has its filter, and waits for [`Go`]. Its process comes along, and the filter's listener, if
    /// it has one.
    Ready,
    /// The program runs; what was left out of the cell. The program's terminal comes along, if it has
    /// one.
    Started(Vec<Note>),
    /// There will be no program.
    Failed {
        /// At what.
        stage: Stage,
        /// Why.
        why: String,
        /// The exit status that goes with it.
        status: i32,
    },
    /// The cell is over, with the status of its program.
    Ended(i32),
}

/// The steps of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Being told what to do.
    Plan,
    /// Putting the tree together.
    Tree,
    /// Name and network.
    Settle,
    /// Starting the program.
    Program,
    /// Staying with it.
    Stay,
}

/// Something that was left out of a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    /// A source is missing on the host, and may be.
    Missing(Bytes),
    /// Something is there already, and was not replaced.
    Kept(Bytes),
    /// There is nothing at a path that is to be covered.
    NothingToCover(Bytes),
}

impl std::fmt::Display for Note {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Note::Missing(path) => write!(formatter, "{path} is not there, and left out"),
            Note::Kept(path) => {
                write!(formatter, "{path} is there already, and was not replaced")
            }
            Note::NothingToCover(path) => write!(formatter, "{path}: there is nothing to hide"),
        }
    }
}

impl From<Remark> for Note {
    fn from(remark: Remark) -> Note {
        match remark {
            Remark::Missing(path) => Note::Missing(path),
            Remark::Kept(path) => Note::Kept(path),
            Remark::NothingToCover(path) => Note::NothingToCover(path),
        }
    }
}

/// The whole life of a cell's first process. Gives its exit status.
pub fn main() -> i32 {
    let mut channel = Channel::new(sys::connection());
    let mut stage = Stage::Plan;
    let (report, status) = match live(&mut channel, &mut stage) {
        Ok(status) => (Report::Ended(status), status),
        Err(error) => {
            let (why, status) = (error.to_string(), error.status());
            (Report::Failed { stage, why, status }, status)
        }
    };
    // Whoever would read it may be gone.
    let _ = channel.send(&report, &[], PATIENCE);
    status
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Cell(#[from] confine::Error),
    #[error(transparent)]
    Wire(#[from] wire::Error),
    #[error("standard descriptors cannot be closed: {0}")]
    Standard(#[from] rustix::io::Errno),
}

impl Failure {
    fn status(&self) -> i32 {
        /// A cell that was not made.
        const FAILED: i32 = 125;
        match self {
            Failure::Cell(error) => error.status(),
            Failure::Wire(_) | Failure::Standard(_) => FAILED,
        }
    }
}

fn live(channel: &mut Channel, stage: &mut Stage) -> Result<i32, Failure> {
    first::withdraw()?;
    let (Order { plan, filter }, _) = channel.receive(PATIENCE)?;
    // Not the cell's, which can be anything that its user has put there.
    let null = first::null(plan.maker)?;
    let view = confine::view(plan.maker)?;
    enter(Stage::Tree, channel, stage)?;
    let remarks = confine::build(&plan)?;
    enter(Stage::Settle, channel, stage)?;
    first::settle(&plan)?;
    let post = Post::new(&plan.program, &view)?;
    enter(Stage::Program, channel, stage)?;
    let started = start(&plan, &view, filter, channel)?;
    drop(view);
    first::retire(plan.maker)?;
    enter(Stage::Stay, channel, stage)?;
    let process = hand_over(started, remarks, channel, null)?;
    let connection = rustix::fd::AsFd::as_fd(channel);
    Ok(first::stay(&plan.program, process, &post, connection)?)
}

/// Starts the program, behind its filter.
fn start(
    plan: &Plan,
    view: &OwnedFd,
    filter: Option<Loading>,
    channel: &mut Channel,
) -> Result<Started, confine::Error> {
    match filter {
        None => confine::start(plan, view, &mut Plain),
        Some(loading) => confine::start(
            plan,
            view,
            &mut Filtered::new(loading, plan.maker, channel)?,
        ),
    }
}

fn enter(next: Stage, channel: &Channel, stage: &mut Stage) -> Result<(), Failure> {
    *stage = next;
    Ok(channel.send(&Report::At(next), &[], PATIENCE)?)
}

/// Tells that the program runs, and lets go of what is its alone: whoever reads its output must see the
/// end of it.
fn hand_over(
    started: Started,
    remarks: Vec<Remark>,
    channel: &Channel,
    null: OwnedFd,
) -> Result<rustix::process::Pid, Failure> {
    let notes: Vec<Note> = remarks.into_iter().map(Note::from).collect();
    let terminal: Vec<_> = started
        .terminal
        .iter()
        .map(rustix::fd::AsFd::as_fd)
        .collect();
    channel.send(&Report::Started(notes), &terminal, PATIENCE)?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    Ok(started.process)
}
