//! A file that is written whole or not at all: under another name first, then moved into place.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{Error, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What the new file may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// What any new file may (umask(2)).
    Usual,
    /// These bits, once it is whole.
    Of(u32),
}

/// Puts a file of these bytes in the place of whatever is at a path. A link there is replaced, not followed.
pub(crate) fn write(path: &Path, bytes: &[u8], mode: Mode) -> Result<(), Error> {
    let draft = draft(path);
    let file = create(&draft, mode)?;
    let written = fill(file, bytes, mode).and_then(|()| std::fs::rename(&draft, path));
    if written.is_err() {
        // What was begun is of no use to anyone.
        let _ = std::fs::remove_file(&draft);
    }
    written
}

/// A name beside the file that is no longer than a name may be, however long the file's is.
fn draft(path: &Path) -> PathBuf {
    path.with_file_name(format!(".sandbox-policy.{}.new", std::process::id()))
}

/// What is there already may be somebody's link to a file that is none of his, so it stays.
fn create(draft: &Path, mode: Mode) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    if mode != Mode::Usual {
        // Nobody else opens it before it is whole.
        options.mode(0o600);
    }
    options.open(draft)
}

fn fill(mut file: File, bytes: &[u8], mode: Mode) -> Result<(), Error> {
    file.write_all(bytes)?;
    if let Mode::Of(bits) = mode {
        file.set_permissions(Permissions::from_mode(bits))?;
    }
    file.sync_all()
}
