//! WORDS: from what a user wrote to what each system call gets.
//!
//! Bytes become a [`List`] (syntax), a [`Request`] says where the list came from and what a
//! violation does, and [`Request::compile`] turns both into a [`Policy`]. [`Policy::decide`] is the
//! definition of what a policy means; every compiler is checked against it. No I/O: the doors read
//! variables and files and print what this room gives back as text.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

extern crate alloc;

mod action;
mod compile;
mod error;
mod list;
mod meaning;
mod nearest;
mod request;

pub use action::{Action, Errno};
pub use compile::{Compiled, Note};
pub use error::{Error, Problem};
pub use list::{Item, List, Target, Verb};
pub use meaning::{LAST, MINUS_ONE, Mode, Policy, Range};
pub use request::{ALLOW, ARCH, DEFAULT_ACTION, DENY, LOG, QUIET, Request, VARIABLES};
