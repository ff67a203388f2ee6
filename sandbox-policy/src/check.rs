//! `check`: mistakes and traps in a list.

use std::fmt::Write as _;

use syscalls::Abi;

use crate::Output;
use crate::arguments::PolicyArguments;
use crate::failure::Failure;
use crate::lint;
use crate::source::Source;

pub(crate) fn run(arguments: &PolicyArguments, json: bool) -> Result<Output, Failure> {
    let source = Source::read(arguments)?;
    let compiled = source.compile(Abi::NATIVE)?;
    let mut findings: Vec<String> = compiled.notes.iter().map(ToString::to_string).collect();
    findings.extend(lint::findings(&compiled.policy, source.mode()));
    let clean = findings.is_empty();
    if json {
        let value = serde_json::json!({ "findings": findings });
        return Ok(Output::answer(format!("{value:#}\n"), clean));
    }
    let mut text = String::new();
    for finding in &findings {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{finding}");
    }
    if clean {
        text.push_str("nothing found\n");
    }
    Ok(Output::answer(text, clean))
}
