//! From the host into a cell: a process in new namespaces, which runs its first program from memory.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, MemfdFlags, SealFlags, fcntl_add_seals, fstat, memfd_create};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::Pid;

use crate::error::{Error, call};
use crate::namespace::errno;
use crate::plan::Network;
use crate::sys;

/// The descriptor at which the first process of a cell finds its end of the connection.
pub const CONNECTION: i32 = 3;

/// The first process of a cell, as the host sees it.
pub struct First {
    /// Its number on the host.
    pub process: Pid,
    /// The process itself, whatever becomes of the number.
    pub handle: OwnedFd,
}

/// A program in memory that nobody can write to any more. What runs from there cannot be overwritten
/// through /proc/PID/exe.
///
/// # Errors
/// [`Error::Call`].
pub fn sealed(program: &mut File) -> Result<OwnedFd, Error> {
    let failed = |error: io::Error| call("copy the first program")(errno(&error));
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let memory = memfd_create("oz-init", flags).map_err(call("copy the first program"))?;
    let mut copy = File::from(memory);
    program.seek(SeekFrom::Start(0)).map_err(failed)?;
    io::copy(program, &mut copy).map_err(failed)?;
    let seals = SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
    fcntl_add_seals(&copy, seals).map_err(call("seal the first program"))?;
    Ok(copy.into())
}

/// Runs a program from memory as the first process of new namespaces, with a connection and the three
/// standard descriptors. This process must have one thread.
///
/// # Errors
/// [`Error::Call`]; [`Error::Descriptor`] for a standard descriptor that would lead out of the cell.
pub fn launch(
    program: &OwnedFd,
    connection: BorrowedFd<'_>,
    network: Network,
    cgroup: Option<BorrowedFd<'_>>,
) -> Result<First, Error> {
    refuse_ways_out()?;
    let namespaces = namespaces(network);
    match sys::fork(namespaces, cgroup).map_err(call("make the namespaces"))? {
        Some((process, handle)) => Ok(First { process, handle }),
        None => sys::end(run(program, connection)),
    }
}

fn namespaces(network: Network) -> u64 {
    let always = libc::CLONE_NEWNS
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWCGROUP;
    let network = match network {
        Network::Host => 0,
        Network::Empty | Network::None => libc::CLONE_NEWNET,
    };
    u64::from(sys::bits(always | network))
}

/// In the child: becomes the first program. Comes back only when that failed, with a status.
fn run(program: &OwnedFd, connection: BorrowedFd<'_>) -> i32 {
    const FAILED: i32 = 125;
    let die = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    // Out of the way of the number that the connection gets.
    let Ok(program) = fcntl_dupfd_cloexec(program, CONNECTION + 1) else {
        return FAILED;
    };
    if die.is_err() || sys::duplicate_to(connection, CONNECTION).is_err() {
        return FAILED;
    }
    let _ = sys::execute_open(program.as_fd(), c"oz-init");
    FAILED
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
