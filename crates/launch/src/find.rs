//! A program's file: found as a shell finds it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::sys;

/// Finds a program: a path as it is, a name in the directories of PATH (execvp(3)).
///
/// # Errors
/// [`Error::NotFound`], [`Error::NotExecutable`].
pub fn find(program: &OsStr) -> Result<PathBuf, Error> {
    let missing = || Error::NotFound {
        program: program.into(),
    };
    let refused = |path: &Path, errno| Error::NotExecutable {
        path: path.into(),
        errno,
    };
    if program.is_empty() {
        return Err(missing());
    }
    if program.as_bytes().contains(&b'/') {
        let path = PathBuf::from(program);
        return usable(&path).map_err(|errno| match errno {
            libc::ENOENT | libc::ENOTDIR => missing(),
            errno => refused(&path, errno),
        });
    }
    let directories = std::env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
    let mut first = None;
    for directory in std::env::split_paths(&directories) {
        // An empty element is the current directory; "./" keeps the path a path.
        let directory = match directory.as_os_str().is_empty() {
            true => PathBuf::from("."),
            false => directory,
        };
        let candidate = directory.join(program);
        match usable(&candidate) {
            Ok(path) => return Ok(path),
            Err(libc::ENOENT | libc::ENOTDIR) => {}
            Err(errno) => first = first.or(Some(refused(&candidate, errno))),
        }
    }
    Err(first.unwrap_or_else(missing))
}

/// Whether a path is a file that this user may execute.
///
/// # Errors
/// The error number that stands against it.
pub fn usable(path: &Path) -> Result<PathBuf, i32> {
    let metadata = path
        .metadata()
        .map_err(|error| error.raw_os_error().unwrap_or(libc::EIO))?;
    if metadata.is_dir() {
        return Err(libc::EISDIR);
    }
    if !metadata.is_file() {
        return Err(libc::EACCES);
    }
    sys::may_execute(path)?;
    Ok(path.to_path_buf())
}
