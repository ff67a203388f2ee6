//! A call that the policy denies, with all that a report tells of it.
//!
//! Everything here but the judgement comes from the watched program and may be hostile: the forms of
//! a report escape it and cut it.

use policy::Action;
use syscalls::{Abi, errno};
use trace::unwind::{End, Found};

use crate::call::Call;
use crate::judge::Judgement;

/// A call against the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The call as the kernel showed it.
    pub call: Call,
    /// The path of the program's file.
    pub program: String,
    /// The command line as `/proc/PID/cmdline` has it: a NUL behind each argument.
    pub command: Vec<u8>,
    /// The call with its arguments decoded, in the style of the report.
    pub rendered: String,
    /// The same as plain numbers and strings, where a report in Oz's form is to have it, too.
    pub generic: Option<String>,
    /// The code that made the call, where it is known.
    pub place: Option<Place>,
    /// Who called that code, where it was looked for.
    pub stack: Option<Stack>,
    /// What the policy says.
    pub judgement: Judgement,
    /// What became of the call.
    pub outcome: Outcome,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It ran: nothing was enforced.
    Ran,
    /// It failed with this error number.
    Failed(u16),
    /// The program or the thread was killed.
    Died,
    /// The thread got SIGSYS.
    Trapped,
}

/// A place in the code of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file that is mapped there.
    pub module: String,
    /// How far into the file.
    pub offset: u64,
    /// The function, and how far into it.
    pub symbol: Option<(String, u64)>,
}

/// The functions that have not returned yet when a call is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// From the one that called the place of the call outwards.
    pub callers: Vec<Caller>,
    /// What is behind the last.
    pub end: End,
}

/// A function that has not returned yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Where it goes on.
    pub address: u64,
    /// The same in the file that is mapped there.
    pub place: Option<Place>,
    /// How it was found.
    pub found: Found,
}

impl Call {
    /// The ABI of the call, if it is one that we know.
    pub fn abi(&self) -> Option<Abi> {
        let known = [Abi::X86_64, Abi::X86, Abi::Aarch64, Abi::Arm];
        let abi = known.into_iter().find(|abi| abi.audit() == self.audit)?;
        let x32 = abi == Abi::X86_64 && self.number & Abi::X32_BIT != 0;
        // Number −1 has every bit, and is no call of x32.
        match x32 && self.number != policy::MINUS_ONE {
            true => Some(Abi::X32),
            false => Some(abi),
        }
    }

    /// The name of the call, if there is one.
    pub fn name(&self) -> Option<&'static str> {
        match self.abi()? {
            Abi::X32 => syscalls::name(Abi::X32, self.number & !Abi::X32_BIT),
            abi => syscalls::name(abi, self.number),
        }
    }
}

impl Violation {
    /// The name of the call, or its number where it has none.
    pub(crate) fn name(&self) -> String {
        let name = self.call.name().map(str::to_owned);
        name.unwrap_or_else(|| self.call.number.to_string())
    }

    /// The last part of the program's path.
    pub(crate) fn program_name(&self) -> &str {
        last_part(&self.program)
    }

    /// What became of the call, or would have, in words.
    pub(crate) fn consequence(&self) -> String {
        match (self.outcome, self.judgement.action) {
            (Outcome::Failed(number), _) => format!("failed with {}", error(number)),
            (Outcome::Trapped, _) => "got SIGSYS".to_owned(),
            (Outcome::Died, Action::KillThread) => "thread killed".to_owned(),
            (Outcome::Died, _) => "killed".to_owned(),
            (Outcome::Ran, Action::KillProcess) => "would be killed".to_owned(),
            (Outcome::Ran, Action::KillThread) => "thread would be killed".to_owned(),
            (Outcome::Ran, Action::Trap) => "would get SIGSYS".to_owned(),
            (Outcome::Ran, Action::Errno(number)) => {
                format!("would fail with {}", error(number.number()))
            }
            (Outcome::Ran, Action::Trace) => "would be left to a tracer".to_owned(),
            (Outcome::Ran, Action::Log) => "logged".to_owned(),
            (Outcome::Ran, Action::Allow) => "ran".to_owned(),
        }
    }
}

impl Place {
    /// The last part of the module's path.
    pub(crate) fn module_name(&self) -> &str {
        last_part(&self.module)
    }
}

/// What stands behind the last slash.
fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// An error by its name, or its number where it has none.
fn error(number: u16) -> String {
    let name = errno::name(number).map(str::to_owned);
    name.unwrap_or_else(|| format!("error {number}"))
}
