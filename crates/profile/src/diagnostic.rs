//! What is wrong with a profile, and where.

use std::fmt;

/// A place in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1; 0 stands for the whole file.
    pub line: usize,
    /// The byte of the line, from 1; 0 stands for the whole file.
    pub column: usize,
}

/// Whether a profile can be used in spite of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It can.
    Warning,
    /// It cannot.
    Error,
}

/// A problem, where it is, and what to do about it. One line: `FILE:LINE:COLUMN: error: PROBLEM; HINT`.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// The file.
    pub file: String,
    /// Where in the file.
    pub place: Place,
    /// Whether the profile can be used.
    pub severity: Severity,
    /// The way to the value: `whitelist[3].path`; empty for the file as a whole.
    pub key: String,
    /// What is wrong.
    pub problem: Problem,
    /// What to do about it; may be empty.
    pub hint: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if self.place.line > 0 {
            write!(f, "{}:{}:", self.place.line, self.place.column)?;
        }
        f.write_str(match self.severity {
            Severity::Warning => " warning: ",
            Severity::Error => " error: ",
        })?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}", self.problem)?;
        match self.hint.as_str() {
            "" => Ok(()),
            hint => write!(f, "; {hint}"),
        }
    }
}

impl std::error::Error for Diagnostic {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.problem)
    }
}

/// What can be wrong with a file, a value in it, or a path that is to be expanded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A file that cannot be opened or read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// A file or directory that others than root can change.
    #[error("{0}")]
    Untrusted(&'static str),
    /// Bytes that are no JSON.
    #[error("{0}")]
    Malformed(&'static str),
    /// Something else than what belongs there.
    #[error("expected {wanted}, found {found}")]
    Unexpected {
        /// What belongs there.
        wanted: &'static str,
        /// What stands there.
        found: String,
    },
    /// A value of the wrong type.
    #[error("must be {wanted}, not {found}")]
    WrongType {
        /// The right type.
        wanted: &'static str,
        /// The one that it has.
        found: &'static str,
    },
    /// A number that is too small, too large, or not whole.
    #[error("must be a whole number from {low} to {high}")]
    OutOfRange {
        /// The smallest.
        low: u64,
        /// The largest.
        high: u64,
    },
    /// A word that is none of those that the key knows.
    #[error("\"{word}\" is none of {words}")]
    UnknownWord {
        /// The word.
        word: String,
        /// Those that the key knows.
        words: String,
    },
    /// A key that means nothing.
    #[error("unknown key, ignored")]
    UnknownKey,
    /// A key that is there twice.
    #[error("given twice, first at {line}:{column}")]
    Repeated {
        /// The line of the first, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
    },
    /// A key that has to be there.
    #[error("\"{0}\" is missing")]
    Missing(&'static str),
    /// A string that cannot be what it is meant to be.
    #[error("\"{text}\" {why}")]
    Unfit {
        /// The string, cut when long.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A variable that has no value for this user.
    #[error("${{{0}}} has no value here")]
    Unset(String),
    /// Values that cannot go together.
    #[error("{0}")]
    Impossible(&'static str),
    /// A value without effect.
    #[error("no effect: {0}")]
    NoEffect(&'static str),
    /// A name or a program that is an earlier file's.
    #[error("\"{text}\" is that of {file}, which comes first")]
    Shadowed {
        /// The name or the path of the program.
        text: String,
        /// The earlier file.
        file: String,
    },
    /// Problems that are not shown.
    #[error("{0} more problems are not shown")]
    More(usize),
}

/// Foreign text for a message: on one line, of bounded length.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown = String::new();
    for letter in text.chars() {
        if shown.len() >= LONGEST {
            return shown + "...";
        }
        match letter {
            '"' | '\'' => shown.push(letter),
            letter => shown.extend(letter.escape_debug()),
        }
    }
    shown
}
