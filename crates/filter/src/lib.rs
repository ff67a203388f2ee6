//! KERNEL: from a policy to a BPF program that the kernel enforces.
//!
//! [`Program::compile`] lays out a policy, [`Program::check`] runs the result in a built-in
//! interpreter and compares it with the policy, [`load`] hands it to seccomp(2). Nothing is loaded
//! that was not checked. `unsafe` lives in [`sys`] alone.
#![no_std]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![deny(unsafe_code)]

extern crate alloc;

mod assemble;
mod check;
mod compile;
mod decide;
mod error;
mod instruction;
mod interpret;
mod load;
mod prologue;
mod supervised;
#[allow(unsafe_code)]
pub mod sys;
mod ticket;
mod vectors;
mod words;

pub use compile::{Checked, Program};
pub use error::Error;
pub use instruction::{Instruction, action_value};
pub use interpret::{Call, Fault, run};
pub use load::{
    Logging, forgo_new_privileges, load, load_entrusted, load_for_tracer, load_with_listener,
    log_records_are_dropped, require_actions,
};
pub use supervised::{Entrusted, Supervised, Supervision};
pub use ticket::Ticket;
