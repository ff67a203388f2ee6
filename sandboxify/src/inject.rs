//! `inject`: a tracer runs the program to exec, its entry point or `main` and makes it load the filter.
//!
//! Needs nothing but the permission to trace a process of one's own. Until then the program runs
//! without the filter: entry and main are for programs whose start-up one trusts.

use filter::{Checked, Logging};
use nix::unistd::Pid;
use trace::{Error, Injection, Place, Tracer};

use crate::companion::{self, Line};
use crate::failure::{Failure, errno_in_words};
use crate::sys;

/// Gets this process a tracer that will make its next image load the filter.
pub(crate) fn attach(place: Place, program: &Checked, logging: Logging) -> Result<(), Failure> {
    let life = |launcher: Pid, line: Line| follow(launcher, &line, place, program, logging);
    let (_, answer) = companion::attach(false, life).map_err(|why| unavailable(lost(&why)))?;
    match answer {
        0 => Ok(()),
        errno => Err(unavailable(refusal(errno))),
    }
}

pub(crate) fn unavailable(why: String) -> Failure {
    Failure::Unavailable {
        option: "--method inject",
        why,
    }
}

/// Why there is no tracer: it could not be started, or did not live long.
pub(crate) fn lost(why: &str) -> String {
    format!(
        "{why} (an outer filter may kill for ptrace); --at exec with --method ticket and without --explain needs no tracer"
    )
}

/// Why nothing can be traced here, and what needs no tracer.
pub(crate) fn refusal(errno: i32) -> String {
    format!(
        "ptrace: {} (another tracer, Yama, or an outer filter); --at exec with --method ticket and without --explain needs no tracer",
        errno_in_words(errno)
    )
}

/// Flags of seccomp(2) for what is logged.
pub(crate) fn flags(logging: Logging) -> u64 {
    match logging {
        Logging::Default => 0,
        Logging::Denials => libc::SECCOMP_FILTER_FLAG_LOG,
    }
}

/// The tracer's life.
fn follow(launcher: Pid, line: &Line, place: Place, program: &Checked, logging: Logging) {
    let [hears, says, other] = line.descriptors();
    sys::close_all_but(&[hears, says, other, libc::STDERR_FILENO]);
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
        Err(error) => refuse(tracer, &error),
    }
}

/// The error number that the launcher is told.
pub(crate) fn errno_of(error: &Error) -> i32 {
    error.errno().unwrap_or(libc::ESRCH)
}

/// Ends the program as a launcher's failure ends.
pub(crate) fn refuse(tracer: Tracer, error: &Error) {
    if !matches!(error, Error::Gone) {
        sys::print_to_stderr(&format!(
            "sandboxify: {error}; the program was not started\n"
        ));
    }
    tracer.refuse(125);
}
