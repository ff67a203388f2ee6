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
    /// A descriptor that must not come into a cell.
    #[error("descriptor {number} is {what}, which would lead out of the cell")]
    Descriptor {
        /// 0, 1 or 2.
        number: usize,
        /// What it is open on.
        what: &'static str,
    },
    /// Whoever was to become the program ended before.
    #[error("{why}")]
    Start {
        /// What it said.
        why: String,
    },
    /// The program did not start.
    #[error("{path}: cannot be executed: {source}")]
    Program {
        /// In the cell.
        path: Bytes,
        /// The kernel's answer.
        source: Errno,
    },
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
