//! Which filter a command line and a profile come to.

use std::fmt;
use std::path::{Path, PathBuf};

use profile::{Circumstances, Config, PathPattern, Profile, SeccompMode, Uid};

use super::arguments::Run;
use crate::filter::{self, Filter, Places, Purpose};
use crate::plan::{Need, Person};

/// A filter that was chosen, and where what is said of it goes.
pub(super) struct Chosen {
    pub(super) filter: Filter,
    /// The file of reports; standard error where there is none.
    pub(super) log: Option<PathBuf>,
}

/// What a profile and its caller want.
pub(super) type Wanted = Result<Option<Chosen>, Failure>;

/// Why no filter can be chosen.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The filter cannot be made.
    #[error("{0}\n--without seccomp runs it without a filter")]
    Filter(#[from] filter::Failure),
    /// There is no policy to speak of.
    #[error("{0}: the profile has no filter; --train FILE makes a policy for one")]
    NoFilter(&'static str),
    /// Both cannot be.
    #[error("{0} and --without seccomp exclude each other")]
    Without(&'static str),
    /// A path of the profile stands for nothing.
    #[error("{path} (line {line}): {problem}")]
    Path {
        /// As it is written.
        path: String,
        /// Where.
        line: usize,
        /// What is wrong.
        problem: profile::Problem,
    },
    /// This process does not know where it is.
    #[error("{}: {source}", path.display())]
    Directory {
        /// What was to be found from there.
        path: PathBuf,
        /// Why it was not.
        source: std::io::Error,
    },
}

/// What is asked for, and of whom.
pub(super) struct Asked<'a> {
    pub(super) words: &'a Run,
    pub(super) config: &'a Config,
    pub(super) profile: &'a Profile,
    /// The profile's file.
    pub(super) file: &'a Path,
    pub(super) person: &'a Person,
    /// Who besides root may have written policies.
    pub(super) owner: Uid,
}

impl Asked<'_> {
    /// The filter; nothing where the profile has none, or the caller does without.
    pub(super) fn filter(&self, without: &[Need]) -> Wanted {
        if without.contains(&Need::Seccomp) {
            return match self.words.purpose() {
                Some(option) => Err(Failure::Without(option)),
                None => Ok(None),
            };
        }
        let Some(mut filter) = self.wanted()? else {
            return match self.words.purpose() {
                Some(option) => Err(Failure::NoFilter(option)),
                None => Ok(None),
            };
        };
        match self.words {
            Run { audit: true, .. } => filter.purpose = Purpose::Audit,
            Run { explain: true, .. } => filter.purpose = Purpose::Explain,
            Run {
                no_explain: true, ..
            } => filter.purpose = Purpose::Enforce { told: false },
            _ => {}
        }
        let log = self.profile.log_dir.as_ref();
        let log = log.map(|directory| self.expanded(directory)).transpose()?;
        let name = format!("{}.log", self.profile.name);
        Ok(Some(Chosen {
            filter,
            log: log.map(|directory| directory.join(name)),
        }))
    }

    fn wanted(&self) -> Result<Option<Filter>, Failure> {
        if let Some(output) = &self.words.train {
            return Ok(Some(Filter::training(absolute(output)?)?));
        }
        let seccomp = &self.profile.seccomp;
        if seccomp.mode == SeccompMode::Train && !self.words.audit && !self.words.explain {
            return Ok(Some(Filter::training(self.output()?)?));
        }
        let file = absolute(self.file)?;
        let places = Places {
            beside: file.parent().unwrap_or(Path::new("/")),
            settings: Path::new(&self.config.etc_prefix),
            owner: self.owner,
        };
        Ok(Filter::of(seccomp, &places)?)
    }

    /// Where a profile that trains has its policy written.
    fn output(&self) -> Result<PathBuf, Failure> {
        let name = format!("{}.seccomp", self.profile.name);
        match &self.profile.seccomp.train_output {
            Some(path) => self.expanded(path),
            None => Ok(Path::new(&self.person.user.home).join(name)),
        }
    }

    fn expanded(&self, pattern: &PathPattern) -> Result<PathBuf, Failure> {
        let failed = |problem| Failure::Path {
            path: pattern.as_str().into(),
            line: pattern.place().line,
            problem,
        };
        let circumstances = Circumstances {
            user: &self.person.user,
            sandbox: &self.profile.name,
            display: None,
        };
        let expanded = pattern.expand(&circumstances).map_err(failed)?;
        let plain = expanded.into_iter().find_map(|path| path.plain());
        let many = "stands for many files";
        let unfit = || profile::Problem::Unfit {
            text: pattern.as_str().into(),
            why: many,
        };
        plain.map(PathBuf::from).ok_or_else(|| failed(unfit()))
    }
}

impl Run {
    /// The option that is about the filter, if there is one.
    fn purpose(&self) -> Option<&'static str> {
        match self {
            Run { audit: true, .. } => Some("--audit"),
            Run { explain: true, .. } => Some("--explain"),
            Run {
                no_explain: true, ..
            } => Some("--no-explain"),
            Run { train: Some(_), .. } => Some("--train"),
            _ => None,
        }
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|source| Failure::Directory {
        path: path.into(),
        source,
    })
}

impl Chosen {
    /// For programs.
    pub(super) fn json(&self) -> serde_json::Value {
        let (mode, policy) = match &self.filter.source {
            Some(source) => (
                Some(source.mode_name()),
                Some(source.path.display().to_string()),
            ),
            None => (None, None),
        };
        serde_json::json!({
            "purpose": self.filter.purpose.name(),
            "mode": mode,
            "policy": policy,
            "output": self.filter.purpose.output(),
            "log": self.log,
        })
    }
}

/// A line for people.
impl fmt::Display for Chosen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "filter {}", self.filter.purpose.name())?;
        if let Some(source) = &self.filter.source {
            write!(
                formatter,
                " {} {}",
                source.mode_name(),
                source.path.display()
            )?;
        }
        if let Some(output) = self.filter.purpose.output() {
            write!(formatter, " into {}", output.display())?;
        }
        match &self.log {
            Some(log) => write!(formatter, ", reports to {}", log.display()),
            None => Ok(()),
        }
    }
}
