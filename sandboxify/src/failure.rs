//! What keeps a program from being started, with the status that says whose fault it is.

use std::path::PathBuf;

use launch::{Need, Obstacle, in_words};

/// Why nothing was run. Prints as `sandboxify: what: why`, with what to do next where we know it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line.
    #[error("{0}\nTry 'sandboxify --help'.")]
    Usage(String),
    /// No list anywhere.
    #[error(
        "no policy given: use --allow LIST, --deny LIST or --policy FILE, or set SECCOMP_SYSCALL_ALLOW or SECCOMP_SYSCALL_DENY"
    )]
    NoPolicy,
    /// A list or a value that cannot be read.
    #[error(transparent)]
    Policy(#[from] policy::Error),
    /// A policy file that cannot be read.
    #[error(transparent)]
    Format(#[from] formats::Error),
    /// The filter could not be made or loaded.
    #[error("{0}; the program was not started")]
    Filter(#[from] filter::Error),
    /// The way past the filter failed.
    #[error(transparent)]
    Launch(launch::Error),
    /// libseccomp has no filter for the policy.
    #[error("{0}; use --compiler native; the program was not started")]
    Libseccomp(#[from] oracle::Error),
    /// A system call of our own failed.
    #[error("{what}: {}", in_words(*.errno))]
    System {
        /// What was to be done.
        what: &'static str,
        /// The error number.
        errno: i32,
    },
    /// A file that cannot be learned into.
    #[error("--learn {0}")]
    Learn(#[from] supervise::Error),
    /// What an option asks for is not possible here.
    #[error("{option}: {why}")]
    Unavailable {
        /// The option.
        option: &'static str,
        /// What stands against it, and what to use instead.
        why: String,
    },
    /// The program's file was found but cannot be run, or not under a filter.
    #[error("{}: {why}", .path.display())]
    NotExecutable {
        /// The file.
        path: PathBuf,
        /// What stands against it.
        why: String,
    },
    /// There is no such program.
    #[error("{}: command not found", .program.display())]
    NotFound {
        /// The program as given.
        program: PathBuf,
    },
}

impl Failure {
    /// The exit status, as env(1) and other launchers have it: 127 not found, 126 cannot be
    /// executed, 125 our own failure.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Failure::NotFound { .. } => 127,
            Failure::NotExecutable { .. } => 126,
            _ => 125,
        }
    }

    /// The line for standard error.
    pub(crate) fn message(&self) -> String {
        format!("sandboxify: {self}\n")
    }

    /// The file cannot be run because of a system error.
    pub(crate) fn cannot_run(path: &std::path::Path, errno: i32) -> Failure {
        Failure::NotExecutable {
            path: path.to_path_buf(),
            why: in_words(errno).to_string(),
        }
    }
}

impl From<launch::Error> for Failure {
    fn from(error: launch::Error) -> Failure {
        match error {
            launch::Error::NotFound { program } => Failure::NotFound { program },
            launch::Error::NotExecutable { path, errno } => Failure::cannot_run(&path, errno),
            launch::Error::Nul => Failure::Usage(error.to_string()),
            launch::Error::Unavailable { need, obstacle } => Failure::Unavailable {
                option: option(need),
                why: format!("{obstacle}{}", instead(&obstacle)),
            },
            other => Failure::Launch(other),
        }
    }
}

/// The option that asks for it.
fn option(need: Need) -> &'static str {
    match need {
        Need::Suspension => "--method suspend",
        Need::Injection => "--method inject",
        Need::Explanation => "--explain",
        Need::Audit => "--audit",
    }
}

/// What can be done instead.
fn instead(obstacle: &Obstacle) -> &'static str {
    match obstacle {
        Obstacle::Adopting | Obstacle::Forbidden | Obstacle::Unknown => "; use --method ticket",
        Obstacle::Untraceable(_) | Obstacle::Lost(_) => {
            "; --at exec with --method ticket and without --explain needs no tracer"
        }
        Obstacle::AnotherListener => "; enforcing runs need neither",
        Obstacle::Trace(_) | Obstacle::Alone(_) => "",
    }
}
