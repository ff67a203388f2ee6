//! The caller's signals, which are the program's business, as something that can be waited for.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::io::Errno;

/// Signals that are the program's business.
const PASSED_ON: [Signal; 9] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGTSTP,
    Signal::SIGCONT,
];
/// Those that end what there is, a start or what is left to be shown.
const ENDS: [Signal; 4] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
];

/// The caller's signals, as a descriptor.
pub(super) struct Signals {
    descriptor: SignalFd,
    /// Came before there was a program.
    kept: VecDeque<Signal>,
}

impl Signals {
    /// From here on signals wait to be read.
    pub(super) fn new() -> Result<Signals, Errno> {
        let mut wanted: SigSet = PASSED_ON.into_iter().collect();
        wanted.add(Signal::SIGWINCH);
        let failed = |error: nix::errno::Errno| Errno::from_raw_os_error(error as i32);
        wanted.thread_block().map_err(failed)?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        Ok(Signals {
            descriptor: SignalFd::with_flags(&wanted, flags).map_err(failed)?,
            kept: VecDeque::new(),
        })
    }

    pub(super) fn next(&mut self) -> Option<Signal> {
        self.kept.pop_front().or_else(|| self.read())
    }

    fn read(&mut self) -> Option<Signal> {
        let signal = self.descriptor.read_signal().ok()??;
        let number = i32::try_from(signal.ssi_signo).ok()?;
        Signal::try_from(number).ok()
    }

    /// Keeps what has come for the program that will be there.
    pub(super) fn keep(&mut self) {
        while let Some(signal) = self.read() {
            self.kept.push_back(signal);
        }
    }

    /// The number of one that was kept and that ends whatever there is.
    pub(super) fn end(&self) -> Option<i32> {
        let end = self.kept.iter().find(|signal| ENDS.contains(signal));
        end.map(|signal| *signal as i32)
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}
