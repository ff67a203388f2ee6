//! Runs programs in cells.

use std::process::ExitCode;

fn main() -> ExitCode {
    let path = std::env::args().nth(1).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let mut plan: confine::plan::Plan = serde_json::from_str(&text).unwrap();
    plan.program.terminal = oz::run::terminals();
    let init = std::env::current_exe().unwrap().with_file_name("oz-init");
    match oz::run::run(&plan, &init, |notes| eprintln!("{notes:?}")) {
        Ok(status) => ExitCode::from(status as u8),
        Err(error) => {
            eprintln!("oz: {error}");
            ExitCode::from(125)
        }
    }
}
