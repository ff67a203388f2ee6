//! What a whole cell may use up: a cgroup of its own in each hierarchy that has a controller for it
//! (cgroups(7)), in the directory `oz` at the top.
//!
//! It is made by whoever starts the cell and removed by him. Its name tells his process, so that what he
//! leaves behind when he is killed is found and removed by the next one. The kernel removes no cgroup
//! with a process in it.

mod hierarchy;
#[cfg(test)]
mod tests;

use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::io::{Errno, Result as Answer, write};

use crate::error::Error;
use crate::plan::Limits;
use hierarchy::{Hierarchy, Version};

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
        let mounted = hierarchy::all();
        for (controller, most) in wanted {
            let Some(most) = most else { continue };
            let failed = |why: String| Error::Limit { controller, why };
            let hierarchy = mounted
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
        for hierarchy in hierarchy::all() {
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
