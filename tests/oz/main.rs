//! Cells: what a program sees in one, and what it cannot do about it.
//!
//! Each test has a world of its own (world.rs), in which it runs the built `oz`.

mod filters;
mod hidden;
mod host;
mod identity;
mod kernel;
mod network;
mod plans;
mod processes;
mod races;
mod reach;
mod seccomp;
mod seccomp_refusals;
mod shown;
mod tracer;
mod tree;
mod untouched;
mod world;
