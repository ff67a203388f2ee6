//! The first process of a cell. Nobody calls it by hand.

use std::process::ExitCode;

fn main() -> ExitCode {
    let status = oz::init::main();
    ExitCode::from(u8::try_from(status).unwrap_or(u8::MAX))
}
