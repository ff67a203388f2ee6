//! Sockets and FIFOs below what is shown: whoever listens there is outside, and can be talked to from
//! inside, whatever the mount says. Some of them give the whole machine away.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// So much is looked at below one directory, and so deep.
const MOST_ENTRIES: usize = 50_000;
const DEEPEST: usize = 32;

/// Names that lead out of a cell, with what they are. A name that ends with `*` may go on; one with a
/// slash is the end of a path.
const WAYS_OUT: [(&str, &str); 22] = [
    ("docker.sock", "the socket of Docker"),
    ("podman.sock", "the socket of Podman"),
    ("containerd.sock", "the socket of containerd"),
    ("crio.sock", "the socket of CRI-O"),
    ("buildkitd.sock", "the socket of BuildKit"),
    ("lxd/unix.socket", "the socket of LXD"),
    ("libvirt-sock", "the socket of libvirt"),
    ("snapd.socket", "the socket of snapd"),
    ("system_bus_socket", "the system's D-Bus"),
    ("bus", "the session's D-Bus"),
    ("dbus-*", "a D-Bus"),
    ("S.gpg-agent*", "a gpg-agent"),
    ("S.dirmngr", "gpg's dirmngr"),
    ("agent.*", "an ssh-agent"),
    ("ssh", "an ssh-agent"),
    ("keyring/control", "a keyring"),
    (".X11-unix/X*", "an X server"),
    ("wayland-*", "a Wayland compositor"),
    ("native", "a sound server"),
    ("pipewire-*", "a sound server"),
    ("systemd/private", "systemd's socket"),
    ("systemd/notify", "systemd's socket"),
];

/// Views of the kernel's that lead out of a cell, whatever is shown of them and wherever.
const VIEWS: [(&str, &str); 2] = [
    ("/proc", "a view of the host's processes"),
    ("/dev/pts", "a view of the host's terminals"),
];

/// What a path shows of the kernel's views.
pub(super) fn view(path: &Path) -> Option<&'static str> {
    let top = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let known = VIEWS.iter().find(|(view, _)| {
        let view = Path::new(view);
        top.starts_with(view) || view.starts_with(&top)
    });
    known.map(|(_, what)| *what)
}

/// One end of a connection.
pub(super) struct End {
    /// On the host.
    pub(super) path: PathBuf,
    /// Below what was looked at; nothing for that itself.
    pub(super) below: PathBuf,
    /// What it is, where it leads out of a cell.
    pub(super) way_out: Option<&'static str>,
}

/// What was found.
pub(super) struct Ends {
    pub(super) ends: Vec<End>,
    /// Whether everything was looked at.
    pub(super) complete: bool,
}

/// All sockets and FIFOs at or below a path, which may be a link.
pub(super) fn ends(path: &Path) -> Ends {
    let top = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let mut look = Look {
        top: &top,
        left: MOST_ENTRIES,
        found: Ends {
            ends: Vec::new(),
            complete: true,
        },
    };
    look.at(&top, DEEPEST);
    look.found
}

struct Look<'a> {
    top: &'a Path,
    left: usize,
    found: Ends,
}

impl Look<'_> {
    fn at(&mut self, path: &Path, depth: usize) {
        let Ok(kind) = fs::symlink_metadata(path).map(|metadata| metadata.file_type()) else {
            return;
        };
        if kind.is_socket() || kind.is_fifo() {
            self.found.ends.push(End {
                path: path.to_path_buf(),
                below: path.strip_prefix(self.top).unwrap_or(path).to_path_buf(),
                way_out: way_out(path).filter(|_| kind.is_socket()),
            });
        }
        if kind.is_dir() {
            self.below(path, depth);
        }
    }

    fn below(&mut self, path: &Path, depth: usize) {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            let (Some(left), Some(depth)) = (self.left.checked_sub(1), depth.checked_sub(1)) else {
                self.found.complete = false;
                return;
            };
            self.left = left;
            let plain = entry
                .file_type()
                .is_ok_and(|kind| kind.is_file() || kind.is_symlink());
            if !plain {
                self.at(&entry.path(), depth);
            }
        }
    }
}

fn way_out(path: &Path) -> Option<&'static str> {
    let known = WAYS_OUT.iter().find(|(known, _)| fits(path, known));
    known.map(|(_, what)| *what)
}

fn fits(path: &Path, known: &str) -> bool {
    let (above, name) = known.rsplit_once('/').unwrap_or(("", known));
    let Some(own) = path.file_name().map(OsStrExt::as_bytes) else {
        return false;
    };
    let named = match name.strip_suffix('*') {
        Some(start) => own.starts_with(start.as_bytes()),
        None => own == name.as_bytes(),
    };
    named && (above.is_empty() || path.parent().is_some_and(|parent| parent.ends_with(above)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_out_are_known_by_the_end_of_their_path() {
        for (path, known) in [
            ("/run/docker.sock", true),
            ("/tmp/.X11-unix/X117", true),
            ("/home/u/X1", false),
            ("/home/u/.gnupg/S.gpg-agent.ssh", true),
            ("/run/systemd/private", true),
            ("/home/u/private", false),
            ("/run/user/1000/wayland-0", true),
            ("/home/u/app.sock", false),
        ] {
            assert_eq!(way_out(Path::new(path)).is_some(), known, "{path}");
        }
    }
}
