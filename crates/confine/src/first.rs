//! The first process of a cell, which stays for as long as the cell does: it reaps, hands signals on,
//! and decides when the cell is over. With its end the kernel ends everything in the cell
//! (pid_namespaces(7)).

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno as NixErrno;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd, siginfo};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid as NixPid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags, makedev, mknodat, openat};
use rustix::io::Errno;
use rustix::process::{DumpableBehavior, Pid, set_dumpable_behavior};
use rustix::system::{setdomainname, sethostname};
use rustix::thread::{CapabilitySet, clear_ambient_capability_set, set_name};

use crate::error::{Error, call};
use crate::namespace::errno;
use crate::plan::{Network, Owner, Plan, Program};
use crate::{device, identity, mounts, sys, watch};

/// How long a cell without its program waits for a process that is to keep it alive: what was forked
/// has not got its name yet.
const GRACE: Duration = Duration::from_secs(2);
/// How long a program may take to end when the cell is told to.
const END: Duration = Duration::from_secs(10);
/// How long processes that are left over may take to end when they are told to.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a cell without its program looks around.
const ROUND: Duration = Duration::from_millis(100);

/// The first descriptor that is nothing to the first process.
const BEHIND_CONNECTION: u32 = 4;

/// What this process does first, before it reads anything: nobody may look into it, nothing of what it was
/// started from stays open but the connection, and it has a name, which what is executed from a descriptor
/// has not everywhere.
///
/// # Errors
/// [`Error::Call`].
pub fn withdraw() -> Result<(), Error> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(call("become undumpable"))?;
    set_name(c"oz-init").map_err(call("take a name"))?;
    sys::close_from(BEHIND_CONNECTION).map_err(call("close descriptors"))?;
    // Those that an ordinary user's came with are for this program alone.
    clear_ambient_capability_set().map_err(call("clear the ambient capabilities"))?;
    sys::join_new_keyring().map_err(call("leave the session keyring"))
}

/// A null device of this process's own, which has no path anywhere (null(4)); an ordinary user cannot make
/// one, and gets the host's. To be called before the tree is made.
///
/// # Errors
/// [`Error::Call`]; [`Error::Device`] where the host has something else in its place.
pub fn null(maker: Owner) -> Result<OwnedFd, Error> {
    if maker == Owner::User {
        let found = device::of_host(&"/dev/null".into(), (1, 3))?;
        return device::open(&found).map_err(call("open the null device"));
    }
    let made = || {
        let mode = Mode::RUSR | Mode::WUSR;
        let home = mounts::file_system(
            "tmpfs",
            &[("size", "4096")],
            mounts::attributes(false, true),
        )?;
        mknodat(
            &home,
            "null",
            FileType::CharacterDevice,
            mode,
            makedev(1, 3),
        )?;
        openat(&home, "null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())
    };
    made().map_err(call("make a null device"))
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

/// What the first process needs in order to stay, got while it may: its signals, and a view of the cell's
/// processes that nothing inside can cover.
pub struct Post {
    signals: SignalFd,
    processes: Option<OwnedFd>,
}

impl Post {
    /// From here on signals wait to be read.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn new(program: &Program, view: &OwnedFd) -> Result<Post, Error> {
        let all = SigSet::all();
        let failed = |error: NixErrno| call("take signals")(Errno::from_raw_os_error(error as i32));
        all.thread_block().map_err(failed)?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let signals = SignalFd::with_flags(&all, flags).map_err(failed)?;
        let processes = match program.watchdog.is_empty() {
            true => None,
            false => Some(
                view.try_clone()
                    .map_err(|error| call("look at the cell's processes")(errno(&error)))?,
            ),
        };
        Ok(Post { signals, processes })
    }
}

/// Gives up everything but what handing signals on needs: the programs are another user's
/// (CAP_KILL, capabilities(7)).
///
/// # Errors
/// [`Error::Call`].
pub fn retire(maker: Owner) -> Result<(), Error> {
    identity::empty_bounding_set()?;
    identity::keep(match maker {
        Owner::Root => CapabilitySet::KILL,
        // They are this process's own user's.
        Owner::User => CapabilitySet::empty(),
    })
}

/// Stays until the cell is over. Gives the status of the program as a shell has it: 128 and the number of
/// the signal that killed it.
///
/// # Errors
/// [`Error::Call`].
pub fn stay(
    program: &Program,
    process: Pid,
    post: &Post,
    connection: BorrowedFd<'_>,
) -> Result<i32, Error> {
    let mut life = Life {
        process: NixPid::from_raw(process.as_raw_pid()),
        status: None,
        seen: Instant::now(),
        deadline: None,
    };
    loop {
        let hung_up = wait(&post.signals, connection, life.round()).map_err(call("wait"))?;
        life.take_signals(&post.signals);
        life.reap();
        if hung_up {
            return Ok(life.status.unwrap_or(KILLED));
        }
        if life.is_over(program, post) {
            dismiss();
            life.reap();
            return Ok(life.status.unwrap_or(KILLED));
        }
    }
}

const KILLED: i32 = 128 + 9;

/// Whether a process of the cell sent it, which in an ordinary user's cell it may: those outside have no
/// number here, and what is below 0 has been made up by whoever sent it (sigaction(2), si_code).
fn is_from_inside(signal: &siginfo) -> bool {
    signal.ssi_code < 0 || signal.ssi_pid != 0
}

/// Waits for a signal, for the end of whoever watches the cell, or for so long.
fn wait(
    signals: &SignalFd,
    connection: BorrowedFd<'_>,
    at_most: Option<Duration>,
) -> Result<bool, Errno> {
    let limit = at_most.and_then(|limit| Timespec::try_from(limit).ok());
    let mut wanted = [
        PollFd::new(signals, PollFlags::IN),
        PollFd::from_borrowed_fd(connection, PollFlags::IN | PollFlags::RDHUP),
    ];
    match poll(&mut wanted, limit.as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(error) => return Err(error),
    }
    // Nothing is ever said to us once the program runs.
    Ok(wanted.get(1).is_some_and(|end| !end.revents().is_empty()))
}

/// The life of a cell, as its first process sees it.
struct Life {
    process: NixPid,
    status: Option<i32>,
    /// When something was there that keeps the cell alive.
    seen: Instant,
    /// When it is over, whatever is there.
    deadline: Option<Instant>,
}

impl Life {
    /// When to look around again, if nothing happens.
    fn round(&self) -> Option<Duration> {
        let is_ending = self.status.is_some() || self.deadline.is_some();
        is_ending.then_some(ROUND)
    }

    fn take_signals(&mut self, signals: &SignalFd) {
        while let Ok(Some(signal)) = signals.read_signal() {
            if is_from_inside(&signal) {
                continue;
            }
            let number = i32::try_from(signal.ssi_signo).unwrap_or_default();
            match Signal::try_from(number) {
                Ok(Signal::SIGCHLD) | Err(_) => {}
                Ok(signal) => self.hand_on(signal),
            }
        }
    }

    /// Gives a signal to the program. Stopping and going on are its whole group's, as at a terminal.
    fn hand_on(&mut self, signal: Signal) {
        if self.status.is_some() {
            let ends = [
                Signal::SIGHUP,
                Signal::SIGINT,
                Signal::SIGQUIT,
                Signal::SIGTERM,
            ];
            if ends.contains(&signal) {
                self.deadline = Some(Instant::now());
            }
            return;
        }
        let group = NixPid::from_raw(-self.process.as_raw());
        let (who, what) = match signal {
            // A session of its own has nobody to continue it, and ignores the milder one (setpgid(2)).
            Signal::SIGTSTP => (group, Signal::SIGSTOP),
            Signal::SIGCONT => (group, Signal::SIGCONT),
            signal => (self.process, signal),
        };
        let _ = kill(who, what);
        if signal == Signal::SIGTERM {
            self.deadline.get_or_insert_with(|| Instant::now() + END);
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
            // Numbers come again.
            if ended.0 == self.process && self.status.is_none() {
                self.status = Some(ended.1);
                self.seen = Instant::now();
            }
        }
    }

    /// Whether nothing keeps the cell alive any more.
    fn is_over(&mut self, program: &Program, post: &Post) -> bool {
        if self
            .deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
        {
            return true;
        }
        if self.status.is_none() || !program.auto_shutdown {
            return false;
        }
        let Some(processes) = &post.processes else {
            return true;
        };
        if watch::any(processes, &program.watchdog) {
            self.seen = Instant::now();
        }
        self.seen.elapsed() >= GRACE
    }
}

/// Tells what is left to end, and waits a little.
fn dismiss() {
    let everybody = NixPid::from_raw(-1);
    let deadline = Instant::now() + PATIENCE;
    if kill(everybody, Signal::SIGTERM).is_err() {
        return;
    }
    // What is stopped does not hear it.
    let _ = kill(everybody, Signal::SIGCONT);
    while Instant::now() < deadline {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => std::thread::sleep(Duration::from_millis(10)),
            Ok(_) => {}
            Err(_) => return,
        }
    }
}
