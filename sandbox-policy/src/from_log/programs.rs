//! Whose calls they were: one program's, or several between which the user must choose.

use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

use logs::Record;
use syscalls::render::{NoMemory, Style, call};
use watch::learn::Observations;
use watch::{Call, Judge, Outcome, Reporter, Violation};

use super::options::Options;
use super::purpose::Purpose;

/// More programs than these are counted together.
const MOST: usize = 256;

/// The programs of the logs.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    /// Those that were asked for, by name.
    pub(crate) wanted: BTreeMap<String, Program>,
    /// How often the others called.
    pub(crate) others: BTreeMap<String, u64>,
}

/// What was seen of a program.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) count: u64,
    pub(crate) observations: Observations,
    pub(crate) report: Option<Report>,
}

/// What a policy denies of it.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) reporter: Reporter,
    pub(crate) text: String,
    /// Calls that depend on arguments which the log does not have.
    pub(crate) undecided: BTreeMap<String, u64>,
}

impl Programs {
    /// Takes up a call.
    pub(crate) fn add(&mut self, record: &Record, wanted: bool, options: &Options, to: &Purpose) {
        let name = name(record);
        if !wanted {
            let name = among(&self.others, name);
            *self.others.entry(name).or_insert(0) += 1;
            return;
        }
        // Who was chosen is one.
        let name = match options.chooses() {
            true => String::new(),
            false => among(&self.wanted, name),
        };
        let program = self.wanted.entry(name).or_insert_with(|| Program::new(to));
        program.add(record, to);
    }
}

/// What a program is called by: the first one of a trace, the file of a record.
fn name(record: &Record) -> String {
    let names = [record.root.as_ref(), Some(&record.exe), Some(&record.comm)];
    let name = names.into_iter().flatten().find(|name| !name.is_empty());
    name.map_or_else(|| "a program without a name".into(), String::clone)
}

fn among<T>(known: &BTreeMap<String, T>, name: String) -> String {
    match known.len() < MOST || known.contains_key(&name) {
        true => name,
        false => "others".into(),
    }
}

impl Program {
    fn new(purpose: &Purpose) -> Program {
        Program {
            count: 0,
            observations: purpose.fresh(),
            report: purpose.reporter().map(|reporter| Report {
                reporter,
                text: String::new(),
                undecided: BTreeMap::new(),
            }),
        }
    }

    fn add(&mut self, record: &Record, purpose: &Purpose) {
        self.count += 1;
        let (seen, unknown) = (seen(record), record.unknown());
        match (purpose, &mut self.report) {
            (Purpose::Report { judge, format }, Some(report)) => {
                report.add(judge, record, &seen, format.style());
            }
            _ if unknown == 0 => {
                self.observations.record(&seen);
            }
            _ => {
                self.observations.record_partly(&seen, unknown);
            }
        }
    }
}

impl Report {
    fn add(&mut self, judge: &Judge, record: &Record, seen: &Call, style: Style) {
        let unknown = record.unknown();
        let Some(verdict) = judge.verdict_partly(seen, unknown) else {
            let name = seen.name().unwrap_or_default().to_owned();
            *self.undecided.entry(name).or_insert(0) += 1;
            return;
        };
        if !verdict.is_violation() || self.reporter.repeats(seen, &verdict) {
            return;
        }
        let Some(judgement) = judge.judge_partly(seen, unknown) else {
            return;
        };
        let violation = Violation {
            call: *seen,
            program: record.exe.clone(),
            command: Vec::new(),
            rendered: rendered(record, seen, style),
            generic: None,
            place: None,
            stack: None,
            judgement,
            outcome: Outcome::Ran,
        };
        self.text.extend(self.reporter.take(&violation));
    }
}

/// A call for those who judge and learn. Arguments that are not known are marked as such beside it.
fn seen(record: &Record) -> Call {
    let process = record.process.unwrap_or(0);
    Call {
        time: record.time.unwrap_or(UNIX_EPOCH),
        process,
        thread: record.thread.unwrap_or(process),
        audit: record.audit,
        number: record.number,
        arguments: record.arguments.map(Option::unwrap_or_default),
        instruction: record.instruction,
    }
}

/// The call as a line of text: as the trace has it, or with a question mark for what nobody knows.
fn rendered(record: &Record, seen: &Call, style: Style) -> String {
    if let Some(shown) = &record.shown {
        return shown.clone();
    }
    let Some((abi, name)) = seen.abi().zip(seen.name()) else {
        return format!("call {} of another ABI", record.number);
    };
    let count = syscalls::arguments(name).map_or(0, Iterator::count);
    let known = record.arguments.iter().take(count);
    if known.clone().all(Option::is_some) {
        return call(abi, record.number, &seen.arguments, &NoMemory, style);
    }
    let known = known.map(|value| value.map_or_else(|| "?".into(), |value| format!("{value:#x}")));
    format!("{name}({})", known.collect::<Vec<String>>().join(", "))
}
