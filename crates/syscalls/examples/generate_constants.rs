//! Writes `src/constant_table.rs` from `constants.tsv`, where each line is a constant: its name, its
//! value on x86_64, and its value on aarch64 where that is another one (`-`: there is none).
//!
//! ```text
//! cargo run -p syscalls --example generate_constants -- [--check]
//! ```
//! With `--check` nothing is written; the status is 1 when the table is not what the list gives.
//!
//! The list has every constant of Go's syscall package that policies could always use, with that
//! package's values on x86_64, and from the kernel's headers what else an argument register can hold
//! (`include/uapi` of Linux 6.1 and 6.17 for both machines, asm-generic for aarch64). To add to it:
//! `gcc -E -dM` over the headers gives the names of macros, `gcc -E` those of enumerators, and a C
//! program that prints each as a `long long` their values. glibc's headers have those that no uapi
//! header has: `AF_`, `PF_`, `SOL_`, `MSG_`, `SOCK_`, `SHUT_`, `SWAP_FLAG_` and access(2)'s modes.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::process::ExitCode;

mod generated;

#[path = "generate_constants/encode.rs"]
mod encode;

fn main() -> ExitCode {
    generated::main(
        "generate_constants",
        "constants.tsv",
        "src/constant_table.rs",
        encode::render,
    )
}
