//! A second process beside the launcher that is nobody's child.
//!
//! It is a grandchild whose parent is gone, so the program will not have it as a child, find it with
//! wait(2) or get its SIGCHLD. It attaches itself to the launcher as a tracer and says whether it
//! could; the launcher goes on only then.
//!
//! ```text
//! launcher                      companion (orphaned grandchild)
//!    │ ◄───────── its pid, from the one in between
//! PR_SET_PTRACER(pid)              │        Yama scope 1 wants this
//!    ├──────────── go ───────────► │
//!    │                          PTRACE_SEIZE
//!    │ ◄──────────── result ───────┤
//! ```

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Pid;
use supervise::sys::{Fork, exit_at_once, fork_without_signal, write_all};
use trace::Process;

use crate::errno;
use crate::sys;

/// What the other side can be told and asked.
#[derive(Debug)]
pub(crate) struct Line {
    hears: File,
    says: File,
    other: Process,
}

/// The other side has died.
#[derive(Debug)]
pub(crate) struct Died;

impl Line {
    /// Reads a number, unless the other side dies before it says one.
    pub(crate) fn hear(&mut self) -> Result<i32, Died> {
        loop {
            if let Some(number) = self.hear_for(PollTimeout::NONE)? {
                return Ok(number);
            }
        }
    }

    /// Reads a number if one comes within some milliseconds.
    pub(crate) fn hear_within(&mut self, milliseconds: u16) -> Result<Option<i32>, Died> {
        self.hear_for(PollTimeout::from(milliseconds))
    }

    /// The pipe's end does not tell that the other side is gone: both may hold all of its descriptors.
    fn hear_for(&mut self, timeout: PollTimeout) -> Result<Option<i32>, Died> {
        let mut places = [
            PollFd::new(self.hears.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.other.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut places, timeout) {
            Err(nix::errno::Errno::EINTR) => return Ok(None),
            Err(_) => return Err(Died),
            Ok(_) => {}
        }
        let ready = |place: &PollFd<'_>| place.any().unwrap_or(true);
        match (ready(&places[0]), ready(&places[1])) {
            (true, _) => {
                let mut word = [0; 4];
                self.hears.read_exact(&mut word).map_err(|_| Died)?;
                Ok(Some(i32::from_ne_bytes(word)))
            }
            (false, true) => Err(Died),
            (false, false) => Ok(None),
        }
    }

    /// Says a number. Not with File's write: a side that died must not raise SIGPIPE here.
    pub(crate) fn say(&self, number: i32) -> Result<(), Died> {
        write_all(self.says.as_raw_fd(), &number.to_ne_bytes()).map_err(|_| Died)
    }

    /// The descriptors that it needs.
    pub(crate) fn descriptors(&self) -> [i32; 3] {
        [
            self.hears.as_raw_fd(),
            self.says.as_raw_fd(),
            self.other.as_fd().as_raw_fd(),
        ]
    }

    /// The descriptor that numbers are said to.
    pub(crate) fn mouth(&self) -> i32 {
        self.says.as_raw_fd()
    }
}

/// Starts a companion. `life` gets the launcher's pid and the companion's side of the line, begins
/// with the result of its attempt to attach and returns when it is done. With `shares_descriptors`
/// both have one descriptor table until one of them parts with it.
///
/// The launcher's side of the line, and the result: zero or an error number.
pub(crate) fn attach(
    shares_descriptors: bool,
    life: impl FnOnce(Pid, Line),
) -> Result<(Line, i32), String> {
    let launcher = Pid::this();
    let (answers, tell) = pipe()?;
    let (orders, order) = pipe()?;
    let fork = fork_without_signal(shares_descriptors);
    match fork.map_err(|errno| in_words("clone", errno))? {
        Fork::Parent { child } => {
            sys::reap(child);
            if !shares_descriptors {
                drop((tell, orders));
                return greet(answers.into(), order.into());
            }
            // Closed with the program's exec: the companion has the same ones until it parts.
            std::mem::forget((tell, orders));
            greet(answers.into(), order.into())
        }
        Fork::Child => {
            match fork_without_signal(shares_descriptors) {
                Ok(Fork::Child) => live(launcher, orders, tell, life),
                Ok(Fork::Parent { child }) => {
                    // Not closed here: the descriptor may be everybody's.
                    let _ = write_all(tell.as_raw_fd(), &child.as_raw().to_ne_bytes());
                }
                Err(_) => {}
            }
            exit_at_once()
        }
    }
}

fn live(launcher: Pid, orders: OwnedFd, tell: OwnedFd, life: impl FnOnce(Pid, Line)) {
    sys::block_all_signals();
    // Job control that stops the program must not stop who has to let it stop.
    let _ = nix::unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0));
    // A program of the same user could else take the filter's listener, and answer for itself.
    if sys::become_undumpable().is_err() {
        return;
    }
    let Ok(other) = Process::open(launcher.as_raw()) else {
        return;
    };
    let mut line = Line {
        hears: orders.into(),
        says: tell.into(),
        other,
    };
    // The permission to trace has been given when this comes.
    if line.hear().is_ok() {
        life(launcher, line);
    }
}

fn pipe() -> Result<(OwnedFd, OwnedFd), String> {
    nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).map_err(|errno| in_words("pipe", errno as i32))
}

fn in_words(what: &str, errno: i32) -> String {
    format!("{what}: {}", errno::in_words(errno))
}

/// The launcher's half of the conversation.
fn greet(answers: File, order: File) -> Result<(Line, i32), String> {
    let died = "the second process died";
    // The one in between has written and is gone: what is not there now will never come.
    let mut place = [PollFd::new(answers.as_fd(), PollFlags::POLLIN)];
    let there = poll(&mut place, PollTimeout::ZERO).is_ok_and(|count| count > 0);
    let mut word = [0; 4];
    if !there || (&answers).read_exact(&mut word).is_err() {
        return Err(died.into());
    }
    let companion = i32::from_ne_bytes(word);
    let other = Process::open(companion).map_err(|error| error.to_string())?;
    sys::permit_tracer(companion);
    let mut line = Line {
        hears: answers,
        says: order,
        other,
    };
    line.say(1).map_err(|_| died)?;
    let result = line.hear().map_err(|_| died)?;
    Ok((line, result))
}
