//! What keeps a program from being started, with the status that says whose fault it is.

use std::path::PathBuf;

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
    /// libseccomp has no filter for the policy.
    #[error("{0}; use --compiler native; the program was not started")]
    Libseccomp(#[from] oracle::Error),
    /// A system call of our own failed.
    #[error("{what}: {}", errno_in_words(*.errno))]
    System {
        /// What was to be done.
        what: &'static str,
        /// The error number.
        errno: i32,
    },
    /// A file that cannot be learned into.
    #[error("--learn {}: {why}", .path.display())]
    Learn {
        /// The file.
        path: PathBuf,
        /// What stands against it.
        why: String,
    },
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
            why: errno_in_words(errno).to_string(),
        }
    }
}

/// An error number in words, without the C library's tables: these are the ones that exec, the
/// file system and our own calls give.
pub(crate) fn errno_in_words(errno: i32) -> &'static str {
    match errno {
        libc::ENOENT => "no such file, or the interpreter that it names is missing",
        libc::EACCES => "permission denied",
        libc::EPERM => "operation not permitted",
        libc::ENOEXEC => "not a program in a format that the kernel knows",
        libc::ETXTBSY => "the file is open for writing",
        libc::E2BIG => "arguments and environment are too long",
        libc::ENOTDIR => "a part of the path is not a directory",
        libc::ELOOP => "too many symbolic links",
        libc::ENOMEM => "out of memory",
        libc::EISDIR => "is a directory",
        libc::ELIBBAD => "a broken ELF file",
        libc::ENAMETOOLONG => "the name is too long",
        libc::EMFILE | libc::ENFILE => "too many open files",
        libc::EIO => "input/output error",
        other => u16::try_from(other)
            .ok()
            .and_then(syscalls::errno::name)
            .unwrap_or("unknown error"),
    }
}
