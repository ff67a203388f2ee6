//! The policy tool: what does a list mean, would a call pass, and what is a call?
//!
//! Each subcommand is a module with one function that gives its output as text and an exit status;
//! this file prints it. Status 0 is yes, 1 is no (a call that does not pass, a finding, a thread
//! without a filter), 2 an error.
#![deny(unsafe_code)]

mod arguments;
mod asked;
mod calls;
mod check;
mod compare;
mod completions;
mod conditions;
mod convert;
mod disassemble;
mod embed;
mod embedded_text;
mod export;
mod failure;
mod filters;
mod from_log;
mod groups;
mod inverse;
mod judge;
mod lint;
mod program_file;
mod sealed;
mod show;
mod source;
#[allow(unsafe_code)]
mod sys;
mod vectors;
mod verify;
mod whole_file;

use std::io::Write;
use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;
use failure::Failure;

/// What a subcommand prints, and whether the answer is yes.
pub(crate) struct Output {
    pub(crate) bytes: Vec<u8>,
    pub(crate) yes: bool,
}

impl Output {
    /// A text that is the whole answer.
    pub(crate) fn text(text: String) -> Output {
        Output {
            bytes: text.into_bytes(),
            yes: true,
        }
    }

    /// A text, and what the exit status says.
    pub(crate) fn answer(text: String, yes: bool) -> Output {
        Output {
            bytes: text.into_bytes(),
            yes,
        }
    }
}

fn main() -> ExitCode {
    let done = run(&Arguments::parse()).and_then(|output| {
        let mut stdout = std::io::stdout();
        // Without the flush a failure to write what follows the last newline would go unnoticed.
        let written = stdout
            .write_all(&output.bytes)
            .and_then(|()| stdout.flush());
        match written {
            // A reader that has seen enough is no failure.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Io {
                what: "standard output".into(),
                source: error,
            }),
            _ => Ok(output.yes),
        }
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(failure) => {
            say(&failure.to_string());
            ExitCode::from(2)
        }
    }
}

/// Says something to the user beside the output, where somebody is there to read it.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "sandbox-policy: {text}");
}

fn run(arguments: &Arguments) -> Result<Output, Failure> {
    if arguments.json && arguments.command.has_a_form_of_its_own() {
        return Err(Failure::NoJson);
    }
    answer(&arguments.command, arguments.json)
}

fn answer(command: &Command, json: bool) -> Result<Output, Failure> {
    match command {
        Command::Show { policy, file } => show::run(policy, file.as_deref(), json),
        Command::Check { policy, files } => check::run(policy, files, json),
        Command::Test {
            policy,
            compiled,
            arch,
            words,
        } => judge::run(policy, *compiled, arch.as_deref(), words, json),
        Command::Diff { files, a, b } => compare::diff(files, a, b, json),
        Command::Subset { files, a, b } => compare::subset(files, a, b, json),
        Command::Convert {
            policy,
            file,
            to,
            lossy,
            output,
        } => convert::run(policy, file.as_deref(), *to, *lossy, output.as_deref()),
        Command::Export {
            policy,
            file,
            form,
            compiler,
            output,
        } => export::run(policy, file.as_deref(), form, *compiler, output.as_deref()),
        Command::FromLog(options) => from_log::run(options),
        Command::Groups { name } => groups::run(name.as_deref(), json),
        Command::Syscalls { call } => calls::run(call.as_deref(), json),
        Command::Embed {
            policy,
            program,
            output,
        } => embed::run(policy, program, output),
        Command::Verify { subject } => verify::run(subject, json),
        Command::Completions { shell } => Ok(completions::run(*shell)),
    }
}
