//! What can go wrong with somebody else's process.

use nix::unistd::Pid;

use crate::image::NoMain;

/// Why a program could not be stopped, filtered or watched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kernel does not let us trace.
    #[error("ptrace: {}", in_words(*.errno))]
    Seize {
        /// The error number.
        errno: i32,
    },
    /// A request failed on a process that is still there.
    #[error("{what} of process {process}: {}", in_words(*.errno))]
    Request {
        /// What was to be done.
        what: &'static str,
        /// To whom.
        process: Pid,
        /// The error number.
        errno: i32,
    },
    /// The process that was to be filtered ended before it could be.
    #[error("the program ended before it could be filtered")]
    Gone,
    /// There is no `main` that we can find.
    #[error(transparent)]
    NoMain(#[from] NoMain),
    /// Not a program of this machine's own ABI.
    #[error("not a 64-bit program of this machine; use --at exec")]
    Foreign,
    /// The place where the program begins is not known.
    #[error("/proc/{process}/auxv does not tell where the program begins")]
    NoEntry {
        /// The process.
        process: Pid,
    },
    /// Nowhere in the program's memory is room for the filter.
    #[error("no room for the filter in the memory of process {process}")]
    NoRoom {
        /// The process.
        process: Pid,
    },
    /// seccomp(2) in the program failed.
    #[error("seccomp in process {process}: {}", in_words(*.errno))]
    Refused {
        /// The process.
        process: Pid,
        /// The error number.
        errno: i32,
    },
    /// seccomp(2) answered with success, and the process has no more filters than before.
    #[error("process {process} has no filter after it was loaded")]
    NotFiltered {
        /// The process.
        process: Pid,
    },
    /// A process that the program started before the filter would not stop.
    #[error("process {process}, which the program started before the filter, cannot be stopped")]
    Unstoppable {
        /// The process.
        process: Pid,
    },
    /// A listener cannot be used.
    #[error("notifications of the filter: {}", in_words(*.errno))]
    Listener {
        /// The error number.
        errno: i32,
    },
}

impl Error {
    /// A failed request; a process that is no longer there is [`Error::Gone`].
    pub(crate) fn request(what: &'static str, process: Pid, errno: i32) -> Error {
        match errno {
            libc::ESRCH | libc::ECHILD => Error::Gone,
            errno => Error::Request {
                what,
                process,
                errno,
            },
        }
    }

    /// The error number where it is the kernel's refusal that matters.
    pub fn errno(&self) -> Option<i32> {
        match self {
            Error::Seize { errno }
            | Error::Request { errno, .. }
            | Error::Refused { errno, .. }
            | Error::Listener { errno } => Some(*errno),
            _ => None,
        }
    }
}

fn in_words(errno: i32) -> String {
    std::io::Error::from_raw_os_error(errno).to_string()
}
