//! Reports: each distinct violation once when it happens, and how often it happened at the end.
//!
//! Two violations are the same when the same call breaks the same rule with the same values in the
//! arguments that matter, so that the same addition would allow both. Where in the program the call
//! was made makes no difference. Memory is bounded: behind [`MOST_DISTINCT`] only a count goes on.

mod clock;
pub(crate) mod escape;
mod json;
mod oz;
mod summary;
mod text;

pub use escape::plain_json;
pub(crate) use text::place;

use std::collections::HashMap;

use syscalls::render::Style;

use crate::addition::together::together;
use crate::call::Call;
use crate::judge::{Judge, Verdict};
use crate::violation::Violation;

/// More distinct violations than this are only counted: a program could make as many as it likes.
pub const MOST_DISTINCT: usize = 4096;

/// How a report looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A line for people.
    Text,
    /// An object a line; `json.rs` documents its keys.
    Json,
    /// The two lines of Oz's tracer.
    Oz,
    /// The same between lines of 46 `=`, as its documentation and its older versions have them.
    OzWiki,
}

impl Format {
    /// How calls look in it.
    pub fn style(self) -> Style {
        match self {
            Format::Text | Format::Json => Style::Plain,
            Format::Oz | Format::OzWiki => Style::Oz,
        }
    }
}

/// What makes two violations the same.
type Key = (u32, u32, u32, [Option<u64>; 6]);

/// Turns violations into text, and counts them.
#[derive(Debug)]
pub struct Reporter {
    format: Format,
    every: bool,
    /// Who speaks.
    speaker: &'static str,
    /// Whether the policy is a list, which a list of items can be added to.
    lists: bool,
    debug: bool,
    places: HashMap<Key, usize>,
    entries: Vec<Entry>,
    /// Violations that came when there was no room for another distinct one.
    beyond: u64,
    lost: u64,
}

/// A distinct violation.
#[derive(Debug)]
pub(crate) struct Entry {
    first: Violation,
    count: u64,
}

impl Reporter {
    /// A reporter that has seen nothing. With `every`, repetitions are reported, too.
    pub fn new(format: Format, every: bool) -> Reporter {
        Reporter {
            format,
            every,
            speaker: "sandboxify",
            lists: true,
            debug: false,
            places: HashMap::new(),
            entries: Vec::new(),
            beyond: 0,
            lost: 0,
        }
    }

    /// The same in the name of another program than the launcher, whose policies are files and no lists.
    #[must_use]
    pub fn by(self, speaker: &'static str) -> Reporter {
        Reporter {
            speaker,
            lists: false,
            ..self
        }
    }

    /// The same reporter, which shows calls in Oz's form twice: decoded, and as plain numbers and strings.
    pub fn debugging(self) -> Reporter {
        Reporter {
            debug: true,
            ..self
        }
    }

    /// Whether a violation needs [`Violation::generic`].
    pub fn wants_generic(&self) -> bool {
        self.debug && self.format.style() == Style::Oz
    }

    /// Whether a violation needs no report because its like was reported. Then it is counted, and the
    /// caller can spare itself the decoding; any other goes to [`Reporter::take`].
    pub fn repeats(&mut self, call: &Call, verdict: &Verdict) -> bool {
        if self.every {
            return false;
        }
        match self.places.get(&key(call, verdict)) {
            Some(&place) => {
                self.count(place);
                true
            }
            None if self.is_full() => {
                self.beyond += 1;
                true
            }
            None => false,
        }
    }

    /// Whether a violation's like was reported, so that nothing of this one need be decoded.
    pub fn knows(&self, call: &Call, verdict: &Verdict) -> bool {
        !self.every && (self.is_full() || self.places.contains_key(&key(call, verdict)))
    }

    /// Counts a violation and gives the text to print now, with its newline; nothing for a
    /// repetition.
    pub fn take(&mut self, violation: &Violation) -> Option<String> {
        let key = key(&violation.call, &violation.judgement.verdict);
        let known = self.places.get(&key).copied();
        let count = match known {
            Some(place) => self.count(place),
            None if self.is_full() => {
                self.beyond += 1;
                1
            }
            None => self.add(key, violation),
        };
        let reported = self.every || (known.is_none() && self.beyond == 0);
        reported.then(|| match self.format {
            Format::Text => text::violation(violation, self.speaker),
            Format::Json => json::violation(violation, count),
            Format::Oz => oz::violation(violation),
            Format::OzWiki => oz::separated(violation),
        })
    }

    /// Counts reports that got lost, because nobody could take them in time.
    pub fn lose(&mut self, reports: u64) {
        self.lost += reports;
    }

    /// How many violations there were.
    pub fn total(&self) -> u64 {
        let counted: u64 = self.entries.iter().map(|entry| entry.count).sum();
        counted + self.beyond
    }

    /// What there was in all: a line for each distinct violation, with its count, the most frequent
    /// first. Empty where nothing happened, save in JSON.
    pub fn summary(&self) -> String {
        match self.format {
            Format::Text => summary::text(self, ""),
            Format::Json => json::summary(self),
            Format::Oz | Format::OzWiki => summary::text(self, "I "),
        }
    }

    /// What to add so that all of it is allowed, in the form of the report and with its newline;
    /// nothing for a single violation, whose own addition was shown, where the additions do not go together,
    /// and where the policy is no list.
    pub fn together(&self, judge: &Judge) -> Option<String> {
        let entries = self.entries.iter().map(|entry| &entry.first);
        let all: Option<Vec<_>> = entries
            .map(|first| Some((first.call, first.judgement.addition.as_ref().ok()?)))
            .collect();
        let all = all.filter(|all| all.len() > 1 && self.beyond == 0 && self.lists)?;
        let addition = together(judge, &all)?;
        let speaker = self.speaker;
        let typed = escape::line(&addition.typed(), escape::LONGEST_COMMAND);
        Some(match self.format {
            Format::Text => format!("{speaker}: to allow it all: {typed}\n"),
            Format::Oz | Format::OzWiki => format!("I {speaker}: to allow it all: {typed}\n"),
            Format::Json => json::together(&addition),
        })
    }

    /// The distinct violations, the most frequent first.
    pub(crate) fn sorted(&self) -> Vec<&Entry> {
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        // Equally frequent ones stay in the order in which they came.
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.count));
        entries
    }

    fn is_full(&self) -> bool {
        self.entries.len() >= MOST_DISTINCT
    }

    fn add(&mut self, key: Key, violation: &Violation) -> u64 {
        self.places.insert(key, self.entries.len());
        // The summary tells of the call and of the policy, not of the program.
        let first = Violation {
            program: String::new(),
            command: Vec::new(),
            rendered: String::new(),
            generic: None,
            place: None,
            stack: None,
            judgement: violation.judgement.clone(),
            ..*violation
        };
        self.entries.push(Entry { first, count: 1 });
        1
    }

    fn count(&mut self, place: usize) -> u64 {
        self.entries.get_mut(place).map_or(1, |entry| {
            entry.count += 1;
            entry.count
        })
    }
}

fn key(call: &Call, verdict: &Verdict) -> Key {
    (call.audit, call.number, verdict.origin, verdict.selected)
}
