//! Runs a program under the filter of an Oz profile.
//!
//! The entry point is C's `main`: Rust's own start-up opens closed standard descriptors and changes
//! signal dispositions, and the program must find all that as it was.
#![no_main]
#![deny(unsafe_code)]

#[allow(unsafe_code)]
mod sys;

/// Comes back with an exit status only where there is no program.
fn run() -> u8 {
    oz::seccomp::run(std::env::args_os().skip(1))
}
