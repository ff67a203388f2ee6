//! Entries of the journal: which fields matter, and the export format
//! (https://systemd.io/JOURNAL_EXPORT_FORMATS/).
//!
//! Fields that begin with an underscore are set by the journal itself. So it is they that say whether
//! a message is the kernel's.

use std::io::{self, BufRead, Read};

use crate::audit::{Event, Mistake, Stamp};
use crate::kernel::{self, Said};

/// An entry, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Item {
    fields: Vec<(String, String)>,
}

/// The fields that are kept, besides those that begin with the last one.
const KEPT: [&str; 13] = [
    "MESSAGE",
    "SYSLOG_FACILITY",
    "__REALTIME_TIMESTAMP",
    "_SOURCE_REALTIME_TIMESTAMP",
    "_TRANSPORT",
    "_AUDIT_TYPE",
    "_AUDIT_ID",
    "_PID",
    "_UID",
    "_COMM",
    "_EXE",
    "_AUDIT_TYPE_NAME",
    FIELD,
];
const FIELD: &str = "_AUDIT_FIELD_";
/// A longer value is no audit record's (MAX_AUDIT_MESSAGE_LENGTH in include/uapi/linux/audit.h is 8970).
const LONGEST: u64 = 1 << 16;
/// More fields than an entry has that is of any use here.
const MOST_FIELDS: usize = 64;

/// What an entry says.
pub(crate) enum Told {
    /// A message of the kernel log, or of the journal.
    Message(String),
    /// A record by the audit socket.
    Event(Option<Stamp>, Event),
    /// One of these that cannot be read.
    Broken(Mistake),
}

impl Item {
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Takes up a field.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        if wanted(name) && self.fields.len() < MOST_FIELDS {
            self.fields.push((name.to_owned(), value.to_owned()));
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// What it says; nothing where it is somebody else's.
    pub(crate) fn told(&self) -> Option<Told> {
        let message = self.get("MESSAGE");
        match self.get("_TRANSPORT")? {
            "kernel" if matches!(self.get("SYSLOG_FACILITY"), None | Some("0")) => {
                message.map(|text| Told::Message(text.to_owned()))
            }
            "driver" => message.map(|text| Told::Message(text.to_owned())),
            "audit" => self.record(),
            _ => None,
        }
    }

    fn record(&self) -> Option<Told> {
        let word = self.get("_AUDIT_TYPE").or(self.get("_AUDIT_TYPE_NAME"));
        let message = self.get("MESSAGE").and_then(kernel::from_journal);
        let (named, text) = match message {
            Some(Said::Record { kind, text, .. }) => (Some(kind), Some(text.to_owned())),
            _ => (None, None),
        };
        let kind = crate::audit::kind(word.or(named)?)?;
        let written = text.is_some();
        let event =
            crate::audit::event(kind, self.stamp(), &text.unwrap_or_else(|| self.spelled()));
        Some(match event {
            Err(mistake) => Told::Broken(mistake),
            Ok(Event::Seccomp(mut record)) if !written => {
                record.comm = self.get("_COMM").unwrap_or_default().to_owned();
                record.exe = self.get("_EXE").unwrap_or_default().to_owned();
                Told::Event(self.stamp(), Event::Seccomp(record))
            }
            Ok(event) => Told::Event(self.stamp(), event),
        })
    }

    /// The record's fields, where its text was left out of the output.
    fn spelled(&self) -> String {
        let own = [("_PID", "pid"), ("_UID", "uid")];
        let own = own
            .iter()
            .filter_map(|(name, short)| Some((*short, self.get(name)?)));
        let own = own.map(|(name, value)| format!("{name}={value}"));
        let fields = self.fields.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix(FIELD)?.to_ascii_lowercase();
            Some(format!("{name}={value}"))
        });
        own.chain(fields).collect::<Vec<String>>().join(" ")
    }

    fn stamp(&self) -> Option<Stamp> {
        let serial = self.get("_AUDIT_ID")?.parse().ok()?;
        let names = ["_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"];
        let microseconds = names.iter().find_map(|name| self.get(name))?;
        let microseconds: u64 = microseconds.parse().ok()?;
        Some(Stamp {
            milliseconds: microseconds / 1000,
            serial,
        })
    }
}

/// Reads the value of a field that is not on the line of its name: eight bytes with its length in little
/// endian, the value, a newline. Too long a value is read over.
pub(crate) fn binary(input: &mut dyn BufRead) -> io::Result<String> {
    let mut length = [0; 8];
    input.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    let mut value = Vec::new();
    input.take(length.min(LONGEST)).read_to_end(&mut value)?;
    let rest = length.saturating_sub(LONGEST);
    io::copy(&mut input.take(rest), &mut io::sink())?;
    let mut newline = [0];
    input.read_exact(&mut newline)?;
    Ok(String::from_utf8_lossy(&value).into_owned())
}

/// Whether a field of this name is kept.
pub(crate) fn wanted(name: &str) -> bool {
    KEPT.contains(&name) || name.starts_with(FIELD)
}
