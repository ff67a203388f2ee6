//! The tree of a cell while it is put together.
//!
//! Every look at it is confined to it by the kernel (openat2(2), RESOLVE_IN_ROOT): a symbolic link in
//! something that was brought in leads to where it will lead in the cell, never to the host. What is
//! missing in a directory of the user's is made with the user's rights.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Gid, Mode, OFlags, ResolveFlags, Stat, Uid, chownat, fchmod, fstat,
    mkdirat, mknodat, openat, openat2, readlinkat, symlinkat,
};
use rustix::io::{Errno, write};
use rustix::mount::{MoveMountFlags, move_mount};

use crate::error::{Error, place};
use crate::hold::{hold, hold_link};
use crate::mountinfo::Table;
use crate::names;
use crate::plan::{Bytes, Owner, User};
use crate::rights;

/// The kernel does not go back by `..` while anything on the machine is renamed or mounted, and wants to be
/// asked again (openat2(2), EAGAIN).
const MOST_TRIES: u32 = 100_000;

/// The root of a cell-to-be.
pub(crate) struct Tree<'a> {
    root: OwnedFd,
    user: &'a User,
    /// The devices of the file systems that are the cell's alone.
    own: Vec<u64>,
    mounts: Table,
}

/// Where something is to be: a directory that is there, and a name in it.
struct Spot<'a> {
    directory: OwnedFd,
    name: &'a [u8],
    /// Who makes things there.
    owner: Owner,
}

impl<'a> Tree<'a> {
    pub(crate) fn new(root: OwnedFd, user: &'a User) -> Result<Tree<'a>, Error> {
        let status = fstat(&root).map_err(place("look at", &"/".into()))?;
        let own = vec![status.st_dev];
        Ok(Tree {
            root,
            user,
            own,
            mounts: Table::default(),
        })
    }

    pub(crate) fn mounts(&self) -> &Table {
        &self.mounts
    }

    /// From now on root makes things in this file system, as far as it is root's.
    pub(crate) fn adopt(&mut self, mount: &OwnedFd, path: &Bytes) -> Result<(), Error> {
        let status = fstat(mount).map_err(place("look at", path))?;
        self.own.push(status.st_dev);
        Ok(())
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
        let look = || openat2(&self.root, path, flags, Mode::empty(), resolve);
        let mut tries = 0..MOST_TRIES;
        loop {
            match look() {
                Err(Errno::AGAIN) if tries.next().is_some() => {}
                other => return other,
            }
        }
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

    /// A file with a text. Whether it was made: what is there already is not touched.
    pub(crate) fn file(&self, path: &Bytes, mode: u32, text: &[u8]) -> Result<bool, Error> {
        if self.find_itself(path)?.is_some() {
            return Ok(false);
        }
        self.make_file(&self.spot(path)?, path, mode, text)?;
        Ok(true)
    }

    fn make_file(
        &self,
        spot: &Spot<'_>,
        path: &Bytes,
        mode: u32,
        text: &[u8],
    ) -> Result<(), Error> {
        rights::with(spot.owner, self.user, || {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
            let mode = Mode::from_raw_mode(mode);
            let file = openat(&spot.directory, spot.name, flags | OFlags::CLOEXEC, mode)
                .map_err(place("make", path))?;
            fchmod(&file, mode).map_err(place("set the mode of", path))?;
            write_all(&file, text).map_err(place("write", path))
        })
    }

    /// A symbolic link. Whether it was made.
    pub(crate) fn symlink(
        &self,
        path: &Bytes,
        target: &Bytes,
        owner: Owner,
    ) -> Result<bool, Error> {
        if self.find_itself(path)?.is_some() {
            return Ok(false);
        }
        let spot = self.spot(path)?;
        rights::with(spot.owner, self.user, || {
            symlinkat(target.as_path(), &spot.directory, spot.name).map_err(place("make", path))
        })?;
        if owner == Owner::User && spot.owner == Owner::Root {
            self.give(&spot, path)?;
        }
        Ok(true)
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

    /// Puts a mount that is nowhere yet on what was found at a path, or is made there.
    pub(crate) fn put(
        &self,
        mount: &OwnedFd,
        found: Option<OwnedFd>,
        path: &Bytes,
    ) -> Result<(), Error> {
        let spot = match found {
            Some(found) => found,
            None => self.mount_point(path, mount)?,
        };
        self.put_on(mount, spot, path)
    }

    /// Puts a mount on an object, in such a way that nobody inside can move it away.
    pub(crate) fn put_on(
        &self,
        mount: &OwnedFd,
        object: OwnedFd,
        path: &Bytes,
    ) -> Result<(), Error> {
        let status = fstat(&object).map_err(place("look at", path))?;
        let root = fstat(&self.root).map_err(place("look at", path))?;
        // It would lie on the root, where nobody ever sees it.
        if names::is_same(&status, &root) {
            return Err(place("mount on", path)(Errno::BUSY));
        }
        let held = match self.own.contains(&status.st_dev) {
            true => object,
            false => hold(object, &self.mounts).map_err(place("hold the way to", path))?,
        };
        attach(mount, held.as_fd()).map_err(place("mount on", path))
    }

    /// Makes what a mount needs to be put on.
    fn mount_point(&self, path: &Bytes, source: &OwnedFd) -> Result<OwnedFd, Error> {
        let status = fstat(source).map_err(place("look at", path))?;
        let path = &self.behind_links(path)?;
        let spot = self.spot(path)?;
        match is_directory(&status) {
            true => self.make_directory(&spot, path, 0o755)?,
            false => self.make_file(&spot, path, 0o600, b"")?,
        }
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(&spot.directory, spot.name, flags, Mode::empty()).map_err(place("open", path))
    }

    /// Keeps all symbolic links on a way as they are, as far as somebody inside could change them.
    pub(crate) fn hold_links(&self, path: &Bytes) -> Result<(), Error> {
        let mut ahead = path.as_path().to_path_buf();
        for _ in 0..MOST_LINKS {
            let Some((link, at)) = self.first_link(&ahead)? else {
                return Ok(());
            };
            let target = readlinkat(&link, "", Vec::new()).map_err(place("follow", path))?;
            let rest = ahead.strip_prefix(&at).unwrap_or(Path::new(""));
            let above = at.parent().unwrap_or(Path::new("/"));
            let next = above.join(OsStr::from_bytes(target.as_bytes())).join(rest);
            let status = fstat(&link).map_err(place("look at", path))?;
            if !self.own.contains(&status.st_dev) {
                hold_link(link, &self.mounts).map_err(place("hold the way to", path))?;
            }
            ahead = next;
        }
        Err(place("follow", path)(Errno::LOOP))
    }

    /// The first symbolic link on a way, and where it is.
    fn first_link(&self, path: &Path) -> Result<Option<(OwnedFd, PathBuf)>, Error> {
        let mut at = PathBuf::new();
        for component in path.components() {
            at.push(component);
            let Some(found) = self.find_itself(&Bytes::from(at.as_path()))? else {
                return Ok(None);
            };
            let status = fstat(&found).map_err(place("look at", &Bytes::from(at.as_path())))?;
            if FileType::from_raw_mode(status.st_mode) == FileType::Symlink {
                return Ok(Some((found, at)));
            }
        }
        Ok(None)
    }

    /// Where links lead at whose end nothing is yet: /etc/resolv.conf is one.
    fn behind_links(&self, path: &Bytes) -> Result<Bytes, Error> {
        let mut path = path.clone();
        for _ in 0..MOST_LINKS {
            let Some(link) = self.find_itself(&path)? else {
                return Ok(path);
            };
            let target = readlinkat(&link, "", Vec::new()).map_err(place("follow", &path))?;
            let above = path.as_path().parent().unwrap_or(Path::new("/"));
            path = Bytes::from(above.join(OsStr::from_bytes(target.as_bytes())).as_path());
        }
        Err(place("follow", &path)(Errno::LOOP))
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
        // In a directory of the host's, and in one that is not root's, nothing is done with root's rights:
        // somebody else may be at work there.
        let owner = match status.st_uid == 0 && self.own.contains(&status.st_dev) {
            true => Owner::Root,
            false => Owner::User,
        };
        Ok(Spot {
            directory,
            name,
            owner,
        })
    }
}

/// More are followed by nobody (path_resolution(7)).
const MOST_LINKS: u32 = 40;
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
