//! What can go wrong between a plan and a cell.

use rustix::io::Errno;

use crate::plan::Bytes;

/// Why a cell was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A place could not be dealt with.
    #[error("{path}: cannot {action}: {source}")]
    Place {
        /// What was to be done, as a verb.
        action: &'static str,
        /// On the host for what is brought in, in the cell for everything else.
        path: Bytes,
        /// The kernel's answer.
        source: Errno,
    },
    /// A source is not there.
    #[error("{path}: is not there")]
    Missing {
        /// On the host.
        path: Bytes,
    },
    /// A symbolic link that is not followed.
    #[error("{path}: {link} is a symbolic link, {why}")]
    Link {
        /// The path that led to it, on the host.
        path: Bytes,
        /// The link.
        link: Bytes,
        /// Why it is not followed.
        why: &'static str,
    },
    /// A directory is not made there.
    #[error("{path}: is made only below the home directory {home}")]
    NotAtHome {
        /// On the host.
        path: Bytes,
        /// The home directory.
        home: Bytes,
    },
    /// A call that is about no place.
    #[error("cannot {action}: {source}")]
    Call {
        /// What was to be done, as a verb.
        action: &'static str,
        /// The kernel's answer.
        source: Errno,
    },
    /// The kernel makes no namespaces for this user.
    #[error(
        "a cell without root needs a user namespace, and the kernel makes none: {source} ({why})"
    )]
    NoNamespace {
        /// What forbids it, as far as that can be known, and what helps.
        why: String,
        /// The kernel's answer.
        source: Errno,
    },
    /// A view of the kernel's that only root may have here.
    #[error(
        "{path}: the kernel shows it to nobody but root where something of {path} is covered or read-only \
         already, as in containers"
    )]
    Covered {
        /// In the cell.
        path: Bytes,
    },
    /// A device of the host's is not what it should be.
    #[error("{path}: is not the device {major}:{minor} on the host")]
    Device {
        /// On the host.
        path: Bytes,
        /// Its major number.
        major: u32,
        /// Its minor number.
        minor: u32,
    },
    /// A descriptor that must not come into a cell.
    #[error("descriptor {number} is {what}, which would lead out of the cell")]
    Descriptor {
        /// 0, 1 or 2.
        number: usize,
        /// What it is open on.
        what: &'static str,
    },
    /// A limit of the whole cell cannot be kept.
    #[error("the limit on {controller} cannot be kept: {why}")]
    Limit {
        /// The controller of cgroups that keeps it.
        controller: &'static str,
        /// Why it does not.
        why: String,
    },
    /// A process of ours ended before it became what it was to be.
    #[error("{why}")]
    Start {
        /// What it said.
        why: String,
        /// The exit status that goes with it.
        status: i32,
    },
    /// Something between the cell and the exec of its program.
    #[error("{0}")]
    Departure(String),
    /// The program did not start.
    #[error("{path}: cannot be executed: {source}")]
    Program {
        /// In the cell.
        path: Bytes,
        /// The kernel's answer.
        source: Errno,
    },
}

/// A cell did not come about.
const FAILED: i32 = 125;
/// The program cannot be executed.
const NOT_EXECUTED: i32 = 126;
/// There is no such program.
const NOT_FOUND: i32 = 127;

impl Error {
    /// The exit status for it, as env(1) has them.
    pub fn status(&self) -> i32 {
        match self {
            Error::Start { status, .. } => *status,
            Error::Program { source, .. } if *source == Errno::NOENT => NOT_FOUND,
            Error::Program { .. } => NOT_EXECUTED,
            _ => FAILED,
        }
    }
}

/// What went wrong with a path.
pub(crate) fn place(action: &'static str, path: &Bytes) -> impl FnOnce(Errno) -> Error {
    let path = path.clone();
    move |source| Error::Place {
        action,
        path,
        source,
    }
}

/// What went wrong with a call.
pub(crate) fn call(action: &'static str) -> impl FnOnce(Errno) -> Error {
    move |source| Error::Call { action, source }
}
