//! A program as a file: read if it may be changed at all, and written with the mode that it had.

use std::fs::{File, OpenOptions};
use std::io::{Error, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::failure::Failure;
use crate::sys;
use crate::whole_file::{self, Mode};

/// A program's file.
pub(crate) struct ProgramFile {
    pub(crate) bytes: Vec<u8>,
    pub(crate) mode: u32,
    file: File,
}

impl ProgramFile {
    /// Reads a regular file of at most [`embed::LARGEST`] bytes.
    pub(crate) fn read(path: &Path) -> Result<ProgramFile, Failure> {
        let io = |error| io(path, error);
        // Without O_NONBLOCK the open itself would wait for the other end of a pipe.
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
        let mut options = OpenOptions::new();
        let opened = options.read(true).custom_flags(flags).open(path);
        let file = opened.map_err(io)?;
        let facts = file.metadata().map_err(io)?;
        if !facts.is_file() {
            return Err(refused(path, "not a regular file"));
        }
        let mut bytes = Vec::new();
        let mut limited = (&file).take(embed::LARGEST + 1);
        limited.read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 > embed::LARGEST {
            return Err(refused(path, &embed::Error::TooLarge.to_string()));
        }
        let mode = facts.mode();
        Ok(ProgramFile { bytes, mode, file })
    }

    /// # Errors
    /// What the file is besides its bytes that a copy with other bytes could not be.
    pub(crate) fn may_be_changed(&self, path: &Path) -> Result<(), Failure> {
        const SET_ID: u32 = 0o6000;
        if self.mode & SET_ID != 0 {
            let why = "setuid or setgid: its caller must not choose what fails, and the filter sets no_new_privs. Embed the filter in a copy without (chmod ug-s)";
            return Err(refused(path, why));
        }
        let has = |name| {
            sys::has_attribute(&self.file, name).map_err(|errno| io(path, Error::from(errno)))
        };
        if has(c"security.capability")? {
            let why = "it has file capabilities, which the copy would not have. Embed the filter in a copy without, then setcap(8) that";
            return Err(refused(path, why));
        }
        let verity = sys::has_verity(&self.file).map_err(|errno| io(path, Error::from(errno)))?;
        for (there, sign) in [
            (has(c"security.ima")?, "attribute security.ima"),
            (verity, "fs-verity"),
        ] {
            if there {
                let sign = sign.to_string();
                return Err(refused(path, &embed::Error::Signed { sign }.to_string()));
            }
        }
        Ok(())
    }
}

/// Writes a program, whole or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    // A link is not followed: what it leads to may be anybody's.
    if std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(refused(
            path,
            "there is something else than a regular file; it stays",
        ));
    }
    if path.file_name().is_none() {
        return Err(refused(path, "not a file's name"));
    }
    let mode = Mode::Of(mode & 0o777);
    whole_file::write(path, bytes, mode).map_err(|error| io(path, error))
}

fn refused(path: &Path, why: &str) -> Failure {
    Failure::Program {
        path: path.to_path_buf(),
        why: why.to_string(),
    }
}

fn io(path: &Path, source: Error) -> Failure {
    Failure::Io {
        what: path.display().to_string().escape_debug().to_string(),
        source,
    }
}
