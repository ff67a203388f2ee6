//! NAMES: what Linux calls its system calls, on each ABI that we filter.
//!
//! Numbers and names ([`number`], [`name`]), groups of names ([`group`]), arguments of calls
//! ([`arguments()`]), C constants ([`constant`]) and errno names ([`errno`]). All of these are static
//! tables without pointers, so that the preloaded object, which contains this room, needs no
//! relocations for them; it does without [`render`], which shows a call as text.
//! No I/O, no policy: the meaning of a list is the business of the room `policy`.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

extern crate alloc;

mod abi;
mod argument_table;
mod arguments;
mod constant_table;
mod constants;
pub mod errno;
mod foreign;
mod groups;
mod names;
pub mod render;
mod table;

pub use abi::Abi;
pub use arguments::{Argument, argument, arguments, c_type, manual_names};
pub use constants::{constant, constants};
pub use foreign::differs_from;
pub use groups::{Group, group, groups};
pub use names::{exists, name, names, newest, number};
