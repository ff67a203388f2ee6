//! Observations become a policy file, and a user hears what is in it. The file is the room `ledger`'s
//! business.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use ledger::{Ledger, Open};
use trace::process_of;
use watch::Call;
use watch::learn::{self, Observations};

use crate::error::Error;
use crate::sink::Progress;
use crate::voice::Voice;

/// A policy that is being learned.
pub struct Learning {
    ledger: Ledger,
    observations: Observations,
    progress: Arc<Seen>,
    /// How the counts of all calls are reported, if they are.
    counts: Option<watch::Format>,
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
        let ledger = Ledger::at(path, options, open);
        let observations = ledger.begin().map_err(|why| Error::Learn {
            path: ledger.path().to_path_buf(),
            why: Box::new(why),
        })?;
        Ok(Learning {
            ledger,
            observations,
            progress: Arc::default(),
            counts,
        })
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
        // What the program leaves behind may be seen after its end.
        let again = self.ledger.is_written();
        match self.ledger.grow(&self.observations) {
            Ok(summary) if again && summary.new.is_empty() => (String::new(), None),
            Ok(summary) => self.said(&summary, voice),
            Err(why) => (voice.line(&self.rescue(&why)), None),
        }
    }

    fn said(&self, summary: &learn::Summary, voice: Voice) -> (String, Option<String>) {
        let text = voice.line(&format!("{}: {summary}", self.ledger.path().display()));
        match self.counts {
            None => (text, None),
            Some(watch::Format::Json) => (String::new(), Some(format!("{}\n", summary.json()))),
            Some(_) => (text, Some(summary.counts())),
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
