//! Words, numbers and signs of a policy file, line by line.

use crate::Error;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `@include` and the like.
    Directive,
    /// A path, which starts with `/` or `./`.
    Path,
    Number,
    /// A name, with whatever else the compiler takes for one.
    Word,
    Sign,
}

/// A token and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// From 1.
    pub(super) line: usize,
    /// The byte of the line, from 1.
    pub(super) column: usize,
}

/// Longer signs before those that they start with.
const SIGNS: [&str; 20] = [
    "||", "&&", "==", "!=", "<=", ">=", ":", ";", ",", "~", "(", ")", "{", "}", "[", "]", "|", "&",
    "<", ">",
];

/// The tokens of each statement: of a line with those that continue it.
pub(super) fn statements<'a>(path: &str, text: &'a str) -> Result<Vec<Vec<Token<'a>>>, Error> {
    let mut statements = Vec::new();
    let mut tokens = Vec::new();
    for (number, line) in (1..).zip(text.split('\n')) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let (line, continued) = match line.strip_suffix('\\') {
            Some(line) => (line, true),
            None => (line, false),
        };
        let comment = split(path, line, number, &mut tokens)?;
        if let Some(column) = comment.filter(|_| continued) {
            // Minijail0 leaves the next line out, its compiler reads it.
            let problem = "a comment cannot end in a backslash";
            return Err(error(path, number, column, problem));
        }
        if !continued && !tokens.is_empty() {
            statements.push(std::mem::take(&mut tokens));
        }
    }
    if !tokens.is_empty() {
        statements.push(tokens);
    }
    Ok(statements)
}

/// Splits a line, and gives the column of its comment.
fn split<'a>(
    path: &str,
    line: &'a str,
    number: usize,
    tokens: &mut Vec<Token<'a>>,
) -> Result<Option<usize>, Error> {
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\x0b', '\x0c']);
        let column = line.len() - rest.len() + 1;
        if rest.is_empty() {
            return Ok(None);
        }
        if rest.starts_with('#') {
            return Ok(Some(column));
        }
        let Some((kind, length)) = measure(rest) else {
            return Err(error(path, number, column, "not a word of a policy"));
        };
        let (text, behind) = rest.split_at(length);
        tokens.push(Token {
            kind,
            text,
            line: number,
            column,
        });
        rest = behind;
    }
}

/// The kind and the length of the token that a text starts with.
fn measure(text: &str) -> Option<(Kind, usize)> {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-@".contains(byte);
    let length = |start: usize, accept: &dyn Fn(&u8) -> bool| {
        start + text.bytes().skip(start).take_while(accept).count()
    };
    let bytes = text.as_bytes();
    match bytes {
        [b'@', ..] => Some((Kind::Directive, length(1, &word))),
        [b'/', ..] | [b'.', b'/', ..] => {
            Some((Kind::Path, length(0, &|byte| !byte.is_ascii_whitespace())))
        }
        [b'0'..=b'9', ..] | [b'-', b'0'..=b'9', ..] => Some((Kind::Number, length(1, &word))),
        [first, ..] if first.is_ascii_alphabetic() || *first == b'_' => {
            Some((Kind::Word, length(0, &word)))
        }
        [b'=', rest @ ..] if rest.first() != Some(&b'=') => Some((Kind::Sign, 1)),
        _ => {
            let sign = SIGNS.iter().find(|sign| text.starts_with(**sign))?;
            Some((Kind::Sign, sign.len()))
        }
    }
}

/// What is wrong at a place.
pub(super) fn error(path: &str, line: usize, column: usize, problem: &str) -> Error {
    Error::Line {
        path: path.into(),
        line,
        column,
        problem: problem.into(),
    }
}
