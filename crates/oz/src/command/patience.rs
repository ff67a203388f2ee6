//! Work that may hang, because it looks at file systems that somebody else answers for.
//!
//! It is done in a thread of its own. What hangs in the kernel can be left behind only by the end of the
//! process, so a caller that is told of it has to end.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// How long the host's files may take to be looked at.
const PATIENCE: Duration = Duration::from_secs(30);

/// The work took too long, or could not be begun.
#[derive(Debug, thiserror::Error)]
pub enum Late {
    /// It has not come back.
    #[error("a place that the profile names does not answer within {} seconds", PATIENCE.as_secs())]
    Hangs,
    /// There is no thread for it.
    #[error("a thread cannot be started: {0}")]
    Thread(std::io::Error),
}

/// Does some work; this process has one thread again when it is done.
///
/// # Errors
/// [`Late`].
pub(super) fn within_patience<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Late> {
    let (sender, receiver) = channel();
    let thread = thread::Builder::new().spawn(move || {
        // Whoever would take it has given up.
        let _ = sender.send(work());
    });
    let thread = thread.map_err(Late::Thread)?;
    match receiver.recv_timeout(PATIENCE) {
        Ok(done) => {
            let _ = thread.join();
            Ok(done)
        }
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(Late::Hangs),
    }
}
