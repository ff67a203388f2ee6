//! `--follow`: records straight from the kernel, until somebody says that it is enough.

use std::fs;
use std::io::{IsTerminal, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use logs::Socket;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::Collection;
use super::namespace::{Place, network};
use crate::failure::Failure;

/// What the kernel logs at all (seccomp(2)).
const LOGGED: &str = "/proc/sys/kernel/seccomp/actions_logged";
/// Bytes that may wait while this process does not run: some 60 000 records.
const BUFFER: usize = 64 << 20;
/// How long records of the last calls may be on their way.
const ON_THE_WAY: Duration = Duration::from_millis(100);

/// How long what has arrived is taken up at the end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Records until a signal or the time that was given.
pub(crate) fn follow(collection: &mut Collection<'_>) -> Result<(), Failure> {
    match network() {
        Place::Initial => {}
        Place::Other => return Err(Failure::Namespace),
        Place::Unknown => crate::say(
            "note: whether this is the initial network namespace cannot be seen; in another one no record arrives",
        ),
    }
    // A terminal that is closed must not take with it what was recorded for hours.
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
    signals.thread_block().map_err(failure)?;
    let ends = SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC).map_err(failure)?;
    let mut socket = Socket::join(BUFFER)?;
    let logged = fs::read_to_string(LOGGED);
    if logged.is_ok_and(|words| !words.split_whitespace().any(|word| word == "log")) {
        crate::say(&format!(
            "warning: {LOGGED} lacks \"log\": the kernel records no call that a filter has logged"
        ));
    }
    crate::say("listening; SIGINT (Ctrl-C) or SIGTERM ends it");
    wait(&mut socket, &ends, collection)?;
    std::thread::sleep(ON_THE_WAY);
    // What comes behind that was made after the end.
    let end = Instant::now() + PATIENCE;
    while socket.receive(&mut |entry| collection.take(entry))? && Instant::now() < end {}
    socket.finish(&mut |entry| collection.take(entry));
    Ok(())
}

fn wait(
    socket: &mut Socket,
    ends: &SignalFd,
    collection: &mut Collection<'_>,
) -> Result<(), Failure> {
    const SECOND: Duration = Duration::from_secs(1);
    let begin = Instant::now();
    let end = collection.options.seconds.map(Duration::from_secs);
    let shows = std::io::stderr().is_terminal();
    let mut shown = Duration::ZERO;
    loop {
        let passed = begin.elapsed();
        let left = end.map_or(SECOND, |end| end.saturating_sub(passed).min(SECOND));
        if left.is_zero() {
            break;
        }
        let mut both = [
            PollFd::new(socket.as_fd(), PollFlags::POLLIN),
            PollFd::new(ends.as_fd(), PollFlags::POLLIN),
        ];
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO);
        match poll(&mut both, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(failure(errno)),
        }
        let ended = both[1].any().unwrap_or(true);
        socket.receive(&mut |entry| collection.take(entry))?;
        if shows && passed - shown >= SECOND {
            shown = passed;
            progress(socket, passed);
        }
        if ended {
            break;
        }
    }
    if shows && !shown.is_zero() {
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
    Ok(())
}

fn progress(socket: &Socket, passed: Duration) {
    let (calls, seconds) = (socket.calls(), passed.as_secs());
    // Nobody may be there to read it.
    let _ = write!(
        std::io::stderr(),
        "\rlistening: {calls} records, {seconds} s\x1b[K"
    );
}

fn failure(errno: Errno) -> Failure {
    Failure::Io {
        what: "--follow".into(),
        source: errno.into(),
    }
}
