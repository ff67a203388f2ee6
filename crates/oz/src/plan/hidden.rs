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
/// from.
fn inside(draft: &Draft<'_>, hidden: &ExpandedPath) -> Result<Vec<PathBuf>, Failure> {
    if let Some(plain) = hidden.plain() {
        return Ok(vec![plain.into()]);
    }
    let mut found = draft.as_user(|| matches(hidden))?;
    for step in &draft.steps {
        let Step::Bind(bind) = step else { continue };
        if bind.source == bind.target {
            continue;
        }
        let Some(moved) = hidden.moved(bind.target.as_path(), bind.source.as_path()) else {
            continue;
        };
        let outside = draft.as_user(|| matches(&moved))?;
        let back = outside.iter().filter_map(|path| {
            let rest = path.strip_prefix(bind.source.as_path()).ok()?;
            Some(bind.target.as_path().join(rest))
        });
        found.extend(back);
    }
    Ok(found)
}
