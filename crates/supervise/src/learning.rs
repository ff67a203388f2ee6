//! Observations become a policy file, one that grows or a new one in Oz's form, and a user hears what is in
//! it. The file is the room `ledger`'s business.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use ledger::{Ledger, Open};
use trace::process_of;
use watch::Call;
use watch::learn::oz::{self, Detail};
use watch::learn::{self, Answers, Observations};

use crate::desk::Reports;
use crate::error::Error;
use crate::sink::Progress;
use crate::voice::Voice;

/// A policy that is being learned.
pub struct Learning {
    ledger: Ledger,
    observations: Observations,
    progress: Arc<Seen>,
    form: Form,
    /// What the file answers already, and how often it did.
    answers: Option<Answers>,
    answered: u64,
    /// For those who want to see the calls, too.
    shown: Option<Reports>,
}

/// What becomes of the observations.
enum Form {
    /// A file grows. How the counts of all calls are reported, if they are.
    Grown(Option<watch::Format>),
    /// A new file in the form of Oz's tracer.
    Oz(Detail, Listing),
}

/// What is listed at the end of a run of Oz's tracer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// A summary.
    Summary,
    /// The counts of all calls, and the policy.
    Policy,
}

/// What a progress line tells, for another thread.
#[derive(Default)]
struct Seen {
    calls: AtomicU64,
    distinct: AtomicU64,
}

impl Learning {
    /// Prepares to learn into a file, which may be there already and is read by `open`. The counts of all
    /// calls are reported in a format, or not.
    ///
    /// # Errors
    /// [`Error::Learn`] with whatever would stand against writing the file later.
    pub fn new(
        path: &Path,
        options: learn::Options,
        counts: Option<watch::Format>,
        open: Open,
    ) -> Result<Learning, Error> {
        Learning::grown(Ledger::at(path, options, open), counts)
    }

    /// The same for programs that are to make processes with clone(2), whose flags a filter sees: a new
    /// file refuses clone3(2).
    ///
    /// # Errors
    /// [`Error::Learn`].
    pub fn without_clone3(
        path: &Path,
        options: learn::Options,
        open: Open,
    ) -> Result<Learning, Error> {
        let base = format!("{}{}", learn::beginning(&options), learn::WITHOUT_CLONE3);
        Learning::grown(Ledger::at(path, options, open).based_on(base), None)
    }

    fn grown(ledger: Ledger, counts: Option<watch::Format>) -> Result<Learning, Error> {
        let failed = |why| Error::Learn {
            path: ledger.path().to_path_buf(),
            why: Box::new(why),
        };
        let observations = ledger.begin().map_err(failed)?;
        let answers = ledger.answers().map_err(failed)?;
        let mut learning = Learning::of(ledger, observations, Form::Grown(counts));
        learning.answers = answers;
        Ok(learning)
    }

    /// Prepares to write a new file in the form of Oz's tracer, in the place of one that may be there. It is
    /// its owner's alone.
    ///
    /// # Errors
    /// [`Error::Learn`].
    pub fn anew(
        path: &Path,
        options: learn::Options,
        detail: Detail,
        listing: Listing,
        open: Open,
    ) -> Result<Learning, Error> {
        let ledger = Ledger::at(path, options, open);
        ledger.begin_anew().map_err(|why| Error::Learn {
            path: ledger.path().to_path_buf(),
            why: Box::new(why),
        })?;
        let form = Form::Oz(detail, listing);
        Ok(Learning::of(ledger, Observations::new(), form))
    }

    fn of(ledger: Ledger, observations: Observations, form: Form) -> Learning {
        Learning {
            ledger,
            observations,
            progress: Arc::default(),
            form,
            answers: None,
            answered: 0,
            shown: None,
        }
    }

    /// Has the calls reported as violations are; there is no summary of these.
    #[must_use]
    pub fn showing(self, reports: Reports) -> Learning {
        Learning {
            shown: Some(reports),
            ..self
        }
    }

    /// Has a file that is not there yet be its owner's alone.
    #[must_use]
    pub fn private(self) -> Learning {
        Learning {
            ledger: self.ledger.private(),
            ..self
        }
    }

    pub(crate) fn shown(&mut self) -> Option<&mut Reports> {
        self.shown.as_mut()
    }

    /// The error that the file gives a call.
    pub(crate) fn errno(&self, call: &Call) -> Option<u16> {
        self.answers.as_ref()?.errno(call)
    }

    /// Counts a call that was answered so.
    pub(crate) fn count_answer(&mut self) {
        self.answered += 1;
    }

    /// Takes up a call that ran.
    pub(crate) fn record(&mut self, call: &mut Call) {
        // Whose the process is matters for signals alone, and costs a look at /proc.
        if i64::from(call.number) == libc::SYS_kill {
            call.process = process_of(call.thread).unwrap_or(call.thread);
        }
        let new = self.observations.record(call);
        self.progress.calls.fetch_add(1, Ordering::Relaxed);
        if new {
            self.progress.distinct.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many calls were seen.
    pub(crate) fn total(&self) -> u64 {
        self.progress.calls.load(Ordering::Relaxed)
    }

    /// What is shown on a terminal while the program runs.
    pub fn progress(&self) -> Progress {
        let seen = Arc::clone(&self.progress);
        let start = Instant::now();
        let mut before = 0;
        Box::new(move || {
            let calls = seen.calls.load(Ordering::Relaxed);
            let distinct = seen.distinct.load(Ordering::Relaxed);
            let new = distinct - std::mem::replace(&mut before, distinct);
            let seconds = start.elapsed().as_secs();
            Some(format!(
                "learning: {calls} calls seen, {distinct} kinds, {new} new, {seconds} s"
            ))
        })
    }

    /// Writes what was learned, and says what that is: to the user, and for the report, where that is
    /// a file or for programs.
    pub(crate) fn write(&mut self, voice: Voice) -> (String, Option<String>) {
        if self.observations.is_empty() {
            let path = self.ledger.path().display();
            let said = format!("no call was seen; {path} was not written");
            return (voice.line(&said), None);
        }
        if let Form::Oz(detail, listing) = self.form {
            return (self.write_as_oz(detail, listing, voice), None);
        }
        // What the program leaves behind may be seen after its end.
        let again = self.ledger.is_written();
        match self.ledger.grow(&self.observations) {
            Ok(summary) if again && summary.new.is_empty() => (String::new(), None),
            Ok(summary) => self.said(&summary, voice),
            Err(why) => (voice.line(&self.rescue(&why)), None),
        }
    }

    fn said(&self, summary: &learn::Summary, voice: Voice) -> (String, Option<String>) {
        let mut text = voice.line(&format!("{}: {summary}", self.ledger.path().display()));
        if self.answered > 0 {
            let answered = self.answered;
            let more =
                format!("calls that the file answers with an error: {answered}, and so they were");
            text.push_str(&voice.line(&more));
        }
        match self.form {
            Form::Grown(Some(watch::Format::Json)) => {
                (String::new(), Some(format!("{}\n", summary.json())))
            }
            Form::Grown(Some(_)) => (text, Some(summary.counts())),
            Form::Grown(None) | Form::Oz(..) => (text, None),
        }
    }

    /// Writes all that was seen, and says what that is.
    fn write_as_oz(&mut self, detail: Detail, listing: Listing, voice: Voice) -> String {
        let path = self.ledger.path().to_path_buf();
        let path = path.display();
        let learned = match oz::text(&self.observations, self.ledger.options(), detail) {
            Ok(learned) => learned,
            Err(why) => return voice.line(&format!("{path}: {why}; it was not written")),
        };
        let summary = &learned.summary;
        let said = match self.ledger.write_anew(&learned.text) {
            Ok(()) => voice.line(&format!("{path}: {summary}")),
            // It must not be lost.
            Err(why) => voice.line(&format!("{path}: {why}; the policy:\n{}", learned.text)),
        };
        let counts = oz::counts(summary);
        match listing {
            Listing::Summary => said,
            Listing::Policy => format!(
                "\n{counts}\nTrainer generated seccomp-bpf whitelist policy:\n\n{}\n{said}",
                learned.text
            ),
        }
    }

    /// What was learned must not be lost because the file cannot take it.
    fn rescue(&self, why: &ledger::Error) -> String {
        let (path, beside) = (self.ledger.path().display(), self.ledger.beside());
        let beside = beside.display();
        match self.ledger.rescue(&self.observations) {
            Ok(()) => {
                format!("{path}: {why}; it was left as it is, and what was learned is in {beside}")
            }
            Err(other) => format!("{path}: {why}; {beside}: {other}"),
        }
    }
}
