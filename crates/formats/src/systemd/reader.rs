//! From unit lines to a list.
//!
//! The first assignment decides between an allow-list and a deny-list; every later line adds to it or
//! takes away from it, and `~` at its start turns that around for all of its words. What
//! systemd passes over with a warning is passed over with a note.

use std::fmt::Write;

use policy::{Action, Errno, Mode};
use syscalls::Abi;

use super::architecture;
use super::lines::{Line, lines};
use super::words::{KILL, error_number, known};
use crate::{Context, Error, Reading};

/// Sections whose units run programs and so take these settings.
const SECTIONS: [&str; 4] = ["Service", "Socket", "Mount", "Swap"];

/// Settings that install filters of their own, or log calls.
const FILTERS: [&str; 13] = [
    "SystemCallLog",
    "RestrictAddressFamilies",
    "RestrictNamespaces",
    "RestrictRealtime",
    "RestrictSUIDSGID",
    "MemoryDenyWriteExecute",
    "LockPersonality",
    "PrivateDevices",
    "ProtectClock",
    "ProtectHostname",
    "ProtectKernelLogs",
    "ProtectKernelModules",
    "ProtectKernelTunables",
];

/// Reads the settings of a unit.
pub(crate) fn read(text: &[u8], context: &Context<'_>) -> Result<Reading, Error> {
    let text = String::from_utf8_lossy(text);
    let mut unit = Unit::new(context);
    for line in lines(&text) {
        unit.line(&line)?;
    }
    unit.finish()
}

/// What was said of calls, in order, and which kind of list the first line made it.
struct Filter {
    mode: Mode,
    items: Vec<(String, Said)>,
}

#[derive(Clone, Copy)]
enum Said {
    /// On a line without `~`.
    Plain,
    /// On a line with `~`, with the action behind the colon.
    Inverted(Option<Action>),
}

struct Unit<'a> {
    context: &'a Context<'a>,
    filter: Option<Filter>,
    violation: Action,
    /// The architectures named; nothing where all are permitted.
    architectures: Option<Vec<String>>,
    /// Whether lines count: they do outside all sections and in those that have these settings.
    heard: bool,
    others: Vec<&'static str>,
    notes: Vec<String>,
}

impl<'a> Unit<'a> {
    fn new(context: &'a Context<'a>) -> Unit<'a> {
        Unit {
            context,
            filter: None,
            violation: Action::KillProcess,
            architectures: None,
            heard: true,
            others: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn line(&mut self, line: &Line) -> Result<(), Error> {
        let text = line.text.trim();
        if let Some(section) = text.strip_prefix('[') {
            let name = section.strip_suffix(']');
            let name = name.ok_or_else(|| self.error(line, 0, "not a section header"))?;
            self.heard = SECTIONS.contains(&name);
            return Ok(());
        }
        let Some((key, value)) = text.split_once('=') else {
            return Ok(());
        };
        let (key, value) = (key.trim_end(), value.trim());
        if !self.heard {
            if key.starts_with("SystemCall") {
                let sections = "[Service], [Socket], [Mount] and [Swap]";
                let problem = format!("{key}= works only in {sections}; ignored, as by systemd");
                self.note(line, 0, &problem);
            }
            return Ok(());
        }
        match key {
            "SystemCallFilter" => return self.filter(line, value),
            "SystemCallErrorNumber" => self.violation(line, value),
            "SystemCallArchitectures" => self.architectures(line, value),
            _ => self.other(key, value),
        }
        Ok(())
    }

    fn filter(&mut self, line: &Line, value: &str) -> Result<(), Error> {
        if value.is_empty() {
            self.filter = None;
            return Ok(());
        }
        let inverted = value.starts_with('~');
        let mut filter = self.filter.take().unwrap_or_else(|| match inverted {
            true => Filter {
                mode: Mode::DenyList,
                items: Vec::new(),
            },
            // An allow-list always starts with the calls that programs cannot do without.
            false => Filter {
                mode: Mode::AllowList,
                items: vec![("@default".into(), Said::Plain)],
            },
        });
        for word in value
            .strip_prefix('~')
            .unwrap_or(value)
            .split_ascii_whitespace()
        {
            let at = offset(&line.text, word);
            filter.items.extend(self.word(line, at, word, inverted)?);
        }
        self.filter = Some(filter);
        Ok(())
    }

    /// What a word says of which call or group; nothing where systemd passes over it.
    fn word(
        &mut self,
        line: &Line,
        at: usize,
        word: &str,
        inverted: bool,
    ) -> Result<Option<(String, Said)>, Error> {
        let (name, number) = match word.split_once(':') {
            Some((name, number)) => (name, Some(number)),
            None => (word, None),
        };
        let problem = match number.map(error_number) {
            Some(None) => "not a system call with an error number",
            Some(_) if !inverted => "only lines with \"~\" may give a call an error number",
            _ if !known(name) => "no system call or group of systemd",
            Some(Some(0)) => {
                let problem = "error 0 makes a call succeed without running, which no list can say";
                return Err(self.error(line, at + name.len() + 1, problem));
            }
            None if !inverted => return Ok(Some((name.into(), Said::Plain))),
            None => return Ok(Some((name.into(), Said::Inverted(None)))),
            Some(Some(number)) => {
                let action = Errno::new(number).map_or(Action::KillProcess, Action::Errno);
                return Ok(Some((name.into(), Said::Inverted(Some(action)))));
            }
        };
        let problem = format!("\"{}\": {problem}; ignored, as by systemd", printable(word));
        self.note(line, at, &problem);
        Ok(None)
    }

    fn violation(&mut self, line: &Line, value: &str) {
        match error_number(value) {
            _ if value.is_empty() => self.violation = Action::KillProcess,
            Some(KILL) => self.violation = Action::KillProcess,
            Some(number @ 1..) => {
                let errno = Errno::new(number).map(Action::Errno);
                self.violation = errno.unwrap_or(self.violation);
            }
            _ => {
                let at = offset(&line.text, value);
                let value = printable(value);
                let problem = format!("\"{value}\": not an error number; ignored, as by systemd");
                self.note(line, at, &problem);
            }
        }
    }

    fn architectures(&mut self, line: &Line, value: &str) {
        if value.is_empty() {
            self.architectures = None;
            return;
        }
        let mut named = self.architectures.take().unwrap_or_default();
        for word in value.split_ascii_whitespace() {
            let at = offset(&line.text, word);
            let here = [Some(self.context.abi), besides(self.context.abi)];
            if word == architecture(Abi::X32) {
                self.note(line, at, "x32 calls are always refused");
            } else if word != "native"
                && !here
                    .into_iter()
                    .flatten()
                    .any(|abi| word == architecture(abi))
            {
                let problem = format!(
                    "\"{}\": no other architecture of this machine",
                    printable(word)
                );
                self.note(line, at, &problem);
            }
            named.push(word.into());
        }
        self.architectures = Some(named);
    }

    fn other(&mut self, key: &str, value: &str) {
        let off = ["", "no", "n", "false", "f", "off", "0"].contains(&value);
        let known = FILTERS.iter().find(|known| **known == key);
        if let Some(known) = known.filter(|known| !off && !self.others.contains(known)) {
            self.others.push(known);
        }
    }

    fn finish(mut self) -> Result<Reading, Error> {
        if self.filter.is_none() && self.architectures.is_none() {
            return Err(Error::Line {
                path: self.context.path.into(),
                line: 1,
                column: 1,
                problem: "no SystemCallFilter= or SystemCallArchitectures= that has an effect"
                    .into(),
            });
        }
        if !self.others.is_empty() {
            let others = self.others.join("=, ");
            let path = printable(self.context.path);
            self.notes.push(format!(
                "{path}: {others}= filter or log system calls, too; that is not converted"
            ));
        }
        let besides = besides(self.context.abi).filter(|&abi| {
            let named = self.architectures.as_ref();
            named.is_none_or(|named| named.iter().any(|word| word == architecture(abi)))
        });
        let (mode, list) = match &self.filter {
            Some(filter) => (filter.mode, self.list(filter)),
            None => (Mode::DenyList, String::new()),
        };
        Ok(Reading {
            mode,
            default: self.violation,
            list,
            besides,
            notes: self.notes,
        })
    }

    /// The items as our language says them. In an allow-list, what was taken out is named with the
    /// default action, so that nothing which follows from other calls puts it back.
    fn list(&self, filter: &Filter) -> String {
        let mut list = String::new();
        for (name, said) in &filter.items {
            let separator = if list.is_empty() { "" } else { ":" };
            let violation = self.violation;
            // Writing to a String cannot fail.
            let _ = match (filter.mode, said) {
                (_, Said::Inverted(Some(action))) => write!(list, "{separator}{name}={action}"),
                (Mode::AllowList, Said::Plain) => write!(list, "{separator}{name}"),
                (Mode::AllowList, Said::Inverted(None)) => {
                    write!(list, "{separator}{name}={violation}")
                }
                (Mode::DenyList, Said::Plain) => write!(list, "{separator}!{name}"),
                (Mode::DenyList, Said::Inverted(None)) => write!(list, "{separator}{name}"),
            };
        }
        list
    }

    fn note(&mut self, line: &Line, at: usize, problem: &str) {
        let (line, column) = line.place(at);
        let path = printable(self.context.path);
        self.notes
            .push(format!("{path}:{line}:{column}: {problem}"));
    }

    fn error(&self, line: &Line, at: usize, problem: &str) -> Error {
        let (line, column) = line.place(at);
        Error::Line {
            path: self.context.path.into(),
            line,
            column,
            problem: problem.into(),
        }
    }
}

/// The ABI that this machine's programs may have besides the native one.
fn besides(abi: Abi) -> Option<Abi> {
    match abi {
        Abi::X86_64 => Some(Abi::X86),
        Abi::Aarch64 => Some(Abi::Arm),
        Abi::X86 | Abi::X32 | Abi::Arm => None,
    }
}

/// Where a part of a text starts in it.
fn offset(text: &str, part: &str) -> usize {
    let start = part.as_ptr().addr();
    let at = start.saturating_sub(text.as_ptr().addr());
    if at <= text.len() { at } else { 0 }
}

fn printable(text: &str) -> String {
    text.escape_debug().collect()
}
