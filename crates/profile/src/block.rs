//! An object of the schema: its keys looked up without regard to case, its values as the types that they
//! must have. A getter that finds something wrong reports it and gives the default, so that one reading
//! reports all that is wrong with a file.

use std::ops::RangeInclusive;

use crate::diagnostic::{Problem, Severity, shown};
use crate::json::{Kind, Member, Value};
use crate::report::Report;

/// A value with the way to it.
pub(crate) struct Field<'a> {
    pub(crate) value: &'a Value,
    /// `whitelist[3].path`
    pub(crate) key: String,
}

/// A string with the way to it.
pub(crate) struct Text<'a> {
    pub(crate) text: &'a str,
    pub(crate) field: Field<'a>,
}

/// An object, or nothing, which is as good as an empty one.
pub(crate) struct Block<'a> {
    /// The way to it; empty for the whole file.
    name: String,
    offset: usize,
    known: &'static [&'static str],
    members: Vec<(&'static str, &'a Member)>,
}

impl<'a> Field<'a> {
    pub(crate) fn error(&self, report: &mut Report, problem: Problem) {
        self.hinted(report, problem, String::new());
    }

    pub(crate) fn hinted(&self, report: &mut Report, problem: Problem, hint: String) {
        report.add(Severity::Error, self.value.offset, &self.key, problem, hint);
    }

    pub(crate) fn warning(&self, report: &mut Report, problem: Problem) {
        let offset = self.value.offset;
        report.add(Severity::Warning, offset, &self.key, problem, String::new());
    }

    /// Whether it is 0, an empty string or an empty list, which Oz takes for nothing.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.value.kind {
            Kind::Number(number) => *number == Some(0),
            Kind::Text(text) => text.is_empty(),
            Kind::List(items) => items.is_empty(),
            _ => false,
        }
    }

    fn mistyped(&self, report: &mut Report, wanted: &'static str) {
        let found = self.value.kind.name();
        self.error(report, Problem::WrongType { wanted, found });
    }

    /// The string that it is; `None` for an empty one, which Oz takes for nothing.
    pub(crate) fn text(self, report: &mut Report) -> Option<Text<'a>> {
        match &self.value.kind {
            Kind::Text(text) if text.is_empty() => None,
            Kind::Text(text) if text.contains('\0') => {
                let why = "has a NUL, which no path and no argument can hold";
                let text = shown(text);
                self.error(report, Problem::Unfit { text, why });
                None
            }
            Kind::Text(text) => Some(Text { text, field: self }),
            _ => {
                self.mistyped(report, "a string");
                None
            }
        }
    }
}

impl Text<'_> {
    /// Reports that the string cannot be what it is meant to be.
    pub(crate) fn unfit(&self, report: &mut Report, why: &'static str, hint: &str) {
        let text = shown(self.text);
        let problem = Problem::Unfit { text, why };
        self.field.hinted(report, problem, hint.into());
    }

    /// What the string stands for among some words.
    pub(crate) fn word<T: Copy>(&self, words: &[(&str, T)], report: &mut Report) -> Option<T> {
        let found = words.iter().find(|(word, _)| *word == self.text);
        if found.is_none() {
            let names = words.iter().map(|(word, _)| *word);
            let hint = policy::nearest(self.text, names.clone());
            let problem = Problem::UnknownWord {
                word: shown(self.text),
                words: names.collect::<Vec<_>>().join(", "),
            };
            self.field.hinted(report, problem, meant(hint));
        }
        found.map(|&(_, meaning)| meaning)
    }
}

fn meant(word: Option<String>) -> String {
    word.map_or_else(String::new, |word| format!("did you mean \"{word}\"?"))
}

impl<'a> Block<'a> {
    /// Looks an object up; reports its unknown and repeated keys, and another type. Keys that begin with
    /// an underscore are comments.
    pub(crate) fn open(
        field: Option<Field<'a>>,
        known: &'static [&'static str],
        report: &mut Report,
    ) -> Block<'a> {
        let mut block = Block {
            name: String::new(),
            offset: 0,
            known,
            members: Vec::new(),
        };
        let Some(field) = field else { return block };
        block.offset = field.value.offset;
        match &field.value.kind {
            Kind::Object(members) => {
                block.name = field.key;
                for member in members.iter().filter(|member| !member.key.starts_with('_')) {
                    block.add(member, report);
                }
            }
            _ => field.mistyped(report, "an object"),
        }
        block
    }

    fn add(&mut self, member: &'a Member, report: &mut Report) {
        let key = folded(&member.key);
        let Some(known) = self.known.iter().find(|known| **known == key) else {
            let hint = meant(self.closest(&key));
            let key = self.way(&shown(&member.key));
            let offset = member.offset;
            report.add(Severity::Warning, offset, &key, Problem::UnknownKey, hint);
            return;
        };
        let first = self.members.iter().find(|(name, _)| name == known);
        if let Some((_, first)) = first {
            let problem = repeated(first.offset, report);
            let (severity, offset, key) = (Severity::Error, member.offset, self.way(known));
            report.add(severity, offset, &key, problem, String::new());
            return;
        }
        self.members.push((known, member));
    }

    /// The known key that an unknown one is closest to, or the one that it is the end of.
    fn closest(&self, key: &str) -> Option<String> {
        let nearest = policy::nearest(key, self.known.iter().copied());
        let longer = |known: &&&str| {
            let start = known.strip_suffix(key);
            start.is_some_and(|start| start.ends_with('_'))
        };
        nearest.or_else(|| {
            let found = self.known.iter().find(longer);
            found.map(|known| (*known).into())
        })
    }

    fn way(&self, key: &str) -> String {
        match self.name.as_str() {
            "" => key.into(),
            name => format!("{name}.{key}"),
        }
    }

    /// The value of a key; `None` for `null`, too, as Go's reader has it.
    pub(crate) fn field(&self, key: &'static str) -> Option<Field<'a>> {
        debug_assert!(self.known.contains(&key), "{key} is not in the schema");
        let (_, member) = self.members.iter().find(|(name, _)| *name == key)?;
        let value = &member.value;
        let field = Field {
            value,
            key: self.way(key),
        };
        Some(field).filter(|field| field.value.kind != Kind::Null)
    }

    /// The value of a key that has two spellings; it is an error to use both.
    pub(crate) fn either(
        &self,
        key: &'static str,
        old: &'static str,
        report: &mut Report,
    ) -> Option<Field<'a>> {
        let (field, other) = (self.field(key), self.field(old));
        if let (Some(field), Some(other)) = (&field, &other) {
            let problem = repeated(field.value.offset, report);
            other.error(report, problem);
        }
        field.or(other)
    }

    pub(crate) fn flag(&self, key: &'static str, default: bool, report: &mut Report) -> bool {
        let Some(field) = self.field(key) else {
            return default;
        };
        match field.value.kind {
            Kind::Flag(flag) => flag,
            _ => {
                field.mistyped(report, "true or false");
                default
            }
        }
    }

    pub(crate) fn number(
        &self,
        key: &'static str,
        range: RangeInclusive<u64>,
        report: &mut Report,
    ) -> Option<u64> {
        let field = self.field(key)?;
        let (low, high) = (*range.start(), *range.end());
        match field.value.kind {
            Kind::Number(Some(number)) if range.contains(&number) => return Some(number),
            Kind::Number(_) => field.error(report, Problem::OutOfRange { low, high }),
            _ => field.mistyped(report, "a number"),
        }
        None
    }

    pub(crate) fn text(&self, key: &'static str, report: &mut Report) -> Option<Text<'a>> {
        self.field(key)?.text(report)
    }

    /// A string that nothing but its type is asked of.
    pub(crate) fn string(&self, key: &'static str, report: &mut Report) -> Option<String> {
        self.text(key, report).map(|text| text.text.into())
    }

    /// A word of a list; the first of them stands for nothing at all.
    pub(crate) fn word<T: Copy + Default>(
        &self,
        key: &'static str,
        words: &[(&str, T)],
        report: &mut Report,
    ) -> T {
        let text = self.text(key, report);
        let word = text.and_then(|text| text.word(words, report));
        word.unwrap_or_default()
    }

    /// The items of a list; none where it is not there.
    pub(crate) fn items(&self, key: &'static str, report: &mut Report) -> Vec<Field<'a>> {
        let Some(field) = self.field(key) else {
            return Vec::new();
        };
        let Kind::List(items) = &field.value.kind else {
            field.mistyped(report, "a list");
            return Vec::new();
        };
        let items = items.iter().enumerate();
        let items = items.filter(|(_, value)| value.kind != Kind::Null);
        items
            .map(|(at, value)| Field {
                value,
                key: format!("{}[{at}]", field.key),
            })
            .collect()
    }

    /// The strings of a list, without empty ones.
    pub(crate) fn texts(&self, key: &'static str, report: &mut Report) -> Vec<Text<'a>> {
        let items = self.items(key, report).into_iter();
        items.filter_map(|item| item.text(report)).collect()
    }

    /// Strings of a list that nothing but their type is asked of. Empty ones count.
    pub(crate) fn strings(&self, key: &'static str, report: &mut Report) -> Vec<String> {
        let items = self.items(key, report).into_iter();
        items
            .filter_map(|item| match &item.value.kind {
                Kind::Text(text) if text.is_empty() => Some(String::new()),
                _ => item.text(report).map(|text| text.text.into()),
            })
            .collect()
    }

    /// Reports something about the block as a whole.
    pub(crate) fn error(&self, report: &mut Report, problem: Problem) {
        self.report(Severity::Error, report, problem);
    }

    pub(crate) fn warning(&self, report: &mut Report, problem: Problem) {
        self.report(Severity::Warning, report, problem);
    }

    fn report(&self, severity: Severity, report: &mut Report, problem: Problem) {
        report.add(severity, self.offset, &self.name, problem, String::new());
    }

    /// Reports a key that has to be there and is not. One that is there and wrong has been reported.
    pub(crate) fn missing(&self, key: &'static str, report: &mut Report) {
        if self.is_without(key) {
            self.error(report, Problem::Missing(key));
        }
    }

    /// Whether a key is not there, or has nothing as its value.
    pub(crate) fn is_without(&self, key: &'static str) -> bool {
        self.field(key).is_none_or(|field| field.is_empty())
    }
}

fn repeated(first: usize, report: &Report) -> Problem {
    let place = report.place(first);
    Problem::Repeated {
        line: place.line,
        column: place.column,
    }
}

/// A key without case. Go's reader also takes the long s and the sign for kelvins for letters.
fn folded(key: &str) -> String {
    let letter = |letter| match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        letter => letter.to_ascii_lowercase(),
    };
    key.chars().map(letter).collect()
}
