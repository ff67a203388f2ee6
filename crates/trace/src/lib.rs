//! HANDS: holds a program still, makes it load a filter, and reads its memory.
//!
//! [`Tracer`] follows a program to exec, its entry point or `main` and makes it and all that it has
//! forked load a filter; a [`Listener`] is the end at which a filter's notifications arrive;
//! [`Watcher`] sees threads end, and [`unwind`] finds who called what they died in. `unsafe` lives in
//! [`sys`] alone. This room knows processes, registers and ELF files; what a system call means is the
//! business of others.
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod borrowed;
mod error;
mod family;
pub mod image;
mod inject;
mod listener;
mod loading;
mod memory;
mod place;
mod process;
mod registers;
mod status;
mod stop;
mod suspend;
#[allow(unsafe_code)]
mod sys;
mod tracer;
pub mod unwind;
mod watcher;

pub use error::Error;
pub use inject::Injection;
pub use listener::{Listener, Notification, Reply};
pub use memory::ProcessMemory;
pub use place::Place;
pub use process::Process;
pub use registers::RegisterCall;
pub use status::process_of;
pub use suspend::Suspended;
pub use tracer::Tracer;
pub use watcher::{Ending, Scope, Sight, Watcher};
