//! `from-log`: what others wrote down about system calls becomes a policy, or a report of what one
//! would have denied.

mod answer;
mod follow;
mod losses;
mod namespace;
pub(crate) mod options;
mod programs;
mod purpose;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal};
use std::time::SystemTime;

use logs::{Entry, Origin, Reader, Record};

use crate::Output;
use crate::failure::Failure;
use losses::Losses;
use options::Options;
use programs::Programs;
use purpose::Purpose;

/// What was read, so far as it was asked for.
pub(crate) struct Collection<'a> {
    options: &'a Options,
    purpose: &'a Purpose,
    since: Option<SystemTime>,
    programs: Programs,
    losses: Losses,
    /// Whether any of it is a filter's record, which calls that are allowed do not leave.
    partial: bool,
}

pub(crate) fn run(options: &Options) -> Result<Output, Failure> {
    options.check()?;
    let purpose = Purpose::new(options)?;
    let now = SystemTime::now();
    let mut collection = Collection {
        options,
        purpose: &purpose,
        since: options.since.map(|since| since.before(now)),
        programs: Programs::default(),
        losses: Losses::default(),
        partial: false,
    };
    match options.follow {
        true => follow::follow(&mut collection)?,
        false => collection.read_all()?,
    }
    answer::answer(collection)
}

impl Collection<'_> {
    fn read_all(&mut self) -> Result<(), Failure> {
        let mut reader = Reader::new(self.options.format.map(Into::into));
        let standard_input = [OsStr::new("-").to_owned()];
        let logs = match self.options.logs.as_slice() {
            [] if std::io::stdin().is_terminal() => return Err(Failure::NoLog),
            [] => &standard_input,
            logs => logs,
        };
        for log in logs {
            match log.to_str() {
                Some("-") => {
                    self.read(&mut reader, "standard input", &mut std::io::stdin().lock())?
                }
                _ => {
                    let name = log.to_string_lossy().escape_debug().to_string();
                    let file = File::open(log).map_err(|source| Failure::Io {
                        what: name.clone(),
                        source,
                    })?;
                    self.read(&mut reader, &name, &mut BufReader::new(file))?;
                }
            }
        }
        Ok(())
    }

    fn read(
        &mut self,
        reader: &mut Reader,
        name: &str,
        input: &mut dyn BufRead,
    ) -> Result<(), Failure> {
        let tally = reader.read(name, input, &mut |entry| self.take(entry))?;
        for broken in &tally.broken {
            crate::say(&format!("warning: {name}:{broken}"));
        }
        let more = tally.broken_in_all - tally.broken.len() as u64;
        if more > 0 {
            crate::say(&format!(
                "warning: {name}: {more} more records cannot be read"
            ));
        }
        Ok(())
    }

    /// Takes up what a log says.
    fn take(&mut self, entry: Entry) {
        let early = |time: Option<SystemTime>| self.since > time && time.is_some();
        match entry {
            Entry::Lost(lost) if early(lost.before) => {}
            Entry::Lost(lost) => self.losses.add(&lost),
            Entry::Call(record) if early(record.time) => {}
            Entry::Call(record) => self.call(&record),
        }
    }

    fn call(&mut self, record: &Record) {
        let wanted = self.options.wants(record);
        self.partial |= wanted && record.origin == Origin::Audit;
        self.programs
            .add(record, wanted, self.options, self.purpose);
    }
}
