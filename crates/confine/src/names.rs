//! All names that an object has below a directory.
//!
//! Mounts of one file system show the same object at several paths (proc_pid_mountinfo(5) tells which
//! part each shows), and a file may have hard links. The latter are searched for only where the file's
//! link count says that there are any.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{
    Access, AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, accessat, fstat, fstatfs, openat,
};
use rustix::io::{Errno, Result, fcntl_dupfd_cloexec};
use rustix::path::Arg;
use rustix::process::getuid;

use crate::mountinfo::{Mount, Table, id_of, path_of};

/// Deeper trees are not searched, and the search fails.
const DEEPEST: usize = 256;
const LOOK: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// OVERLAYFS_SUPER_MAGIC (include/uapi/linux/magic.h).
const OVERLAY: u64 = 0x794c_7630;

/// Every name of an object below a directory, opened; the one that it was opened by comes first.
pub(crate) fn of(object: &OwnedFd, below: &Path, table: &Table) -> Result<Vec<OwnedFd>> {
    let wanted = fstat(object)?;
    let id = id_of(object)?;
    let mounts = table.with(id)?;
    let mounts: Vec<&Mount> = mounts
        .iter()
        .filter(|mount| mount.point.starts_with(below))
        .collect();
    // Whatever else is found, and even if somebody renames it meanwhile.
    let mut names = vec![fcntl_dupfd_cloexec(object, 0)?];
    let home = mounts.iter().find(|mount| mount.id == id);
    let home = home.ok_or(Errno::NOENT)?;
    let path = path_of(object)?;
    if let Ok(rest) = path.strip_prefix(&home.point) {
        let path = join(&home.root, rest);
        for mount in &mounts {
            if let Ok(rest) = path.strip_prefix(&mount.root) {
                names.extend(open_if_same(&join(&mount.point, rest), &wanted)?);
            }
        }
    }
    let is_file = FileType::from_raw_mode(wanted.st_mode) == FileType::RegularFile;
    if is_file && wanted.st_nlink > 1 {
        let same = mounts.iter().filter(|mount| mount.device == home.device);
        for mount in same {
            search(mount, &wanted, &mut names)?;
        }
    }
    each_once(names)
}

/// The same name may have been found in two ways.
fn each_once(names: Vec<OwnedFd>) -> Result<Vec<OwnedFd>> {
    let mut paths = Vec::new();
    let mut once = Vec::new();
    for name in names {
        let path = path_of(&name)?;
        if !paths.contains(&path) {
            paths.push(path);
            once.push(name);
        }
    }
    Ok(once)
}

/// A path without a slash at its end, which would ask for a directory.
fn join(path: &Path, rest: &Path) -> PathBuf {
    match rest.as_os_str().is_empty() {
        true => path.to_path_buf(),
        false => path.join(rest),
    }
}

fn open_if_same(path: &Path, wanted: &Stat) -> Result<Option<OwnedFd>> {
    match openat(CWD, path, LOOK, Mode::empty()) {
        Ok(file) => Ok(is_same(&fstat(&file)?, wanted).then_some(file)),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(crate) fn is_same(one: &Stat, other: &Stat) -> bool {
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}

/// A search for hard links below one mount.
struct Search<'a> {
    mount: u64,
    wanted: &'a Stat,
    /// Whether a directory tells the numbers of its files as they tell them themselves. That of an
    /// overlay need not (Documentation/filesystems/overlayfs.rst, inode properties).
    numbered: bool,
}

fn search(mount: &Mount, wanted: &Stat, names: &mut Vec<OwnedFd>) -> Result<()> {
    let Some(top) = open_directory(CWD, mount.point.as_os_str())? else {
        return Ok(());
    };
    let search = Search {
        mount: id_of(&top)?,
        wanted,
        numbered: u64::try_from(fstatfs(&top)?.f_type) != Ok(OVERLAY),
    };
    search.descend(&top, names, 0)
}

impl Search<'_> {
    fn descend(&self, directory: &OwnedFd, names: &mut Vec<OwnedFd>, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            return Err(Errno::NAMETOOLONG);
        }
        for entry in Dir::read_from(directory)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            if entry.file_type() == FileType::Directory {
                self.enter(directory, name, names, depth)?;
            } else if !self.numbered || entry.ino() == self.wanted.st_ino {
                names.extend(self.look(directory, name)?);
            }
        }
        Ok(())
    }

    fn enter(
        &self,
        directory: &OwnedFd,
        name: &std::ffi::CStr,
        names: &mut Vec<OwnedFd>,
        depth: usize,
    ) -> Result<()> {
        let below = open_directory(directory, name)?;
        match below {
            // Another mount is searched where it stands in the list of mounts.
            Some(below) if id_of(&below)? == self.mount => self.descend(&below, names, depth + 1),
            _ => Ok(()),
        }
    }

    fn look(&self, directory: &OwnedFd, name: &std::ffi::CStr) -> Result<Option<OwnedFd>> {
        match openat(directory, name, LOOK, Mode::empty()) {
            Ok(file) => Ok(is_same(&fstat(&file)?, self.wanted).then_some(file)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A directory; nothing for what is something else, or gone, or closed to the program as well.
fn open_directory(from: impl AsFd, name: impl Arg + Copy) -> Result<Option<OwnedFd>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat(&from, name, flags, Mode::empty()) {
        Ok(directory) => Ok(Some(directory)),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
        Err(Errno::ACCESS) if is_closed(&openat(from, name, LOOK, Mode::empty())?)? => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a directory that cannot be read cannot be gone through either, nor made so: the program of an
/// ordinary user's cell is the same user with the same groups. To root, who makes cells for others, none
/// is closed.
fn is_closed(directory: &OwnedFd) -> Result<bool> {
    let user = getuid();
    let is_his = fstat(directory)?.st_uid == user.as_raw();
    let passes = accessat(directory, ".", Access::EXEC_OK, AtFlags::empty());
    Ok(!user.is_root() && !is_his && passes == Err(Errno::ACCESS))
}
