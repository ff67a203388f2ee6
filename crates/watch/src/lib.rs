//! EYES: what is made of what a program was seen to do.
//!
//! A [`Call`] is one system call as the kernel showed it. Calls that a policy denies become
//! violations and those become reports; calls that were seen while learning become rules. This room
//! knows names and policies and touches no process: that is the business of the room `trace`.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod call;

pub use call::Call;
