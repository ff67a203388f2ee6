//! What an ordinary user's cell is made with in place of root's privileges: a user namespace with this
//! user alone in it (user_namespaces(7)).
//!
//! Nobody may look into the first process, neither from inside nor on the host, where the user has every
//! capability in a namespace that is his. So its program is executed before any id is mapped, from memory
//! that cannot be read: the kernel then takes it for a program of the host's that is none of the
//! namespace's business (would_dump() in fs/exec.c), and undumpable from its first instruction. Its maps,
//! which nobody can open any more by then, are opened before and written after.

use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::write;
use rustix::process::{DumpableBehavior, Pid, set_dumpable_behavior};
use rustix::thread::{
    CapabilitySet, capabilities, configure_capability_in_ambient_set, set_capabilities,
};

use crate::error::{Error, call};
use crate::namespace::errno;
use crate::plan::User;

/// The maps of a new namespace, open and not written yet.
pub(crate) struct Maps {
    setgroups: OwnedFd,
    users: OwnedFd,
    groups: OwnedFd,
}

impl Maps {
    /// Those of another process, which must be dumpable yet.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub(crate) fn of(process: Pid) -> Result<Maps, Error> {
        Maps::open(CWD, &format!("/proc/{}", process.as_raw_pid()))
    }

    fn open(view: impl AsFd + Copy, process: &str) -> Result<Maps, Error> {
        let open = |file: &str| {
            let path = format!("{process}/{file}");
            openat(view, path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())
                .map_err(call("open the maps of ids"))
        };
        Ok(Maps {
            setgroups: open("setgroups")?,
            users: open("uid_map")?,
            groups: open("gid_map")?,
        })
    }

    /// Maps this user and group, and nobody else, to themselves.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub(crate) fn draw(self, user: u32, group: u32) -> Result<(), Error> {
        // The kernel lets nobody but root map a group while groups can be given up: with a group one may
        // be refused something as well.
        let texts = [
            (self.setgroups, "deny".into()),
            (self.users, format!("{user} {user} 1")),
            (self.groups, format!("{group} {group} 1")),
        ];
        for (file, text) in texts {
            write(&file, text.as_bytes()).map_err(call("map ids"))?;
        }
        Ok(())
    }
}

/// In a process that has put itself into a new namespace: maps its user in it, by a view of the processes.
///
/// # Errors
/// [`Error::Call`].
pub(crate) fn map_oneself(view: &OwnedFd, user: &User) -> Result<(), Error> {
    let look = |how| set_dumpable_behavior(how).map_err(call("say who may look into a process"));
    // The maps of a process that nobody may look into are root's.
    look(DumpableBehavior::Dumpable)?;
    let maps = Maps::open(view, "self");
    look(DumpableBehavior::NotDumpable)?;
    maps?.draw(user.uid, user.gid)
}

/// Two ends of a talk before the first program is executed.
pub(crate) struct Gate {
    inside: UnixStream,
    outside: UnixStream,
}

impl Gate {
    pub(crate) fn new() -> Result<Gate, Error> {
        let ends = UnixStream::pair().map_err(|error| call("make a pipe")(errno(&error)))?;
        let (inside, outside) = ends;
        Ok(Gate { inside, outside })
    }

    /// In the new process: waits until its maps are open, and takes its capabilities along into the first
    /// program. A user who is not root has none in a program otherwise (capabilities(7), ambient).
    ///
    /// # Errors
    /// [`Error::Call`].
    pub(crate) fn pass(self) -> Result<(), Error> {
        let Gate {
            mut inside,
            outside,
        } = self;
        drop(outside);
        let failed = |error: std::io::Error| call("wait for the maps of ids")(errno(&error));
        inside.read_exact(&mut [0]).map_err(failed)?;
        keep_through_exec().map_err(call("keep capabilities"))
    }

    /// In the old one.
    ///
    /// # Errors
    /// [`Error::Call`]; the new process ends then by itself.
    pub(crate) fn open(mut self, process: Pid) -> Result<Maps, Error> {
        drop(self.inside);
        let maps = Maps::of(process)?;
        let failed = |error: std::io::Error| call("start the first process")(errno(&error));
        self.outside.write_all(&[0]).map_err(failed)?;
        Ok(maps)
    }
}

fn keep_through_exec() -> rustix::io::Result<()> {
    let mut sets = capabilities(None)?;
    sets.inheritable = sets.permitted;
    set_capabilities(None, sets)?;
    let all = (0..u64::BITS).map(|number| CapabilitySet::from_bits_retain(1 << number));
    for one in all.filter(|one| sets.permitted.contains(*one)) {
        configure_capability_in_ambient_set(one, true)?;
    }
    Ok(())
}
