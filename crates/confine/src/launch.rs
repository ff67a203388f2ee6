//! From the host into a cell: a process in new namespaces, which runs its first program from memory.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{
    FileType, MemfdFlags, Mode, SealFlags, fchmod, fcntl_add_seals, fstat, memfd_create,
};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, pidfd_send_signal, set_parent_process_death_signal, waitid,
};

use crate::cgroup::Cgroup;
use crate::error::{Error, call};
use crate::last_words::{self, Mouth};
use crate::namespace::errno;
use crate::ordinary::Gate;
use crate::plan::{Bytes, Network, Owner, Plan};
use crate::{refusal, sys};

/// The descriptor at which the first process of a cell finds its end of the connection.
pub const CONNECTION: i32 = 3;

/// The first process of a cell, as the host sees it. Dropped, it is killed, and with it the cell.
pub struct First {
    /// Its number on the host.
    pub process: Pid,
    /// The process itself, whatever becomes of the number.
    pub handle: OwnedFd,
}

impl First {
    /// Waits for its end, so long at most. Gives its status, or 128 and the number of the signal that
    /// killed it; nothing where it has not ended, or was asked before.
    pub fn wait(&self, at_most: Duration) -> Option<i32> {
        let limit = Timespec::try_from(at_most).ok()?;
        let mut wanted = [PollFd::new(&self.handle, PollFlags::IN)];
        while let Err(Errno::INTR) = poll(&mut wanted, Some(&limit)) {}
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        let ended = waitid(WaitId::PidFd(self.handle.as_fd()), options).ok()??;
        let killed = ended.terminating_signal().map(|signal| 128 + signal);
        killed.or(ended.exit_status())
    }

    /// Ends the whole cell: with its first process the kernel ends all others (pid_namespaces(7)).
    pub fn kill(&self) {
        // It may have ended by itself.
        let _ = pidfd_send_signal(&self.handle, Signal::KILL);
    }
}

impl Drop for First {
    fn drop(&mut self) {
        /// How long processes may take to die. One that waits for a dead disk takes for ever.
        const PATIENCE: Duration = Duration::from_secs(2);
        self.kill();
        let _ = self.wait(PATIENCE);
    }
}

/// A program in memory that nobody can write to any more. What runs from there cannot be overwritten
/// through /proc/PID/exe.
///
/// # Errors
/// [`Error::Call`].
pub fn sealed(program: &mut File) -> Result<OwnedFd, Error> {
    let failed = |error: io::Error| call("copy the first program")(errno(&error));
    let memory = executable_memory().map_err(call("copy the first program"))?;
    // What cannot be read is not looked into where it runs, either (ordinary.rs).
    fchmod(&memory, Mode::XUSR).map_err(call("copy the first program"))?;
    let mut copy = File::from(memory);
    program.seek(SeekFrom::Start(0)).map_err(failed)?;
    io::copy(program, &mut copy).map_err(failed)?;
    let seals = SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
    fcntl_add_seals(&copy, seals).map_err(call("seal the first program"))?;
    Ok(copy.into())
}

/// Kernels that know the flag may be told to make memory that is not executable without it (Linux 6.3,
/// vm.memfd_noexec in Documentation/admin-guide/sysctl/vm.rst).
fn executable_memory() -> rustix::io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create("oz-init", flags | MemfdFlags::EXEC) {
        Err(Errno::INVAL) => memfd_create("oz-init", flags),
        other => other,
    }
}

/// Runs a program from memory as the first process of new namespaces and of a cell's cgroups, with a
/// connection and the three standard descriptors. This process must have one thread.
///
/// # Errors
/// [`Error::Call`]; [`Error::NoNamespace`] where an ordinary user gets none; [`Error::Start`] for what fails in the new process; [`Error::Descriptor`] for a standard
/// descriptor that would lead out of the cell.
pub fn launch(
    program: &OwnedFd,
    connection: BorrowedFd<'_>,
    plan: &Plan,
    cgroup: &Cgroup,
) -> Result<First, Error> {
    refuse_ways_out()?;
    let (ear, mouth) = last_words::pipe()?;
    let gate = match plan.maker {
        Owner::Root => None,
        Owner::User => Some(Gate::new()?),
    };
    let forked = sys::fork(namespaces(plan), cgroup.cradle());
    let forked = forked.map_err(|source| match plan.maker {
        Owner::Root => call("make the namespaces")(source),
        Owner::User => refusal::of(source),
    });
    let Some((process, handle)) = forked? else {
        drop(ear);
        become_first(program, connection, cgroup, gate, mouth);
    };
    let first = First { process, handle };
    drop(mouth);
    let maps = gate.map(|gate| gate.open(process)).transpose();
    // What it says of its end tells more.
    ear.listen(&Bytes::from("oz-init"))?;
    if let Some(maps) = maps? {
        maps.draw(plan.user.uid, plan.user.gid)?;
    }
    Ok(first)
}

/// But for cgroups: that namespace shows what the process is in when it is made. A user namespace owns
/// those that are made with it.
fn namespaces(plan: &Plan) -> u64 {
    let always = libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;
    let network = match plan.network {
        Network::Host => 0,
        Network::Empty | Network::None => libc::CLONE_NEWNET,
    };
    let user = match plan.maker {
        Owner::Root => 0,
        Owner::User => libc::CLONE_NEWUSER,
    };
    u64::from(sys::bits(always | network | user))
}

/// In the child: becomes the first program, or ends.
fn become_first(
    program: &OwnedFd,
    connection: BorrowedFd<'_>,
    cgroup: &Cgroup,
    gate: Option<Gate>,
    mouth: Mouth,
) -> ! {
    // Out of the way of the number that the connection gets.
    match mouth.above(CONNECTION + 1) {
        Err(_) => sys::end(1),
        Ok(mouth) => {
            let Err(error) = run(program, connection, cgroup, gate);
            mouth.fail(&error)
        }
    }
}

fn run(
    program: &OwnedFd,
    connection: BorrowedFd<'_>,
    cgroup: &Cgroup,
    gate: Option<Gate>,
) -> Result<Infallible, Error> {
    // Whoever died before this has left a closed connection, which is noticed as well.
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(call("be bound to the caller"))?;
    if let Some(gate) = gate {
        gate.pass()?;
    }
    cgroup.enter().map_err(call("enter the cgroup"))?;
    sys::unshare_cgroups().map_err(call("make a cgroup namespace"))?;
    let above = |one: BorrowedFd<'_>| fcntl_dupfd_cloexec(one, CONNECTION + 1);
    let program = above(program.as_fd()).map_err(call("move a descriptor"))?;
    let connection = above(connection).map_err(call("move a descriptor"))?;
    sys::duplicate_to(connection.as_fd(), CONNECTION).map_err(call("move a descriptor"))?;
    let source = sys::execute_open(program.as_fd(), c"oz-init");
    Err(call("execute the first program")(source))
}

/// A directory as standard input would be a way to the host's tree, whatever the root is.
fn refuse_ways_out() -> Result<(), Error> {
    let standard = [
        rustix::stdio::stdin(),
        rustix::stdio::stdout(),
        rustix::stdio::stderr(),
    ];
    for (number, descriptor) in standard.into_iter().enumerate() {
        let Ok(status) = fstat(descriptor) else {
            continue;
        };
        let what = match FileType::from_raw_mode(status.st_mode) {
            FileType::Directory => "a directory",
            FileType::BlockDevice => "a block device",
            FileType::Symlink => "a symbolic link",
            // A ring opens files as whoever made it; others are handles of processes or mounts.
            FileType::Unknown => "no file, terminal, pipe or socket",
            _ => continue,
        };
        return Err(Error::Descriptor { number, what });
    }
    Ok(())
}
