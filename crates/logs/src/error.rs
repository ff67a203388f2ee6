//! What is wrong with a log.

/// Why a log is of no use.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("{name}: {source}")]
    Unreadable {
        /// The log.
        name: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Nothing in it is a record of a system call.
    #[error("{name}: {what}")]
    Nothing {
        /// The log.
        name: String,
        /// What was looked for.
        what: &'static str,
    },
    /// The audit socket could not be opened or joined.
    #[error("the audit multicast group cannot be joined: {errno}")]
    Join {
        /// What the system says.
        errno: nix::errno::Errno,
    },
    /// The audit socket could not be read.
    #[error("the audit multicast group cannot be read: {errno}")]
    Receive {
        /// What the system says.
        errno: nix::errno::Errno,
    },
}

impl Error {
    /// Whether it is a lack of privilege.
    pub fn is_denied(&self) -> bool {
        use nix::errno::Errno;
        matches!(self, Error::Join { errno } if matches!(errno, Errno::EPERM | Errno::EACCES))
    }
}

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The line, from 1.
    pub line: u64,
    /// The byte of the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub why: &'static str,
}

/// `LINE:COLUMN: WHY`, to stand behind the log's name and a colon.
impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.why)
    }
}
