//! `convert`: a policy in the words of another tool.

use std::ffi::OsStr;
use std::path::Path;

use formats::Format;
use syscalls::Abi;

use crate::Output;
use crate::arguments::PolicyArguments;
use crate::export;
use crate::failure::Failure;
use crate::source::Source;

pub(crate) fn run(
    arguments: &PolicyArguments,
    file: Option<&OsStr>,
    to: Format,
    lossy: bool,
    output: Option<&Path>,
) -> Result<Output, Failure> {
    let compiled = Source::read(arguments, file)?.compile(Abi::NATIVE)?;
    let mut text = formats::write(to, &compiled.policy, lossy)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    export::deliver(text.into_bytes(), output)
}
