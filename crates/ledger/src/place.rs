//! A file's place in the file system: where a path leads, who else is there, and how a text takes the
//! place of another, whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::Error;

/// Where a path leads: a link stays a link, and what it points to is replaced, or made.
pub(crate) fn followed(mut path: PathBuf) -> PathBuf {
    // As many as the kernel follows (path_resolution(7)).
    const MOST_LINKS: usize = 40;
    // Links of /proc name what has no path, such as a pipe (proc(5)).
    if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
        return path;
    }
    for _ in 0..MOST_LINKS {
        let Ok(target) = fs::read_link(&path) else {
            break;
        };
        path.pop();
        path.push(target);
    }
    fs::canonicalize(&path).unwrap_or(path)
}

/// Reads a policy; one that is larger than any policy is not waited for.
pub(crate) fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    const MOST: u64 = 16 << 20;
    let mut text = Vec::new();
    let file = fs::File::open(path)?;
    file.take(MOST + 1).read_to_end(&mut text)?;
    match u64::try_from(text.len()) {
        Ok(0..=MOST) => Ok(text),
        _ => Err(std::io::Error::other("has more than 16 MiB")),
    }
}

/// Makes sure that a file can be replaced by one beside it.
pub(crate) fn try_beside(path: &Path) -> Result<(), Error> {
    let temporary = temporary(path);
    let tried = create(&temporary, 0o600);
    let _ = fs::remove_file(&temporary);
    tried.map(drop).map_err(Error::Unwritable)
}

/// Keeps other runs from the directory between reading and writing: neither must lose what the other
/// has learned. Not for ever, and not where it cannot be locked.
pub(crate) fn alone(path: &Path) -> Option<Flock<fs::File>> {
    const PATIENCE: Duration = Duration::from_secs(5);
    let deadline = Instant::now() + PATIENCE;
    let mut directory = fs::File::open(path.parent()?).ok()?;
    loop {
        match Flock::lock(directory, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Some(lock),
            Err((back, Errno::EWOULDBLOCK)) if Instant::now() < deadline => directory = back,
            Err(_) => return None,
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Puts a text in the place of a file, by way of one beside the ledger's own. `mode` is for a file that was
/// not there.
pub(crate) fn replace(own: &Path, path: &Path, text: &str, mode: u32) -> Result<(), Error> {
    let temporary = temporary(own);
    let before = fs::metadata(path).ok();
    let mode = before.as_ref().map_or(mode, |_| 0o600);
    let written = create(&temporary, mode)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            if let Some(before) = &before {
                // Where it cannot be given back, it is ours.
                let _ = fchown(&file, Some(before.uid()), Some(before.gid()));
                file.set_permissions(before.permissions())?;
            }
            file.sync_all()
        })
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(Error::Unwritable)
}

fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let process = std::process::id();
    path.with_file_name(format!(".{name}.{process}.new"))
}

fn create(path: &Path, mode: u32) -> std::io::Result<fs::File> {
    let _ = fs::remove_file(path);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
}
