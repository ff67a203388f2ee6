//! `verify FILE`: the policy inside of a program, printed when it is proved that it holds.
//!
//! [`Sealed::find`] proves that the kernel starts the code that loads the filter; here the policy's text is
//! compiled once more, and must come to the same filter, instruction for instruction. The text is foreign:
//! it can name no file, and nothing of it reaches a terminal but printable letters.

use std::path::Path;

use embed::Sealed;
use filter::Program;
use serde_json::json;

use crate::Output;
use crate::disassemble::disassemble;
use crate::embedded_text::{printable, read};
use crate::failure::Failure;
use crate::program_file::ProgramFile;

pub(crate) fn run(path: &Path, as_json: bool) -> Result<Output, Failure> {
    let file = ProgramFile::read(path)?;
    let (sealed, why) = match Sealed::find(&file.bytes) {
        Ok(Some(sealed)) => {
            let why = difference(&sealed);
            (Some(sealed), why)
        }
        Ok(None) => (None, Some("no embedded filter".to_string())),
        Err(error) => (None, Some(error.to_string())),
    };
    let holds = why.is_none();
    let text = match as_json {
        true => {
            let value = as_value(path, sealed.as_ref(), why.as_deref());
            watch::plain_json(&format!("{value:#}\n"))
        }
        false => in_words(path, sealed.as_ref(), why.as_deref()),
    };
    Ok(Output::answer(text, holds))
}

/// What keeps the filter from being what the policy's text comes to; nothing when it is.
fn difference(sealed: &Sealed) -> Option<String> {
    let (compiled, program) = match read(sealed.policy_text(), sealed.abi()) {
        Ok(read) => read,
        Err(failure) => {
            let why = printable(&failure.to_string());
            return Some(format!("its policy cannot be read: {why}"));
        }
    };
    if program.instructions() == sealed.instructions() {
        return None;
    }
    // The check looks at the ends of ranges: enough for a compiler's mistakes, not for somebody's intent.
    let found = Program::from(sealed.instructions().to_vec());
    Some(match found.check(&compiled.policy, None) {
        Ok(_) => "its filter is not what this version makes of its policy; it answers alike where both were compared, which is no proof. Embed it again from the original file".into(),
        Err(_) => "its filter is not what its policy says".into(),
    })
}

fn in_words(path: &Path, sealed: Option<&Sealed>, why: Option<&str>) -> String {
    let name = printable(&path.display().to_string()).replace('\n', "\\n");
    match (sealed, why) {
        (Some(sealed), None) => format!(
            "{name}: filtered before its first instruction, {:#x} ({}, {} instructions)\n{}",
            sealed.entry(),
            sealed.abi(),
            sealed.instructions().len(),
            printable(sealed.policy_text())
        ),
        (_, why) => format!("{name}: {}\n", why.unwrap_or_default()),
    }
}

fn as_value(path: &Path, sealed: Option<&Sealed>, why: Option<&str>) -> serde_json::Value {
    let lines = |sealed: &Sealed| -> Vec<String> {
        let text = disassemble(sealed.instructions());
        text.lines().map(String::from).collect()
    };
    json!({
        "file": path.display().to_string(),
        "filtered": why.is_none(),
        "note": why,
        "abi": sealed.map(|sealed| sealed.abi().name()),
        "entry": sealed.map(Sealed::entry),
        "policy": sealed.map(Sealed::policy_text),
        "filter": sealed.map(lines),
    })
}
