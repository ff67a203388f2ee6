//! The guard: a process that ends the program when the watcher dies.
//!
//! Without a watcher every watched call fails with ENOSYS, and a program that goes on with that is
//! worse than none. The guard also holds the listener, so that nobody else can become one meanwhile.

use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::unistd::Pid;
use trace::{Listener, Process, process_of};

use crate::sys::{self, Fork};
use crate::voice::Voice;

/// Keeps the guard from acting; dropped without [`Relief::relieve`], it acts.
pub(crate) struct Relief {
    pipe: OwnedFd,
}

impl Relief {
    /// The watcher ends in good order.
    pub(crate) fn relieve(self) {
        let _ = sys::write_all(self.pipe.as_raw_fd(), &[1]);
    }
}

/// Starts the guard; before any thread, because it is a fork.
pub(crate) fn post(program: Pid, listeners: &[Listener], voice: Voice) -> Option<Relief> {
    let process = Process::open(program.as_raw()).ok()?;
    let (watched, pipe) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).ok()?;
    match sys::fork_without_signal(false).ok()? {
        Fork::Parent { .. } => Some(Relief { pipe }),
        Fork::Child => {
            drop(pipe);
            stand(&process, listeners, watched, voice);
            sys::exit_at_once()
        }
    }
}

fn stand(program: &Process, listeners: &[Listener], watched: OwnedFd, voice: Voice) {
    let mut kept = vec![
        program.as_fd().as_raw_fd(),
        watched.as_raw_fd(),
        voice.descriptor,
    ];
    kept.extend(
        listeners
            .iter()
            .map(|listener| listener.as_fd().as_raw_fd()),
    );
    sys::close_all_but(&kept);
    let mut byte = [0];
    let mut watched = std::fs::File::from(watched);
    if watched.read_exact(&mut byte).is_ok() {
        return;
    }
    // Where the watcher traced it, the kernel has killed it by now (PTRACE_O_EXITKILL).
    program.kill();
    voice.say("the watcher died; the program was killed");
    // Whatever else the program has started, as soon as it makes a call that somebody must answer.
    while listeners.iter().any(|listener| !listener.is_deserted(0)) {
        for listener in listeners {
            if let Ok(Some(true)) = listener.is_waited_for(50) {
                kill_caller(listener);
            }
        }
    }
}

fn kill_caller(listener: &Listener) {
    if let Ok(Some(notification)) = listener.receive() {
        let process = process_of(notification.thread).unwrap_or(notification.thread);
        // Numbers come again: whoever waits had this one while the handle was made.
        match Process::open(process) {
            Ok(process) if listener.still_waits(&notification) => process.kill(),
            _ => {}
        }
    }
}
