//! Cells: what a program sees in one, and what it cannot do about it.
//!
//! Each test has a world of its own (world.rs), in which it runs the built `oz`.

mod filters;
mod hidden;
mod identity;
mod kernel;
mod network;
mod plans;
mod processes;
mod races;
mod reach;
mod shown;
mod tree;
mod world;
