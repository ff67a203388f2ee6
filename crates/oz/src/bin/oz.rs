//! Runs programs in cells.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use oz::command::{Arguments, carry_out};

fn main() -> ExitCode {
    let (mut out, mut notes) = (std::io::stdout(), std::io::stderr());
    match carry_out(&Arguments::parse(), &mut out, &mut notes) {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            // Nobody may be there to read it.
            let _ = writeln!(notes, "oz: {failure}");
            ExitCode::from(failure.status())
        }
    }
}
