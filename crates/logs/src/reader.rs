//! Reads a log line by line, in the format that its first telling line has.
//!
//! The format is found once for each log: a program that is traced, or that writes to a journal, may
//! write lines of another format, and those must not count.

use std::io::{self, BufRead, Read};

use crate::audit::{self, Event, Mistake, Stamp};
use crate::entry::{Entry, Loss};
use crate::error::{Broken, Error};
use crate::intake::{Each, Intake, Taken};
use crate::journal::{self, Item, Told};
use crate::kernel::{self, Said};
use crate::strace::{Outcome, Trace};
use crate::{fields, json};

/// The longest line that is read; what is behind is left out.
const LONGEST_LINE: u64 = 1 << 20;
/// The longest text of a record, in bytes: the kernel's has at most 8970 (MAX_AUDIT_MESSAGE_LENGTH in
/// include/uapi/linux/audit.h), and auditd adds some names. Thousands of them wait for their arguments.
const LONGEST_RECORD: usize = 1 << 14;
/// More records that cannot be read are counted only.
const MOST_BROKEN: usize = 20;

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The kernel log: dmesg, a syslog file, or `journalctl -o short`.
    Dmesg,
    /// auditd's audit.log, or what ausearch prints of it.
    Auditd,
    /// `journalctl -o export`.
    Journal,
    /// `journalctl -o json`.
    Json,
    /// strace's output.
    Strace,
}

/// What a log was read as.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Its format; nothing where no line showed any.
    pub format: Option<Format>,
    /// Lines.
    pub lines: u64,
    /// System calls.
    pub calls: u64,
    /// Records that were in another log, or came before by another way.
    pub repeated: u64,
    /// Lines, or entries of a journal, that say nothing of a system call.
    pub others: u64,
    /// The first records that cannot be read.
    pub broken: Vec<Broken>,
    /// How many of these there are.
    pub broken_in_all: u64,
}

/// Reads logs, one behind the other; a record that is in two of them counts once.
#[derive(Debug, Default)]
pub struct Reader {
    format: Option<Format>,
    intake: Intake,
}

/// A log that is being read.
struct Page<'a> {
    intake: &'a mut Intake,
    tally: Tally,
    item: Item,
    trace: Trace,
}

impl Reader {
    /// A reader of one format; without one it is found for each log.
    pub fn new(format: Option<Format>) -> Reader {
        let intake = Intake::default();
        Reader { format, intake }
    }

    /// Reads a log to its end. `name` is for messages.
    ///
    /// # Errors
    /// [`Error::Unreadable`], and [`Error::Nothing`] for a log without any system call.
    pub fn read(
        &mut self,
        name: &str,
        input: &mut dyn BufRead,
        each: &mut dyn FnMut(Entry),
    ) -> Result<Tally, Error> {
        let mut page = Page {
            intake: &mut self.intake,
            tally: Tally {
                format: self.format,
                ..Tally::default()
            },
            item: Item::default(),
            trace: Trace::default(),
        };
        let read = page.read(input, each);
        page.finish(each);
        let tally = page.tally;
        let name = name.to_owned();
        match read {
            Err(source) => Err(Error::Unreadable { name, source }),
            Ok(()) if tally.is_empty() => {
                let what = tally.lack();
                Err(Error::Nothing { name, what })
            }
            Ok(()) => Ok(tally),
        }
    }
}

impl Tally {
    /// Whether nothing in the log was of use.
    fn is_empty(&self) -> bool {
        self.calls == 0 && self.repeated == 0 && self.broken_in_all == 0
    }

    /// What a log without calls lacks.
    fn lack(&self) -> &'static str {
        match self.format {
            None => {
                "no line is one of a kernel log, an audit log, a journal or strace's output; --format says which it is"
            }
            Some(Format::Strace) => "no line of it is a system call",
            Some(Format::Json) => {
                "no entry of it is a record of a filter's (_TRANSPORT=audit or kernel, SECCOMP or type=1326)"
            }
            Some(Format::Journal) => {
                "no entry of it is a record of a filter's (_TRANSPORT=audit or kernel; journalctl -o export needs all fields)"
            }
            Some(_) => "no line of it is a record of a filter's (SECCOMP or type=1326)",
        }
    }
}

impl Page<'_> {
    fn read(&mut self, input: &mut dyn BufRead, each: Each<'_>) -> io::Result<()> {
        let mut bytes = Vec::new();
        while next_line(input, &mut bytes)? {
            self.tally.lines += 1;
            let line = String::from_utf8_lossy(&bytes);
            let format = self.tally.format.or_else(|| format_of(&line));
            match format {
                Some(Format::Journal) => self.export(&line, input, each)?,
                Some(format) => self.line(format, &line, each),
                None => self.tally.others += 1,
            }
            self.tally.format = format;
        }
        Ok(())
    }

    fn finish(&mut self, each: Each<'_>) {
        let item = std::mem::take(&mut self.item);
        if !item.is_empty() {
            self.item(&item, each);
        }
        let mut left = Vec::new();
        self.trace.finish(&mut |outcome| left.push(outcome));
        left.into_iter()
            .for_each(|outcome| self.traced(outcome, each));
        if self.tally.broken_in_all > 0 {
            self.intake
                .lost(Loss::Broken, Some(self.tally.broken_in_all));
        }
        self.intake.finish(each);
    }

    fn line(&mut self, format: Format, line: &str, each: Each<'_>) {
        match format {
            Format::Auditd => self.auditd(line, each),
            Format::Json => match json::item(line) {
                Ok(item) => self.item(&item, each),
                Err(at) => self.broken(at.saturating_sub(1), "no object of JSON"),
            },
            Format::Strace => {
                let outcome = self.trace.line(line);
                self.traced(outcome, each);
            }
            Format::Dmesg | Format::Journal => match kernel::line(line) {
                Some(said) => self.said(said, line, each),
                None => self.tally.others += 1,
            },
        }
    }

    fn traced(&mut self, outcome: Outcome, each: Each<'_>) {
        match outcome {
            Outcome::Call(record) => {
                self.tally.calls += 1;
                each(Entry::Call(record));
            }
            Outcome::Other => self.tally.others += 1,
            Outcome::Waits => {}
            Outcome::Broken(Mistake { why, at }) => self.broken(at, why),
        }
    }

    fn auditd(&mut self, line: &str, each: Each<'_>) {
        let fields = fields::Fields::new(line);
        let (kind, text) = (fields.get("type"), fields.get("msg"));
        let kind = kind.and_then(|kind| audit::kind(kind.text));
        let text = text.and_then(|text| line.get(text.at..));
        match (kind, text.and_then(Stamp::read)) {
            (Some(kind), Some((stamp, text))) => self.record(kind, Some(stamp), text, line, each),
            _ => self.tally.others += 1,
        }
    }

    fn said(&mut self, said: Said<'_>, line: &str, each: Each<'_>) {
        match said {
            Said::Lost { why, count } => self.intake.lost(why, count),
            Said::LostSoFar(count) => self.intake.lost_so_far(count),
            Said::Record { kind, text, socket } => {
                let (stamp, fields) = match Stamp::read(text) {
                    Some((stamp, fields)) => (Some(stamp), fields),
                    None => (None, text),
                };
                match (socket, stamp) {
                    (true, _) => self.intake.by_socket(stamp),
                    (false, Some(stamp)) => self.intake.printed(stamp),
                    (false, None) => {}
                }
                match audit::kind(kind) {
                    Some(kind) => self.record(kind, stamp, fields, line, each),
                    None => self.tally.others += 1,
                }
            }
        }
    }

    fn record(&mut self, kind: u32, stamp: Option<Stamp>, text: &str, line: &str, each: Each<'_>) {
        let (why, at) = ("no record is so long", LONGEST_RECORD);
        let event = match text.len() > LONGEST_RECORD {
            true => Err(Mistake { why, at }),
            false => audit::event(kind, stamp, text),
        };
        match event {
            Ok(event) => self.event(stamp, event, each),
            Err(Mistake { why, at }) => self.broken(line.len() - text.len() + at, why),
        }
    }

    fn event(&mut self, stamp: Option<Stamp>, event: Event, each: Each<'_>) {
        let count = match self.intake.event(stamp, event, each) {
            Taken::New => &mut self.tally.calls,
            Taken::Repeated => &mut self.tally.repeated,
            Taken::Other => &mut self.tally.others,
        };
        *count += 1;
    }

    /// A line of an entry in the export format; an empty one ends the entry.
    fn export(&mut self, line: &str, input: &mut dyn BufRead, each: Each<'_>) -> io::Result<()> {
        match line.split_once('=') {
            Some((name, value)) => self.item.add(name, value),
            None if line.is_empty() => {
                let item = std::mem::take(&mut self.item);
                self.item(&item, each);
            }
            None => match journal::binary(input) {
                Ok(value) => self.item.add(line, &value),
                // The log ends here, as one does that is cut.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    self.broken(line.len(), "the field's value is cut");
                }
                Err(error) => return Err(error),
            },
        }
        Ok(())
    }

    fn item(&mut self, item: &Item, each: Each<'_>) {
        match item.told() {
            None => self.tally.others += 1,
            Some(Told::Broken(Mistake { why, at })) => self.broken(at, why),
            Some(Told::Event(stamp, event)) => {
                self.intake.by_socket(stamp);
                self.event(stamp, event, each);
            }
            Some(Told::Message(text)) => {
                match kernel::message(&text).or_else(|| kernel::missed(&text)) {
                    Some(said) => self.said(said, &text, each),
                    None => self.tally.others += 1,
                }
            }
        }
    }

    fn broken(&mut self, at: usize, why: &'static str) {
        self.tally.broken_in_all += 1;
        if self.tally.broken.len() < MOST_BROKEN {
            self.tally.broken.push(Broken {
                line: self.tally.lines,
                column: at + 1,
                why,
            });
        }
    }
}

/// The format that a line shows, if it shows one.
fn format_of(line: &str) -> Option<Format> {
    if line.starts_with("__CURSOR=") || line.starts_with("__REALTIME_TIMESTAMP=") {
        return Some(Format::Journal);
    }
    if line.starts_with('{') {
        return json::item(line)
            .ok()
            .filter(|item| !item.is_empty())
            .map(|_| Format::Json);
    }
    let audited = ["type=", "node="]
        .iter()
        .any(|start| line.starts_with(start));
    if audited && line.contains(" msg=audit(") {
        return Some(Format::Auditd);
    }
    if kernel::line(line).is_some() {
        return Some(Format::Dmesg);
    }
    Trace::default().is_call(line).then_some(Format::Strace)
}

/// Reads a line without its end. Says whether there was one.
fn next_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let read = input.take(LONGEST_LINE).read_until(b'\n', line)?;
    if line.ends_with(b"\n") {
        line.pop();
        line.truncate(line.strip_suffix(b"\r").map_or(line.len(), <[u8]>::len));
    } else if read as u64 == LONGEST_LINE {
        input.skip_until(b'\n')?;
    }
    Ok(read > 0)
}
