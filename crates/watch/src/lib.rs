//! EYES: what is made of what a program was seen to do.
//!
//! A [`Call`] is one system call as the kernel showed it. Calls that a policy denies become
//! violations and those become reports; calls that were seen while learning become rules. This room
//! knows names and policies and touches no process: that is the business of the room `trace`.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod addition;
mod call;
mod card;
mod judge;
pub mod learn;
mod report;
mod violation;

pub use addition::{Addition, Line};
pub use call::Call;
pub use card::card;
pub use judge::{Ground, Judge, Judgement, Verdict};
pub use report::{Format, MOST_DISTINCT, Reporter, plain_json};
pub use violation::{Caller, Outcome, Place, Stack, Violation};
