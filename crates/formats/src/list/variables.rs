//! Environment files: each line sets a variable, as a shell and systemd's `EnvironmentFile=` read it.
//! A line that they would take for something else is an error, so that no part of a list is lost.

use policy::Request;

use crate::{Context, Error, Reading};

/// What the names of all variables of the contract start with, of today's and of later ones.
const OURS: &str = "SECCOMP_";

/// Whether a text is not a bare list but sets the variables, as an environment file does.
pub(crate) fn is_assigned(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let mut names = text.lines().filter_map(assignment).map(|(name, _)| name);
    names.any(|name| policy::VARIABLES.contains(&name))
}

/// What the variables of an environment file come to together.
pub(super) fn read(text: &str, context: &Context<'_>) -> Result<Reading, Error> {
    let mut variables = Vec::new();
    let lines = logical_lines(text);
    for (number, text) in &lines {
        let line = Line {
            path: context.path,
            number: *number,
            text: text.trim_end(),
        };
        variables.extend(line.variable()?);
    }
    let wrong = |problem: String| Error::Value {
        path: context.path.into(),
        place: "variables".into(),
        problem,
    };
    let get = |name: &str| {
        let last = variables.iter().rev().find(|(known, _)| *known == name);
        last.map(|(_, value)| value.as_bytes())
    };
    let request = Request::from_variables(get).map_err(|error| wrong(error.to_string()))?;
    let request = request.ok_or_else(|| wrong("no list".into()))?;
    Ok(Reading {
        mode: request.mode,
        default: request.default,
        list: String::from_utf8_lossy(request.list).into_owned(),
        besides: request.besides,
        notes: Vec::new(),
    })
}

/// The lines with their numbers; where a quote goes on, several are one.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut logical: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (at, line) in text.lines().enumerate() {
        match logical.last_mut().filter(|_| open) {
            Some((_, longer)) => {
                longer.push('\n');
                longer.push_str(line);
            }
            None => logical.push((at + 1, line.into())),
        }
        open = logical.last().is_some_and(|(_, line)| is_open(line));
    }
    logical
}

/// Whether a quote in a line does not end.
fn is_open(line: &str) -> bool {
    if line.trim_start().starts_with('#') {
        return false;
    }
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None | Some('"'), '\\') => {
                letters.next();
            }
            _ => {}
        }
    }
    quote.is_some()
}

/// The name of `NAME=value` or `export NAME=value`, and the rest of the line.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let exported = line.strip_prefix("export").unwrap_or_default();
    let line = match exported.starts_with([' ', '\t']) {
        true => exported.trim_start(),
        false => line,
    };
    let (name, value) = line.split_once('=')?;
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let named = !name.is_empty() && !name.starts_with(|first: char| first.is_ascii_digit());
    (named && name.bytes().all(letter)).then_some((name, value))
}

/// A line of an environment file, without blanks at its end.
struct Line<'a> {
    path: &'a str,
    number: usize,
    text: &'a str,
}

impl<'a> Line<'a> {
    /// The variable that it sets, if that is part of a policy.
    fn variable(&self) -> Result<Option<(&'a str, String)>, Error> {
        let start = self.text.trim_start();
        if start.is_empty() || start.starts_with('#') {
            return Ok(None);
        }
        let Some((name, rest)) = assignment(self.text) else {
            return Err(self.wrong(start, "not an assignment (NAME=value)"));
        };
        let value = self.unquoted(rest)?;
        if !name.starts_with(OURS) || name == policy::QUIET {
            return Ok(None);
        }
        let named = &self.text[self.text.len() - rest.len() - 1 - name.len()..];
        if !policy::VARIABLES.contains(&name) {
            let names = policy::VARIABLES.join(", ");
            return Err(self.wrong(named, format!("unknown variable; there are {names}")));
        }
        if name != policy::LOG {
            return Ok(Some((name, value)));
        }
        match value.as_str() {
            "" | "0" => Ok(None),
            _ => Err(self.wrong(named, "logging is no part of a policy; use --log")),
        }
    }

    /// A value, the end of the line, without its quotes and backslashes.
    fn unquoted(&self, value: &str) -> Result<String, Error> {
        let mut text = String::new();
        let mut quote = None;
        let value = value.trim_start();
        let mut letters = value.char_indices();
        while let Some((at, letter)) = letters.next() {
            match (quote, letter) {
                (Some((_, open)), letter) if letter == open => quote = None,
                (None, '\'' | '"') => quote = Some((at, letter)),
                (None | Some((_, '"')), '\\') => {
                    let Some((_, escaped)) = letters.next() else {
                        return Err(self.wrong(&value[at..], "a line cannot be continued"));
                    };
                    // Between double quotes, others are only themselves.
                    if quote.is_some() && !"\"\\$`".contains(escaped) {
                        text.push('\\');
                    }
                    text.push(escaped);
                }
                (_, letter) => text.push(letter),
            }
        }
        match quote {
            Some((at, _)) => Err(self.wrong(&value[at..], "the quote does not end on this line")),
            None => Ok(text),
        }
    }

    /// An error where the rest of the line starts.
    fn wrong(&self, rest: &str, problem: impl Into<String>) -> Error {
        Error::Line {
            path: self.path.into(),
            line: self.number,
            column: 1 + self.text.len() - rest.len(),
            problem: problem.into(),
        }
    }
}
