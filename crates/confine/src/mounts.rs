//! Mounts that are nowhere yet: copies of the host's, and file systems of the kernel's.

use std::os::fd::{AsFd, OwnedFd};

use rustix::io::Result;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, OpenTreeFlags, fsconfig_create, fsconfig_set_string,
    fsmount, fsopen, open_tree,
};

use crate::plan::Bind;
use crate::sys;

/// What every mount in a cell has.
const ALWAYS: MountAttrFlags =
    MountAttrFlags::MOUNT_ATTR_NOSUID.union(MountAttrFlags::MOUNT_ATTR_NODEV);

/// A copy of what is mounted at an object, with all mounts below it.
pub(crate) fn copy(source: &OwnedFd, bind: &Bind) -> Result<OwnedFd> {
    let mut attributes = ALWAYS;
    attributes.set(MountAttrFlags::MOUNT_ATTR_RDONLY, bind.read_only);
    attributes.set(MountAttrFlags::MOUNT_ATTR_NOEXEC, !bind.executable);
    copy_with(source, attributes)
}

/// A read-only copy.
pub(crate) fn sealed(source: &OwnedFd) -> Result<OwnedFd> {
    copy_with(source, ALWAYS | MountAttrFlags::MOUNT_ATTR_RDONLY)
}

fn copy_with(source: &OwnedFd, attributes: MountAttrFlags) -> Result<OwnedFd> {
    let copy = same(source)?;
    sys::set_attributes(copy.as_fd(), attributes)?;
    Ok(copy)
}

/// A copy of a device's file that can be opened, and not changed.
pub(crate) fn device(source: &OwnedFd) -> Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH;
    let copy = open_tree(source, "", flags)?;
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NOEXEC
        | MountAttrFlags::MOUNT_ATTR_RDONLY;
    sys::set_attributes(copy.as_fd(), attributes)?;
    Ok(copy)
}

/// Makes one mount read-only.
pub(crate) fn freeze(mount: &OwnedFd) -> Result<()> {
    sys::set_own_attributes(mount.as_fd(), MountAttrFlags::MOUNT_ATTR_RDONLY)
}

/// A copy with the attributes that it has.
pub(crate) fn same(source: &OwnedFd) -> Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH
        | OpenTreeFlags::AT_RECURSIVE;
    open_tree(source, "", flags)
}

/// A file system of the kernel's, with its options.
pub(crate) fn file_system(
    kind: &str,
    options: &[(&str, &str)],
    attributes: MountAttrFlags,
) -> Result<OwnedFd> {
    let context = fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
    for (name, value) in options {
        fsconfig_set_string(&context, *name, *value)?;
    }
    fsconfig_create(&context)?;
    fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes)
}

/// The attributes of a file system that holds no programs, no devices, or both.
pub(crate) fn attributes(executable: bool, devices: bool) -> MountAttrFlags {
    let mut attributes = MountAttrFlags::MOUNT_ATTR_NOSUID;
    attributes.set(MountAttrFlags::MOUNT_ATTR_NOEXEC, !executable);
    attributes.set(MountAttrFlags::MOUNT_ATTR_NODEV, !devices);
    attributes
}
