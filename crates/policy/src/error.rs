//! What can be wrong with a policy, and where.

use alloc::string::String;
use core::fmt;

/// A policy that cannot be read. One line, with the place and the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An item of a list.
    #[error("{origin}: item \"{item}\" (column {column}): {problem}")]
    Item {
        /// The variable or option that holds the list.
        origin: &'static str,
        /// The item as written, control characters escaped, cut when long.
        item: String,
        /// The byte of the list at which the problem starts, from 1.
        column: usize,
        /// What is wrong there.
        problem: Problem,
    },
    /// A variable or option with a single value.
    #[error("{origin}: \"{value}\": {problem}")]
    Value {
        /// The variable or option.
        origin: &'static str,
        /// Its value, control characters escaped, cut when long.
        value: String,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// What is wrong with a word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No architecture has a call of this name.
    #[error("unknown system call{}", Suggestion(.closest))]
    UnknownCall {
        /// The known name with the fewest edits.
        closest: Option<&'static str>,
    },
    /// No group has this name.
    #[error("unknown group{}", Suggestion(.closest))]
    UnknownGroup {
        /// The known group with the fewest edits.
        closest: Option<&'static str>,
    },
    /// No action of this name.
    #[error("unknown action{}; actions are kill_process, kill_thread, trap, log, allow, an errno name, errno(1..4095)", Suggestion(.closest))]
    UnknownAction {
        /// The known action with the fewest edits.
        closest: Option<&'static str>,
    },
    /// `allow` where a violation's action is wanted.
    #[error("a violation cannot be allowed; use log to let it run and be recorded")]
    AllowAsDefault,
    /// An error number that no call can return.
    #[error("not an error; use a name such as EPERM or a number from 1 to 4095")]
    BadErrno,
    /// A number that cannot be a native call.
    #[error("not a system call number; numbers go from 0 to 0x3fffffff")]
    BadNumber,
    /// `!` or `@` or `=` without what belongs to it, or a blank inside a name.
    #[error("not an item; write NAME, NUMBER, @GROUP, !NAME or NAME=ACTION")]
    Malformed,
    /// `!name=action`.
    #[error("\"!\" takes an item out and cannot have an action")]
    ActionOnRemoval,
    /// A switch that is neither 1 nor 0.
    #[error("must be 1, or 0, or not set")]
    BadSwitch,
    /// Part of the language that this version does not have.
    #[error("{0} are not supported yet")]
    Unsupported(&'static str),
}

/// The end of a message that names the closest known word, if there is one.
struct Suggestion<'a>(&'a Option<&'static str>);

impl fmt::Display for Suggestion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(closest) => write!(f, "; did you mean \"{closest}\"?"),
            None => Ok(()),
        }
    }
}

/// Foreign text for a message: printable, on one line, of bounded length.
pub(crate) fn quoted(text: &[u8]) -> String {
    const LONGEST: usize = 60;
    let shown = &text[..text.len().min(LONGEST)];
    let mut quoted = String::new();
    for escaped in shown.iter().flat_map(|byte| byte.escape_ascii()) {
        quoted.push(char::from(escaped));
    }
    if shown.len() < text.len() {
        quoted.push_str("...");
    }
    quoted
}
