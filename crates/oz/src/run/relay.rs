//! Between the caller's terminal and the cell's: bytes, the size, and signals, until the cell is over.
//!
//! Nothing here waits for one thing alone: a terminal that takes no more bytes keeps no signal from
//! arriving, and neither does a cell that reads none.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use confine::First;
use nix::sys::signal::{Signal, raise};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, Mode, OFlags, fcntl_setfl, openat};
use rustix::io::Errno;
use rustix::process::pidfd_send_signal;
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer};

use super::signals::Signals;
use super::terminal::{Flow, Pipe, Raw, copy_size, unblocked};

/// A cell that is told to end does so in less, or it is ended.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a terminal may take nothing of what a cell has written before its end.
const LAST_WORDS: Duration = Duration::from_secs(5);

struct Relay<'a> {
    first: &'a First,
    /// The far end of the cell's terminal, until the caller's is gone.
    inside: Option<OwnedFd>,
    /// The near end, so that the far one does not end with whoever closes it inside for a while.
    near: Option<OwnedFd>,
    /// Where what is typed comes from, until it ends.
    keyboard: Option<BorrowedFd<'static>>,
    screen: Option<Screen>,
    typed: Pipe,
    shown: Pipe,
    raw: Option<Raw>,
    /// When the cell is ended.
    deadline: Option<Instant>,
}

/// The caller's terminal, to write to.
struct Screen {
    terminal: BorrowedFd<'static>,
    unblocked: Option<OwnedFd>,
}

/// What has happened.
struct Ready {
    ended: bool,
    signals: bool,
    inside: PollFlags,
    keyboard: PollFlags,
    screen: PollFlags,
}

impl Ready {
    const NOTHING: Ready = Ready {
        ended: false,
        signals: false,
        inside: PollFlags::empty(),
        keyboard: PollFlags::empty(),
        screen: PollFlags::empty(),
    };
}

/// Passes everything on until the cell's first process has ended.
pub(super) fn until_the_end(
    first: &First,
    terminal: Option<OwnedFd>,
    signals: &mut Signals,
) -> Result<(), Errno> {
    let is_terminal = super::terminals();
    let mut relay = Relay::new(first, terminal, is_terminal)?;
    let_go(is_terminal)?;
    relay.take_signals(signals);
    while !relay.round(signals)? {}
    relay.drain(signals)
}

/// Pipes and files are the program's alone: whoever reads its output must see its end when it is
/// there.
fn let_go(is_terminal: [bool; 3]) -> Result<(), Errno> {
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    let nothing = openat(CWD, "/dev/null", flags, Mode::empty())?;
    if !is_terminal[0] {
        rustix::stdio::dup2_stdin(&nothing)?;
    }
    if !is_terminal[1] {
        rustix::stdio::dup2_stdout(&nothing)?;
    }
    Ok(())
}

impl<'a> Relay<'a> {
    fn new(
        first: &'a First,
        inside: Option<OwnedFd>,
        is_terminal: [bool; 3],
    ) -> Result<Relay<'a>, Errno> {
        let mut relay = Relay {
            first,
            keyboard: None,
            screen: None,
            typed: Pipe::default(),
            shown: Pipe::default(),
            raw: None,
            deadline: None,
            near: None,
            inside,
        };
        let Some(inside) = &relay.inside else {
            return Ok(relay);
        };
        fcntl_setfl(inside, OFlags::NONBLOCK)?;
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        relay.near = Some(ioctl_tiocgptpeer(inside, flags)?);
        let [input, output, error] = is_terminal;
        relay.keyboard = input.then(rustix::stdio::stdin);
        let screen = match (output, error) {
            (true, _) => rustix::stdio::stdout(),
            (false, true) => rustix::stdio::stderr(),
            (false, false) => rustix::stdio::stdin(),
        };
        relay.screen = Some(Screen {
            terminal: screen,
            unblocked: unblocked(screen),
        });
        relay.take_terminal();
        Ok(relay)
    }

    /// Has the caller's terminal pass everything on, in its size.
    fn take_terminal(&mut self) {
        self.raw = self.keyboard.and_then(Raw::new);
        self.copy_size();
    }

    fn copy_size(&self) {
        if let (Some(inside), Some(screen)) = (&self.inside, &self.screen) {
            copy_size(screen.terminal, inside.as_fd());
        }
    }

    /// Waits for something, and passes it on. Whether the cell is over.
    fn round(&mut self, signals: &mut Signals) -> Result<bool, Errno> {
        let ready = self.wait(signals, self.deadline)?;
        if self.deadline.is_some_and(|end| Instant::now() >= end) {
            self.deadline = None;
            self.first.kill();
        }
        if ready.signals {
            self.take_signals(signals);
        }
        self.move_bytes(&ready);
        Ok(ready.ended)
    }

    fn wait(&self, signals: &Signals, until: Option<Instant>) -> Result<Ready, Errno> {
        let mut wanted = vec![
            PollFd::new(&self.first.handle, PollFlags::IN),
            PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN),
        ];
        let of_inside = flags(self.shown.has_room(), !self.typed.is_empty());
        let inside = self.inside.as_ref().map(|one| PollFd::new(one, of_inside));
        let reads = self.typed.has_room() && self.inside.is_some();
        let keyboard = self.keyboard.as_ref().filter(|_| reads);
        let keyboard = keyboard.map(|one| PollFd::new(one, PollFlags::IN));
        let screen = self.screen.as_ref().filter(|_| !self.shown.is_empty());
        let screen = screen.map(|one| PollFd::from_borrowed_fd(one.place(), PollFlags::OUT));
        let there = [inside.is_some(), keyboard.is_some(), screen.is_some()];
        wanted.extend([inside, keyboard, screen].into_iter().flatten());
        let left = until.map(|end| end.saturating_duration_since(Instant::now()));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut wanted, left.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(Ready::NOTHING),
            Err(error) => return Err(error),
        }
        let mut answers = wanted.iter().map(PollFd::revents);
        let mut next = |is_there: bool| match is_there {
            true => answers.next().unwrap_or(PollFlags::empty()),
            false => PollFlags::empty(),
        };
        Ok(Ready {
            ended: !next(true).is_empty(),
            signals: !next(true).is_empty(),
            inside: next(there[0]),
            keyboard: next(there[1]),
            screen: next(there[2]),
        })
    }

    fn take_signals(&mut self, signals: &mut Signals) {
        while let Some(signal) = signals.next() {
            self.take_signal(signal);
        }
    }

    fn take_signal(&mut self, signal: Signal) {
        match signal {
            Signal::SIGWINCH => return self.copy_size(),
            Signal::SIGTERM => drop(self.deadline.get_or_insert(Instant::now() + PATIENCE)),
            // The terminal is somebody else's until we are told to go on.
            Signal::SIGTSTP => self.raw = None,
            _ => {}
        }
        if let Some(number) = rustix::process::Signal::from_named_raw(signal as i32) {
            // It may have ended meanwhile, which the next look shows.
            let _ = pidfd_send_signal(&self.first.handle, number);
        }
        if signal == Signal::SIGTSTP {
            let _ = raise(Signal::SIGSTOP);
        }
        if signal == Signal::SIGCONT {
            // Whatever mode it has now is to be given back.
            self.raw = None;
            self.take_terminal();
        }
    }

    fn move_bytes(&mut self, ready: &Ready) {
        if ready.screen.intersects(SOMETHING_OUT) {
            self.show();
        }
        if ready.inside.intersects(PollFlags::OUT) {
            if let Some(inside) = &self.inside {
                let _ = self.typed.pour(inside);
            }
        }
        if ready.inside.intersects(SOMETHING_IN) {
            self.hear();
        }
        if !ready.keyboard.is_empty() {
            self.take_typed(ready.keyboard);
        }
    }

    fn show(&mut self) {
        let Some(screen) = &self.screen else {
            return;
        };
        let flow = match &screen.unblocked {
            Some(unblocked) => self.shown.pour(unblocked),
            // It may be somebody else's, which only he can open.
            None => self.shown.trickle(screen.terminal),
        };
        if flow == Flow::Over {
            // Nobody looks any more; the program is not to be kept waiting.
            self.screen = None;
            self.shown.clear();
        }
    }

    /// From the cell. A terminal that nobody has open any more reads as an error. What is heard.
    fn hear(&mut self) -> Flow {
        let Some(inside) = &self.inside else {
            return Flow::Over;
        };
        let flow = self.shown.fill(inside);
        if flow == Flow::Over {
            self.inside = None;
        }
        if self.screen.is_none() {
            self.shown.clear();
        }
        flow
    }

    fn take_typed(&mut self, what: PollFlags) {
        let Some(keyboard) = self.keyboard else {
            return;
        };
        if self.typed.fill(keyboard) == Flow::Over {
            self.keyboard = None;
            if what.intersects(PollFlags::HUP | PollFlags::ERR) {
                // The terminal is gone, and so is the one inside: the kernel tells who has it
                // (SIGHUP in signal(7)).
                (self.inside, self.near) = (None, None);
            }
        }
    }

    /// Shows what the cell has written before its end, as long as somebody takes it and nobody wants it
    /// to end.
    fn drain(&mut self, signals: &mut Signals) -> Result<(), Errno> {
        self.keyboard = None;
        loop {
            while self.shown.has_room() && self.hear() == Flow::Moved {}
            if self.shown.is_empty() {
                return Ok(());
            }
            let is_ready = self.wait_for_screen(signals)?;
            signals.keep();
            if !is_ready || signals.end().is_some() {
                return Ok(());
            }
            self.show();
        }
    }

    fn wait_for_screen(&self, signals: &Signals) -> Result<bool, Errno> {
        let Some(screen) = &self.screen else {
            return Ok(false);
        };
        let limit = Timespec::try_from(LAST_WORDS).map_err(|_| Errno::INVAL)?;
        let mut wanted = [
            PollFd::from_borrowed_fd(screen.place(), PollFlags::OUT),
            PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN),
        ];
        match poll(&mut wanted, Some(&limit)) {
            Err(Errno::INTR) => Ok(true),
            other => Ok(other? > 0),
        }
    }
}

impl Screen {
    fn place(&self) -> BorrowedFd<'_> {
        self.unblocked.as_ref().map_or(self.terminal, AsFd::as_fd)
    }
}

const SOMETHING_IN: PollFlags = PollFlags::IN.union(PollFlags::HUP).union(PollFlags::ERR);
const SOMETHING_OUT: PollFlags = PollFlags::OUT.union(PollFlags::HUP).union(PollFlags::ERR);

fn flags(reads: bool, writes: bool) -> PollFlags {
    let mut flags = PollFlags::empty();
    flags.set(PollFlags::IN, reads);
    flags.set(PollFlags::OUT, writes);
    flags
}
