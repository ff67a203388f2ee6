//! PEOPLE: the programs of Oz. `oz` starts a cell and stays with it; `oz-init` is the first process
//! inside.
//!
//! This library is the body of both, so that each program is a few lines; it prints nothing.
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod command;
pub mod filter;
pub mod init;
pub mod plan;
pub mod run;
pub mod seccomp;
#[allow(unsafe_code)]
mod sys;
