//! Why a program was not started, in Oz's sentences where they are true.

use crate::filter;

/// Why nothing was run.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A command line that cannot be meant.
    #[error("{0}")]
    Usage(String),
    /// Nothing to run.
    #[error("must specify a command to be traced.")]
    NoCommand,
    /// A mode that is none.
    #[error("Invalid mode specified (must be whitelist, blacklist, or train)")]
    Mode,
    /// A profile that is wrong; what is wrong was said.
    #[error("unable to decode profile data: {0}")]
    Profile(String),
    /// A configuration that is wrong.
    #[error("the configuration cannot be used: {0}")]
    Configuration(String),
    /// A profile without a filter.
    #[error("Cannot run seccomp in {0} mode if seccomp is disabled in profile.")]
    Disabled(&'static str),
    /// The filter cannot be made.
    #[error(transparent)]
    Filter(#[from] filter::Failure),
    /// The kernel knows less than the policy needs, or does not let this process have a filter.
    #[error("error installing seccomp filter: {0}")]
    Install(#[from] ::filter::Error),
    /// The way to the program.
    #[error(transparent)]
    Launch(launch::Error),
    /// Nobody can watch here.
    #[error("{0}; run it outside of what watches or traces it already")]
    Unwatchable(launch::Error),
    /// The policy cannot be written.
    #[error(transparent)]
    Output(#[from] supervise::Error),
    /// Where the policy is to be written by the profile is nowhere.
    #[error("seccomp.train_output: {0}; name the file with -o")]
    TrainOutput(profile::Problem),
    /// Nobody said where the policy is to be written.
    #[error("HOME is not set: name the policy's file with -o")]
    NoHome,
    /// Only root can keep privileges with a filter.
    #[error(
        "{0} needs CAP_SYS_ADMIN: without it the kernel takes no filter of a process that can gain privileges"
    )]
    Unprivileged(&'static str),
}

impl Failure {
    /// The exit status: 127 and 126 as env(1) has them, else Oz's.
    pub fn status(&self) -> u8 {
        match self {
            Failure::Launch(launch::Error::NotFound { .. }) => 127,
            Failure::Launch(launch::Error::NotExecutable { .. }) => 126,
            _ => 1,
        }
    }
}

impl From<launch::Error> for Failure {
    fn from(error: launch::Error) -> Failure {
        match error {
            launch::Error::Unavailable { .. } => Failure::Unwatchable(error),
            error => Failure::Launch(error),
        }
    }
}
