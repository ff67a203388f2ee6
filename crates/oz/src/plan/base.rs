//! The system and the empty directories around it (oz.md §3.1, steps 2, 3 and 6).

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use confine::plan::{Bind, Bytes, Missing, Owner, Step};

use super::Draft;

/// Directories that are there in every cell, with nothing in them.
const EMPTY: [(&str, u32); 19] = [
    ("/boot", 0o755),
    ("/home", 0o755),
    ("/media", 0o755),
    ("/mnt", 0o755),
    ("/opt", 0o755),
    ("/root", 0o700),
    ("/run", 0o755),
    ("/run/lock", 0o1777),
    ("/run/user", 0o755),
    ("/run/resolvconf", 0o755),
    ("/srv", 0o755),
    ("/var", 0o755),
    ("/var/lib", 0o755),
    ("/var/lib/dbus", 0o755),
    ("/var/cache", 0o755),
    ("/var/crash", 0o755),
    ("/etc", 0o755),
    ("/proc", 0o555),
    ("/sys", 0o555),
];

/// Links that programs expect.
const LINKS: [(&str, &str); 3] = [
    ("/var/run", "/run"),
    ("/var/tmp", "/tmp"),
    ("/var/lock", "/run/lock"),
];

/// Where programs and libraries lie, besides /usr. Where the host has links into /usr, the cell has the
/// same, so that everything has one name.
const AROUND_USR: [&str; 5] = ["/bin", "/lib", "/lib32", "/lib64", "/libx32"];

pub(super) fn add(draft: &mut Draft<'_>) {
    if !draft.request.profile.no_defaults {
        draft.steps.push(Step::Bind(system("/usr", Missing::Fail)));
        for path in AROUND_USR {
            draft.steps.extend(beside_usr(path));
        }
        // Administrators' programs are nothing for a cell: a link, or an empty directory.
        let sbin = link_of_host("/sbin").unwrap_or(Step::Directory {
            path: "/sbin".into(),
            mode: 0o755,
            owner: Owner::Root,
        });
        draft.steps.push(sbin);
    }
    for (path, mode) in EMPTY {
        draft.steps.push(directory(path, mode, Owner::Root));
    }
    draft.steps.push(Step::Memory {
        path: "/tmp".into(),
        mode: 0o1777,
        owner: Owner::Root,
        executable: false,
        devices: false,
        size: None,
    });
    for (path, target) in LINKS {
        draft.steps.push(Step::Symlink {
            path: path.into(),
            target: target.into(),
            owner: Owner::Root,
        });
    }
    draft.steps.push(Step::File {
        path: super::MARKER.into(),
        mode: 0o644,
        text: Bytes::from(draft.request.profile.name.as_str()),
    });
}

/// What is the user's own: the home directory and what belongs to a session.
pub(super) fn add_directories_of_user(draft: &mut Draft<'_>) {
    let user = &draft.request.person.user;
    let media = format!("/media/{}", user.name);
    let session = format!("/run/user/{}", user.uid.0);
    draft.steps.extend([
        directory("/run/dbus", 0o755, Owner::User),
        directory(&user.home, 0o700, Owner::User),
        directory(&session, 0o700, Owner::User),
        directory(&media, 0o755, Owner::Root),
    ]);
}

fn directory(path: &str, mode: u32, owner: Owner) -> Step {
    let path = path.into();
    Step::Directory { path, mode, owner }
}

/// Something of the system's, to look at and to execute.
pub(super) fn system(path: &str, missing: Missing) -> Bind {
    Bind {
        source: path.into(),
        target: path.into(),
        reader: Owner::Root,
        follow: true,
        missing,
        replace: false,
        read_only: true,
        executable: true,
    }
}

fn beside_usr(path: &str) -> Option<Step> {
    if let Some(link) = link_of_host(path) {
        return Some(link);
    }
    let there = fs::metadata(path).is_ok_and(|metadata| metadata.is_dir());
    there.then(|| Step::Bind(system(path, Missing::Fail)))
}

fn link_of_host(path: &str) -> Option<Step> {
    let target = fs::read_link(Path::new(path)).ok()?;
    Some(Step::Symlink {
        path: path.into(),
        target: Bytes(target.as_os_str().as_bytes().to_vec()),
        owner: Owner::Root,
    })
}
