//! Whom a sandbox is for, as data: nothing here asks the system, and nothing is taken from an environment.

use std::collections::BTreeMap;

/// A user id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(pub u32);

/// A group id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gid(pub u32);

/// The user that a sandbox is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The user id.
    pub uid: Uid,
    /// The primary group.
    pub gid: Gid,
    /// The home directory, absolute.
    pub home: String,
    /// The directories of `${XDG_…_DIR}`, by what stands for the dots: `DOWNLOAD`; made by
    /// [`directories`](crate::directories).
    pub directories: BTreeMap<String, String>,
}
