//! What programs have in common that make a source file of a list: they write it, or with `--check` compare.

use std::path::Path;
use std::process::ExitCode;

/// Makes `table` of `list`, both below this crate.
pub fn main(name: &str, list: &str, table: &str, render: fn(&str) -> String) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let check = match &arguments[..] {
        [] => false,
        [option] if option == "--check" => true,
        _ => {
            eprintln!("usage: {name} [--check]");
            return ExitCode::from(2);
        }
    };
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = std::fs::read_to_string(room.join(list)).expect("the list");
    let table = room.join(table);
    let wanted = render(&list);
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
