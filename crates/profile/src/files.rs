//! Reads profiles and configuration from the disk: the one file here that does. Whoever can change a
//! profile decides what root does, so nobody but root may be able to (oz.md §2.1).

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::config::Config;
use crate::diagnostic::{Diagnostic, Problem, Severity};
use crate::json::MOST_BYTES;
use crate::profiles::{Loaded, Profiles, whole};
use crate::seccomp::Seccomp;
use crate::user::Uid;

/// Reads all `*.json` of a directory. Files may belong to root and to `owner`, who is the caller where the
/// caller is not root.
///
/// # Errors
/// [`Problem::Unreadable`] or [`Problem::Untrusted`] for the directory itself; problems of a file are its own.
pub fn read_directory(directory: &Path, owner: Uid) -> Result<Profiles, Box<Diagnostic>> {
    let failed = |problem| {
        let name = directory.display().to_string();
        Box::new(whole(&name, Severity::Error, problem))
    };
    let names = names(directory, owner).map_err(failed)?;
    let entries = names.iter().map(|name| {
        let path = directory.join(name);
        read_profile(&path, owner)
    });
    Ok(Profiles::new(entries.collect()))
}

/// Reads one profile. A file that cannot be read or trusted is a broken one.
pub fn read_profile(path: &Path, owner: Uid) -> Loaded {
    let name = path.display().to_string();
    let bytes = open(path).map_err(unreadable);
    match bytes.and_then(|file| read(file, owner)) {
        Ok(bytes) => Loaded::read(&name, &bytes),
        Err(problem) => Loaded::unreadable(&name, problem),
    }
}

/// Reads the filter of a profile's file and nothing else of it, as [`Seccomp::read`] does. A file that
/// [`read_profile`] would not trust is an error.
pub fn read_filter(path: &Path, owner: Uid) -> (Option<Seccomp>, Vec<Diagnostic>) {
    let name = path.display().to_string();
    let bytes = open(path).map_err(unreadable);
    match bytes.and_then(|file| read(file, owner)) {
        Ok(bytes) => Seccomp::read(&name, &bytes),
        Err(problem) => (None, vec![whole(&name, Severity::Error, problem)]),
    }
}

/// Reads a policy, or definitions for one, that a profile names: whole, or not at all. Half a policy allows
/// what the whole one forbids.
///
/// # Errors
/// [`Problem::Unreadable`], [`Problem::Untrusted`]; [`Problem::Malformed`] for one of more than
/// [`MOST_BYTES`].
pub fn read_policy(path: &Path, owner: Uid) -> Result<Vec<u8>, Problem> {
    let file = open(path).map_err(unreadable)?;
    let bytes = read(file, owner)?;
    match bytes.len() > MOST_BYTES {
        true => Err(Problem::Malformed("the file has more than 1048576 bytes")),
        false => Ok(bytes),
    }
}

/// Reads oz.conf, and what is to be warned of; the defaults if there is no such file.
///
/// # Errors
/// All problems of the file if one of them is an error.
pub fn read_config(path: &Path, owner: Uid) -> Result<(Config, Vec<Diagnostic>), Vec<Diagnostic>> {
    let name = path.display().to_string();
    let bytes = match open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok((Config::default(), Vec::new()));
        }
        Err(error) => Err(unreadable(error)),
        Ok(file) => read(file, owner),
    };
    match bytes {
        Ok(bytes) => Config::read(&name, &bytes),
        Err(problem) => Err(vec![whole(&name, Severity::Error, problem)]),
    }
}

fn names(directory: &Path, owner: Uid) -> Result<Vec<std::ffi::OsString>, Problem> {
    let metadata = directory.metadata().map_err(unreadable)?;
    trusted(&metadata, owner)?;
    let mut names = Vec::new();
    for entry in directory.read_dir().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name();
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if name.as_encoded_bytes().ends_with(b".json") && !is_directory {
            names.push(name);
        }
    }
    Ok(names)
}

/// Opens a file. A FIFO does not make us wait for a writer.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
}

/// The bytes of a file, one more than may be read if it is too large.
fn read(file: File, owner: Uid) -> Result<Vec<u8>, Problem> {
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Problem::Untrusted("is no regular file"));
    }
    trusted(&metadata, owner)?;
    let mut bytes = Vec::new();
    let most = MOST_BYTES as u64 + 1;
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok(bytes)
}

fn unreadable(error: io::Error) -> Problem {
    Problem::Unreadable(error.to_string())
}

/// Whether only root, and `owner`, can change a file or directory.
fn trusted(metadata: &Metadata, owner: Uid) -> Result<(), Problem> {
    let mode = metadata.mode();
    if mode & 0o002 != 0 {
        return Err(Problem::Untrusted("is writable by everyone"));
    }
    if mode & 0o020 != 0 && metadata.gid() != 0 {
        return Err(Problem::Untrusted(
            "is writable by a group that is not root's",
        ));
    }
    if metadata.uid() != 0 && metadata.uid() != owner.0 {
        return Err(Problem::Untrusted("belongs to somebody else than root"));
    }
    Ok(())
}
