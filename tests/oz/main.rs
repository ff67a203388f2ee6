//! Cells: what a program sees in one, and what it cannot do about it.
//!
//! Each test has a world of its own (world.rs), in which it runs the built `oz`. All are run twice: in cells
//! that root makes, and in cells that their user makes. `oz-seccomp` and its tracer need none (host.rs).
#![allow(
    clippy::duplicate_mod,
    reason = "the same questions are asked in cells of both kinds"
)]

mod by_root;
mod by_the_user;
mod host;
mod ordinary;
mod seccomp;
mod seccomp_refusals;
mod tracer;
mod untouched;
mod world;
