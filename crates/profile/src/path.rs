//! Paths of a profile as they are written: absolute, or begun by a variable, with variables in them and,
//! if there is a `*`, patterns. Nothing here looks at a file system.

use std::fmt;
use std::str::FromStr;

use crate::block::Text;
use crate::diagnostic::{Place, Problem, shown};
use crate::glob::{Token, token};
use crate::report::Report;
use crate::variable::Variable;

/// The most bytes of a path (PATH_MAX in linux/limits.h, without the NUL).
pub(crate) const MOST_PATH: usize = 4095;

/// The most bytes of a name in a path (NAME_MAX in linux/limits.h).
pub(crate) const MOST_NAME: usize = 255;

/// A path as a profile has it. Where it stands is no part of what it means: two are equal when they are
/// written alike.
#[derive(Clone)]
pub struct PathPattern {
    text: String,
    place: Place,
    pub(crate) start: Start,
    pub(crate) names: Vec<Vec<Piece>>,
}

/// What a path begins at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Start {
    /// `/`
    Root,
    /// `${HOME}`, `${PATH}` or `${XDG_…_DIR}`.
    Variable(Variable),
}

/// A piece of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Token(Token),
    Variable(Variable),
}

impl fmt::Debug for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for PathPattern {
    fn eq(&self, other: &PathPattern) -> bool {
        self.text == other.text
    }
}

impl Eq for PathPattern {}

impl FromStr for PathPattern {
    type Err = Problem;

    /// Reads a path that a program has, and no profile.
    fn from_str(text: &str) -> Result<PathPattern, Problem> {
        let place = Place::default();
        PathPattern::parse(text, place).map_err(|(why, _)| Problem::Unfit {
            text: shown(text),
            why,
        })
    }
}

/// Why a string is no path, and what to do about it.
type Unfit = (&'static str, &'static str);

const NOT_ABSOLUTE: &str = "is not an absolute path";
const PARENT: &str = "has .. in it";

impl PathPattern {
    /// Reads a path; reports what is wrong with it.
    pub(crate) fn read(text: &Text<'_>, report: &mut Report) -> Option<PathPattern> {
        let place = report.place(text.field.value.offset);
        match PathPattern::parse(text.text, place) {
            Ok(path) => Some(path),
            Err((why, hint)) => {
                text.unfit(report, why, &hint);
                None
            }
        }
    }

    fn parse(text: &str, place: Place) -> Result<PathPattern, (&'static str, String)> {
        let own = |(why, hint): Unfit| (why, hint.to_string());
        if text.len() > MOST_PATH {
            return Err(own(("has more than 4095 bytes", "")));
        }
        if text.contains('\0') {
            return Err(own(("has a NUL", "")));
        }
        let (start, rest) = start(text)?;
        let is_glob = rest.contains('*');
        let mut names = Vec::new();
        for name in rest.split('/').filter(|name| !matches!(*name, "" | ".")) {
            if name == ".." {
                return Err(own((PARENT, "")));
            }
            names.push(pieces(name, is_glob)?);
        }
        match &start {
            Start::Root if names.is_empty() => {
                return Err(own(("is the root directory", "")));
            }
            Start::Variable(Variable::Path) if names.len() != 1 => {
                return Err(own(("wants one name behind ${PATH}/", "")));
            }
            _ => {}
        }
        Ok(PathPattern {
            text: text.into(),
            place,
            start,
            names,
        })
    }

    /// The path as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where it stands in its file.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Whether it may stand for several files, because it has a `*`.
    pub fn is_pattern(&self) -> bool {
        let mut pieces = self.names.iter().flatten();
        pieces.any(|piece| *piece == Piece::Token(Token::Many))
    }

    /// Whether it is `${HOME}` and nothing else.
    pub(crate) fn is_home(&self) -> bool {
        self.start == Start::Variable(Variable::Home) && self.names.is_empty()
    }

    /// Whether it begins with `${HOME}` or `${XDG_…_DIR}`: a path that its user may change at any time.
    /// Others may lead there, too: [`ExpandedPath::is_below`](crate::ExpandedPath::is_below).
    pub fn is_below_home(&self) -> bool {
        matches!(
            self.start,
            Start::Variable(Variable::Home | Variable::Directory(_))
        )
    }
}

/// What a path begins at, and the rest.
fn start(text: &str) -> Result<(Start, &str), (&'static str, String)> {
    if text.starts_with('/') {
        return Ok((Start::Root, text));
    }
    if !text.starts_with("${") {
        let hint = match text {
            text if text.starts_with('~') || text.starts_with("$HOME") => "write ${HOME}",
            _ => "",
        };
        return Err((NOT_ABSOLUTE, hint.into()));
    }
    let (variable, rest) = variable(text)?;
    if !variable.is_directory() {
        return Err((NOT_ABSOLUTE, String::new()));
    }
    match rest.starts_with('/') || rest.is_empty() {
        true => Ok((Start::Variable(variable), rest)),
        false => Err(("wants a / behind its first variable", String::new())),
    }
}

/// The variable that a text begins with, and the rest.
fn variable(text: &str) -> Result<(Variable, &str), (&'static str, String)> {
    let inside = text.strip_prefix("${").unwrap_or(text);
    let Some((name, rest)) = inside.split_once('}') else {
        return Err(("has a ${ without its }", String::new()));
    };
    match Variable::from_name(name) {
        Some(variable) => Ok((variable, rest)),
        None => {
            let known = policy::nearest(name, Variable::NAMES);
            let hint = known.map_or_else(String::new, |name| format!("did you mean ${{{name}}}?"));
            Err(("has a variable that Oz does not know", hint))
        }
    }
}

/// The pieces of a name.
fn pieces(name: &str, is_glob: bool) -> Result<Vec<Piece>, (&'static str, String)> {
    let (mut pieces, mut rest) = (Vec::new(), name);
    while let Some(letter) = rest.chars().next() {
        if rest.starts_with("${") {
            let (found, after) = variable(rest)?;
            if found.is_directory() {
                let why = "has ${HOME}, ${PATH} or an XDG directory behind its beginning";
                return Err((why, String::new()));
            }
            pieces.push(Piece::Variable(found));
            rest = after;
            continue;
        }
        let (found, after) = match is_glob {
            true => token(letter, rest).map_err(|why| (why, String::new()))?,
            false => {
                let after = rest.get(letter.len_utf8()..).unwrap_or("");
                (Token::Letter(letter), after)
            }
        };
        pieces.push(Piece::Token(found));
        rest = after;
    }
    let letters = pieces.iter().map(|piece| match piece {
        Piece::Token(Token::Letter(letter)) => letter.len_utf8(),
        _ => 0,
    });
    if letters.sum::<usize>() > MOST_NAME {
        return Err(("has a name of more than 255 bytes", String::new()));
    }
    Ok(pieces)
}

/// Reads a path without variables and patterns, and gives it without needless slashes; reports what is
/// wrong with it.
pub(crate) fn literal(text: &Text<'_>, report: &mut Report) -> Option<String> {
    match literal_names(text.text) {
        Ok(path) => Some(path),
        Err((why, hint)) => {
            text.unfit(report, why, hint);
            None
        }
    }
}

/// Reads a path as [`literal`] does, or one that begins in the directory of the profile's file, which it
/// cannot leave.
pub(crate) fn beside(text: &Text<'_>, report: &mut Report) -> Option<String> {
    if text.text.starts_with(['/', '~', '$']) || text.text.is_empty() {
        return literal(text, report);
    }
    match literal_names(&format!("/{}", text.text)) {
        Ok(path) => Some(path.trim_start_matches('/').into()),
        Err((why, hint)) => {
            text.unfit(report, why, hint);
            None
        }
    }
}

fn literal_names(text: &str) -> Result<String, Unfit> {
    if text.len() > MOST_PATH {
        return Err(("has more than 4095 bytes", ""));
    }
    if text.contains("${") {
        return Err(("has a variable, which means nothing here", ""));
    }
    if !text.starts_with('/') {
        return Err((NOT_ABSOLUTE, ""));
    }
    let mut path = String::new();
    for name in text.split('/').filter(|name| !matches!(*name, "" | ".")) {
        match name {
            ".." => return Err((PARENT, "")),
            name if name.len() > MOST_NAME => {
                return Err(("has a name of more than 255 bytes", ""));
            }
            name => {
                path.push('/');
                path.push_str(name);
            }
        }
    }
    match path.is_empty() {
        true => Err(("is the root directory", "")),
        false => Ok(path),
    }
}
