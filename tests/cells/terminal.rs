//! A terminal of the tests', with a program at it: what is typed goes in, and what is shown is waited for.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};
use nix::sys::stat::{Mode, fchmod};
use nix::sys::termios::{LocalFlags, Termios, tcgetattr};
use sandbox_tests::Run;

use crate::house::{SOON, await_some};

/// A terminal and the program at it.
pub struct Terminal {
    pub child: Child,
    keyboard: File,
    near: OwnedFd,
    screen: Option<Receiver<Vec<u8>>>,
    seen: Vec<u8>,
}

impl Terminal {
    /// Starts a program at a new terminal: its input, output and errors.
    pub fn new(run: Run, rows: u16, columns: u16) -> Terminal {
        Terminal::with(run, rows, columns, [true; 3], true)
    }

    /// Starts a program whose output goes where its command says, and not to the new terminal.
    pub fn with_output_elsewhere(run: Run) -> Terminal {
        Terminal::start(run, (24, 80), [Some(true), None, Some(true)], true)
    }

    /// Starts a program with some of its descriptors at a new terminal; the others are /dev/null's. Without
    /// `looking` nobody reads what is shown.
    pub fn with(run: Run, rows: u16, columns: u16, at: [bool; 3], looking: bool) -> Terminal {
        Terminal::start(run, (rows, columns), at.map(Some), looking)
    }

    fn start(
        mut run: Run,
        (rows, columns): (u16, u16),
        at: [Option<bool>; 3],
        looking: bool,
    ) -> Terminal {
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let opened = openpty(&size, None).expect("a terminal");
        // Whoever logs in is given his terminal; this one is to be anybody's.
        fchmod(&opened.slave, Mode::from_bits_truncate(0o666)).expect("chmod");
        // The copies are closed by exec: a program that had the far end would never be hung up on.
        let near = opened.slave.try_clone().expect("a copy");
        let far = File::from(opened.master.try_clone().expect("a copy"));
        drop(opened);
        let end = |is_at: bool| match is_at {
            true => Stdio::from(near.try_clone().expect("a copy")),
            false => Stdio::null(),
        };
        let command = run.command();
        at[0].map(|is_at| command.stdin(end(is_at)));
        at[1].map(|is_at| command.stdout(end(is_at)));
        at[2].map(|is_at| command.stderr(end(is_at)));
        command.env("TERM", "xterm");
        let child = command.spawn().expect("a program");
        drop(run);
        Terminal {
            child,
            keyboard: far.try_clone().expect("a copy"),
            near,
            screen: looking.then(|| look(far)),
            seen: Vec::new(),
        }
    }

    /// Types.
    pub fn type_in(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).expect("typing");
    }

    /// Waits for a text, and gives what was shown before it.
    #[track_caller]
    pub fn await_text(&mut self, text: &str) -> String {
        let deadline = Instant::now() + SOON;
        loop {
            let place = self
                .seen
                .windows(text.len())
                .position(|part| part == text.as_bytes());
            if let Some(place) = place {
                let rest = self.seen.split_off(place + text.len());
                let seen = std::mem::replace(&mut self.seen, rest);
                return String::from_utf8_lossy(&seen[..place]).into_owned();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.screen.as_ref().expect("a screen").recv_timeout(left) {
                Ok(bytes) => self.seen.extend(bytes),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("no {text:?} in {:?}", String::from_utf8_lossy(&self.seen))
                }
            }
        }
    }

    /// Everything that is shown until nothing more is for a while.
    pub fn rest(&mut self) -> Vec<u8> {
        const QUIET: Duration = Duration::from_millis(300);
        while let Ok(bytes) = self.screen.as_ref().expect("a screen").recv_timeout(QUIET) {
            self.seen.extend(bytes);
        }
        std::mem::take(&mut self.seen)
    }

    /// Changes the size, as a window manager does.
    pub fn resize(&self, rows: u16, columns: u16) {
        let status = Run::new("stty").args(["rows", &rows.to_string()]);
        let mut status = status.args(["cols", &columns.to_string()]);
        let near = self.near.try_clone().expect("a copy");
        status.command().stdin(Stdio::from(near));
        status.outcome().succeeded();
    }

    /// The settings.
    pub fn settings(&self) -> Termios {
        tcgetattr(self.near.as_fd()).expect("settings")
    }

    /// Whether lines are put together and shown by the terminal, as it is at first.
    pub fn is_cooked(&self) -> bool {
        let wanted = LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG;
        self.settings().local_flags.contains(wanted)
    }

    /// Waits for the end of the program.
    #[track_caller]
    pub fn end(&mut self) -> i32 {
        use std::os::unix::process::ExitStatusExt;
        let child = &mut self.child;
        let status = await_some("end", || child.try_wait().expect("wait"));
        status
            .code()
            .or(status.signal().map(|signal| 128 + signal))
            .expect("a status")
    }

    /// Takes the terminal away.
    pub fn hang_up(self) -> Child {
        let Terminal {
            child,
            keyboard,
            near,
            screen,
            ..
        } = self;
        drop((keyboard, near, screen));
        child
    }
}

/// Reads in a thread, which ends with the terminal.
fn look(mut far: File) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = far.read(&mut bytes) {
            if sender.send(bytes[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}
