//! `inject`: a tracer runs the program to exec, its entry point or `main` and makes it load the filter.
//!
//! Needs nothing but the permission to trace a process of one's own. Until then the program runs
//! without the filter: entry and main are for programs whose start-up one trusts.

use filter::{Checked, Logging};
use nix::unistd::Pid;
use supervise::Voice;
use supervise::sys::close_all_but;
use trace::{Injection, Place, Tracer};

use crate::companion::{self, Line};
use crate::error::{Error, Need, Obstacle};

/// Gets this process a tracer that will make its next image load the filter. `voice` says why the program
/// was ended, where it had to be.
///
/// # Errors
/// [`Error::Unavailable`].
pub fn attach(
    place: Place,
    program: &Checked,
    logging: Logging,
    voice: Voice,
) -> Result<(), Error> {
    let life = |launcher: Pid, line: Line| follow(launcher, &line, place, program, logging, voice);
    attached(companion::attach(false, life))
}

/// What the companion's first words mean.
pub(crate) fn attached(answer: Result<(Line, i32), String>) -> Result<(), Error> {
    let obstacle = match answer {
        Ok((_, 0)) => return Ok(()),
        Ok((_, errno)) => Obstacle::Untraceable(errno),
        Err(why) => Obstacle::Lost(why),
    };
    Err(Error::unavailable(Need::Injection, obstacle))
}

/// Flags of seccomp(2) for what is logged.
pub(crate) fn flags(logging: Logging) -> u64 {
    match logging {
        Logging::Default => 0,
        Logging::Denials => libc::SECCOMP_FILTER_FLAG_LOG,
    }
}

/// The tracer's life.
fn follow(
    launcher: Pid,
    line: &Line,
    place: Place,
    program: &Checked,
    logging: Logging,
    voice: Voice,
) {
    let [hears, says, other] = line.descriptors();
    close_all_but(&[hears, says, other, voice.descriptor]);
    let seized = Tracer::seize(launcher.as_raw(), place);
    let answer = seized.as_ref().err().map_or(0, errno_of);
    let told = line.say(answer);
    let (Ok(mut tracer), Ok(())) = (seized, told) else {
        return;
    };
    let injection = Injection {
        instructions: program.instructions(),
        flags: flags(logging),
        listener: None,
    };
    let filtered = tracer
        .reach()
        .and_then(|()| tracer.inject(&injection).map(drop));
    match filtered {
        // It may be killed here, too, and then nothing is left to be told.
        Ok(()) => drop(tracer.release()),
        Err(error) => refuse(tracer, &error, voice),
    }
}

/// The error number that the launcher is told.
pub(crate) fn errno_of(error: &trace::Error) -> i32 {
    error.errno().unwrap_or(libc::ESRCH)
}

/// Ends the program as a launcher's failure ends.
pub(crate) fn refuse(tracer: Tracer, error: &trace::Error, voice: Voice) {
    if !matches!(error, trace::Error::Gone) {
        voice.say(&format!("{error}; the program was not started"));
    }
    tracer.refuse(125);
}
