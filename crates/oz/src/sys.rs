//! What comes from whoever started this process.

use std::os::fd::{FromRawFd, OwnedFd};

/// The connection that the first process of a cell was given. To be called once.
pub(crate) fn connection() -> OwnedFd {
    // SAFETY: whoever starts this program puts the connection at this number, and nothing else in this
    // process has taken it.
    unsafe { OwnedFd::from_raw_fd(confine::CONNECTION) }
}
