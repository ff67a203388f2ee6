//! `oz-seccomp`: a program under the filter of a profile.

use std::convert::Infallible;
use std::ffi::OsString;

use profile::SeccompMode;
use supervise::{Duty, Frame, Listing, Voice};
use watch::Format;
use watch::learn::oz::Detail;

use super::document::Document;
use super::failure::Failure;
use super::flags::{Command, Flags};
use super::start::{Manner, Privileges, Start};
use super::target::Target;
use super::trainer::{Trainer, all_calls, train_output};

/// Who speaks, and where.
const VOICE: Voice = Voice {
    program: "oz-seccomp",
    descriptor: libc::STDERR_FILENO,
};

/// How what is not enforced is reported.
const MANNER: Manner = Manner {
    format: Format::Oz,
    enforced: false,
    every: false,
    voice: VOICE,
};

/// The whole of `oz-seccomp`: reads the words behind the program's name, makes the filter and becomes the
/// program. Comes back with an exit status only where there is none.
pub fn run(words: impl IntoIterator<Item = OsString>) -> u8 {
    match carry_out(words) {
        Ok(text) => {
            // Whoever asked may not want to read it all.
            let _ = supervise::sys::write_all(libc::STDOUT_FILENO, text.as_bytes());
            0
        }
        Err(failure) => {
            VOICE.say(&failure.to_string());
            failure.status()
        }
    }
}

/// The text to print, if that is all.
fn carry_out(words: impl IntoIterator<Item = OsString>) -> Result<String, Failure> {
    let (flags, words) = match Command::read(words)? {
        Command::Print(text) => return Ok(text),
        Command::Run(flags, words) => (flags, words),
    };
    let privileges = Privileges::asked(flags.allow_new_privileges, "-allow-new-privs")?;
    let target = Target::find(words)?;
    let start = Start {
        target: &target,
        privileges,
        voice: VOICE,
    };
    let Err(failure) = match flags.mode {
        SeccompMode::Train => train(&flags, &start),
        mode => filtered(&flags, mode, &start),
    };
    Err(failure)
}

/// Enforced or not, as the profile has it.
fn filtered(flags: &Flags, mode: SeccompMode, start: &Start<'_>) -> Result<Infallible, Failure> {
    let document = Document::read(flags.profile.as_deref(), VOICE)?;
    let filter = document.filter(mode)?;
    for note in &filter.compiled().notes {
        VOICE.note(&note.to_string());
    }
    if document.seccomp.enforce {
        return start.enforced(filter);
    }
    VOICE.note(
        "the profile does not enforce its filter: what that does not allow runs, and is reported",
    );
    let policy = filter.compiled().policy.clone();
    let duty = Duty::Report(Box::new(MANNER.reports(filter)));
    start.watched(&policy, duty, Frame::default())
}

/// Writes a policy where the profile says, or in the home directory. Oz's needed a tracer for that.
fn train(flags: &Flags, start: &Start<'_>) -> Result<Infallible, Failure> {
    let file = flags.profile.as_deref();
    let document = file
        .map(|file| Document::read(Some(file), VOICE))
        .transpose()?;
    let seccomp = document.as_ref().map(|document| &document.seccomp);
    let output = seccomp.and_then(|seccomp| seccomp.train_output.as_ref());
    let output = output
        .map(|path| train_output(path, start.target))
        .transpose()?;
    let filter = match &flags.policy {
        None => all_calls(false)?,
        Some(path) => Document::allowing(path)?.filter(SeccompMode::Whitelist)?,
    };
    let policy = filter.compiled().policy.clone();
    let trainer = Trainer {
        output,
        grows: false,
        detail: Detail::Rules,
        listing: Listing::Summary,
        manner: MANNER,
    };
    let duty = Duty::Learn(Box::new(trainer.learning(start.target, filter)?));
    start.watched(&policy, duty, Frame::default())
}
