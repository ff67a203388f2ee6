//! WALLS: a cell around a program.
//!
//! A [`Plan`](plan::Plan) says what the cell is to be; [`spawn`] makes a process in new namespaces,
//! which [`build`]s the tree and makes it its root, and starts the program as the user, with no privilege
//! left and none to be had. This room knows no profiles: it is given plain data.
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod build;
mod cgroup;
mod cover;
pub mod departure;
mod device;
mod error;
pub mod first;
mod hold;
mod identity;
mod last_words;
mod launch;
mod mountinfo;
mod mounts;
mod names;
mod namespace;
mod ordinary;
pub mod plan;
mod program;
mod refusal;
mod rights;
mod source;
mod sys;
mod tree;
mod watch;

pub use build::{Remark, build};
pub use cgroup::Cgroup;
pub use error::Error;
pub use identity::{look_into_processes, observe_as};
pub use launch::{CONNECTION, First, launch, sealed};
pub use namespace::view;
pub use program::{Started, start};
pub use rights::with_rights;
