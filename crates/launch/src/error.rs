//! Why a program was not started.

use std::fmt;
use std::path::PathBuf;

use crate::errno::in_words;

/// Why there is no filter, or no program.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The filter could not be loaded.
    #[error("{0}; the program was not started")]
    Filter(#[from] filter::Error),
    /// The caller's compiler has no filter for the policy; its own words.
    #[error("{0}")]
    Uncompiled(Box<dyn std::error::Error + Send + Sync>),
    /// A system call of our own failed.
    #[error("{what}: {}", in_words(*.errno))]
    System {
        /// What was to be done.
        what: &'static str,
        /// The error number.
        errno: i32,
    },
    /// A string that execve(2) cannot take.
    #[error("a NUL byte in an argument")]
    Nul,
    /// There is no such program.
    #[error("{}: command not found", .program.display())]
    NotFound {
        /// The program as given.
        program: PathBuf,
    },
    /// The program's file was found but cannot be run.
    #[error("{}: {}", .path.display(), in_words(*.errno))]
    NotExecutable {
        /// The file.
        path: PathBuf,
        /// What stands against it.
        errno: i32,
    },
    /// What is needed is not possible here.
    #[error("{need}: {obstacle}")]
    Unavailable {
        /// What was wanted.
        need: Need,
        /// What stands against it.
        obstacle: Obstacle,
    },
}

/// What a run can need that not every place has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A tracer that suspends filters.
    Suspension,
    /// A tracer that makes the program load the filter.
    Injection,
    /// A tracer that sees what is enforced.
    Explanation,
    /// A watcher that answers the filter.
    Audit,
}

impl fmt::Display for Need {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Need::Suspension => "holding the filter back",
            Need::Injection => "loading the filter in the program",
            Need::Explanation => "watching what is enforced",
            Need::Audit => "watching the program",
        })
    }
}

/// What stands against it. What can be done instead is the caller's to say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// Orphans come to this process.
    #[error("this process is init or a child subreaper, and the tracer would become its child")]
    Adopting,
    /// Suspending filters needs privileges.
    #[error(
        "the kernel does not permit it (needs CAP_SYS_ADMIN, no other tracer, and no filter so far)"
    )]
    Forbidden,
    /// A kernel that cannot suspend filters.
    #[error("this kernel cannot (CONFIG_CHECKPOINT_RESTORE)")]
    Unknown,
    /// ptrace(2) failed, with an error number.
    #[error("ptrace: {}", in_words(*.0))]
    Trace(i32),
    /// ptrace(2) failed, and nothing can be traced here.
    #[error("ptrace: {} (another tracer, Yama, or an outer filter)", in_words(*.0))]
    Untraceable(i32),
    /// The second process could not be started, or was lost before it traced anybody.
    #[error("{0} (an outer filter may kill for ptrace)")]
    Lost(String),
    /// The second process could not be started, or was lost.
    #[error("{0}")]
    Alone(String),
    /// An outer filter has the one listener that there may be, and there is no tracer.
    #[error("an outer filter has a listener, of which there may be one, and ptrace is denied")]
    AnotherListener,
}

impl Error {
    /// What is needed, and what stands against it.
    pub(crate) fn unavailable(need: Need, obstacle: Obstacle) -> Error {
        Error::Unavailable { need, obstacle }
    }
}
