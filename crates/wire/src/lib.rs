//! PIPES: messages between processes of ours.
//!
//! A message is a length of four bytes, the highest first, and that many bytes of JSON, over a stream
//! between two processes (unix(7)). Descriptors may come along. Whoever is at the other end is not
//! trusted: lengths and counts are bounded, and a reader waits no longer than it says.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod channel;
mod error;

pub use channel::{Channel, LARGEST, MOST_DESCRIPTORS};
pub use error::Error;
