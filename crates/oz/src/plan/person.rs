//! Whom a cell is for: a user of the system, and the groups that a cell may have of his.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use confine::plan::{Bytes, User};
use nix::unistd::{self, Group};
use profile::{Gid, Uid};

/// A user of the system.
#[derive(Debug, Clone)]
pub struct Person {
    /// As profiles know him.
    pub user: profile::User,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

/// Why nobody is found.
#[derive(Debug, thiserror::Error)]
pub enum Unknown {
    /// The system cannot be asked.
    #[error("the user {name}: {source}")]
    Lookup {
        /// Who.
        name: String,
        /// Why not.
        source: nix::errno::Errno,
    },
    /// There is nobody of this name or number.
    #[error("there is no user {name}")]
    Nobody {
        /// Who.
        name: String,
    },
    /// Root has no cells: what root may do is not taken away by walls.
    #[error("no cell is made for root; name a user with --user")]
    Root,
    /// Whoever runs set-user-ID is two users.
    #[error(
        "this program runs with the rights of one user for another one, and makes no cell for either"
    )]
    Two,
    /// The home directory is no path that can be used.
    #[error("the home directory of {name} is {home}, which is no absolute path")]
    Home {
        /// Who.
        name: String,
        /// What it is.
        home: String,
    },
}

/// Looks up a user, with the groups of a list that he is a member of: a primary group does not count
/// (oz.md §4.2).
///
/// # Errors
/// [`Unknown`].
pub fn look_up<'a>(
    name: &str,
    groups: impl Iterator<Item = &'a String>,
) -> Result<Person, Unknown> {
    let failed = |source| Unknown::Lookup {
        name: name.into(),
        source,
    };
    let nobody = || Unknown::Nobody { name: name.into() };
    let found = unistd::User::from_name(name)
        .map_err(failed)?
        .ok_or_else(nobody)?;
    if found.uid.is_root() {
        return Err(Unknown::Root);
    }
    let mut numbers = BTreeSet::new();
    for group in groups {
        let known = Group::from_name(group).map_err(failed)?;
        let member = known.filter(|group| group.mem.iter().any(|member| member == name));
        numbers.extend(member.map(|group| group.gid.as_raw()));
    }
    person(found, numbers.into_iter().collect())
}

/// Looks up the user who has called this program, who is in the groups that he was in when he did.
///
/// # Errors
/// [`Unknown`].
pub fn look_up_caller() -> Result<Person, Unknown> {
    let (uid, gid) = (unistd::geteuid(), unistd::getegid());
    let name = uid.to_string();
    let failed = |source| Unknown::Lookup {
        name: name.clone(),
        source,
    };
    if (unistd::getuid(), unistd::getgid()) != (uid, gid) {
        return Err(Unknown::Two);
    }
    let found = unistd::User::from_uid(uid).map_err(failed)?;
    let nobody = || Unknown::Nobody { name: name.clone() };
    let found = found.ok_or_else(nobody)?;
    let groups = unistd::getgroups().map_err(failed)?;
    let numbers: BTreeSet<u32> = groups.into_iter().map(unistd::Gid::as_raw).collect();
    let others = numbers.into_iter().filter(|number| *number != gid.as_raw());
    person(unistd::User { gid, ..found }, others.collect())
}

fn person(found: unistd::User, groups: Vec<u32>) -> Result<Person, Unknown> {
    let name = found.name;
    let home = found.dir.to_string_lossy().into_owned();
    if !home.starts_with('/') || home.len() < 2 || found.dir.to_str().is_none() {
        return Err(Unknown::Home { name, home });
    }
    Ok(Person {
        user: profile::User {
            name,
            uid: Uid(found.uid.as_raw()),
            gid: Gid(found.gid.as_raw()),
            home,
            directories: std::collections::BTreeMap::new(),
        },
        groups,
    })
}

impl Person {
    pub(super) fn as_planned(&self) -> User {
        User {
            uid: self.user.uid.0,
            gid: self.user.gid.0,
            groups: self.groups.clone(),
            home: Bytes::from(self.user.home.as_str()),
        }
    }

    /// The file that says where the user keeps documents and the like (user-dirs.dirs(5)).
    pub(super) fn file_of_directories(&self) -> PathBuf {
        Path::new(&self.user.home).join(".config/user-dirs.dirs")
    }

    /// Reads where the user keeps documents and the like, with his own rights.
    ///
    /// # Errors
    /// [`confine::Error`] where these cannot be taken.
    pub fn read_directories(&mut self) -> Result<(), confine::Error> {
        let file = self.file_of_directories();
        let own = confine::with_rights(&self.as_planned(), || Ok(bounded(&file)))?;
        let defaults = bounded(Path::new("/etc/xdg/user-dirs.defaults"));
        self.user.directories = profile::directories(&self.user.home, &own, &defaults);
        Ok(())
    }
}

/// The beginning of a regular file; nothing where there is none.
fn bounded(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let opened = fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path);
    let Ok(file) = opened else {
        return bytes;
    };
    if file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        let most = u64::try_from(profile::MOST_BYTES_OF_USER_DIRS).unwrap_or(u64::MAX);
        let _ = file.take(most).read_to_end(&mut bytes);
    }
    bytes
}
