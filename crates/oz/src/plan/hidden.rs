//! What is hidden: the programs and directories that no cell needs (oz.md §3.1, step 11), and what the
//! profile names. It is found inside, when the tree is there, and covered under every name that it has.

use std::path::{Path, PathBuf};

use confine::plan::Step;
use profile::{ExpandedPath, SEARCHED};

use super::shown::{expansions, matches, path};
use super::{Draft, Failure};

const DIRECTORIES: [&str; 12] = [
    "/usr/lib/gvfs",
    "/usr/sbin",
    "/sbin",
    "/usr/include",
    "/usr/lib/klibc",
    "/usr/share/doc",
    "/usr/src",
    "/lib/udev/rules.d",
    "/lib/firmware",
    "/lib/modules",
    "/usr/local/include",
    "/usr/local/src",
];

/// In all directories of programs. A name that ends with `*` may go on.
const PROGRAMS: [&str; 14] = [
    "sudo",
    "su",
    "xinput",
    "strace",
    "mount",
    "umount",
    "fusermount",
    "fusermount3",
    "fuser",
    "kmod",
    "mknod",
    "udevadm",
    "systemd",
    "systemd-*",
];

pub(super) fn add(draft: &mut Draft<'_>) -> Result<(), Failure> {
    if !draft.request.profile.no_defaults {
        add_defaults(draft);
    }
    for item in &draft.request.profile.blacklist {
        let expanded = expansions(draft, &item.path)?;
        let is_search = expanded.len() > 1;
        for expanded in expanded {
            let mut hidden = inside(draft, &expanded)?;
            // A program lies in one of the directories, and is missed in none of the others.
            hidden.retain(|path| !is_search || path.exists());
            refuse_undone(draft, &hidden)?;
            let follow = !item.no_follow;
            let covers = hidden.iter().map(|hidden| Step::Cover {
                path: path(hidden),
                follow,
            });
            draft.steps.extend(covers);
        }
    }
    Ok(())
}

/// In a mount namespace of its own a program can let go of the mounts that hold the way to what is hidden, and
/// rename that way where it may write: the next cell would show it.
fn refuse_undone(draft: &Draft<'_>, hidden: &[PathBuf]) -> Result<(), Failure> {
    if draft.request.profile.limits.user_namespaces == 0 {
        return Ok(());
    }
    let mut written = draft.steps.iter().filter_map(|step| match step {
        Step::Bind(bind) if !bind.read_only => Some(bind.target.as_path()),
        _ => None,
    });
    let undone = written.find_map(|shown| {
        let mut hidden = hidden.iter();
        hidden.find(|path| path.starts_with(shown) && *path != shown)
    });
    match undone {
        Some(path) => Err(Failure::Undone { path: path.clone() }),
        None => Ok(()),
    }
}

/// Only what the host has: a name less to look for, and no remark about what nobody misses.
fn add_defaults(draft: &mut Draft<'_>) {
    let mut real = Vec::new();
    let programs = SEARCHED
        .iter()
        .flat_map(|directory| programs(Path::new(directory)));
    let all = DIRECTORIES.iter().map(PathBuf::from).chain(programs);
    for found in all {
        // With a merged /usr the same thing has two names here, and one place in the cell.
        let Ok(place) = found.canonicalize() else {
            continue;
        };
        if real.iter().any(|known| place.starts_with(known)) {
            continue;
        }
        real.push(place);
        let (path, follow) = (path(&found), true);
        draft.steps.push(Step::Cover { path, follow });
    }
}

fn programs(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for name in PROGRAMS {
        match name.strip_suffix('*') {
            None => found.push(directory.join(name)),
            Some(start) => {
                let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
                let fitting = entries.filter(|entry| {
                    entry
                        .file_name()
                        .to_str()
                        .is_some_and(|name| name.starts_with(start))
                });
                let mut paths: Vec<_> = fitting.map(|entry| entry.path()).collect();
                paths.sort();
                found.extend(paths);
            }
        }
    }
    found
}

/// What a path stands for inside. A pattern is compared with what lies on the host where the cell has it
/// from, be it by a link of the cell's.
fn inside(draft: &Draft<'_>, hidden: &ExpandedPath) -> Result<Vec<PathBuf>, Failure> {
    if let Some(plain) = hidden.plain() {
        return Ok(vec![plain.into()]);
    }
    let mut patterns = vec![hidden.clone()];
    for step in &draft.steps {
        if let Step::Symlink { path, target, .. } = step {
            let (path, target) = (path.as_path(), target.as_path());
            patterns.extend(hidden.moved(path, target).filter(|_| target.is_absolute()));
        }
    }
    let mut found = Vec::new();
    for pattern in &patterns {
        found.extend(draft.as_user(|| matches(pattern))??);
        found.extend(moved(draft, pattern)?);
    }
    found.sort();
    found.dedup();
    let is_shown = |path: &PathBuf| shows(draft, path);
    draft.as_user(|| found.retain(is_shown))?;
    Ok(found)
}

/// What fits a pattern at the other end of a bind.
fn moved(draft: &Draft<'_>, pattern: &ExpandedPath) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for step in &draft.steps {
        let Step::Bind(bind) = step else { continue };
        let (source, target) = (bind.source.as_path(), bind.target.as_path());
        let Some(moved) = pattern.moved(target, source).filter(|_| source != target) else {
            continue;
        };
        let outside = draft.as_user(|| matches(&moved))??;
        let rests = outside
            .iter()
            .filter_map(|path| path.strip_prefix(source).ok());
        found.extend(rests.map(|rest| target.join(rest)));
    }
    Ok(found)
}

/// Whether something of a path may be in the cell: nobody misses what is on the host alone.
fn shows(draft: &Draft<'_>, path: &Path) -> bool {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    draft.steps.iter().any(|step| {
        let place = step.place().as_path();
        let is_bind = matches!(step, Step::Bind(_));
        let fits = |path: &Path| place.starts_with(path) || (is_bind && path.starts_with(place));
        fits(path) || fits(&real)
    })
}
