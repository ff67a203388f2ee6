//! Making things unreadable: an empty object that nobody may read is mounted on them, read-only, so that
//! whoever owns it cannot allow himself more.
//!
//! An object may have several names: it lies below two mounts of one file system, or it is a file with
//! hard links. All that lead to it inside the cell are covered, and none on the host is touched.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags, fstat, mkdirat, openat};
use rustix::mount::{OpenTreeFlags, open_tree};

use crate::error::{Error, call, place};
use crate::names;
use crate::plan::Bytes;
use crate::tree::{self, Tree};
use crate::{mounts, sys};

/// What covers others.
pub(crate) struct Covers {
    file: OwnedFd,
    directory: OwnedFd,
}

impl Covers {
    pub(crate) fn new() -> Result<Covers, Error> {
        make().map_err(call("make what covers files"))
    }

    /// Covers one name of an object.
    pub(crate) fn cover(
        &self,
        tree: &Tree<'_>,
        object: OwnedFd,
        path: &Bytes,
    ) -> Result<(), Error> {
        let status = fstat(&object).map_err(place("look at", path))?;
        let cover = match tree::is_directory(&status) {
            true => &self.directory,
            false => &self.file,
        };
        let copy = copy(cover).map_err(place("cover", path))?;
        tree.put_on(&copy, object, path)
    }

    /// Covers all names of an object below a directory of the host.
    pub(crate) fn cover_everywhere(
        &self,
        tree: &Tree<'_>,
        object: &OwnedFd,
        path: &Bytes,
        stage: &Bytes,
    ) -> Result<(), Error> {
        let names = names::of(object, stage.as_path(), tree.mounts())
            .map_err(place("find the names of", path))?;
        for name in names {
            self.cover(tree, name, path)?;
        }
        Ok(())
    }
}

fn make() -> rustix::io::Result<Covers> {
    let attributes = mounts::attributes(false, false);
    let home = mounts::file_system("tmpfs", &[("mode", "0700"), ("size", "4096")], attributes)?;
    let read_only = OFlags::CREATE | OFlags::EXCL | OFlags::RDONLY | OFlags::CLOEXEC;
    let file = openat(&home, "file", read_only, Mode::empty())?;
    mkdirat(&home, "directory", Mode::empty())?;
    let path = OFlags::PATH | OFlags::CLOEXEC;
    let directory = openat(&home, "directory", path, Mode::empty())?;
    let covers = Covers {
        file: copy(&file)?,
        directory: copy(&directory)?,
    };
    let sealed = attributes | rustix::mount::MountAttrFlags::MOUNT_ATTR_RDONLY;
    sys::set_attributes(covers.file.as_fd(), sealed)?;
    sys::set_attributes(covers.directory.as_fd(), sealed)?;
    Ok(covers)
}

fn copy(cover: &OwnedFd) -> rustix::io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH;
    open_tree(cover, "", flags)
}
