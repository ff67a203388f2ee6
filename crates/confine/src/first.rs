//! The first process of a cell, which stays for as long as the cell does: it reaps, hands signals on,
//! and decides when the cell is over. With its end the kernel ends everything in the cell
//! (pid_namespaces(7)).

use std::fs;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno as NixErrno;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid as NixPid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{DumpableBehavior, Pid, set_dumpable_behavior};
use rustix::system::{setdomainname, sethostname};
use rustix::thread::CapabilitySet;

use crate::error::{Error, call};
use crate::identity;
use crate::plan::{Network, Plan, Program};
use crate::sys;

/// How long a cell without its program waits for a process that is to keep it alive: what was forked
/// has not got its name yet.
const GRACE: Duration = Duration::from_secs(2);
/// How long processes that are left over may take to end when they are told to.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a cell without its program looks around.
const ROUND: Duration = Duration::from_millis(100);

/// The first descriptor that is nothing to the first process.
const BEHIND_CONNECTION: u32 = 4;

/// What this process does first, before it reads anything: nobody may look into it, and nothing of what
/// it was started from stays open but the connection.
///
/// # Errors
/// [`Error::Call`].
pub fn withdraw() -> Result<(), Error> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(call("become undumpable"))?;
    sys::close_from(BEHIND_CONNECTION).map_err(call("close descriptors"))?;
    sys::join_new_keyring().map_err(call("leave the session keyring"))
}

/// Gives the cell its name and its network.
///
/// # Errors
/// [`Error::Call`].
pub fn settle(plan: &Plan) -> Result<(), Error> {
    sethostname(plan.name.as_bytes()).map_err(call("set the host name"))?;
    setdomainname(b"local").map_err(call("set the domain name"))?;
    match plan.network {
        Network::Empty => raise_loopback().map_err(call("turn the loopback device on")),
        Network::None | Network::Host => Ok(()),
    }
}

fn raise_loopback() -> Result<(), Errno> {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
    let kind = SocketType::DGRAM;
    let socket = socket_with(AddressFamily::INET, kind, SocketFlags::CLOEXEC, None)?;
    sys::raise_loopback(socket.as_fd())
}

/// Signals of the cell's first process, as a descriptor.
pub struct Signals(SignalFd);

impl Signals {
    /// From here on signals wait to be read.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn new() -> Result<Signals, Error> {
        let all = SigSet::all();
        let failed = |error: NixErrno| call("take signals")(Errno::from_raw_os_error(error as i32));
        all.thread_block().map_err(failed)?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        SignalFd::with_flags(&all, flags)
            .map(Signals)
            .map_err(failed)
    }
}

/// Gives up everything but what handing signals on needs: the programs are another user's
/// (CAP_KILL, capabilities(7)).
///
/// # Errors
/// [`Error::Call`].
pub fn retire() -> Result<(), Error> {
    identity::empty_bounding_set()?;
    identity::keep(CapabilitySet::KILL)
}

/// Stays until the cell is over. Gives the status of the program as a shell has it: 128 and the number of
/// the signal that killed it.
///
/// # Errors
/// [`Error::Call`].
pub fn stay(
    program: &Program,
    process: Pid,
    signals: &Signals,
    connection: BorrowedFd<'_>,
) -> Result<i32, Error> {
    let mut watch = Watch {
        process: NixPid::from_raw(process.as_raw_pid()),
        status: None,
        seen: Instant::now(),
    };
    loop {
        let round = watch.status.map(|_| ROUND);
        let hung_up = wait(signals, connection, round).map_err(call("wait"))?;
        watch.take_signals(signals);
        watch.reap();
        if hung_up {
            return Ok(watch.status.unwrap_or(KILLED));
        }
        if let Some(status) = watch.status {
            if watch.is_over(program) {
                dismiss();
                return Ok(status);
            }
        }
    }
}

const KILLED: i32 = 128 + 9;

/// Waits for a signal, for the end of whoever watches the cell, or for so long.
fn wait(
    signals: &Signals,
    connection: BorrowedFd<'_>,
    at_most: Option<Duration>,
) -> Result<bool, Errno> {
    let limit = at_most.and_then(|limit| Timespec::try_from(limit).ok());
    let mut wanted = [
        PollFd::new(&signals.0, PollFlags::IN),
        PollFd::from_borrowed_fd(connection, PollFlags::IN | PollFlags::RDHUP),
    ];
    match poll(&mut wanted, limit.as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => return Err(error),
    }
    // Nothing is ever said to us once the program runs.
    Ok(wanted.get(1).is_some_and(|end| !end.revents().is_empty()))
}

struct Watch {
    process: NixPid,
    status: Option<i32>,
    /// When something was there that keeps the cell alive.
    seen: Instant,
}

impl Watch {
    /// Hands signals on to the program, or to all when it has ended.
    fn take_signals(&self, signals: &Signals) {
        while let Ok(Some(signal)) = signals.0.read_signal() {
            let number = i32::try_from(signal.ssi_signo).unwrap_or_default();
            match Signal::try_from(number) {
                Ok(Signal::SIGCHLD) | Err(_) => {}
                // The program leads its group (setsid(2)); what it has started alone is its own affair.
                Ok(signal) if self.status.is_none() => drop(kill(self.process, signal)),
                Ok(signal) => drop(kill(NixPid::from_raw(-1), signal)),
            }
        }
    }

    fn reap(&mut self) {
        while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            let ended = match status {
                WaitStatus::Exited(process, status) => (process, status),
                WaitStatus::Signaled(process, signal, _) => (process, 128 + signal as i32),
                WaitStatus::StillAlive => return,
                _ => continue,
            };
            if ended.0 == self.process {
                self.status = Some(ended.1);
                self.seen = Instant::now();
            }
        }
    }

    /// Whether nothing keeps the cell alive any more.
    fn is_over(&mut self, program: &Program) -> bool {
        if !program.auto_shutdown {
            return false;
        }
        if program.watchdog.is_empty() {
            return true;
        }
        if processes().any(|process| is_watched(process, program)) {
            self.seen = Instant::now();
        }
        self.seen.elapsed() >= GRACE
    }
}

/// The numbers of all processes here but our own.
fn processes() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|&number| number != 1)
}

/// Whether a process has one of the names that keep a cell alive: its own, the first word of its command
/// line, or, for what an interpreter runs, the second.
fn is_watched(process: i32, program: &Program) -> bool {
    let own = fs::read(format!("/proc/{process}/comm")).unwrap_or_default();
    let own = own.strip_suffix(b"\n").unwrap_or(&own);
    let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    let words = line.split(|&byte| byte == 0).take(2);
    let names = words.filter_map(|word| {
        let path = Path::new(std::ffi::OsStr::from_bytes(word));
        Some(path.file_name()?.as_bytes())
    });
    let mut names = names.chain([own]);
    names.any(|name| program.watchdog.iter().any(|watched| watched.0 == name))
}

/// Tells what is left to end, and waits a little.
fn dismiss() {
    let everybody = NixPid::from_raw(-1);
    let deadline = Instant::now() + PATIENCE;
    if kill(everybody, Signal::SIGTERM).is_err() {
        return;
    }
    while Instant::now() < deadline {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => std::thread::sleep(Duration::from_millis(10)),
            Ok(_) => {}
            Err(_) => return,
        }
    }
}
