//! Sockets and FIFOs below what is shown: whoever listens there is outside, and can be talked to from
//! inside, whatever the mount says. Some of them give the whole machine away.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// So much is looked at below one directory; what lies deeper or behind is not found.
const MOST_ENTRIES: usize = 50_000;
const DEEPEST: usize = 12;

/// Names that lead out of a cell, with what they are. A name that ends with `*` may go on.
const WAYS_OUT: [(&str, &str); 14] = [
    ("docker.sock", "the socket of Docker"),
    ("podman.sock", "the socket of Podman"),
    ("containerd.sock", "the socket of containerd"),
    ("system_bus_socket", "the system's D-Bus"),
    ("bus", "the session's D-Bus"),
    ("dbus-*", "a D-Bus"),
    ("S.gpg-agent*", "a gpg-agent"),
    ("S.dirmngr", "gpg's dirmngr"),
    ("agent.*", "an ssh-agent"),
    ("ssh", "an ssh-agent"),
    ("X0*", "an X server"),
    ("X1*", "an X server"),
    ("native", "a sound server"),
    ("private", "systemd's socket"),
];

/// One end of a connection.
pub(super) struct End {
    pub(super) path: PathBuf,
    /// What it is, where it leads out of a cell.
    pub(super) way_out: Option<&'static str>,
}

/// All sockets and FIFOs at or below a path.
pub(super) fn ends(path: &Path) -> Vec<End> {
    let mut ends = Vec::new();
    let mut left = MOST_ENTRIES;
    look(path, DEEPEST, &mut left, &mut ends);
    ends
}

fn look(path: &Path, depth: usize, left: &mut usize, ends: &mut Vec<End>) {
    let Ok(kind) = fs::symlink_metadata(path).map(|metadata| metadata.file_type()) else {
        return;
    };
    if kind.is_socket() || kind.is_fifo() {
        ends.push(End {
            path: path.to_path_buf(),
            way_out: way_out(path).filter(|_| kind.is_socket()),
        });
    }
    if !kind.is_dir() || depth == 0 {
        return;
    }
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let Some(less) = left.checked_sub(1) else {
            return;
        };
        *left = less;
        let plain = entry
            .file_type()
            .is_ok_and(|kind| kind.is_file() || kind.is_symlink());
        if !plain {
            look(&entry.path(), depth - 1, left, ends);
        }
    }
}

fn way_out(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.as_bytes();
    let fits = |known: &str| match known.strip_suffix('*') {
        Some(start) => name.starts_with(start.as_bytes()),
        None => name == known.as_bytes(),
    };
    let known = WAYS_OUT.iter().find(|(known, _)| fits(known));
    known.map(|(_, what)| *what)
}
