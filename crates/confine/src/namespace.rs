//! The user namespace of the program, which is there so that no more are made: within it
//! `user.max_user_namespaces` is 0, or what the plan says, and that can be said of no less than a namespace
//! (user_namespaces(7), /proc/sys/user in namespaces(7)).
//!
//! Every id is mapped to itself, so nothing looks different inside, and the program has no capability in
//! it. Whoever makes the namespace cannot map more than its own id; that is left to the process that has
//! kept its privileges. In an ordinary user's cell there is no other id to be mapped.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;

use crate::error::{Error, call};
use crate::plan::{Owner, Plan, User};
use crate::{mounts, ordinary, sys};

/// Every id but −1, which is none (user_namespaces(7)).
const EVERY_ID: &str = "0 0 4294967295\n";
const LIMIT: &str = "sys/user/max_user_namespaces";

/// A view of this process's PID namespace and of the kernel's settings, which is mounted nowhere: nothing in
/// the cell can cover it. To be got before the tree is made: an ordinary user gets none where all of it is
/// covered.
///
/// # Errors
/// [`Error::Call`]; [`Error::Covered`] where the kernel shows it to nobody but root.
pub fn view(maker: Owner) -> Result<OwnedFd, Error> {
    let made = mounts::file_system("proc", &[], mounts::attributes(false, false));
    made.map_err(|source| match (maker, source) {
        (Owner::User, Errno::PERM) => Error::Covered {
            path: "/proc".into(),
        },
        (_, source) => call("look at the kernel's settings")(source),
    })
}

/// Both ends of the talk about a new namespace.
pub(crate) struct Namespace<'a> {
    inside: UnixStream,
    outside: UnixStream,
    /// How many may be made in it.
    more: u32,
    /// A view of the kernel's settings that is not sealed.
    settings: &'a OwnedFd,
    maker: Owner,
    user: &'a User,
}

impl<'a> Namespace<'a> {
    pub(crate) fn new(plan: &'a Plan, settings: &'a OwnedFd) -> Result<Namespace<'a>, Error> {
        let ends = UnixStream::pair().map_err(|error| call("make a pipe")(errno(&error)))?;
        let (inside, outside) = ends;
        Ok(Namespace {
            inside,
            outside,
            more: plan.limits.user_namespaces,
            settings,
            maker: plan.maker,
            user: &plan.user,
        })
    }

    /// In the process that is to be confined, while it is privileged.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub(crate) fn enter(self) -> Result<(), Error> {
        let Namespace {
            mut inside,
            outside,
            more,
            settings,
            maker,
            user,
        } = self;
        drop(outside);
        let entered = match sys::unshare_user() {
            // None may be made here at all: that is what was wanted.
            Err(Errno::NOSPC | Errno::NOSYS | Errno::INVAL) => false,
            other => other
                .map_err(call("make a user namespace"))
                .map(|()| true)?,
        };
        let talk = |error: io::Error| call("have ids mapped")(errno(&error));
        if entered && maker == Owner::User {
            ordinary::map_oneself(settings, user)?;
        }
        inside.write_all(&[u8::from(entered)]).map_err(talk)?;
        inside.read_exact(&mut [0]).map_err(talk)?;
        match entered {
            true => allow_more(settings, more),
            false => Ok(()),
        }
    }

    /// In the process that stays privileged: maps the ids of the other one, by its number.
    ///
    /// # Errors
    /// [`Error::Call`]; the other process ends then by itself.
    pub(crate) fn admit(mut self, process: i32) -> Result<(), Error> {
        drop(self.inside);
        let talk = |error: io::Error| call("map ids")(errno(&error));
        let mut entered = [0];
        self.outside.read_exact(&mut entered).map_err(talk)?;
        if entered == [1] && self.maker == Owner::Root {
            for map in ["uid_map", "gid_map"] {
                // A cell may have no /proc, or one of a profile's own.
                let path = format!("{process}/{map}");
                put(self.settings, &path, EVERY_ID).map_err(call("map ids"))?;
            }
        }
        self.outside.write_all(&[0]).map_err(talk)
    }
}

/// So many user namespaces can be made in this one and below it.
fn allow_more(settings: &OwnedFd, more: u32) -> Result<(), Error> {
    put(settings, LIMIT, &format!("{more}\n")).map_err(call("set user.max_user_namespaces"))
}

fn put(proc: &OwnedFd, path: &str, text: &str) -> rustix::io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let file = openat(proc, path, flags, Mode::empty())?;
    rustix::io::write(&file, text.as_bytes()).map(drop)
}

pub(crate) fn errno(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
