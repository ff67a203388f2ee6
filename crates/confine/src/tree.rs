//! The tree of a cell while it is put together.
//!
//! Every look at it is confined to it by the kernel (openat2(2), RESOLVE_IN_ROOT): a symbolic link in
//! something that was brought in leads to where it will lead in the cell, never to the host. What is
//! missing in a directory of the user's is made with the user's rights.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, ResolveFlags, Stat, Uid, chownat, fchmod, fstat,
    mkdirat, mknodat, openat, openat2, symlinkat,
};
use rustix::io::{Errno, write};
use rustix::mount::{MoveMountFlags, move_mount};

use crate::error::{Error, place};
use crate::plan::{Bytes, Owner, User};
use crate::rights;

/// The root of a cell-to-be.
pub(crate) struct Tree<'a> {
    root: OwnedFd,
    user: &'a User,
}

/// Where something is to be: a directory that is there, and a name in it.
struct Spot<'a> {
    directory: OwnedFd,
    name: &'a [u8],
    /// Who makes things there.
    owner: Owner,
}

impl<'a> Tree<'a> {
    pub(crate) fn new(root: OwnedFd, user: &'a User) -> Tree<'a> {
        Tree { root, user }
    }

    pub(crate) fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    pub(crate) fn user(&self) -> &User {
        self.user
    }

    /// What is at a path, links followed; nothing where there is nothing.
    pub(crate) fn find(&self, path: &Bytes) -> Result<Option<OwnedFd>, Error> {
        if_there(self.look(path.as_path()), path)
    }

    /// What is at a path, be it a link.
    pub(crate) fn find_itself(&self, path: &Bytes) -> Result<Option<OwnedFd>, Error> {
        if_there(self.look_with(path.as_path(), OFlags::NOFOLLOW), path)
    }

    fn look(&self, path: &Path) -> rustix::io::Result<OwnedFd> {
        self.look_with(path, OFlags::empty())
    }

    fn look_with(&self, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let flags = flags | OFlags::PATH | OFlags::CLOEXEC;
        openat2(&self.root, path, flags, Mode::empty(), resolve)
    }

    /// A directory, and those on the way to it. Whether it was made.
    pub(crate) fn directory(&self, path: &Bytes, mode: u32, owner: Owner) -> Result<bool, Error> {
        if self.find(path)?.is_some() {
            return Ok(false);
        }
        let spot = self.spot(path)?;
        self.make_directory(&spot, path, mode)?;
        if owner == Owner::User && spot.owner == Owner::Root {
            self.give(&spot, path)?;
        }
        Ok(true)
    }

    fn make_directory(&self, spot: &Spot<'_>, path: &Bytes, mode: u32) -> Result<(), Error> {
        rights::with(spot.owner, self.user, || {
            mkdirat(&spot.directory, spot.name, Mode::from_raw_mode(mode))
                .map_err(place("make", path))?;
            let made = openat(&spot.directory, spot.name, DIRECTORY, Mode::empty());
            // The mode of a new directory is masked (umask(2)).
            made.and_then(|made| fchmod(made, Mode::from_raw_mode(mode)))
                .map_err(place("set the mode of", path))
        })
    }

    /// A file with a text; what is there already is not touched.
    pub(crate) fn file(&self, path: &Bytes, mode: u32, text: &[u8]) -> Result<(), Error> {
        let spot = self.spot(path)?;
        rights::with(spot.owner, self.user, || {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
            let mode = Mode::from_raw_mode(mode);
            let file = openat(&spot.directory, spot.name, flags | OFlags::CLOEXEC, mode)
                .map_err(place("make", path))?;
            fchmod(&file, mode).map_err(place("set the mode of", path))?;
            write_all(&file, text).map_err(place("write", path))
        })
    }

    /// A symbolic link.
    pub(crate) fn symlink(&self, path: &Bytes, target: &Bytes, owner: Owner) -> Result<(), Error> {
        let spot = self.spot(path)?;
        rights::with(spot.owner, self.user, || {
            symlinkat(target.as_path(), &spot.directory, spot.name).map_err(place("make", path))
        })?;
        if owner == Owner::User && spot.owner == Owner::Root {
            self.give(&spot, path)?;
        }
        Ok(())
    }

    /// A character device of a group's.
    pub(crate) fn device(
        &self,
        path: &Bytes,
        number: (u32, u32),
        mode: u32,
        group: u32,
    ) -> Result<(), Error> {
        let spot = self.spot(path)?;
        let kind = FileType::CharacterDevice;
        let device = rustix::fs::makedev(number.0, number.1);
        let access = Mode::from_raw_mode(mode);
        mknodat(&spot.directory, spot.name, kind, access, device).map_err(place("make", path))?;
        let no_follow = AtFlags::SYMLINK_NOFOLLOW;
        let (owner, group) = (Some(Uid::ROOT), Some(Gid::from_raw(group)));
        chownat(&spot.directory, spot.name, owner, group, no_follow)
            .and_then(|()| {
                rustix::fs::chmodat(&spot.directory, spot.name, access, AtFlags::empty())
            })
            .map_err(place("set the mode of", path))
    }

    /// Makes what a mount needs to be put on.
    pub(crate) fn mount_point(&self, path: &Bytes, source: &OwnedFd) -> Result<(), Error> {
        let status = fstat(source).map_err(place("look at", path))?;
        if self.find(path)?.is_some() {
            return Ok(());
        }
        match is_directory(&status) {
            true => self.directory(path, 0o755, Owner::Root).map(drop),
            false => self.file(path, 0o600, b""),
        }
    }

    /// Puts a mount that is nowhere yet on what is at a path.
    pub(crate) fn attach(&self, mount: &OwnedFd, path: &Bytes) -> Result<(), Error> {
        let target = self.look(path.as_path()).map_err(place("open", path))?;
        attach(mount, target.as_fd()).map_err(place("mount on", path))
    }

    fn give(&self, spot: &Spot<'_>, path: &Bytes) -> Result<(), Error> {
        let (uid, gid) = (Uid::from_raw(self.user.uid), Gid::from_raw(self.user.gid));
        let no_follow = AtFlags::SYMLINK_NOFOLLOW;
        chownat(&spot.directory, spot.name, Some(uid), Some(gid), no_follow)
            .map_err(place("give away", path))
    }

    /// Where a path is to be, with all directories on the way, made if need be.
    fn spot<'p>(&self, path: &'p Bytes) -> Result<Spot<'p>, Error> {
        let invalid = || place("make", path)(Errno::INVAL);
        let whole = path.as_path();
        let name = whole.file_name().ok_or_else(invalid)?.as_bytes();
        let parent = Bytes::from(whole.parent().ok_or_else(invalid)?);
        let directory = match self.find(&parent)? {
            Some(directory) => directory,
            None => {
                self.directory(&parent, 0o755, Owner::Root)?;
                self.look(parent.as_path())
                    .map_err(place("open", &parent))?
            }
        };
        let status = fstat(&directory).map_err(place("look at", &parent))?;
        let owner = match status.st_uid {
            0 => Owner::Root,
            _ => Owner::User,
        };
        Ok(Spot {
            directory,
            name,
            owner,
        })
    }
}

const DIRECTORY: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

fn if_there(found: rustix::io::Result<OwnedFd>, path: &Bytes) -> Result<Option<OwnedFd>, Error> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(source) => Err(place("look at", path)(source)),
    }
}

pub(crate) fn is_directory(status: &Stat) -> bool {
    FileType::from_raw_mode(status.st_mode) == FileType::Directory
}

/// Puts a mount that is nowhere yet on an object.
pub(crate) fn attach(mount: &OwnedFd, target: BorrowedFd<'_>) -> rustix::io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(mount, "", target, "", flags)
}

/// Opens a directory of the host.
pub(crate) fn host_directory(path: &Bytes) -> Result<OwnedFd, Error> {
    let flags = OFlags::PATH | DIRECTORY;
    openat(CWD, path.as_path(), flags, Mode::empty()).map_err(place("open", path))
}

fn write_all(file: &OwnedFd, mut text: &[u8]) -> rustix::io::Result<()> {
    while !text.is_empty() {
        match write(file, text) {
            Ok(count) => text = text.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
