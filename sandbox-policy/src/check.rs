//! `check`: mistakes and traps in policies.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;

use filter::Program;
use policy::{Action, Policy};
use syscalls::Abi;

use crate::Output;
use crate::arguments::PolicyArguments;
use crate::failure::Failure;
use crate::lint;
use crate::source::Source;

pub(crate) fn run(
    arguments: &PolicyArguments,
    files: &[OsString],
    json: bool,
) -> Result<Output, Failure> {
    let mut findings = Vec::new();
    if files.is_empty() {
        findings = findings_of(arguments, None)?;
    }
    for file in files {
        let found = findings_of(arguments, Some(file))?;
        // With one file its name says nothing.
        findings.extend(found.into_iter().map(|finding| match files.len() {
            1 => finding,
            _ => format!("{}: {finding}", file.to_string_lossy()),
        }));
    }
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

fn findings_of(arguments: &PolicyArguments, file: Option<&OsStr>) -> Result<Vec<String>, Failure> {
    let source = Source::read(arguments, file)?;
    let compiled = source.compile(Abi::NATIVE)?;
    let mut findings: Vec<String> = source.notes().to_vec();
    findings.extend(compiled.notes.iter().map(ToString::to_string));
    findings.extend(compiled.remarks());
    findings.extend(lint::findings(&compiled, source.mode()));
    findings.extend(refused(&compiled.policy).map(|why| format!("error: {why}")));
    Ok(findings)
}

/// Why the doors would not load a filter of a policy, if they would not.
fn refused(policy: &Policy) -> Option<filter::Error> {
    if policy.actions().contains(&Action::Trace) {
        return Some(filter::Error::Trace);
    }
    let program = Program::compile(policy, None);
    program
        .and_then(|program| program.check(policy, None))
        .err()
}
