//! Looking at files with the user's rights instead of root's.
//!
//! Whatever a user can make a name of may lead anywhere; what root opens by such a name, root has
//! opened for the user.

use rustix::process::{getegid, geteuid};
use rustix::thread::set_thread_groups;

use crate::error::{Error, call};
use crate::plan::{Owner, User};
use crate::sys;

/// Does something with somebody's rights about files. This process must have one thread alone.
pub(crate) fn with<T>(
    owner: Owner,
    user: &User,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    // Whoever is this user has no other rights to take.
    if owner == Owner::Root || geteuid().as_raw() == user.uid {
        return work();
    }
    take(user)?;
    let done = work();
    give_back()?;
    done
}

/// Does something with the user's rights about files, as [`build`](crate::build) does. This process must be
/// root's or the user's, and have one thread.
///
/// # Errors
/// Those of the work; [`Error::Call`] where the rights cannot be taken or given back.
pub fn with_rights<T>(user: &User, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    with(Owner::User, user, work)
}

fn take(user: &User) -> Result<(), Error> {
    groups(&user.groups)?;
    sys::set_file_ids(user.uid, user.gid).map_err(call("take the user's rights"))
}

fn give_back() -> Result<(), Error> {
    sys::set_file_ids(0, getegid().as_raw()).map_err(call("give the user's rights back"))?;
    groups(&[])
}

/// Sets the supplementary groups of this thread, which is all of the process.
pub(crate) fn groups(numbers: &[u32]) -> Result<(), Error> {
    let groups: Vec<_> = numbers
        .iter()
        .map(|&one| rustix::process::Gid::from_raw(one))
        .collect();
    set_thread_groups(&groups).map_err(call("set the groups"))
}
