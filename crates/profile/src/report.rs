//! Gathers the problems of one file.

use crate::diagnostic::{Diagnostic, Place, Problem, Severity};
use crate::json::Fault;

/// How many problems of a file are told: nobody reads more, and a hostile file could have a million.
const MOST: usize = 100;

/// The problems of one file so far.
pub(crate) struct Report {
    file: String,
    /// Where each line begins.
    lines: Vec<usize>,
    diagnostics: Vec<Diagnostic>,
    omitted: usize,
    failed: bool,
}

impl Report {
    pub(crate) fn new(file: &str, bytes: &[u8]) -> Report {
        let ends = bytes.iter().enumerate();
        let ends = ends.filter(|(_, byte)| **byte == b'\n');
        Report {
            file: file.into(),
            lines: std::iter::once(0)
                .chain(ends.map(|(at, _)| at + 1))
                .collect(),
            diagnostics: Vec::new(),
            omitted: 0,
            failed: false,
        }
    }

    /// The place of a byte of the file.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let line = self.lines.partition_point(|&start| start <= offset);
        let start = line.checked_sub(1).and_then(|line| self.lines.get(line));
        Place {
            line,
            column: offset - start.copied().unwrap_or(0) + 1,
        }
    }

    /// Adds a problem.
    pub(crate) fn add(
        &mut self,
        severity: Severity,
        offset: usize,
        key: &str,
        problem: Problem,
        hint: String,
    ) {
        self.failed |= severity == Severity::Error;
        if self.diagnostics.len() >= MOST {
            self.omitted += 1;
            return;
        }
        self.diagnostics.push(Diagnostic {
            file: self.file.clone(),
            place: self.place(offset),
            severity,
            key: key.into(),
            problem,
            hint,
        });
    }

    /// Adds what the reader of JSON stopped at.
    pub(crate) fn fault(&mut self, fault: Fault) {
        let hint = fault.hint.into();
        self.add(Severity::Error, fault.offset, "", fault.problem, hint);
    }

    /// Whether something was wrong enough for the file to be unusable.
    pub(crate) fn failed(&self) -> bool {
        self.failed
    }

    /// All problems, in the order of their places.
    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        let mut diagnostics = self.diagnostics;
        diagnostics.sort_by_key(|diagnostic| (diagnostic.place.line, diagnostic.place.column));
        if self.omitted > 0 {
            diagnostics.push(Diagnostic {
                file: self.file,
                place: Place::default(),
                severity: match self.failed {
                    true => Severity::Error,
                    false => Severity::Warning,
                },
                key: String::new(),
                problem: Problem::More(self.omitted),
                hint: String::new(),
            });
        }
        diagnostics
    }
}
