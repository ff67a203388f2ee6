//! Why a program cannot be watched.

use std::path::PathBuf;

/// What stands against watching.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that cannot be learned into.
    #[error("{}: {why}", .path.display())]
    Learn {
        /// The file, links followed.
        path: PathBuf,
        /// What stands against it.
        why: Box<ledger::Error>,
    },
}
