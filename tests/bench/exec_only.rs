//! The baseline for launchers: a Rust program that executes its first argument.

use std::os::unix::process::CommandExt;

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().expect("a program");
    let error = std::process::Command::new(program).args(arguments).exec();
    panic!("{error}");
}
