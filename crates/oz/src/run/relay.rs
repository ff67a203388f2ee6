//! Between the caller's terminal and the cell's: bytes, the size, and signals, until the cell is over.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use confine::First;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, read};
use rustix::process::pidfd_send_signal;

use super::terminal::{Raw, copy_size, write_all};

/// Signals that are the program's business.
const PASSED_ON: [Signal; 8] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGCONT,
];

/// The caller's signals, as a descriptor.
pub(super) struct Signals(SignalFd);

impl Signals {
    /// From here on signals wait to be read.
    pub(super) fn new() -> Result<Signals, Errno> {
        let mut wanted: SigSet = PASSED_ON.into_iter().collect();
        wanted.add(Signal::SIGWINCH);
        let failed = |error: nix::errno::Errno| Errno::from_raw_os_error(error as i32);
        wanted.thread_block().map_err(failed)?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        SignalFd::with_flags(&wanted, flags)
            .map(Signals)
            .map_err(failed)
    }
}

struct Relay<'a> {
    first: &'a First,
    /// The far end of the cell's terminal.
    inside: Option<OwnedFd>,
    /// Where what is typed comes from, until it ends.
    input: Option<BorrowedFd<'static>>,
    output: BorrowedFd<'static>,
}

/// Passes everything on until the cell's first process has ended.
pub(super) fn until_the_end(
    first: &First,
    terminal: Option<OwnedFd>,
    signals: &Signals,
) -> Result<(), Errno> {
    let [input, output, error] = super::terminals();
    let (stdin, stdout) = (rustix::stdio::stdin(), rustix::stdio::stdout());
    let mut relay = Relay {
        first,
        input: (input && terminal.is_some()).then_some(stdin),
        output: match (output, error) {
            (false, true) => rustix::stdio::stderr(),
            _ => stdout,
        },
        inside: terminal,
    };
    let _raw = match (&relay.inside, relay.input) {
        (Some(inside), Some(input)) => {
            copy_size(input, inside.as_fd());
            Some(Raw::new(input)?)
        }
        _ => None,
    };
    while !relay.round(signals)? {}
    relay.drain();
    Ok(())
}

impl Relay<'_> {
    /// Waits for something, and passes it on. Whether the cell is over.
    fn round(&mut self, signals: &Signals) -> Result<bool, Errno> {
        const NOTHING: PollFlags = PollFlags::empty();
        let handle = &self.first.handle;
        let inside = self.inside.as_ref();
        let mut wanted = vec![
            PollFd::new(handle, PollFlags::IN),
            PollFd::new(&signals.0, PollFlags::IN),
        ];
        wanted.extend(inside.map(|inside| PollFd::new(inside, PollFlags::IN)));
        if let (Some(_), Some(input)) = (inside, &self.input) {
            wanted.push(PollFd::new(input, PollFlags::IN));
        }
        match poll(&mut wanted, None) {
            Err(Errno::INTR) => return Ok(false),
            other => other?,
        };
        let ready: Vec<bool> = wanted.iter().map(|one| one.revents() != NOTHING).collect();
        let is_ready = |place: usize| ready.get(place).copied().unwrap_or(false);
        if is_ready(1) {
            self.take_signals(signals);
        }
        if is_ready(2) {
            self.pass_out();
        }
        if is_ready(3) {
            self.pass_in();
        }
        Ok(is_ready(0))
    }

    fn take_signals(&self, signals: &Signals) {
        while let Ok(Some(signal)) = signals.0.read_signal() {
            let number = i32::try_from(signal.ssi_signo).unwrap_or_default();
            if number == Signal::SIGWINCH as i32 {
                if let (Some(inside), Some(input)) = (&self.inside, self.input) {
                    copy_size(input, inside.as_fd());
                }
                continue;
            }
            if let Some(signal) = rustix::process::Signal::from_named_raw(number) {
                // It may have ended meanwhile, which the next look shows.
                let _ = pidfd_send_signal(&self.first.handle, signal);
            }
        }
    }

    /// From the cell to the caller. A terminal that nobody has open any more reads as an error.
    fn pass_out(&mut self) -> bool {
        let mut bytes = [0; 16384];
        let Some(inside) = &self.inside else {
            return false;
        };
        match read(inside, &mut bytes) {
            Ok(count @ 1..) => {
                let bytes = bytes.get(..count).unwrap_or_default();
                write_all(self.output, bytes).is_ok()
            }
            Err(Errno::INTR | Errno::AGAIN) => true,
            _ => {
                self.inside = None;
                false
            }
        }
    }

    /// From the caller to the cell.
    fn pass_in(&mut self) {
        let mut bytes = [0; 4096];
        let (Some(inside), Some(input)) = (&self.inside, self.input) else {
            return;
        };
        match read(input, &mut bytes) {
            Ok(count @ 1..) => {
                let bytes = bytes.get(..count).unwrap_or_default();
                if write_all(inside.as_fd(), bytes).is_err() {
                    self.input = None;
                }
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            _ => self.input = None,
        }
    }

    /// What the cell has written before its end.
    fn drain(&mut self) {
        while self.pass_out() {}
    }
}
