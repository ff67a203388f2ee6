//! Devices of the host's, where none can be made.

use std::os::fd::{AsRawFd, OwnedFd};

use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, makedev, openat};
use rustix::io::Result as Answer;

use crate::error::{Error, place};
use crate::plan::Bytes;

/// Finds a character device on the host, and no other than this one.
///
/// # Errors
/// [`Error::Place`]; [`Error::Device`] for what is something else.
pub(crate) fn of_host(path: &Bytes, (major, minor): (u32, u32)) -> Result<OwnedFd, Error> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let found = openat(CWD, path.as_path(), flags, Mode::empty()).map_err(place("open", path))?;
    let status = fstat(&found).map_err(place("look at", path))?;
    let is_device = FileType::from_raw_mode(status.st_mode) == FileType::CharacterDevice;
    match is_device && status.st_rdev == makedev(major, minor) {
        true => Ok(found),
        false => Err(Error::Device {
            path: path.clone(),
            major,
            minor,
        }),
    }
}

/// Opens what was found.
pub(crate) fn open(found: &OwnedFd) -> Answer<OwnedFd> {
    let path = format!("/proc/self/fd/{}", found.as_raw_fd());
    openat(CWD, path, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())
}
