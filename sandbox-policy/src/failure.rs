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
    /// A log that cannot be read, or has nothing in it.
    #[error("{0}")]
    Log(logs::Error),
    /// The audit group is not for everyone.
    #[error(
        "--follow: {0}; it needs root: CAP_AUDIT_READ, and not in a user namespace (else use dmesg, journalctl or strace)"
    )]
    Denied(logs::Error),
    /// No record would arrive.
    #[error(
        "--follow: this is not the initial network namespace, and the kernel sends audit records there alone; run it on the host"
    )]
    Namespace,
    /// A recording must not turn out to be of too many programs at its end.
    #[error("--follow: whom? give --exe PATH, --comm NAME, --pid PID or --all")]
    Whom,
    /// No log, and nobody who types one.
    #[error("no log given: name files, feed standard input, or use --follow")]
    NoLog,
    /// Nothing was recorded.
    #[error("no system call was recorded")]
    NoCalls,
    /// A policy is one program's.
    #[error(
        "several programs are in the log; choose with --exe PATH, --comm NAME or --pid PID, or take --all:{list}"
    )]
    SeveralPrograms {
        /// The programs, a line each, from a newline on.
        list: String,
    },
    /// The one that was asked for is not in the log.
    #[error("no system call of the program that was asked for is in the log; it has:{list}")]
    NoSuchProgram {
        /// The programs that are, a line each, from a newline on.
        list: String,
    },
    /// What was seen cannot become a policy.
    #[error(transparent)]
    Merge(#[from] watch::learn::Error),
    /// A file that cannot be learned into.
    #[error("--learn {}: {why}{rest}", .path.display())]
    Learn {
        /// The file.
        path: PathBuf,
        /// What stands against it.
        why: Box<ledger::Error>,
        /// Where what was learned is instead; empty, or from a semicolon on.
        rest: String,
    },
    /// Bytes for a terminal.
    #[error("the filter is no text; use --output FILE, redirect it, or use --disasm")]
    Terminal,
}

impl From<logs::Error> for Failure {
    fn from(error: logs::Error) -> Failure {
        match error.is_denied() {
            true => Failure::Denied(error),
            false => Failure::Log(error),
        }
    }
}

impl Failure {
    /// A file that cannot be learned into.
    pub(crate) fn learn(ledger: &ledger::Ledger, why: ledger::Error) -> Failure {
        Failure::Learn {
            path: ledger.path().to_path_buf(),
            why: Box::new(why),
            rest: String::new(),
        }
    }

    /// A file that cannot take what was learned, which is put beside it.
    pub(crate) fn rescued(
        ledger: &ledger::Ledger,
        seen: &watch::learn::Observations,
        why: ledger::Error,
    ) -> Failure {
        let beside = ledger.beside();
        let beside = beside.display();
        let rest = match ledger.rescue(seen) {
            Ok(()) => format!("; it was left as it is, and what was learned is in {beside}"),
            Err(other) => format!("; {beside}: {other}"),
        };
        Failure::Learn {
            path: ledger.path().to_path_buf(),
            why: Box::new(why),
            rest,
        }
    }
}
