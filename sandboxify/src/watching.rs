//! The options of supervised runs: --audit, --explain, --learn and what belongs to them.

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::IsTerminal;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use filter::Supervision;
use policy::{Action, Mode, Request};
use supervise::sys::own_descriptor;
use supervise::{Duty, Frame, Learning, Orders, Reports};
use syscalls::Abi;
use watch::learn::{Facts, Generalise, Options as LearnOptions};
use watch::{Format, Judge, Reporter};

use crate::VOICE;
use crate::failure::Failure;
use crate::target::Target;

/// What a run is watched for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Purpose {
    /// Nothing is enforced, and every violation reported.
    Audit,
    /// Violations are enforced and reported.
    Explain,
    /// Nothing is enforced, and a policy is written.
    Learn(OsString),
}

/// What the options of supervised runs say.
#[derive(Debug)]
pub(crate) struct Watching {
    purpose: Option<Purpose>,
    report: Option<OsString>,
    format: Format,
    every: bool,
    generalise: Generalise,
    assume: OsString,
    /// An option that means nothing without a purpose.
    stray: Option<&'static str>,
}

impl Default for Watching {
    fn default() -> Watching {
        Watching {
            purpose: None,
            report: None,
            format: Format::Text,
            every: false,
            generalise: Generalise::None,
            assume: OsString::new(),
            stray: None,
        }
    }
}

impl Watching {
    /// Takes up one long option, with its value from the parser; whether it is one of these.
    pub(crate) fn set(&mut self, name: &str, parser: &mut lexopt::Parser) -> Result<bool, Failure> {
        match name {
            "audit" => self.purpose(Purpose::Audit)?,
            "explain" => self.purpose(Purpose::Explain)?,
            "learn" => self.purpose(Purpose::Learn(parser.value()?))?,
            "report" => {
                self.stray = Some("--report");
                self.report = Some(parser.value()?);
            }
            "report-format" => {
                self.stray = Some("--report-format");
                self.format = format(&parser.value()?)?;
            }
            "every" => {
                self.stray = Some("--every");
                self.every = true;
            }
            "generalise" => {
                self.stray = Some("--generalise");
                let word = parser.value()?;
                self.generalise = generalise(word.as_bytes())
                    .ok_or_else(|| unknown("--generalise", &word, "none, values, calls"))?;
            }
            "assume" => {
                self.stray = Some("--assume");
                self.assume = parser.value()?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn purpose(&mut self, purpose: Purpose) -> Result<(), Failure> {
        match self.purpose.replace(purpose) {
            None => Ok(()),
            Some(_) => Err(Failure::Usage(
                "--audit, --explain and --learn exclude each other".into(),
            )),
        }
    }

    /// Refuses options without a purpose.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match self.stray {
            Some(option @ ("--generalise" | "--assume")) if !self.learns() => {
                Err(Failure::Usage(format!("{option} goes with --learn")))
            }
            Some("--every") if self.learns() => Err(Failure::Usage(
                "--every goes with --audit or --explain".into(),
            )),
            Some(option) if self.purpose.is_none() => Err(Failure::Usage(format!(
                "{option} goes with --audit, --explain or --learn"
            ))),
            _ => Ok(()),
        }
    }

    /// Whether a policy is made, and none enforced.
    pub(crate) fn learns(&self) -> bool {
        matches!(self.purpose, Some(Purpose::Learn(_)))
    }

    /// The list that a learning run has in place of a policy: calls that are not watched.
    pub(crate) fn request(&self) -> Option<Request<'_>> {
        let list = self.assume.as_bytes();
        let plain = Request::plain(Mode::AllowList, "--assume", list, Action::KillProcess);
        self.learns().then_some(plain)
    }

    /// What the watcher is to do; nothing for a run that is not watched.
    pub(crate) fn orders(
        &self,
        request: &Request<'_>,
        read: &policy::Read<'_>,
        target: &Target,
    ) -> Result<Option<Orders>, Failure> {
        let Some(purpose) = &self.purpose else {
            return Ok(None);
        };
        let report = self.report.as_deref().map(open).transpose()?;
        let (duty, supervision) = match purpose {
            Purpose::Learn(path) => (self.learning(path, target)?, Supervision::Audit),
            Purpose::Audit => (self.reports(request, read, false)?, Supervision::Audit),
            Purpose::Explain => (self.reports(request, read, true)?, Supervision::Explain),
        };
        let progress = match &duty {
            Duty::Learn(learning) if std::io::stderr().is_terminal() && !request.quiet => {
                Some(learning.progress())
            }
            _ => None,
        };
        Ok(Some(Orders {
            duty,
            supervision,
            report,
            progress,
            notes: Vec::new(),
            voice: VOICE,
            frame: Frame::default(),
        }))
    }

    fn reports(
        &self,
        request: &Request<'_>,
        read: &policy::Read<'_>,
        enforced: bool,
    ) -> Result<Duty, Failure> {
        Ok(Duty::Report(Box::new(Reports {
            judge: Judge::new(request, Abi::NATIVE, read)?,
            reporter: Reporter::new(self.format, self.every),
            format: self.format,
            enforced,
            apart: self.report.is_some(),
        })))
    }

    fn learning(&self, path: &OsStr, target: &Target) -> Result<Duty, Failure> {
        let program = target.path.to_string_lossy().into_owned();
        let bytes = std::fs::read(&target.path).unwrap_or_default();
        let assume = String::from_utf8_lossy(self.assume.as_bytes()).into_owned();
        let names = assume.split(':').map(str::trim);
        let options = LearnOptions {
            program,
            facts: Facts {
                go: trace::image::is_go(&bytes),
                threads: false,
            },
            generalise: self.generalise,
            assume: names
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            ..LearnOptions::default()
        };
        let apart = self.report.is_some() || self.format == Format::Json;
        let counts = apart.then_some(self.format);
        let learning = Learning::new(Path::new(path), options, counts, supervise::open_policy)?;
        Ok(Duty::Learn(Box::new(learning)))
    }
}

fn unknown(option: &str, word: &OsStr, known: &str) -> Failure {
    let word = word.to_string_lossy();
    Failure::Usage(format!(
        "{option}: \"{}\" is none of {known}",
        word.escape_default()
    ))
}

fn format(word: &OsStr) -> Result<Format, Failure> {
    match word.as_bytes() {
        b"text" => Ok(Format::Text),
        b"json" => Ok(Format::Json),
        b"oz" => Ok(Format::Oz),
        b"oz-wiki" => Ok(Format::OzWiki),
        _ => Err(unknown("--report-format", word, "text, json, oz, oz-wiki")),
    }
}

/// Reads `--generalise`.
fn generalise(word: &[u8]) -> Option<Generalise> {
    match word {
        b"none" => Some(Generalise::None),
        b"values" => Some(Generalise::Values),
        b"calls" => Some(Generalise::Calls),
        _ => None,
    }
}

/// Opens the report; what is there already stays. Where standard descriptors are closed, it must not
/// become one of them.
fn open(path: &OsStr) -> Result<std::fs::File, Failure> {
    const FIRST: i32 = 3;
    let opened = OpenOptions::new().create(true).append(true).open(path);
    let moved = opened.and_then(|file| {
        let above = nix::fcntl::FcntlArg::F_DUPFD_CLOEXEC(FIRST);
        Ok(own_descriptor(nix::fcntl::fcntl(&file, above)?))
    });
    moved.map(Into::into).map_err(|error| Failure::Unavailable {
        option: "--report",
        why: format!("{}: {error}", Path::new(path).display()),
    })
}
