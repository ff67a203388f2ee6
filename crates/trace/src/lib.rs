//! HANDS: holds a program still, makes it load a filter, and reads its memory.
//!
//! `unsafe` lives in [`sys`] alone. This room knows processes, registers and ELF files; what a system
//! call means is the business of others.
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod image;
