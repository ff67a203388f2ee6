//! `export`: the compiled filter for others to load.

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::Path;

use filter::{Instruction, Program};
use policy::Action;
use syscalls::Abi;

use crate::Output;
use crate::arguments::{Compiler, Form, PolicyArguments};
use crate::disassemble::disassemble;
use crate::failure::Failure;
use crate::source::Source;
use crate::whole_file::{self, Mode};

pub(crate) fn run(
    arguments: &PolicyArguments,
    file: Option<&OsStr>,
    form: &Form,
    compiler: Compiler,
    output: Option<&Path>,
) -> Result<Output, Failure> {
    let compiled = Source::read(arguments, file)?.compile(Abi::NATIVE)?;
    let policy = &compiled.policy;
    if policy.actions().contains(&Action::Trace) {
        return Err(filter::Error::Trace.into());
    }
    if form.pfc {
        return deliver(oracle::pseudo_code(policy)?.into_bytes(), output);
    }
    let program = match compiler {
        Compiler::Native => Program::compile(policy, None)?,
        Compiler::Libseccomp => oracle::compile(policy, None)?,
    };
    let program = program.check(policy, None)?;
    if form.disasm {
        return deliver(disassemble(program.instructions()).into_bytes(), output);
    }
    if output.is_none() && std::io::stdout().is_terminal() {
        return Err(Failure::Terminal);
    }
    deliver(raw(program.instructions()), output)
}

/// Hands bytes to a file, or to standard output.
pub(crate) fn deliver(bytes: Vec<u8>, output: Option<&Path>) -> Result<Output, Failure> {
    match output {
        Some(path) => {
            write_whole(path, &bytes)?;
            Ok(Output::text(String::new()))
        }
        None => Ok(Output { bytes, yes: true }),
    }
}

/// `struct sock_filter[]` in this machine's byte order (include/uapi/linux/filter.h).
fn raw(instructions: &[Instruction]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 * instructions.len());
    for instruction in instructions {
        bytes.extend_from_slice(&instruction.code.to_ne_bytes());
        bytes.extend_from_slice(&[instruction.jt, instruction.jf]);
        bytes.extend_from_slice(&instruction.k.to_ne_bytes());
    }
    bytes
}

/// Writes a file whole or not at all, and into what is no file.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failure = |source| Failure::Io {
        what: path.display().to_string(),
        source,
    };
    // A pipe or a device is written to; a file must not take its place.
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return std::fs::write(path, bytes).map_err(failure);
    }
    whole_file::write(path, bytes, Mode::Usual).map_err(failure)
}
