//! The caller's terminal: handed through as it is while a cell has it, and given back as it was.

use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::sys::signal::{SigSet, Signal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::{Errno, read, write};
use rustix::process::getpgrp;
use rustix::termios::{
    OptionalActions, Termios, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr, tcsetwinsize,
};

/// A terminal that passes every byte on, until this is dropped.
pub(super) struct Raw {
    terminal: BorrowedFd<'static>,
    before: Termios,
}

impl Raw {
    /// Nothing where the terminal is somebody else's now: whoever is in the background leaves it alone.
    pub(super) fn new(terminal: BorrowedFd<'static>) -> Option<Raw> {
        if !is_ours(terminal) {
            return None;
        }
        let before = tcgetattr(terminal).ok()?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(terminal, OptionalActions::Now, &raw).ok()?;
        Some(Raw { terminal, before })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if !is_ours(self.terminal) {
            return;
        }
        // It may become somebody else's just now, which must not stop us. And what was written is not
        // waited for: nobody may be reading.
        let mut stop = SigSet::empty();
        stop.add(Signal::SIGTTOU);
        let _ = stop.thread_block();
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
        let _ = stop.thread_unblock();
    }
}

/// Whether this process is in the foreground of a terminal. One that is not its controlling one has no
/// background.
fn is_ours(terminal: BorrowedFd<'_>) -> bool {
    tcgetpgrp(terminal).map_or(true, |group| group == getpgrp())
}

/// Gives one terminal the size of another; one without a size gives none.
pub(super) fn copy_size(from: BorrowedFd<'_>, to: BorrowedFd<'_>) {
    if let Ok(size) = tcgetwinsize(from) {
        let _ = tcsetwinsize(to, size);
    }
}

/// A terminal opened once more, so that writing to it never waits; others who have it are not
/// concerned.
pub(super) fn unblocked(terminal: BorrowedFd<'_>) -> Option<OwnedFd> {
    // The far end of a pseudoterminal would become that of a new one (pts(4)).
    if rustix::pty::ptsname(terminal, Vec::new()).is_ok() {
        return None;
    }
    let path = format!("/proc/self/fd/{}", terminal.as_raw_fd());
    let flags = OFlags::WRONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    openat(CWD, path, flags, Mode::empty()).ok()
}

const NOW: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

/// What became of an attempt to read or write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// Bytes have moved.
    Moved,
    /// Nothing can be moved now.
    Waits,
    /// Nothing will be moved any more.
    Over,
}

/// Bytes on their way from one end to the other.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    bytes: VecDeque<u8>,
}

impl Pipe {
    /// So much is kept; more is not read.
    const MOST: usize = 64 << 10;

    pub(super) fn has_room(&self) -> bool {
        self.bytes.len() < Pipe::MOST
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }

    pub(super) fn fill(&mut self, from: impl AsFd) -> Flow {
        let mut bytes = [0; 16384];
        match read(from, &mut bytes) {
            Ok(0) => Flow::Over,
            Ok(count) => {
                self.bytes.extend(bytes.get(..count).unwrap_or_default());
                Flow::Moved
            }
            Err(Errno::INTR | Errno::AGAIN) => Flow::Waits,
            Err(_) => Flow::Over,
        }
    }

    pub(super) fn pour(&mut self, to: impl AsFd) -> Flow {
        self.pour_at_most(usize::MAX, to)
    }

    /// The same for a terminal where writing waits: it has room for one byte at least whenever it is ready
    /// (tty_write_room() in drivers/tty/tty_ioctl.c), and who writes more may wait for a reader.
    pub(super) fn trickle(&mut self, to: impl AsFd) -> Flow {
        const AT_ONCE: usize = 4096;
        let mut flow = Flow::Waits;
        for _ in 0..AT_ONCE.min(self.bytes.len()) {
            let mut place = [PollFd::new(&to, PollFlags::OUT)];
            if !poll(&mut place, Some(&NOW)).is_ok_and(|ready| ready > 0) {
                break;
            }
            flow = self.pour_at_most(1, &to);
            if flow != Flow::Moved {
                break;
            }
        }
        flow
    }

    fn pour_at_most(&mut self, most: usize, to: impl AsFd) -> Flow {
        let (front, _) = self.bytes.as_slices();
        let front = front.get(..most).unwrap_or(front);
        match write(to, front) {
            Ok(0) | Err(Errno::INTR | Errno::AGAIN) => Flow::Waits,
            Ok(count) => {
                self.bytes.drain(..count.min(self.bytes.len()));
                Flow::Moved
            }
            Err(_) => Flow::Over,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_pipe_moves_what_it_can_and_keeps_the_rest() {
        let (one, other) = UnixStream::pair().unwrap();
        let (source, mut writer) = UnixStream::pair().unwrap();
        one.set_nonblocking(true).unwrap();
        let mut pipe = Pipe::default();
        let mut poured = 0;
        while pipe.has_room() {
            std::io::Write::write_all(&mut writer, &[7; 1000]).unwrap();
            assert_eq!(pipe.fill(&source), Flow::Moved);
        }
        while pipe.pour(&one) == Flow::Moved {
            poured += 1;
            if pipe.is_empty() {
                pipe.bytes.extend([7; 1000]);
            }
        }
        assert!(poured > 0 && !pipe.is_empty());
        drop(other);
        assert_eq!(pipe.pour(&one), Flow::Over);
        drop(writer);
        assert_eq!(Pipe::default().fill(&source), Flow::Over);
    }
}
