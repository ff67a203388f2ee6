//! Keeping the way to a mount as it is.
//!
//! What a mount is put on cannot be renamed inside a cell, but the directories above it can, where the
//! program may write. In its next cell the same path would lead to nothing, and what was hidden there
//! would lie open under another name. So each of these directories becomes a mount, too, and each symbolic
//! link that leads to what is hidden.

use std::os::fd::OwnedFd;

use rustix::fs::{CWD, Mode, OFlags, fstat, openat};
use rustix::io::{Errno, Result};

use crate::mountinfo::{Table, id_of, path_of};
use crate::{mounts, names, tree};

const LOOK: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Makes the way to a place one that nobody inside can rename, and gives the place, now reached by that
/// way.
pub(crate) fn hold(place: OwnedFd, table: &Table) -> Result<OwnedFd> {
    let id = id_of(&place)?;
    let mounts = table.with(id)?;
    let mount = mounts.iter().find(|mount| mount.id == id);
    let mount = mount.ok_or(Errno::NOENT)?;
    if mount.read_only {
        return Ok(place);
    }
    let path = path_of(&place)?;
    let rest = path.strip_prefix(&mount.point).map_err(|_| Errno::NOENT)?;
    let mut way = rest.components();
    let Some(last) = way.next_back() else {
        return Ok(place);
    };
    let mut here = openat(CWD, &mount.point, LOOK, Mode::empty())?;
    for name in way {
        here = hold_one(&here, name.as_os_str(), table)?;
    }
    let held = openat(&here, last.as_os_str(), LOOK, Mode::empty())?;
    // Somebody outside may have been faster.
    match names::is_same(&fstat(&held)?, &fstat(&place)?) {
        true => Ok(held),
        false => Err(Errno::STALE),
    }
}

/// Makes a symbolic link one that nobody inside can rename or remove: a mount of itself on itself, which
/// is followed as before.
pub(crate) fn hold_link(link: OwnedFd, table: &Table) -> Result<()> {
    let id = id_of(&link)?;
    let mounts = table.with(id)?;
    let mount = mounts.iter().find(|mount| mount.id == id);
    let mount = mount.ok_or(Errno::NOENT)?;
    if mount.read_only || mount.point == path_of(&link)? {
        return Ok(());
    }
    let held = hold(link, table)?;
    let copy = mounts::same(&held)?;
    tree::attach(&copy, std::os::fd::AsFd::as_fd(&held))
}

/// Makes a directory a mount, if it is none.
fn hold_one(above: &OwnedFd, name: &std::ffi::OsStr, table: &Table) -> Result<OwnedFd> {
    let directory = openat(above, name, LOOK, Mode::empty())?;
    if id_of(&directory)? != id_of(above)? {
        return Ok(directory);
    }
    let copy = mounts::same(&directory)?;
    tree::attach(&copy, std::os::fd::AsFd::as_fd(&directory))?;
    // Hard links below it are now behind a mount of their own.
    table.forget();
    openat(above, name, LOOK, Mode::empty())
}
