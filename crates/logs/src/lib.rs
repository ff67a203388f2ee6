//! MEMORY: system calls that others wrote down: audit records, journals, traces.
//!
//! A [`Reader`] takes text in any of the [`Format`]s and gives an [`Entry`] for each system call and for
//! each sign that something was lost on the way; [`Socket`] gives the same from the kernel while it
//! happens. Logs hold names that programs chose, and lines that anyone may have written: everything is
//! bounded, nothing is guessed, and what the log does not say of a call stays unknown.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod audit;
mod burst;
mod entry;
mod error;
mod fields;
mod intake;
mod journal;
mod json;
mod kernel;
mod reader;
mod serials;
mod socket;
mod strace;

pub use entry::{Entry, Loss, Lost, Origin, Record};
pub use error::{Broken, Error};
pub use reader::{Format, Reader, Tally};
pub use socket::Socket;
