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
    let policy = &compiled.policy;
    let mut text = formats::write(to, policy, lossy)?;
    if to == Format::List {
        // A list has no place for what it cannot say, nor for what else makes the policy.
        let losses = formats::losses(to, policy).into_iter();
        let losses: String = losses.map(|loss| format!("# lost: {loss}\n")).collect();
        text = losses + &formats::assignments(policy, &text);
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    export::deliver(text.into_bytes(), output)
}
