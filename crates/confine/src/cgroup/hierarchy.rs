//! The hierarchies of cgroups that are mounted, of both versions.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::{CWD, Mode, OFlags, fstatfs, openat};
use rustix::io::{Errno, Result as Answer};

use super::{DIRECTORY, HOME, TRIES, make_directory, put};
use crate::mountinfo;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

/// A mounted hierarchy.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hierarchy {
    pub(super) version: Version,
    pub(super) point: PathBuf,
    /// Of version 1: what it controls. In version 2 a file tells.
    options: String,
}

impl Hierarchy {
    pub(super) fn controls(&self, controller: &str) -> bool {
        let told = match self.version {
            Version::One => self.options.replace(',', " "),
            Version::Two => {
                fs::read_to_string(self.point.join("cgroup.controllers")).unwrap_or_default()
            }
        };
        told.split_whitespace().any(|word| word == controller)
    }

    /// Its top; what is mounted over it is not taken for it.
    pub(super) fn open(&self) -> Answer<OwnedFd> {
        // linux/magic.h.
        const MAGIC: [i64; 2] = [0x0027_e0eb, 0x6367_7270];
        let top = openat(CWD, &self.point, OFlags::RDONLY | DIRECTORY, Mode::empty())?;
        let kind = fstatfs(&top)?.f_type;
        match MAGIC.contains(&kind) {
            true => Ok(top),
            false => Err(Errno::NOTSUP),
        }
    }

    /// In version 2 a cgroup has the controllers that those above hand down.
    pub(super) fn hand_down(&self, controller: &str) -> Answer<()> {
        const FILE: &str = "cgroup.subtree_control";
        let top = self.open()?;
        let handed = fs::read_to_string(self.point.join(FILE)).unwrap_or_default();
        let word = format!("+{controller}");
        if !handed.split_whitespace().any(|one| one == controller) {
            put(&top, FILE, &word)?;
        }
        for _ in 0..TRIES {
            match make_directory(&top, HOME).and_then(|home| put(&home, FILE, &word)) {
                Err(Errno::NOENT | Errno::NODEV) => {}
                other => return other,
            }
        }
        Err(Errno::AGAIN)
    }
}

pub(super) fn all() -> Vec<Hierarchy> {
    let text = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let lines = text.split(|&byte| byte == b'\n');
    lines.filter_map(parse).collect()
}

/// A line of mountinfo, if it is one of cgroups.
pub(super) fn parse(line: &[u8]) -> Option<Hierarchy> {
    let mut fields = line.split(|&byte| byte == b' ');
    let point = mountinfo::unescaped(fields.nth(4)?);
    let mut fields = fields.skip_while(|field| *field != b"-").skip(1);
    let version = match fields.next()? {
        b"cgroup" => Version::One,
        b"cgroup2" => Version::Two,
        _ => return None,
    };
    let options = String::from_utf8_lossy(fields.nth(1)?).into_owned();
    Some(Hierarchy {
        version,
        point,
        options,
    })
}
