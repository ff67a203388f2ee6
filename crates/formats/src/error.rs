//! What can be wrong with a text, or with writing one, and where.

use crate::Format;

/// A text that cannot be read, or a policy that a format cannot say. One line, with the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A line of a text, or text that is no JSON.
    #[error("{path}:{line}:{column}: {problem}")]
    Line {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// The byte of the line at which the problem starts, from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A value in a JSON document.
    #[error("{path}: {place}: {problem}")]
    Value {
        /// The file.
        path: String,
        /// The way to the value: `syscalls[3].args[0].op`.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A file that a text refers to and that cannot be read.
    #[error("{path}: cannot be read: {}", cause(*.errno))]
    Unreadable {
        /// The file.
        path: String,
        /// The error number.
        errno: i32,
    },
    /// A format that is only written.
    #[error("{format} can be written but not read")]
    NotReadable {
        /// The format.
        format: Format,
    },
    /// A word that names no format.
    #[error("unknown format \"{word}\"; formats are list, seccomp, oci, systemd, minijail, crd")]
    UnknownFormat {
        /// The word.
        word: String,
    },
    /// Something that the format has no words for.
    #[error("{rule}: {format} cannot say this: {problem}")]
    Lossy {
        /// The format.
        format: Format,
        /// The call, or what else of the policy.
        rule: String,
        /// What is missing.
        problem: String,
    },
}

/// An error number as its name.
fn cause(errno: i32) -> String {
    const ESPIPE: i32 = 29;
    if errno == ESPIPE {
        return "not a regular file".into();
    }
    let name = u16::try_from(errno).ok().and_then(syscalls::errno::name);
    name.map_or_else(|| format!("error {errno}"), String::from)
}
