//! `--compiler`: who lays the filter out.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use filter::{Checked, Program, Ticket};
use policy::Policy;

use crate::failure::Failure;

/// A compiler of filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compiler {
    /// Our own.
    Native,
    /// The second opinion, for those who trust it more.
    Libseccomp,
}

impl Compiler {
    pub(crate) fn parse(text: &OsStr) -> Result<Compiler, Failure> {
        match text.as_bytes() {
            b"native" => Ok(Compiler::Native),
            b"libseccomp" => Ok(Compiler::Libseccomp),
            _ => {
                let text = text.to_string_lossy();
                Err(Failure::Usage(format!(
                    "--compiler: \"{}\" is none of native, libseccomp",
                    text.escape_default()
                )))
            }
        }
    }

    /// Makes a program of a policy. Whoever makes it, it is compared with the policy.
    pub(crate) fn program(
        self,
        policy: &Policy,
        ticket: Option<&Ticket>,
    ) -> Result<Checked, Failure> {
        let program = match self {
            Compiler::Native => Program::compile(policy, ticket)?,
            Compiler::Libseccomp => oracle::compile(policy, ticket)?,
        };
        Ok(program.check(policy, ticket)?)
    }
}
