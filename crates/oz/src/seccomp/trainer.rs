//! Training: a policy from what a program was seen to do.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use profile::{Circumstances, Gid, PathPattern, Uid, User};
use supervise::{Learning, Listing, open_policy};
use watch::learn::oz::Detail;

use super::failure::Failure;
use super::start::Manner;
use super::target::Target;
use crate::filter::Filter;

/// How a policy is written.
pub(super) struct Trainer {
    /// The file; nothing for one of Oz's names in the home directory.
    pub(super) output: Option<PathBuf>,
    /// A file that is there grows; else it is replaced.
    pub(super) grows: bool,
    pub(super) detail: Detail,
    pub(super) listing: Listing,
    /// How calls are shown.
    pub(super) manner: Manner,
}

impl Trainer {
    /// What is learned of a target's calls, of those that `filter` does not allow.
    pub(super) fn learning(&self, target: &Target, filter: Filter) -> Result<Learning, Failure> {
        let path = match &self.output {
            Some(path) => path.clone(),
            None => at_home(target)?,
        };
        let options = target.options();
        let learning = match self.grows {
            true => Learning::new(&path, options, None, open_policy)?.private(),
            false => Learning::anew(&path, options, self.detail, self.listing, open_policy)?,
        };
        Ok(learning.showing(self.manner.reports(filter)))
    }
}

/// A filter that lets every call be seen.
pub(super) fn all_calls(every: bool) -> Result<Filter, Failure> {
    let mut filter = Filter::training(PathBuf::new())?;
    filter.debug = every;
    Ok(filter)
}

/// Where Oz writes: `$HOME/<program>-<pid>.seccomp`. The process that this is will be the program.
fn at_home(target: &Target) -> Result<PathBuf, Failure> {
    let home = std::env::var_os("HOME").filter(|home| Path::new(home).is_absolute());
    let mut name: OsString = target.name().to_owned();
    name.push(format!("-{}.seccomp", std::process::id()));
    Ok(Path::new(&home.ok_or(Failure::NoHome)?).join(name))
}

/// Where a profile has its policy written.
pub(super) fn train_output(pattern: &PathPattern, target: &Target) -> Result<PathBuf, Failure> {
    let user = caller()?;
    let circumstances = Circumstances {
        user: &user,
        sandbox: &target.name().to_string_lossy(),
        display: None,
    };
    let found = pattern.expand(&circumstances);
    let found = found.map_err(Failure::TrainOutput)?;
    let plain = found.first().and_then(profile::ExpandedPath::plain);
    plain.map(PathBuf::from).ok_or(Failure::NoHome)
}

fn caller() -> Result<User, Failure> {
    let home = std::env::var("HOME").map_err(|_| Failure::NoHome)?;
    let (uid, gid) = (nix::unistd::getuid(), nix::unistd::getgid());
    let found = nix::unistd::User::from_uid(uid).ok().flatten();
    Ok(User {
        name: found.map_or_else(|| uid.to_string(), |user| user.name),
        uid: Uid(uid.as_raw()),
        gid: Gid(gid.as_raw()),
        home,
        directories: std::collections::BTreeMap::new(),
    })
}
