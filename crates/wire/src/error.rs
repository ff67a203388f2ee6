//! What can go wrong between two processes.

use rustix::io::Errno;

/// Why a message was not sent or received.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The other end is closed.
    #[error("the other process has hung up")]
    Closed,
    /// Nothing came in the time there was.
    #[error("the other process does not answer")]
    Late,
    /// A message is longer than any may be.
    #[error("a message of {0} bytes is too long")]
    TooLong(usize),
    /// A message is no message of ours.
    #[error("a message is not understood: {0}")]
    Strange(#[from] serde_json::Error),
    /// The kernel refused.
    #[error("a message cannot be passed on: {0}")]
    Kernel(#[from] Errno),
}
