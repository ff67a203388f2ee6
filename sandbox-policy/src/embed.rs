//! `embed`: a filter in a copy of a static program.

use std::path::Path;

use policy::Action;
use syscalls::Abi;

use crate::Output;
use crate::arguments::{EmbeddedPolicy, PolicyArguments};
use crate::embedded_text;
use crate::failure::Failure;
use crate::program_file::{self, ProgramFile};
use crate::source::Source;

pub(crate) fn run(
    asked: &EmbeddedPolicy,
    program: &Path,
    output: &Path,
) -> Result<Output, Failure> {
    let file = ProgramFile::read(program)?;
    let refused = |error: embed::Error| Failure::Program {
        path: program.to_path_buf(),
        why: error.to_string(),
    };
    let abi = embed::examine(&file.bytes).map_err(refused)?;
    file.may_be_changed(program)?;
    let source = source(asked)?;
    if let Some(what) = source.native_part().filter(|_| abi != Abi::NATIVE) {
        return Err(Failure::Foreign { what, abi });
    }
    let compiled = source.compile(abi)?;
    if compiled.policy.actions().contains(&Action::Trace) {
        return Err(filter::Error::Trace.into());
    }
    let (text, filter) = embedded_text::write(asked, &compiled.policy)?;
    let bytes = embed::embed(&file.bytes, &filter, &text).map_err(refused)?;
    program_file::write(output, &bytes, file.mode)?;
    let notes = source.notes().iter().cloned();
    let notes = notes.chain(compiled.notes.iter().map(ToString::to_string));
    let stripping = has_moved_headers(&file.bytes, &bytes).then(|| STRIP.to_string());
    let notes = notes.chain(stripping);
    Ok(Output::text(
        notes.map(|note| format!("note: {note}\n")).collect(),
    ))
}

/// What to know of a copy whose program headers had to move.
const STRIP: &str = "strip(1) would make this copy useless; strip the program before";

/// Whether the program headers lie elsewhere than before (e_phoff, elf(5)).
fn has_moved_headers(before: &[u8], after: &[u8]) -> bool {
    before.get(32..40) != after.get(32..40)
}

/// The policy that the options give.
fn source(asked: &EmbeddedPolicy) -> Result<Source, Failure> {
    let origin = &asked.origin;
    let arguments = PolicyArguments {
        list_allow: origin.allow.clone(),
        list_deny: origin.deny.clone(),
        default_action: asked.default_action.clone(),
        files: asked.files.clone(),
    };
    let source = Source::without_variables(&arguments, origin.policy.as_deref())?;
    Ok(match (&origin.allow, &origin.deny) {
        (Some(_), _) => source.named("--allow"),
        (_, Some(_)) => source.named("--deny"),
        _ => source,
    })
}
