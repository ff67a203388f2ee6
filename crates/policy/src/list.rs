//! The list syntax: what fits in an environment variable.
//!
//! `item:item:…`, where an item is `NAME`, `NUMBER` or `@GROUP`, with `!` before it to take it out
//! again or `=ACTION` behind it. Items work left to right; `meaning.rs` and `compile.rs` say how.

use alloc::vec::Vec;
use core::fmt;
use core::str;

use syscalls::Abi;

use crate::action::{Action, parse_number};
use crate::error::{Error, Problem, escaped, quoted};
use crate::nearest::hint;
use crate::tree::is_word;

/// The items of a list, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct List<'a> {
    /// The items; empty ones are not kept.
    pub items: Vec<Item<'a>>,
}

/// One item: a target and what to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<'a> {
    /// What the item is about.
    pub target: Target<'a>,
    /// The condition under which it is said, without its parentheses.
    pub guard: Option<Guard<'a>>,
    /// What is said of it.
    pub verb: Verb,
    /// The byte of the list at which the target starts, from 1.
    pub column: usize,
    /// The item as the user wrote it, for messages.
    pub written: &'a [u8],
}

/// An expression in parentheses; not read yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard<'a> {
    /// The expression.
    pub text: &'a [u8],
    /// The byte of the list at which it starts, from 0.
    pub offset: usize,
}

/// What an item says of its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `name`: put it on the list.
    Add,
    /// `name=action`: give it an action of its own.
    Set(Action),
    /// `!name`: as if never named.
    Remove,
}

/// What an item is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target<'a> {
    /// A call by name; not looked up yet.
    Name(&'a str),
    /// A call by number.
    Number(u32),
    /// A group by name, without its `@`; not looked up yet.
    Group(&'a str),
    /// A policy file by its path, colons and backslashes still escaped.
    File(&'a [u8]),
}

impl<'a> List<'a> {
    /// Reads a list. `origin` names the variable or option for messages.
    ///
    /// # Errors
    /// [`Error::Item`] for the first item that is not in the grammar. Names are not looked up.
    pub fn parse(origin: &'static str, text: &'a [u8]) -> Result<List<'a>, Error> {
        let items = items(origin, text).collect::<Result<_, _>>()?;
        Ok(List { items })
    }
}

/// The items of a list, one by one; empty ones are passed over.
pub(crate) fn items<'a>(
    origin: &'static str,
    text: &'a [u8],
) -> impl Iterator<Item = Result<Item<'a>, Error>> {
    parts(text).filter_map(move |(start, raw)| item(origin, start, raw))
}

/// The item in a part of a list that starts at `start`; nothing where there is none.
pub(crate) fn item<'a>(
    origin: &'static str,
    start: usize,
    raw: &'a [u8],
) -> Option<Result<Item<'a>, Error>> {
    let left = raw.trim_ascii_start();
    let item = left.trim_ascii_end();
    if item.is_empty() {
        return None;
    }
    let column = start + (raw.len() - left.len()) + 1;
    let parsed = Item::parse(item, column);
    Some(parsed.map_err(|(offset, problem)| Error::Item {
        origin,
        item: quoted(item),
        column: column + offset,
        problem,
        hint: hint(problem, word_at(item, offset), "", &[Abi::NATIVE]),
    }))
}

/// The name that is all that a part of a list consists of, as with nearly all of them.
pub(crate) fn bare_name(raw: &[u8]) -> Option<&str> {
    let lower = matches!(raw.first(), Some(b'a'..=b'z'));
    word(raw).ok().filter(|_| lower)
}

/// The parts of a list between colons, with the offset of each. A colon inside parentheses or
/// behind a backslash does not split.
pub(crate) fn parts(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut depth = 0_usize;
    let mut escaped = false;
    let mut separator = move |byte: &u8| {
        if core::mem::take(&mut escaped) {
            return false;
        }
        match byte {
            b'\\' => escaped = true,
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b':' => return depth == 0,
            _ => {}
        }
        false
    };
    let mut start = 0;
    text.split(move |byte| separator(byte)).map(move |part| {
        let at = start;
        start += part.len() + 1;
        (at, part)
    })
}

/// A problem and its offset within the item.
type Misplaced = (usize, Problem);

impl<'a> Item<'a> {
    fn parse(item: &'a [u8], column: usize) -> Result<Item<'a>, Misplaced> {
        if let Some(name) = bare_name(item) {
            return Ok(Item {
                target: Target::Name(name),
                guard: None,
                verb: Verb::Add,
                column,
                written: item,
            });
        }
        match is_path(item) {
            true => Item::path(item, column),
            false => Item::call(item, column),
        }
    }

    /// A call or a group with all that may stand around it.
    fn call(item: &'a [u8], column: usize) -> Result<Item<'a>, Misplaced> {
        let (removed, body) = match item.strip_prefix(b"!") {
            Some(rest) => (true, rest.trim_ascii_start()),
            None => (false, item),
        };
        let offset = item.len() - body.len();
        let end = body.iter().position(|byte| matches!(byte, b'(' | b'='));
        let (name, rest) = body.split_at(end.unwrap_or(body.len()));
        let target = Target::parse(name.trim_ascii_end()).map_err(|problem| (offset, problem))?;
        let behind_name = offset + name.len();
        let misplaced = |problem| (behind_name, problem);
        let length = guard_length(rest).ok_or(misplaced(Problem::Unclosed))?;
        let (guard, action) = rest.split_at(length);
        let verb = parse_verb(action.trim_ascii_start())
            .map_err(|problem| (item.len() - action.trim_ascii_start().len(), problem))?;
        let verb = match (removed, verb, guard) {
            (false, verb, _) => verb,
            (true, Verb::Add, b"") => Verb::Remove,
            (true, ..) => return Err(misplaced(Problem::ActionOnRemoval)),
        };
        let inner = guard.get(1..length.saturating_sub(1));
        Ok(Item {
            target,
            guard: inner.filter(|_| length > 0).map(|text| Guard {
                text,
                offset: column + behind_name,
            }),
            verb,
            column: column + offset,
            written: item,
        })
    }

    fn path(item: &'a [u8], column: usize) -> Result<Item<'a>, Misplaced> {
        let slashes = item.iter().rev().take_while(|&&byte| byte == b'\\');
        if slashes.count() % 2 == 1 {
            return Err((item.len() - 1, Problem::Malformed));
        }
        Ok(Item {
            target: Target::File(item),
            guard: None,
            verb: Verb::Add,
            column,
            written: item,
        })
    }
}

/// The length of the parenthesis that `text` starts with, zero when it starts with none; nothing
/// when it does not end.
fn guard_length(text: &[u8]) -> Option<usize> {
    if !text.starts_with(b"(") {
        return Some(0);
    }
    let mut depth = 0_usize;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 1 => return Some(at + 1),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The first word at or behind a place.
pub(crate) fn word_at(text: &[u8], at: usize) -> &[u8] {
    let rest = text.get(at..).unwrap_or_default();
    let start = rest.iter().position(is_word).unwrap_or(rest.len());
    let rest = &rest[start..];
    let end = rest.iter().position(|byte| !is_word(byte) && *byte != b'-');
    &rest[..end.unwrap_or(rest.len())]
}

/// The item of a list that holds the byte at `offset`.
pub(crate) fn item_at(list: &[u8], offset: usize) -> Option<&[u8]> {
    let (_, raw) = parts(list)
        .take_while(|(start, _)| *start <= offset)
        .last()?;
    Some(raw.trim_ascii())
}

fn is_path(item: &[u8]) -> bool {
    [&b"/"[..], b"./", b"../"]
        .iter()
        .any(|prefix| item.starts_with(prefix))
}

/// Reads what follows the target: nothing, or `=ACTION`.
fn parse_verb(rest: &[u8]) -> Result<Verb, Problem> {
    if rest.is_empty() {
        return Ok(Verb::Add);
    }
    let action = rest.strip_prefix(b"=").ok_or(Problem::Malformed)?;
    let action = str::from_utf8(action).map_err(|_| Problem::Malformed)?;
    Action::parse(action.trim_ascii()).map(Verb::Set)
}

impl<'a> Target<'a> {
    fn parse(text: &'a [u8]) -> Result<Target<'a>, Problem> {
        match text {
            [b'@', group @ ..] => word(group).map(Target::Group),
            [b'0'..=b'9', ..] => {
                let number = str::from_utf8(text).ok().and_then(parse_number);
                let native = number.filter(|&number| number < Abi::X32_BIT);
                native.map(Target::Number).ok_or(Problem::BadNumber)
            }
            [b'!', ..] => Err(Problem::Malformed),
            name => word(name).map(Target::Name),
        }
    }
}

/// A name: letters, digits, `_` and, in groups, `-`; at least one.
fn word(text: &[u8]) -> Result<&str, Problem> {
    let letter = |byte: &u8| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-');
    let named = !text.is_empty() && text.iter().all(letter);
    let word = str::from_utf8(text).ok().filter(|_| named);
    word.ok_or(Problem::Malformed)
}

/// Writes what was read as it was, if it is text; else for a reader.
fn write_text(f: &mut fmt::Formatter<'_>, text: &[u8]) -> fmt::Result {
    match str::from_utf8(text) {
        Ok(text) => f.write_str(text),
        Err(_) => f.write_str(&escaped(text)),
    }
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Name(name) => f.write_str(name),
            Target::Number(number) => write!(f, "{number}"),
            Target::Group(name) => write!(f, "@{name}"),
            Target::File(path) => write_text(f, path),
        }
    }
}

impl fmt::Display for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.verb == Verb::Remove {
            f.write_str("!")?;
        }
        write!(f, "{}", self.target)?;
        if let Some(guard) = self.guard {
            f.write_str("(")?;
            write_text(f, guard.text.trim_ascii())?;
            f.write_str(")")?;
        }
        match self.verb {
            Verb::Set(action) => write!(f, "={action}"),
            Verb::Add | Verb::Remove => Ok(()),
        }
    }
}

/// The spelling that [`List::parse`] reads back.
impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, item) in self.items.iter().enumerate() {
            let separator = if at == 0 { "" } else { ":" };
            write!(f, "{separator}{item}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::action::Errno;

    fn read(text: &str) -> Result<List<'_>, Error> {
        List::parse("LIST", text.as_bytes())
    }

    fn problem(text: &str) -> (usize, Problem) {
        match read(text).unwrap_err() {
            Error::Item {
                column, problem, ..
            } => (column, problem),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn items_are_split_trimmed_and_printed_back() {
        for (text, printed) in [
            ("", ""),
            ("::", ""),
            ("read", "read"),
            ("a::b:", "a:b"),
            (" read : ! write : 0x10 ", "read:!write:16"),
            ("@mount=EPERM:!@mount", "@mount=EPERM:!@mount"),
            (
                "open=errno(4000):open = kill",
                "open=errno(4000):open=kill_process",
            ),
        ] {
            assert_eq!(read(text).unwrap().to_string(), printed, "{text:?}");
        }
    }

    #[test]
    fn an_action_belongs_to_its_item() {
        let list = read("execve=EPERM").unwrap();
        assert_eq!(
            list.items[0].verb,
            Verb::Set(Action::Errno(Errno::new(1).unwrap()))
        );
    }

    #[test]
    fn the_column_is_that_of_the_fault() {
        assert_eq!(problem("read:re ad").0, 6);
        assert_eq!(problem("read: write=EWRONG").0, 12);
        assert_eq!(problem("read:0x40000000"), (6, Problem::BadNumber));
        assert_eq!(problem("read:!"), (7, Problem::Malformed));
        assert_eq!(problem("!read=EPERM"), (6, Problem::ActionOnRemoval));
        assert_eq!(problem("@"), (1, Problem::Malformed));
        assert_eq!(problem("=EPERM"), (1, Problem::Malformed));
    }

    #[test]
    fn conditions_and_paths_are_parts_of_items() {
        let list = read("a:write(fd == 1 : (2)) = EPERM:/etc/a\\:b.seccomp:./c").unwrap();
        let guard = list.items[1].guard.unwrap();
        assert_eq!((guard.text, guard.offset), (&b"fd == 1 : (2)"[..], 8));
        assert!(matches!(list.items[1].verb, Verb::Set(_)));
        assert_eq!(list.items[2].target, Target::File(b"/etc/a\\:b.seccomp"));
        assert_eq!(list.items[3].target, Target::File(b"./c"));
        assert_eq!(problem("read:write(fd == 1"), (11, Problem::Unclosed));
        assert_eq!(problem("read(1) x"), (9, Problem::Malformed));
        assert_eq!(problem("!read(fd == 1)"), (6, Problem::ActionOnRemoval));
    }

    #[test]
    fn bytes_that_are_no_text_are_escaped_in_the_message() {
        let error = List::parse("LIST", b"read:\xff\x1b[2J").unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"LIST: item "\xff\x1b[2J" (column 6): not an item; write NAME, NUMBER, @GROUP, !NAME, NAME(CONDITION) or NAME=ACTION"#
        );
    }
}
