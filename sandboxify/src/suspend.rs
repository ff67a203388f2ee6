//! `suspend`: a tracer holds the filter back until the exec is done.
//!
//! The launcher makes a grandchild whose parent is gone, so that the program will not have it as a
//! child. This tracer seizes the launcher with PTRACE_O_SUSPEND_SECCOMP; the launcher loads its
//! filter, which stays without effect, and executes the program; at the exec stop the tracer lets
//! go, and the filter holds from the first instruction. PTRACE_O_EXITKILL: if the tracer dies
//! before, the launcher dies with it.
//!
//! ```text
//! launcher                      tracer (orphaned grandchild)
//!    │ ◄──────────── its pid ──────┤
//! PR_SET_PTRACER(pid)              │        Yama scope 1 wants this
//!    ├──────────── go ───────────► │
//!    │                          PTRACE_SEIZE
//!    │ ◄──────────── result ───────┤
//! load, execve ═══ exec stop ════► detach, exit
//! ```

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::ptrace;
use nix::unistd::Pid;

use crate::failure::errno_in_words;
use crate::sys::{self, Fork, Stop};

/// Gets this process a tracer that suspends its filters until its next exec.
///
/// The error says why there is none: no CAP_SYS_ADMIN, a filter that is there already, another
/// tracer, Yama, a kernel without CONFIG_CHECKPOINT_RESTORE, or orphans that would come back to us.
pub(crate) fn attach() -> Result<(), String> {
    if sys::adopts_orphans() {
        return Err("this process is init or a child subreaper, and the tracer would become its child; use --method ticket".into());
    }
    let launcher = Pid::this();
    let (answers, tracers_end) = pipe()?;
    let (tracers_start, start) = pipe()?;
    match sys::fork_without_signal().map_err(|errno| in_words("clone", errno))? {
        Fork::Parent { child } => {
            // Closed here, so that a dead tracer is an end of file.
            drop((tracers_end, tracers_start));
            sys::reap(child);
            greet(answers.into(), start.into())
        }
        Fork::Child => {
            if let Ok(Fork::Child) = sys::fork_without_signal() {
                drop((answers, start));
                trace(launcher, tracers_end, tracers_start);
            }
            sys::exit_at_once()
        }
    }
}

fn pipe() -> Result<(OwnedFd, OwnedFd), String> {
    nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).map_err(|errno| in_words("pipe", errno as i32))
}

fn in_words(what: &str, errno: i32) -> String {
    format!("{what}: {}", errno_in_words(errno))
}

/// The launcher's half of the conversation.
fn greet(mut answers: File, start: File) -> Result<(), String> {
    let died = |_| String::from("the tracer died");
    let mut word = [0; 4];
    answers.read_exact(&mut word).map_err(died)?;
    sys::permit_tracer(i32::from_ne_bytes(word));
    // Not File's write: a tracer that died must not raise SIGPIPE here.
    sys::write_all(start.as_raw_fd(), &[1]).map_err(|_| String::from("the tracer died"))?;
    answers.read_exact(&mut word).map_err(died)?;
    match i32::from_ne_bytes(word) {
        0 => Ok(()),
        libc::EPERM => Err("the kernel does not permit it (needs CAP_SYS_ADMIN, no other tracer, and no filter so far); use --method ticket".into()),
        libc::EINVAL => Err("this kernel cannot (CONFIG_CHECKPOINT_RESTORE); use --method ticket".into()),
        errno => Err(in_words("ptrace", errno)),
    }
}

/// The tracer's half, and its whole life.
fn trace(launcher: Pid, answers: OwnedFd, start: OwnedFd) {
    sys::block_all_signals();
    sys::close_all_but(answers.as_raw_fd(), start.as_raw_fd());
    let (mut answers, mut start) = (File::from(answers), File::from(start));
    if answers
        .write_all(&std::process::id().to_ne_bytes())
        .is_err()
        || start.read_exact(&mut [0]).is_err()
    {
        return;
    }
    // nix has no name for this option.
    let suspend = ptrace::Options::from_bits_retain(libc::PTRACE_O_SUSPEND_SECCOMP);
    let options =
        suspend | ptrace::Options::PTRACE_O_EXITKILL | ptrace::Options::PTRACE_O_TRACEEXEC;
    let seized = ptrace::seize(launcher, options);
    let result = seized.err().map_or(0, |errno| errno as i32);
    let told = answers.write_all(&result.to_ne_bytes());
    if seized.is_ok() && told.is_ok() {
        follow_to_exec(launcher);
    }
}

/// Passes signals on until the exec stop. Ends when the launcher does, too; a failure here ends
/// the tracer, and with it, by EXITKILL, the launcher.
fn follow_to_exec(launcher: Pid) {
    loop {
        let resumed = match sys::wait_for_stop(launcher) {
            Stop::Exec => {
                let _ = ptrace::detach(launcher, None);
                return;
            }
            Stop::Signal(signal) => sys::resume(launcher, signal),
            Stop::Group => sys::listen(launcher),
            Stop::Other => sys::resume(launcher, 0),
            Stop::Ended => return,
        };
        if resumed.is_err() {
            return;
        }
    }
}
