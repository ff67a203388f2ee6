//! The options of `from-log`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use logs::Record;

use crate::arguments::PolicyArguments;
use crate::failure::Failure;

/// What to read, of whom, and what to make of it.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The logs; standard input without any, and for -
    #[arg(value_name = "LOG")]
    pub(crate) logs: Vec<OsString>,
    /// How logs are written (default: by content, each)
    #[arg(long, value_enum)]
    pub(crate) format: Option<LogFormat>,
    /// Record what the kernel audits from now on, until SIGINT or SIGTERM; needs root
    #[arg(long, conflicts_with_all = ["logs", "format", "since"])]
    pub(crate) follow: bool,
    /// How long to record
    #[arg(long = "for", value_name = "SECONDS", requires = "follow")]
    pub(crate) seconds: Option<u64>,
    /// Add what is learned to this file, which may be new, instead of printing it; - prints it
    #[arg(long, value_name = "FILE")]
    pub(crate) learn: Option<PathBuf>,
    /// Report what the policy would have denied: text, json, oz, oz-wiki
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with = "learn")]
    pub(crate) report: Option<ReportFormat>,
    /// The policy file to report by, or, with --learn, that a new file begins with
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list_allow", "list_deny"])]
    pub(crate) policy: Option<OsString>,
    #[command(flatten)]
    pub(crate) list: PolicyArguments,
    /// Only programs whose file this is
    #[arg(long, value_name = "PATH")]
    pub(crate) exe: Vec<String>,
    /// Only threads of this name
    #[arg(long, value_name = "NAME")]
    pub(crate) comm: Vec<String>,
    /// Only this process
    #[arg(long, value_name = "PID")]
    pub(crate) pid: Vec<i32>,
    /// All programs together
    #[arg(long, conflicts_with_all = ["exe", "comm", "pid"])]
    pub(crate) all: bool,
    /// Only what was recorded since: seconds since 1970, or how long ago as 90s, 10m, 2h, 1d
    #[arg(long, value_name = "TIME", value_parser = Since::parse)]
    pub(crate) since: Option<Since>,
    /// How much wider than what was seen new rules are
    #[arg(long, value_enum, value_name = "HOW", default_value = "none")]
    pub(crate) generalise: Generalise,
    /// Calls to allow unseen, separated by colons
    #[arg(long, value_name = "NAMES", value_delimiter = ':')]
    pub(crate) assume: Vec<String>,
}

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// The kernel log: dmesg, kern.log, journalctl -o short
    Dmesg,
    /// auditd's audit.log
    Auditd,
    /// journalctl -o export
    Journal,
    /// journalctl -o json
    Json,
    /// strace, best with -f -o FILE
    Strace,
}

/// How a report looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Lines for people
    Text,
    /// An object a line
    Json,
    /// The lines of Oz's tracer
    Oz,
    /// The same between lines of =, as its documentation has them
    OzWiki,
}

/// How much wider than what was seen rules become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Generalise {
    /// The combinations of arguments that were seen
    None,
    /// Any combination of the values that were seen
    Values,
    /// Every use of a call
    Calls,
}

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// Since 1970.
    Epoch(Duration),
    /// Before now.
    Ago(Duration),
}

/// The clock of audit records may be so far behind (ktime_get_coarse_real_ts64, at 100 ticks a second).
const TICK: Duration = Duration::from_millis(10);

impl Since {
    fn parse(word: &str) -> Result<Since, String> {
        let wrong = || "expected seconds since 1970, or a time such as 90s, 10m, 2h, 1d".to_owned();
        let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 86400)];
        let unit = units
            .iter()
            .find_map(|(unit, seconds)| Some((word.strip_suffix(*unit)?, seconds)));
        if let Some((digits, seconds)) = unit {
            let count: u64 = digits.parse().map_err(|_| wrong())?;
            let ago = count.checked_mul(*seconds).ok_or_else(wrong)?;
            return Ok(Since::Ago(Duration::from_secs(ago)));
        }
        let (seconds, fraction) = word.split_once('.').unwrap_or((word, "0"));
        let milliseconds = format!("{fraction:0<3}");
        let milliseconds = milliseconds.get(..3).and_then(|digits| digits.parse().ok());
        let seconds = seconds.parse().map_err(|_| wrong())?;
        let milliseconds: u64 = milliseconds.ok_or_else(wrong)?;
        Ok(Since::Epoch(
            Duration::from_secs(seconds) + Duration::from_millis(milliseconds),
        ))
    }

    /// The point, as seen from now.
    pub(crate) fn before(self, now: SystemTime) -> SystemTime {
        let point = match self {
            Since::Epoch(since) => UNIX_EPOCH.checked_add(since),
            Since::Ago(ago) => now.checked_sub(ago),
        };
        point
            .and_then(|point| point.checked_sub(TICK))
            .unwrap_or(UNIX_EPOCH)
    }
}

impl Options {
    /// Whether a policy was given, by an option.
    pub(crate) fn has_policy(&self) -> bool {
        self.policy.is_some() || self.list.list_allow.is_some() || self.list.list_deny.is_some()
    }

    /// Whether somebody was chosen.
    pub(crate) fn chooses(&self) -> bool {
        self.all || !(self.exe.is_empty() && self.comm.is_empty() && self.pid.is_empty())
    }

    /// Whether a record is of somebody who was chosen.
    pub(crate) fn wants(&self, record: &Record) -> bool {
        // The kernel keeps so much of a thread's name (TASK_COMM_LEN).
        let comm = |name: &String| name.bytes().take(15).eq(record.comm.bytes());
        let pid = |pid: &i32| [record.process, record.thread].contains(&Some(*pid));
        (self.exe.is_empty() || self.exe.contains(&record.exe))
            && (self.comm.is_empty() || self.comm.iter().any(comm))
            && (self.pid.is_empty() || self.pid.iter().any(pid))
    }

    /// Refuses what cannot come to a good end.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match self.follow && !self.chooses() {
            true => Err(Failure::Whom),
            false => Ok(()),
        }
    }
}

impl From<LogFormat> for logs::Format {
    fn from(format: LogFormat) -> logs::Format {
        match format {
            LogFormat::Dmesg => logs::Format::Dmesg,
            LogFormat::Auditd => logs::Format::Auditd,
            LogFormat::Journal => logs::Format::Journal,
            LogFormat::Json => logs::Format::Json,
            LogFormat::Strace => logs::Format::Strace,
        }
    }
}

impl From<ReportFormat> for watch::Format {
    fn from(format: ReportFormat) -> watch::Format {
        match format {
            ReportFormat::Text => watch::Format::Text,
            ReportFormat::Json => watch::Format::Json,
            ReportFormat::Oz => watch::Format::Oz,
            ReportFormat::OzWiki => watch::Format::OzWiki,
        }
    }
}

impl From<Generalise> for watch::learn::Generalise {
    fn from(how: Generalise) -> watch::learn::Generalise {
        match how {
            Generalise::None => watch::learn::Generalise::None,
            Generalise::Values => watch::learn::Generalise::Values,
            Generalise::Calls => watch::learn::Generalise::Calls,
        }
    }
}
