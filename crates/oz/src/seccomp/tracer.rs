//! `oz-seccomp-tracer`: trains a policy, or reports what a profile's does not allow.

use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use profile::SeccompMode;
use supervise::{Duty, Frame, Listing, Voice};
use watch::learn::oz::Detail;

use super::document::Document;
use super::failure::Failure;
use super::flags::{Command, Flags};
use super::start::{Manner, Privileges, Start};
use super::target::Target;
use super::trainer::{Trainer, all_calls, train_output};

/// Who speaks, and where.
const VOICE: Voice = Voice {
    program: "oz-seccomp-tracer",
    descriptor: libc::STDERR_FILENO,
};

/// Trains a policy for a program by running it, or reports what a profile's policy does not allow.
#[derive(Debug, Parser)]
#[command(
    name = "oz-seccomp-tracer",
    version,
    after_help = "The exit status is the program's, 127 when it is not found, 126 when it cannot be executed, or 1.\n\nExamples:\n  oz-seccomp-tracer -o evince.seccomp /usr/bin/evince\n  oz-seccomp-tracer -a -o evince.seccomp /usr/bin/evince paper.pdf\n  oz-seccomp-tracer -r -p evince.json /usr/bin/evince"
)]
pub struct Arguments {
    /// Report what the profile's policy does not allow, and write none
    #[arg(short, long, requires = "profile")]
    run: bool,
    /// The profile, with -r; - for standard input
    #[arg(short, long, value_name = "FILE", requires = "run")]
    profile: Option<PathBuf>,
    /// Write the policy there [default: $HOME/<program>-<pid>.seccomp]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print the counts of all calls, and the policy
    #[arg(short = 'x', long)]
    vtrain: bool,
    /// Write what was seen below the policy, as comments
    #[arg(short, long)]
    verbose: bool,
    /// Report every call, and not each of a kind once, and show it as plain numbers, too
    #[arg(short, long)]
    debug: bool,
    /// Let the program gain privileges by exec (needs CAP_SYS_ADMIN)
    #[arg(short = 'N', long)]
    allow_new_privs: bool,
    /// Let a policy that is there grow
    #[arg(short, long)]
    append: bool,
    /// How calls are reported
    #[arg(long, value_enum, default_value = "oz")]
    format: Format,
    /// The program and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// The lines of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// As the tracer printed them
    Oz,
    /// As Oz's documentation has them
    OzWiki,
}

impl From<Format> for watch::Format {
    fn from(format: Format) -> watch::Format {
        match format {
            Format::Oz => watch::Format::Oz,
            Format::OzWiki => watch::Format::OzWiki,
        }
    }
}

/// The whole of `oz-seccomp-tracer`: comes back with an exit status only where there is no program.
pub fn trace(words: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) => {
            let (descriptor, status) = match error.use_stderr() {
                true => (libc::STDERR_FILENO, 1),
                false => (libc::STDOUT_FILENO, 0),
            };
            let text = error.render().to_string();
            // Whoever asked may not want to read it all.
            let _ = supervise::sys::write_all(descriptor, text.as_bytes());
            return status;
        }
    };
    let Err(failure) = carry_out(arguments);
    VOICE.say(&failure.to_string());
    failure.status()
}

fn carry_out(arguments: Arguments) -> Result<Infallible, Failure> {
    let (flags, words) = without_filter(arguments.command.clone())?;
    let keeps = flags
        .as_ref()
        .is_some_and(|flags| flags.allow_new_privileges);
    let keeps = arguments.allow_new_privs || keeps;
    let privileges = Privileges::asked(keeps, "-N")?;
    let target = Target::find(words)?;
    let document = arguments.document()?;
    let start = Start {
        target: &target,
        privileges,
        voice: VOICE,
    };
    match document {
        Some(document) if document.seccomp.mode != SeccompMode::Train => {
            arguments.refuse_training()?;
            let mode = flags.map_or(document.seccomp.mode, |flags| flags.mode);
            let mut filter = document.filter(mode)?;
            filter.debug |= arguments.debug;
            let policy = filter.compiled().policy.clone();
            let reports = arguments.manner().reports(filter);
            let duty = Duty::Report(Box::new(reports));
            start.watched(&policy, duty, begin(&target))
        }
        document => {
            let trainer = arguments.trainer(document.as_ref(), &target)?;
            let filter = all_calls(arguments.debug)?;
            let policy = filter.compiled().policy.clone();
            let learning = trainer.learning(&target, filter)?;
            let duty = Duty::Learn(Box::new(learning));
            start.watched(&policy, duty, begin(&target))
        }
    }
}

/// The command without an `oz-seccomp` before it: Oz's sandboxes called the two like that (oz.md §7.1), and its
/// filter would be watched in the program's stead.
fn without_filter(words: Vec<OsString>) -> Result<(Option<Flags>, Vec<OsString>), Failure> {
    let name = words.first().map(Path::new).and_then(Path::file_name);
    if name != Some(OsStr::new("oz-seccomp")) {
        return Ok((None, words));
    }
    match Command::read(words.into_iter().skip(1))? {
        Command::Run(flags, words) => Ok((Some(flags), words)),
        Command::Print(_) => Err(Failure::NoCommand),
    }
}

/// Says what is run, and what is to be said when it has ended. This process will be the program.
fn begin(target: &Target) -> Frame {
    let process = std::process::id();
    VOICE.put(&target.line());
    VOICE.put(&format!("I Tracing child pid: {process}\n"));
    Frame {
        before: format!("I Child pid {process} finished.\n"),
        behind: "DONE\n".into(),
    }
}

impl Arguments {
    fn document(&self) -> Result<Option<Document>, Failure> {
        let Some(profile) = &self.profile else {
            return Ok(None);
        };
        let file = Some(profile.as_path()).filter(|file| *file != Path::new("-"));
        Document::read(file, VOICE).map(Some)
    }

    fn trainer(&self, document: Option<&Document>, target: &Target) -> Result<Trainer, Failure> {
        let said = document.and_then(|document| document.seccomp.train_output.as_ref());
        let output = match (&self.output, said) {
            (Some(path), _) => Some(path.clone()),
            (None, Some(path)) => Some(train_output(path, target)?),
            (None, None) => None,
        };
        Ok(Trainer {
            output,
            grows: self.append,
            detail: match self.verbose {
                true => Detail::Raw,
                false => Detail::Rules,
            },
            listing: match self.vtrain {
                true => Listing::Policy,
                false => Listing::Summary,
            },
            manner: self.manner(),
        })
    }

    fn manner(&self) -> Manner {
        Manner {
            format: self.format.into(),
            enforced: false,
            every: self.debug,
            voice: VOICE,
        }
    }

    /// What goes with training means nothing to a run that reports.
    fn refuse_training(&self) -> Result<(), Failure> {
        let given = [
            ("-o", self.output.is_some()),
            ("-x", self.vtrain),
            ("-v", self.verbose),
            ("-a", self.append),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((option, _)) => Err(Failure::Usage(format!(
                "{option} goes with training, and -r reports unless the profile's mode is \"train\""
            ))),
            None => Ok(()),
        }
    }
}
