//! Learning: from the calls that a program was seen to make to a policy that allows them.
//!
//! [`Observations`] counts while the program runs. [`merge`] turns them into the text of a `.seccomp` file,
//! new or grown: what is in a file already stays, what was not allowed is added, what no run need show is
//! added with the reason, and [`Summary`] says what was new. The caller reads and writes the file. What is
//! returned was compiled, and allows all that was seen; anything else is an [`Error`].
//!
//! [`oz`] makes a new file of the same, as `oz-seccomp-tracer` wrote them.

mod answers;
mod assumed;
mod beyond;
mod error;
mod judge;
mod merge;
mod observe;
pub mod oz;
mod page;
mod plan;
mod raw;
mod remark;
mod rules;
pub(crate) mod selectors;
mod summary;
mod values;

pub use answers::{Answers, WITHOUT_CLONE3};
pub use assumed::Facts;
pub use error::Error;
pub use merge::{beginning, merge};
pub use observe::Observations;
pub use rules::Generalise;
pub use summary::{Assumed, Count, Summary};

/// The file that is learned into.
#[derive(Clone, Copy)]
pub struct File<'a> {
    /// Its path, for messages and for files that it includes.
    pub path: &'a str,
    /// What it holds; nothing where there is none yet.
    pub text: Option<&'a str>,
    /// Reads files that it includes.
    pub read: &'a policy::Read<'a>,
}

/// What a user asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// The program as it was called, for the first line of a new file.
    pub program: String,
    /// What is known of it besides its calls.
    pub facts: Facts,
    /// How much wider than what was seen new rules are.
    pub generalise: Generalise,
    /// Calls that are allowed without being watched.
    pub assume: Vec<String>,
    /// Where the observations come from, for the first line of a new file.
    pub recorder: Recorder,
    /// What of the observations got lost, in a line of words; the file then says so at its head.
    pub losses: Option<String>,
}

impl Options {
    /// Sees that this machine has the calls that are to be allowed unseen.
    pub(crate) fn names_exist(&self) -> Result<(), Error> {
        let unknown = |name: &&String| syscalls::number(syscalls::Abi::NATIVE, name).is_none();
        match self.assume.iter().find(unknown) {
            Some(name) => Err(Error::Unknown { name: name.clone() }),
            None => Ok(()),
        }
    }

    /// By what and from what a file was learned, in a line of words.
    pub(crate) fn origin(&self) -> String {
        let letter = |letter: char| match letter.is_control() {
            true => '?',
            false => letter,
        };
        let program: String = self.program.chars().map(letter).collect();
        format!("Learned by {} from: {program}", self.recorder.command())
    }
}

/// Who saw what is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recorder {
    /// The launcher, which answered each call.
    #[default]
    Launcher,
    /// A log that somebody else wrote.
    Log,
    /// `oz-seccomp-tracer`.
    Tracer,
    /// A cell.
    Cell,
}

impl Recorder {
    /// The command that a file was learned by.
    pub(crate) fn command(self) -> &'static str {
        match self {
            Recorder::Launcher => "sandboxify --learn",
            Recorder::Log => "sandbox-policy from-log",
            Recorder::Tracer => "oz-seccomp-tracer",
            Recorder::Cell => "oz run --train",
        }
    }
}

/// What a run comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learned {
    /// What the file is to hold.
    pub text: String,
    /// What was new, and how often each call was seen.
    pub summary: Summary,
}
