//! From a path as it is written to the names that it consists of for one user.
//!
//! The names are what a caller opens one after the other, as the user: a pattern is compared with what a
//! directory lists. What a variable stands for is taken as it is, also when it has a `*` in it.

use std::fmt;
use std::path::Path;

use crate::diagnostic::{Problem, shown};
use crate::glob::{Glob, Token};
use crate::path::{MOST_NAME, MOST_PATH, PathPattern, Piece, Start};
use crate::variable::Circumstances;

/// A name of an expanded path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// This name; never empty, `.` or `..`, and without `/`.
    Plain(String),
    /// All names that fit.
    Pattern(Glob),
}

/// An absolute path without variables, from the root directory on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpandedPath {
    /// Its names, never none.
    pub names: Vec<Name>,
    /// For messages.
    text: String,
}

impl ExpandedPath {
    /// The path, if it is one and not a pattern for several.
    pub fn plain(&self) -> Option<String> {
        let mut path = String::new();
        for name in &self.names {
            let Name::Plain(name) = name else { return None };
            path.push('/');
            path.push_str(name);
        }
        Some(path)
    }

    /// Whether it leads to something below a directory, which is absolute and has no `..`.
    pub fn is_below(&self, directory: &str) -> bool {
        let outer = directory.split('/').filter(|name| !name.is_empty());
        let mut names = self.names.iter();
        for wanted in outer {
            let fits = |name: &Name| matches!(name, Name::Plain(name) if name == wanted);
            if !names.next().is_some_and(fits) {
                return false;
            }
        }
        names.next().is_some()
    }
}

impl ExpandedPath {
    /// The same path with one directory at its beginning in the place of another; both are absolute and
    /// have no `..`. Nothing where it does not begin so.
    pub fn moved(&self, from: &Path, to: &Path) -> Option<ExpandedPath> {
        let mut rest = self.names.iter();
        for outer in from.iter().skip(1) {
            match rest.next()? {
                Name::Plain(name) if outer == name.as_str() => {}
                _ => return None,
            }
        }
        let mut names = Vec::new();
        for outer in to.iter().skip(1) {
            names.push(Name::Plain(outer.to_str()?.into()));
        }
        names.extend(rest.cloned());
        let text = self.text.clone();
        Some(ExpandedPath { names, text })
    }
}

impl fmt::Display for ExpandedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PathPattern {
    /// Puts in what the variables stand for. There is one result, but for `${PATH}/NAME`, which has one
    /// for each directory of [`SEARCHED`](crate::SEARCHED): what is made visible is the first that is
    /// there, what is hidden all of them.
    ///
    /// # Errors
    /// [`Problem::Unset`] for a variable without a value, [`Problem::Unfit`] when a value makes a path
    /// that there cannot be; both stand at [`PathPattern::place`].
    pub fn expand(&self, circumstances: &Circumstances<'_>) -> Result<Vec<ExpandedPath>, Problem> {
        let directories = match &self.start {
            Start::Root => vec![String::new()],
            Start::Variable(variable) => circumstances.directories(variable)?,
        };
        let mut rest = Vec::new();
        for pieces in &self.names {
            rest.push(name(pieces, circumstances)?);
        }
        directories
            .iter()
            .map(|directory| begun_at(directory, &rest))
            .collect()
    }
}

/// A name, with what makes it text for messages.
fn name(pieces: &[Piece], circumstances: &Circumstances<'_>) -> Result<(Name, String), Problem> {
    let (mut tokens, mut text, mut is_plain) = (Vec::new(), String::new(), true);
    for piece in pieces {
        match piece {
            Piece::Variable(variable) => {
                let value = circumstances.value(variable)?;
                tokens.extend(value.chars().map(Token::Letter));
                text.push_str(&value);
            }
            Piece::Token(token) => {
                is_plain &= matches!(token, Token::Letter(_));
                text.push(match token {
                    Token::Letter(letter) => *letter,
                    Token::Many => '*',
                    Token::One | Token::Class { .. } => '?',
                });
                tokens.push(token.clone());
            }
        }
    }
    if !is_plain {
        return Ok((Name::Pattern(Glob { tokens }), text));
    }
    match text.as_str() {
        "" | "." | ".." => Err(unfit(&text, "is no name in a path")),
        _ if text.contains(['/', '\0']) => Err(unfit(&text, "is no name in a path")),
        _ if text.len() > MOST_NAME => Err(unfit(&text, "has more than 255 bytes")),
        _ => Ok((Name::Plain(text.clone()), text)),
    }
}

fn unfit(text: &str, why: &'static str) -> Problem {
    Problem::Unfit {
        text: shown(text),
        why,
    }
}

/// A path from a directory on, which is absolute, or empty for the root directory.
fn begun_at(directory: &str, rest: &[(Name, String)]) -> Result<ExpandedPath, Problem> {
    let (mut names, mut text) = (Vec::new(), String::new());
    for outer in directory
        .split('/')
        .filter(|name| !matches!(*name, "" | "."))
    {
        if outer == ".." || outer.contains('\0') {
            return Err(unfit(directory, "is no home of anybody"));
        }
        names.push(Name::Plain(outer.into()));
        text.push('/');
        text.push_str(outer);
    }
    for (name, shown) in rest {
        names.push(name.clone());
        text.push('/');
        text.push_str(shown);
    }
    match text.len() {
        0 => Err(unfit("/", "is the root directory")),
        length if length > MOST_PATH => Err(unfit(&text, "has more than 4095 bytes")),
        _ => Ok(ExpandedPath { names, text }),
    }
}
