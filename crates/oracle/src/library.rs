//! libseccomp itself: rules in, a program or its pseudo code out.

use std::fs::File;
use std::io::{Read, Seek};

use filter::Instruction;
use libseccomp::error::SeccompError;
use libseccomp::{ScmpAction, ScmpArgCompare, ScmpCompareOp, ScmpFilterContext, ScmpSyscall};
use nix::sys::memfd::{MFdFlags, memfd_create};
use policy::{Action, Answer, Policy};
use syscalls::Abi;

use crate::error::{Error, Why};
use crate::limit::Limit;
use crate::rules::{self, Rule};

/// A policy as libseccomp holds it.
pub(crate) struct Library {
    context: ScmpFilterContext,
}

impl Library {
    /// Gives libseccomp the rules of the native ABI.
    pub(crate) fn of(policy: &Policy) -> Result<Library, Error> {
        // For x86 libseccomp allows socketcall(2) together with socket(2), and more of the kind: its
        // program would be weaker than the policy.
        let other = |abi: &Abi| *abi != Abi::NATIVE;
        if let Some(abi) = policy.tables().iter().map(|table| table.abi()).find(other) {
            return Err(Error::OtherAbi { abi });
        }
        let table = policy.native();
        let unlisted = scmp_action(table.unlisted_action());
        let context = ScmpFilterContext::new(unlisted);
        let context = context.map_err(|error| failed("make a filter", &error))?;
        let mut library = Library { context };
        library
            .context
            .set_act_badarch(scmp_action(policy.default_action()))
            .map_err(|error| failed("take the action for other ABIs", &error))?;
        for rule in table.rules() {
            // The prologue answers it, with or without a rule.
            let x32 = policy.abi() == Abi::X86_64 && rule.number & Abi::X32_BIT != 0;
            if !x32 {
                library.add(policy, rule.number, rule.answer)?;
            }
        }
        Ok(library)
    }

    /// Adds the rules of a call.
    fn add(&mut self, policy: &Policy, number: u32, answer: Answer) -> Result<(), Error> {
        let unlisted = policy.native().unlisted_action();
        let inexpressible = |why| Error::Inexpressible {
            call: name(policy.abi(), number),
            why,
        };
        let ways = match answer {
            Answer::Action(action) if action == unlisted => return Ok(()),
            Answer::Action(action) => vec![(action, Rule::ALWAYS)],
            Answer::Decision(decision) => {
                rules::ways(policy, &decision, unlisted).map_err(inexpressible)?
            }
        };
        let number = match (i32::try_from(number), answer) {
            (Ok(number), _) => ScmpSyscall::from(number),
            // The prologue knows it.
            (Err(_), Answer::Action(_)) => return Ok(()),
            (Err(_), Answer::Decision(_)) => return Err(inexpressible(Why::Number)),
        };
        for (action, rule) in ways {
            self.context
                .add_rule_conditional_exact(scmp_action(action), number, &comparisons(&rule))
                .map_err(|error| failed("take a rule", &error))?;
        }
        Ok(())
    }

    /// The program.
    pub(crate) fn instructions(&self) -> Result<Vec<Instruction>, Error> {
        let bytes = through_a_file(|file| self.context.export_bpf(file))?;
        let instruction = |bytes: &[u8]| match *bytes {
            [a, b, jt, jf, c, d, e, f] => Some(Instruction {
                code: u16::from_ne_bytes([a, b]),
                jt,
                jf,
                k: u32::from_ne_bytes([c, d, e, f]),
            }),
            _ => None,
        };
        let instructions = bytes.chunks(size_of::<Instruction>()).map(instruction);
        let instructions: Option<Vec<Instruction>> = instructions.collect();
        instructions.ok_or_else(|| Error::Library {
            what: "export its program",
            cause: "half an instruction".into(),
        })
    }

    /// The program in words.
    pub(crate) fn pseudo_code(&self) -> Result<String, Error> {
        let bytes = through_a_file(|file| self.context.export_pfc(file))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// What `export` writes: libseccomp before 2.6 writes to descriptors alone.
fn through_a_file(export: impl Fn(&File) -> Result<(), SeccompError>) -> Result<Vec<u8>, Error> {
    let no_memory = |cause: &dyn std::fmt::Display| Error::Library {
        what: "export through a memfd",
        cause: cause.to_string(),
    };
    let memory = memfd_create("filter", MFdFlags::MFD_CLOEXEC);
    let mut file = File::from(memory.map_err(|error| no_memory(&error))?);
    export(&file).map_err(|error| failed("export its program", &error))?;
    let mut bytes = Vec::new();
    file.rewind()
        .and_then(|()| file.read_to_end(&mut bytes))
        .map_err(|error| no_memory(&error))?;
    Ok(bytes)
}

fn failed(what: &'static str, error: &SeccompError) -> Error {
    Error::Library {
        what,
        cause: error.to_string(),
    }
}

/// A call for a message.
fn name(abi: Abi, number: u32) -> String {
    match syscalls::name(abi, number) {
        Some(name) => name.to_string(),
        None => format!("call {number}"),
    }
}

fn scmp_action(action: Action) -> ScmpAction {
    match action {
        Action::Allow => ScmpAction::Allow,
        Action::KillProcess => ScmpAction::KillProcess,
        Action::KillThread => ScmpAction::KillThread,
        Action::Trap => ScmpAction::Trap,
        Action::Log => ScmpAction::Log,
        Action::Trace => ScmpAction::Trace(0),
        Action::Errno(errno) => ScmpAction::Errno(i32::from(errno.number())),
    }
}

fn comparisons(rule: &Rule) -> Vec<ScmpArgCompare> {
    let comparison = |(argument, limit): (u32, Option<Limit>)| {
        let (operator, number) = match limit? {
            Limit::Masked {
                mask: u64::MAX,
                value,
            } => (ScmpCompareOp::Equal, value),
            Limit::Masked { mask, value } => (ScmpCompareOp::MaskedEqual(mask), value),
            Limit::NotEqual(value) => (ScmpCompareOp::NotEqual, value),
            Limit::AtLeast(first) => (ScmpCompareOp::GreaterEqual, first),
            Limit::Below(end) => (ScmpCompareOp::Less, end),
        };
        Some(ScmpArgCompare::new(argument, operator, number))
    };
    (0..).zip(rule.0).filter_map(comparison).collect()
}
