//! What can go wrong, with the place and the cause.

use std::path::PathBuf;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No list anywhere.
    #[error(
        "no policy given: give a FILE, use --list-allow LIST or --list-deny LIST, or set SECCOMP_SYSCALL_ALLOW or SECCOMP_SYSCALL_DENY"
    )]
    NoPolicy,
    /// A list or a value that cannot be read.
    #[error(transparent)]
    Policy(#[from] policy::Error),
    /// A policy file that cannot be read, or a policy that a format cannot say.
    #[error(transparent)]
    Format(#[from] formats::Error),
    /// `test` without anything to test.
    #[error(
        "no call given; write a call such as 'openat(AT_FDCWD, *, O_RDONLY)' behind the policy"
    )]
    NoCall,
    /// `--json` for a command whose output is no table.
    #[error("--json: this command's output has a form of its own")]
    NoJson,
    /// A call that cannot be read.
    #[error("\"{call}\" is no call: {why}")]
    Call {
        /// The call as written.
        call: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The filter could not be compiled.
    #[error(transparent)]
    Filter(#[from] filter::Error),
    /// libseccomp has no program for it.
    #[error("{0}; use --compiler native")]
    Oracle(#[from] oracle::Error),
    /// A file or a stream.
    #[error("{what}: {source}")]
    Io {
        /// The file or stream.
        what: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A call, group or ABI that there is not.
    #[error("\"{word}\" is no {kind}{hint}")]
    Unknown {
        /// What it was taken for.
        kind: &'static str,
        /// The word.
        word: String,
        /// What to do about it; empty or from "; ".
        hint: &'static str,
    },
    /// A program that cannot hold a filter, or a file that cannot be written.
    #[error("{}: {why}", .path.display().to_string().escape_debug())]
    Program {
        /// The file.
        path: PathBuf,
        /// What stands against it, and what to do.
        why: String,
    },
    /// A policy for another machine that cannot be made here.
    #[error("{what} cannot be embedded in a program for {abi} from here; do it on such a machine")]
    Foreign {
        /// What the policy has.
        what: &'static str,
        /// The program's machine.
        abi: syscalls::Abi,
    },
    /// A policy that no text gives back.
    #[error(
        "the policy cannot be written into the program, because no format has words for all of it: {0}"
    )]
    Unwritten(String),
    /// Bytes for a terminal.
    #[error("the filter is no text; use --output FILE, redirect it, or use --disasm")]
    Terminal,
}
