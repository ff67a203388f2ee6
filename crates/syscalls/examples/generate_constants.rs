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

use std::path::Path;
use std::process::ExitCode;

#[path = "generate_constants/encode.rs"]
mod encode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let check = match &arguments[..] {
        [] => false,
        [option] if option == "--check" => true,
        _ => {
            eprintln!("usage: generate_constants [--check]");
            return ExitCode::from(2);
        }
    };
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = std::fs::read_to_string(room.join("constants.tsv")).expect("the list");
    let table = room.join("src/constant_table.rs");
    let wanted = encode::render(&list);
    if !check {
        std::fs::write(table, wanted).expect("write the table");
    } else if std::fs::read_to_string(&table).ok().as_ref() != Some(&wanted) {
        eprintln!(
            "{} is not what the list gives; run without --check",
            table.display()
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
