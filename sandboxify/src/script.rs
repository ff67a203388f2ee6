//! The first line of a script: which program the kernel runs for it (execve(2), "Interpreter scripts").

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What stands behind `#!`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Interpreter {
    file: Vec<u8>,
    /// All the rest of the line, which the kernel passes as one argument.
    argument: Vec<u8>,
}

/// The kernel reads no further for the first line (BINPRM_BUF_SIZE, include/uapi/linux/binfmts.h).
const LINE: usize = 256;

/// The interpreter of a script; nothing when the bytes begin otherwise.
pub(crate) fn interpreter(bytes: &[u8]) -> Option<Interpreter> {
    let line = bytes.strip_prefix(b"#!")?;
    let line = &line[..line.len().min(LINE - 2)];
    let line = line.split(|&byte| byte == b'\n' || byte == 0).next()?;
    let line = trim_blanks(line);
    let end = line
        .iter()
        .position(|&byte| byte == b' ' || byte == b'\t')
        .unwrap_or(line.len());
    let (file, argument) = line.split_at(end);
    (!file.is_empty()).then(|| Interpreter {
        file: file.to_vec(),
        argument: trim_blanks(argument).to_vec(),
    })
}

/// Without blanks and tabs at either end, all that the kernel takes away; a carriage return stays.
fn trim_blanks(line: &[u8]) -> &[u8] {
    let visible = |byte: &u8| !b" \t".contains(byte);
    let start = line.iter().position(visible).unwrap_or(line.len());
    let end = line
        .iter()
        .rposition(visible)
        .map_or(start, |last| last + 1);
    &line[start..end]
}

impl Interpreter {
    pub(crate) fn file(&self) -> PathBuf {
        PathBuf::from(OsStr::from_bytes(&self.file))
    }

    /// What the kernel hands to the interpreter of a script.
    pub(crate) fn arguments(&self, script: &Path, arguments: &[OsString]) -> Vec<OsString> {
        let mut all = vec![OsStr::from_bytes(&self.file).to_os_string()];
        if !self.argument.is_empty() {
            all.push(OsStr::from_bytes(&self.argument).to_os_string());
        }
        all.push(script.as_os_str().to_os_string());
        all.extend(arguments.iter().skip(1).cloned());
        all
    }

    /// Whether this is env(1), which executes another program.
    pub(crate) fn is_env(&self) -> bool {
        Path::new(OsStr::from_bytes(&self.file)).file_name() == Some(OsStr::new("env"))
    }
}

/// What `env NAME` in the first line would execute: the program's name and its arguments. Nothing
/// when env is given options or variables, whose meaning is env's own business.
pub(crate) fn through_env(
    interpreter: &Interpreter,
    script: &Path,
    arguments: &[OsString],
) -> Option<(OsString, Vec<OsString>)> {
    let name = &interpreter.argument;
    let plain = !name.is_empty()
        && !name.starts_with(b"-")
        && !name.iter().any(|&byte| b"= \t".contains(&byte));
    let name = plain.then(|| OsStr::from_bytes(name).to_os_string())?;
    let mut all = vec![name.clone(), script.as_os_str().to_os_string()];
    all.extend(arguments.iter().skip(1).cloned());
    Some((name, all))
}
