//! What a whole cell may use up: a cgroup of its own in each hierarchy that has a controller for it
//! (cgroups(7)), in the directory `oz` at the top.
//!
//! It is made by whoever starts the cell and removed by him. Its name tells his process, so that what he
//! leaves behind when he is killed is found and removed by the next one. The kernel removes no cgroup
//! with a process in it.

use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, fstatfs, mkdirat, openat, unlinkat};
use rustix::io::{Errno, Result as Answer, write};

use crate::error::Error;
use crate::mountinfo;
use crate::plan::Limits;

/// Where cells have their cgroups, at the top of a hierarchy.
const HOME: &str = "oz";
/// How long the kernel may take to forget processes that have ended.
const PATIENCE: Duration = Duration::from_secs(2);
/// So often is a directory made anew that somebody else removes because it is empty.
const TRIES: u32 = 100;
/// The first process of a cell, which is not one of the program's.
const FIRST: u64 = 1;

/// The cgroups of one cell; they are removed when this is dropped.
#[derive(Debug, Default)]
pub struct Cgroup {
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    home: OwnedFd,
    name: String,
    directory: OwnedFd,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// A mounted hierarchy.
#[derive(Debug, PartialEq, Eq)]
struct Hierarchy {
    version: Version,
    point: PathBuf,
    /// Of version 1: what it controls. In version 2 a file tells.
    options: String,
}

/// What one controller is to be told: a file, a text, and whether it has to be there.
type Setting = (&'static str, String, bool);

impl Cgroup {
    /// Makes cgroups for what is limited; none where nothing is.
    ///
    /// # Errors
    /// [`Error::Limit`] where a limit cannot be kept.
    pub fn make(limits: &Limits) -> Result<Cgroup, Error> {
        let mut made = Cgroup::default();
        let wanted = [("pids", limits.processes), ("memory", limits.memory)];
        if wanted.iter().all(|(_, most)| most.is_none()) {
            return Ok(made);
        }
        let hierarchies = hierarchies();
        for (controller, most) in wanted {
            let Some(most) = most else { continue };
            let failed = |why: String| Error::Limit { controller, why };
            let hierarchy = hierarchies
                .iter()
                .find(|one| one.controls(controller))
                .ok_or_else(|| {
                    failed("no cgroup hierarchy with this controller is mounted".into())
                })?;
            made.limit(hierarchy, controller, most)
                .map_err(|error| failed(format!("{}: {error}", hierarchy.point.display())))?;
        }
        Ok(made)
    }

    fn limit(&mut self, hierarchy: &Hierarchy, controller: &str, most: u64) -> Answer<()> {
        let known = self
            .groups
            .iter()
            .position(|group| hierarchy.version == Version::Two && group.version == Version::Two);
        if hierarchy.version == Version::Two {
            hierarchy.hand_down(controller)?;
        }
        if known.is_none() {
            self.groups.push(Group::make(hierarchy)?);
        }
        let group = known.map_or(self.groups.last(), |place| self.groups.get(place));
        let group = group.ok_or(Errno::NOENT)?;
        for (file, text, needed) in settings(hierarchy.version, controller, most) {
            match put(&group.directory, file, &text) {
                Err(Errno::NOENT) if !needed => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// The cgroup of version 2, into which a process can be born.
    pub(crate) fn cradle(&self) -> Option<BorrowedFd<'_>> {
        let group = self.groups.iter().find(|one| one.version == Version::Two);
        group.map(|group| group.directory.as_fd())
    }

    /// Puts this process into the cgroups of version 1.
    pub(crate) fn enter(&self) -> Answer<()> {
        let first = |group: &&Group| group.version == Version::One;
        // 0 stands for whoever writes it (cgroups(7)).
        self.groups
            .iter()
            .filter(first)
            .try_for_each(|group| put(&group.directory, "cgroup.procs", "0"))
    }

    /// Removes the cgroups of processes that have ended without doing so. One that cannot be removed now
    /// is left for the next call.
    pub fn sweep() {
        for hierarchy in hierarchies() {
            let path = hierarchy.point.join(HOME);
            let Ok(entries) = fs::read_dir(&path) else {
                continue;
            };
            for entry in entries.flatten() {
                let name = entry.file_name();
                if name.to_str().is_some_and(is_orphaned) {
                    let _ = fs::remove_dir(entry.path());
                }
            }
            let _ = fs::remove_dir(path);
        }
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        for group in &self.groups {
            while group.remove() == Err(Errno::BUSY) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

impl Group {
    fn make(hierarchy: &Hierarchy) -> Answer<Group> {
        let name = own_name()?;
        let top = hierarchy.open()?;
        for _ in 0..TRIES {
            let home = make_directory(&top, HOME)?;
            match make_directory(&home, &name) {
                // Somebody has just found it empty.
                Err(Errno::NOENT | Errno::NODEV) => {}
                Err(error) => return Err(error),
                Ok(directory) => {
                    let version = hierarchy.version;
                    return Ok(Group {
                        home,
                        name,
                        directory,
                        version,
                    });
                }
            }
        }
        Err(Errno::AGAIN)
    }

    fn remove(&self) -> Answer<()> {
        unlinkat(&self.home, self.name.as_str(), AtFlags::REMOVEDIR)?;
        // Its home goes with the last one; through itself, because it has no other name here.
        if let Ok(top) = openat(&self.home, "..", OFlags::PATH | DIRECTORY, Mode::empty()) {
            let _ = unlinkat(&top, HOME, AtFlags::REMOVEDIR);
        }
        Ok(())
    }
}

const DIRECTORY: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

fn make_directory(below: &OwnedFd, name: &str) -> Answer<OwnedFd> {
    match mkdirat(below, name, Mode::RWXU | Mode::RGRP | Mode::XGRP) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(error),
    }
    openat(below, name, OFlags::RDONLY | DIRECTORY, Mode::empty())
}

/// What is written for a limit. Without a limit on swap, a limit on memory is one on nothing.
fn settings(version: Version, controller: &str, most: u64) -> Vec<Setting> {
    match (controller, version) {
        ("pids", _) => vec![("pids.max", most.saturating_add(FIRST).to_string(), true)],
        (_, Version::One) => vec![
            ("memory.limit_in_bytes", most.to_string(), true),
            ("memory.memsw.limit_in_bytes", most.to_string(), false),
        ],
        (_, Version::Two) => vec![
            ("memory.max", most.to_string(), true),
            ("memory.swap.max", "0".into(), false),
        ],
    }
}

/// Writes to a file of a cgroup, which is never made by that.
fn put(directory: &OwnedFd, file: &str, text: &str) -> Answer<()> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = openat(directory, file, flags, Mode::empty())?;
    write(&file, text.as_bytes()).map(drop)
}

impl Hierarchy {
    fn controls(&self, controller: &str) -> bool {
        let told = match self.version {
            Version::One => self.options.replace(',', " "),
            Version::Two => {
                fs::read_to_string(self.point.join("cgroup.controllers")).unwrap_or_default()
            }
        };
        told.split_whitespace().any(|word| word == controller)
    }

    /// Its top; what is mounted over it is not taken for it.
    fn open(&self) -> Answer<OwnedFd> {
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
    fn hand_down(&self, controller: &str) -> Answer<()> {
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

fn hierarchies() -> Vec<Hierarchy> {
    let text = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let lines = text.split(|&byte| byte == b'\n');
    lines.filter_map(hierarchy).collect()
}

/// A line of mountinfo, if it is one of cgroups.
fn hierarchy(line: &[u8]) -> Option<Hierarchy> {
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

/// This process, for as long as there is one: numbers come again, times do not.
fn own_name() -> Answer<String> {
    let process = std::process::id();
    let start = start_of(&process.to_string()).ok_or(Errno::SRCH)?;
    Ok(format!("{process}-{start}"))
}

fn is_orphaned(name: &str) -> bool {
    let Some((process, start)) = name.split_once('-') else {
        return false;
    };
    let is_number = |text: &str| text.parse::<u64>().is_ok();
    is_number(process) && is_number(start) && start_of(process).as_deref() != Some(start)
}

/// When a process was started, in ticks since the machine was (proc_pid_stat(5), field 22).
fn start_of(process: &str) -> Option<String> {
    let text = fs::read_to_string(Path::new("/proc").join(process).join("stat")).ok()?;
    // A name may hold anything, blanks and parentheses as well.
    let (_, behind_name) = text.rsplit_once(')')?;
    behind_name.split_whitespace().nth(19).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hierarchies_are_found_in_mountinfo() {
        let line = b"31 30 0:27 / /sys/fs/cgroup/pids rw,relatime shared:9 - cgroup cgroup rw,pids";
        let one = hierarchy(line).unwrap();
        assert_eq!(
            (one.version, one.point.as_path()),
            (Version::One, Path::new("/sys/fs/cgroup/pids"))
        );
        assert!(one.controls("pids") && !one.controls("pid") && !one.controls("memory"));
        let line = b"30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate";
        assert_eq!(hierarchy(line).unwrap().version, Version::Two);
        assert_eq!(hierarchy(b"22 1 254:0 / / rw - ext4 /dev/vda rw"), None);
        assert_eq!(hierarchy(b"- cgroup"), None);
    }

    #[test]
    fn only_names_of_processes_that_are_gone_are_orphans() {
        let own = own_name().unwrap();
        let (process, _) = own.split_once('-').unwrap();
        assert!(!is_orphaned(&own));
        assert!(is_orphaned(&format!("{process}-1")));
        assert!(is_orphaned("4194305-77"));
        for name in ["", "-", "12", "a-1", "1-a", "system.slice", "-1-1"] {
            assert!(!is_orphaned(name), "{name}");
        }
    }

    #[test]
    fn a_limit_without_a_hierarchy_is_refused() {
        assert_eq!(settings(Version::Two, "memory", 5).len(), 2);
        assert!(Cgroup::make(&Limits::default()).unwrap().groups.is_empty());
    }
}
