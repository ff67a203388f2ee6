//! All texts of a policy in one piece, so that a place in any of them is one number.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::{Error, Fault, column_true};
use syscalls::Abi;

use crate::list::word_at;
use crate::nearest::hint;

/// The part of a line around a place, and below it a caret that points there.
fn excerpt(line: &[u8], at: usize) -> String {
    const BEFORE: usize = 100;
    const BEHIND: usize = 60;
    let start = at.saturating_sub(BEFORE);
    let end = line.len().min(at + BEHIND);
    let mut excerpt = String::from("  ");
    excerpt.push_str(&column_true(line.get(start..end).unwrap_or_default()));
    excerpt.push_str("\n  ");
    excerpt.extend(core::iter::repeat_n(' ', at - start));
    excerpt.push('^');
    excerpt
}

/// The texts, one behind the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    text: Vec<u8>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    start: usize,
    /// The path of a file; nothing for a list.
    path: Option<String>,
}

impl Sources {
    /// Adds a text behind the others and says where it starts.
    pub(crate) fn add(&mut self, path: Option<String>, text: &[u8]) -> usize {
        let start = self.text.len();
        self.parts.push(Part { start, path });
        self.text.reserve_exact(text.len() + 1);
        self.text.extend_from_slice(text);
        // Keeps a word at the end of one text from running into the next.
        self.text.push(b'\n');
        start
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The line of a place and where the line starts.
    fn line(&self, at: usize) -> (usize, &[u8]) {
        let before = self.text.get(..at).unwrap_or_default();
        let start = before.iter().rposition(|&byte| byte == b'\n');
        let start = start.map_or(0, |newline| newline + 1);
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.split(|&byte| byte == b'\n').next();
        (start, line.unwrap_or_default().trim_ascii_end())
    }

    fn part(&self, at: usize) -> Option<&Part> {
        self.parts.iter().rev().find(|part| part.start <= at)
    }

    /// A fault in a file, with the line that it is in; `call` is the call that a rule is about.
    pub(crate) fn error(&self, fault: Fault, call: &str, abis: &[Abi]) -> Error {
        let at = fault.at as usize;
        let (start, line) = self.line(at);
        let part = self.part(at);
        let first = part.map_or(0, |part| part.start);
        let before = self.text.get(first..start).unwrap_or_default();
        Error::Line {
            path: part.and_then(|part| part.path.clone()).unwrap_or_default(),
            line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(),
            column: 1 + at - start,
            excerpt: excerpt(line, at - start),
            problem: fault.problem,
            hint: hint(fault.problem, word_at(&self.text, at), call, abis),
        }
    }

    /// Whether a place is in a file.
    pub(crate) fn in_file(&self, at: u32) -> bool {
        self.part(at as usize)
            .is_some_and(|part| part.path.is_some())
    }

    /// A place for a reader: `FILE:LINE:COLUMN`, or `column COLUMN` of a list.
    pub(crate) fn place(&self, at: u32) -> String {
        let at = at as usize;
        let part = self.part(at);
        let first = part.map_or(0, |part| part.start);
        let Some(path) = part.and_then(|part| part.path.as_ref()) else {
            return alloc::format!("column {}", 1 + at - first);
        };
        let (start, _) = self.line(at);
        let before = self.text.get(first..start).unwrap_or_default();
        let number = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        alloc::format!("{path}:{number}:{}", 1 + at - start)
    }

    /// The rule at a place, for a reader: an item of a list as written, or `FILE:LINE: rule`.
    pub fn rule(&self, at: u32) -> Option<String> {
        let at = at as usize;
        if at >= self.text.len() {
            return None;
        }
        let part = self.part(at)?;
        let Some(path) = &part.path else {
            let behind = self
                .parts
                .iter()
                .map(|part| part.start)
                .find(|&start| start > at);
            let list = self
                .text
                .get(part.start..behind.unwrap_or(self.text.len()) - 1)?;
            let item = crate::list::item_at(list, at - part.start)?;
            return Some(String::from_utf8_lossy(item).into_owned());
        };
        let (start, line) = self.line(at);
        let before = self.text.get(part.start..start)?;
        let number = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        let line = String::from_utf8_lossy(line.trim_ascii());
        Some(alloc::format!("{path}:{number}: {line}"))
    }
}
