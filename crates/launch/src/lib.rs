//! GATE: how a filter gets into this process, and a program is executed past it.
//!
//! Three ways lead through: [`suspend`] (a tracer holds the filter back until exec), [`ticket`] (the filter
//! lets one execve through that carries secret words) and [`inject`] (a tracer makes the program load the
//! filter). [`supervised`] does the second and the third with a watcher beside the program, whose life is
//! the room `supervise`'s. The ticket needs no second process and nothing of the other files here.
//!
//! The caller has one thread: processes are forked here, and filters hold for one thread.
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod companion;
mod errno;
mod error;
mod find;
mod image;
pub mod inject;
pub mod supervised;
pub mod suspend;
#[allow(unsafe_code)]
mod sys;
pub mod ticket;
mod watcher;

pub use errno::{exec_status, in_words};
pub use error::{Error, Need, Obstacle};
pub use find::{find, usable};
pub use image::Image;
pub use sys::{Strings, adopts_orphans, environment};
