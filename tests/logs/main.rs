//! `sandbox-policy from-log` on what this kernel and real programs write.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod command;
mod follow;
mod kernel_log;
mod nginx;
mod recorder;
mod traces;
