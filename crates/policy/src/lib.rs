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
mod announce;
mod builder;
mod compile;
mod condition;
mod display;
mod error;
mod file;
mod list;
mod meaning;
mod nearest;
mod pledge;
mod remarks;
mod request;
mod resolve;
mod rules;
mod sources;
mod tree;
mod value;

pub use action::{Action, Errno};
pub use announce::Note;
pub use compile::{Compiled, evaluate};
pub use condition::{Comparison, Conditions, Id, Node, Operator, Part};
pub use display::Expression;
pub use error::{Error, Problem};
pub use file::{Read, no_files};
pub use list::{Guard, Item, List, Target, Verb};
pub use meaning::{Answer, Case, Decision, LAST, MINUS_ONE, NO_RULE, Policy, Range, Rule, Table};
pub use nearest::nearest;
pub use pledge::{promise as pledge, promises as pledges};
pub use request::{ALLOW, ARCH, DEFAULT_ACTION, DENY, LOG, Mode, QUIET, Request, VARIABLES};
pub use sources::Sources;
