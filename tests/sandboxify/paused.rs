//! A launcher stopped at a known point: between its look at the program and the exec.
//!
//! The launcher announces what it adds to the filter right before it loads it. Where standard error
//! is full, it waits there, with the program resolved, a tracer attached or the words drawn. That
//! makes what would be a race (a file that changes before the exec) a plain sequence of steps.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use sandbox_tests::{Outcome, Run, Running};

use crate::programs::number;

/// Longer than any launch takes, also on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// A launcher that waits for its standard error.
pub struct Paused {
    running: Running,
    stderr: UnixStream,
    /// What fills standard error.
    filling: usize,
}

impl Paused {
    /// Starts a launcher, whose options must announce something, and waits until it waits.
    pub fn start(run: Run) -> Paused {
        let (stderr, writer) = UnixStream::pair().expect("a pair of sockets");
        let filling = fill(&writer);
        let running = run.stderr_to(OwnedFd::from(writer)).start();
        let paused = Paused {
            running,
            stderr,
            filling,
        };
        paused.wait_for_the_announcement();
        paused
    }

    /// The launcher, later the program.
    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// A line of the launcher's status file.
    pub fn status(&self, field: &str) -> String {
        status_of(self.pid(), field)
    }

    /// Makes room in standard error: the launcher goes on.
    pub fn go_on(mut self) -> Going {
        let mut rest = vec![0; self.filling];
        self.stderr.read_exact(&mut rest).expect("what filled it");
        Going {
            running: self.running,
            stderr: self.stderr,
        }
    }

    fn wait_for_the_announcement(&self) {
        let deadline = Instant::now() + LIMIT;
        let blocked = format!("{} 0x2 ", number("write"));
        loop {
            match fs::read_to_string(format!("/proc/{}/syscall", self.pid())) {
                Ok(call) if call.starts_with(&blocked) => return,
                // As an ordinary user one may not look into an undumpable launcher.
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    return sleep(Duration::from_millis(300));
                }
                _ => {}
            }
            assert!(Instant::now() < deadline, "the launcher announces nothing");
            sleep(Duration::from_millis(1));
        }
    }
}

/// A launcher that was paused.
pub struct Going {
    running: Running,
    stderr: UnixStream,
}

impl Going {
    /// The launcher, later the program.
    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// Waits for the end. Standard error holds the announcement, too.
    pub fn outcome(mut self) -> Outcome {
        let mut outcome = self.running.outcome_within(LIMIT);
        // A process that outlived the program would hold its end open.
        self.stderr.set_read_timeout(Some(LIMIT)).expect("timeout");
        let mut text = Vec::new();
        self.stderr.read_to_end(&mut text).expect("standard error");
        outcome.stderr = String::from_utf8_lossy(&text).into_owned();
        outcome
    }
}

/// A line of a process's status file; empty when the process is gone.
pub fn status_of(pid: u32, field: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let prefix = format!("{field}:");
    let line = status.lines().find_map(|line| line.strip_prefix(&prefix));
    line.unwrap_or_default().trim().to_string()
}

/// Writes until a writer would have to wait, and gives the number of bytes.
fn fill(mut writer: &UnixStream) -> usize {
    writer.set_nonblocking(true).expect("non-blocking");
    let mut filling = 0;
    // At the end byte by byte, so that not even a short message fits.
    for size in [4096, 1] {
        loop {
            match writer.write(&[b'.'; 4096][..size]) {
                Ok(count) => filling += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("fill standard error: {error}"),
            }
        }
    }
    writer.set_nonblocking(false).expect("blocking");
    filling
}
