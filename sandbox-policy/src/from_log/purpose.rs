//! What the calls of a log are for: a file, a policy on standard output, or a report.

use std::path::Path;

use formats::Format;
use ledger::Ledger;
use syscalls::Abi;
use watch::learn::{self, Facts, Observations, Recorder};
use watch::{Judge, Reporter};

use super::options::{Options, ReportFormat};
use crate::failure::Failure;
use crate::source::Source;

/// What is made of calls.
pub(crate) enum Purpose {
    /// A policy: where it goes, what it begins with, and observations that know its rules.
    Learn {
        /// Standard output without one.
        ledger: Option<Box<Ledger>>,
        base: Option<String>,
        fresh: Box<Observations>,
    },
    /// A report of what a policy denies.
    Report {
        judge: Box<Judge>,
        format: watch::Format,
    },
}

impl Purpose {
    pub(crate) fn new(options: &Options) -> Result<Purpose, Failure> {
        let given = options.has_policy();
        if options.report.is_some() || given && options.learn.is_none() {
            let source = Source::read(&options.list, options.policy.as_deref())?;
            let format = options.report.unwrap_or(ReportFormat::Text).into();
            let judge = Box::new(source.judge()?);
            return Ok(Purpose::Report { judge, format });
        }
        let base = match given {
            true => {
                let source = Source::read(&options.list, options.policy.as_deref())?;
                let compiled = source.strict().compile(Abi::NATIVE)?;
                Some(formats::write(Format::Seccomp, &compiled.policy, false)?)
            }
            false => None,
        };
        let file = options
            .learn
            .as_deref()
            .filter(|path| *path != Path::new("-"));
        match file {
            Some(path) => Purpose::into_file(path, base),
            None => {
                let fresh = Box::new(with_base(base.as_deref(), Observations::beside)?);
                let ledger = None;
                Ok(Purpose::Learn {
                    ledger,
                    base,
                    fresh,
                })
            }
        }
    }

    fn into_file(path: &Path, base: Option<String>) -> Result<Purpose, Failure> {
        let mut ledger = Ledger::at(
            path,
            learn::Options::default(),
            crate::source::open_for_learning,
        );
        if let Some(base) = &base {
            ledger = ledger.based_on(base.clone());
        }
        let fresh = ledger.begin().map_err(|why| Failure::learn(&ledger, why))?;
        let fresh = Box::new(fresh);
        let ledger = Some(Box::new(ledger));
        Ok(Purpose::Learn {
            ledger,
            base,
            fresh,
        })
    }

    /// What a program's calls are counted in.
    pub(crate) fn fresh(&self) -> Observations {
        match self {
            Purpose::Learn { fresh, .. } => fresh.as_ref().clone(),
            Purpose::Report { .. } => Observations::new(),
        }
    }

    /// What a program's violations are counted in.
    pub(crate) fn reporter(&self) -> Option<Reporter> {
        match self {
            Purpose::Learn { .. } => None,
            Purpose::Report { format, .. } => Some(Reporter::new(*format, false)),
        }
    }
}

/// Does something with the text that a policy on standard output begins with.
pub(crate) fn with_base<T>(
    base: Option<&str>,
    done: impl FnOnce(&learn::File<'_>) -> Result<T, learn::Error>,
) -> Result<T, Failure> {
    let read = filter::sys::read_policy;
    let file = learn::File {
        path: "learned.seccomp",
        text: base,
        read: &read,
    };
    Ok(done(&file)?)
}

/// How a policy is made of what was seen.
pub(crate) fn learning(
    options: &Options,
    program: String,
    losses: Option<String>,
) -> learn::Options {
    learn::Options {
        program,
        facts: Facts {
            go: is_go(options),
            threads: false,
        },
        generalise: options.generalise.into(),
        assume: options
            .assume
            .iter()
            .filter(|name| !name.is_empty())
            .cloned()
            .collect(),
        recorder: Recorder::Log,
        losses,
    }
}

/// Whether the program that the user named was built by Go. A path that only the log names is not opened.
fn is_go(options: &Options) -> bool {
    const LARGEST: u64 = 1 << 30;
    let [path] = options.exe.as_slice() else {
        return false;
    };
    let fits = std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= LARGEST);
    fits && std::fs::read(path).is_ok_and(|bytes| trace::image::is_go(&bytes))
}
