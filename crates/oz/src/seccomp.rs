//! The filters of Oz's profiles on the host: `oz-seccomp` runs a program under one, `oz-seccomp-tracer` trains
//! a policy or reports what one does not allow (oz.md §7.1, §7.5).
//!
//! Both become the program that they run: who it is, what its signals and its terminal do and how it ends is
//! its own affair. Who watches it is a process beside it, and nobody's child (`launch`, `supervise`).

mod document;
mod failure;
mod flags;
mod start;
mod target;
mod tracer;
mod trainer;
mod under_filter;

pub use failure::Failure;
pub use flags::HELP;
pub use tracer::{Arguments, trace};
pub use under_filter::run;
