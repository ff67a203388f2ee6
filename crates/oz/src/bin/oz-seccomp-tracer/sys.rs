//! The entry point.

use std::ffi::{c_char, c_int};

/// C's entry point; see the crate's documentation for why it is not Rust's.
#[unsafe(no_mangle)]
extern "C" fn main(_count: c_int, _arguments: *const *const c_char) -> c_int {
    c_int::from(crate::run())
}
