//! All names that an object has below a directory.
//!
//! Mounts of one file system show the same object at several paths (proc_pid_mountinfo(5) tells which
//! part each shows), and a file may have hard links. The latter are searched for only where the file's
//! link count says that there are any.

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, StatxFlags, fstat, openat, statx,
};
use rustix::io::{Errno, Result};

/// Deeper trees are not searched, and the search fails.
const DEEPEST: usize = 256;
const LOOK: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A mount, as /proc/self/mountinfo tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mount {
    id: u64,
    /// Which part of its file system it shows.
    root: PathBuf,
    /// Where.
    point: PathBuf,
}

/// Every name of an object below a directory, opened; the one that it was opened by is among them.
pub(crate) fn of(object: &OwnedFd, below: &Path) -> Result<Vec<OwnedFd>> {
    let wanted = fstat(object)?;
    let mounts = mounts_below(below)?;
    let mut names = Vec::new();
    if let Some(path) = path_in_file_system(object, &mounts)? {
        for mount in &mounts {
            let Ok(rest) = path.strip_prefix(&mount.root) else {
                continue;
            };
            names.extend(open_if_same(&join(&mount.point, rest), &wanted)?);
        }
    }
    let is_file = FileType::from_raw_mode(wanted.st_mode) == FileType::RegularFile;
    if is_file && wanted.st_nlink > 1 {
        for mount in &mounts {
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

/// Where a file was opened.
fn path_of(file: &OwnedFd) -> Result<PathBuf> {
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    fs::read_link(link).map_err(|error| errno(&error))
}

/// Where an object lies in its file system, whichever part of that is mounted.
fn path_in_file_system(object: &OwnedFd, mounts: &[Mount]) -> Result<Option<PathBuf>> {
    let answer = statx(object, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID)?;
    let Some(mount) = mounts.iter().find(|mount| mount.id == answer.stx_mnt_id) else {
        return Ok(None);
    };
    let path = path_of(object)?;
    let rest = path.strip_prefix(&mount.point);
    Ok(rest.ok().map(|rest| join(&mount.root, rest)))
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
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_same(one: &Stat, other: &Stat) -> bool {
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}

/// Looks for hard links below a mount.
fn search(mount: &Mount, wanted: &Stat, names: &mut Vec<OwnedFd>) -> Result<()> {
    let Some(top) = open_directory(CWD, mount.point.as_os_str().as_bytes())? else {
        return Ok(());
    };
    if fstat(&top)?.st_dev != wanted.st_dev {
        return Ok(());
    }
    descend(&top, wanted, names, 0)
}

fn descend(
    directory: &OwnedFd,
    wanted: &Stat,
    names: &mut Vec<OwnedFd>,
    depth: usize,
) -> Result<()> {
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
            // A mount of something else is searched where it stands in the list of mounts.
            if let Some(below) = open_directory(directory, name.to_bytes())? {
                if fstat(&below)?.st_dev == wanted.st_dev {
                    descend(&below, wanted, names, depth + 1)?;
                }
            }
        } else if entry.ino() == wanted.st_ino {
            let file = openat(directory, name, LOOK, Mode::empty())?;
            if is_same(&fstat(&file)?, wanted) {
                names.push(file);
            }
        }
    }
    Ok(())
}

/// A directory; nothing for what is something else, or gone.
fn open_directory(from: impl std::os::fd::AsFd, name: &[u8]) -> Result<Option<OwnedFd>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat(from, name, flags, Mode::empty()) {
        Ok(directory) => Ok(Some(directory)),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
        Err(error) => Err(error),
    }
}

fn mounts_below(directory: &Path) -> Result<Vec<Mount>> {
    let text = fs::read("/proc/self/mountinfo").map_err(|error| errno(&error))?;
    let mounts = text.split(|&byte| byte == b'\n').filter_map(parse);
    let below = mounts.filter(|mount| mount.point.starts_with(directory));
    Ok(below.collect())
}

/// One line of mountinfo: the number, the parent's, the device, the root, the mount point.
fn parse(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|&byte| byte == b' ');
    let id = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    let root = unescaped(fields.nth(2)?);
    let point = unescaped(fields.next()?);
    Some(Mount { id, root, point })
}

/// The kernel writes blank, tab, newline and backslash as octal numbers.
pub(crate) fn unescaped(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, behind)) = rest.split_first() {
        let octal = behind.get(..3).filter(|_| first == b'\\').and_then(number);
        match octal {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

fn number(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok()?;
    u8::from_str_radix(digits, 8).ok()
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_mountinfo_is_read_with_its_escapes() {
        let line = b"117 115 0:63 /a\\040b /srv/x\\134y rw,nosuid - tmpfs  rw,mode=755";
        let mount = Mount {
            id: 117,
            root: "/a b".into(),
            point: "/srv/x\\y".into(),
        };
        assert_eq!(parse(line), Some(mount));
        assert_eq!(parse(b""), None);
        assert_eq!(parse(b"1 2 3"), None);
    }
}
