//! The list syntax: what fits in an environment variable.
//!
//! `item:item:…`, where an item is `NAME`, `NUMBER` or `@GROUP`, with `!` before it to take it out
//! again or `=ACTION` behind it. Items work left to right; `meaning.rs` and `compile.rs` say how.

use alloc::vec::Vec;
use core::fmt;
use core::str;

use syscalls::Abi;

use crate::action::{Action, parse_number};
use crate::error::{Error, Problem, quoted};

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
    /// What is said of it.
    pub verb: Verb,
    /// The byte of the list at which the target starts, from 1.
    pub column: usize,
    /// The item as the user wrote it, for messages.
    pub written: &'a [u8],
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
    split(text).filter_map(move |(start, raw)| {
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
        }))
    })
}

/// The parts of a list between colons, with the offset of each. A colon inside parentheses or
/// behind a backslash does not split.
fn split(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
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
        // Nearly all items are a name and nothing else.
        if let (Some(b'a'..=b'z'), Ok(name)) = (item.first(), word(item)) {
            return Ok(Item {
                target: Target::Name(name),
                verb: Verb::Add,
                column,
                written: item,
            });
        }
        if is_path(item) {
            return Err((0, Problem::Unsupported("policy files in a list")));
        }
        let (removed, body) = match item.strip_prefix(b"!") {
            Some(rest) => (true, rest.trim_ascii_start()),
            None => (false, item),
        };
        let offset = item.len() - body.len();
        let end = body.iter().position(|byte| matches!(byte, b'(' | b'='));
        let (name, rest) = body.split_at(end.unwrap_or(body.len()));
        let target = Target::parse(name.trim_ascii_end()).map_err(|problem| (offset, problem))?;
        let verb = parse_verb(rest).map_err(|problem| (offset + name.len(), problem))?;
        let verb = match (removed, verb) {
            (false, verb) => verb,
            (true, Verb::Add) => Verb::Remove,
            (true, _) => return Err((offset + name.len(), Problem::ActionOnRemoval)),
        };
        Ok(Item {
            target,
            verb,
            column: column + offset,
            written: item,
        })
    }
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
    let Some(action) = rest.strip_prefix(b"=") else {
        return Err(Problem::Unsupported("conditions on arguments"));
    };
    let action = str::from_utf8(action).map_err(|_| Problem::Malformed)?;
    Action::parse(action.trim()).map(Verb::Set)
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

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Name(name) => f.write_str(name),
            Target::Number(number) => write!(f, "{number}"),
            Target::Group(name) => write!(f, "@{name}"),
        }
    }
}

impl fmt::Display for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verb {
            Verb::Add => write!(f, "{}", self.target),
            Verb::Set(action) => write!(f, "{}={action}", self.target),
            Verb::Remove => write!(f, "!{}", self.target),
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
    fn what_is_not_there_yet_says_so() {
        let conditions = Problem::Unsupported("conditions on arguments");
        assert_eq!(problem("read:write(fd == 1 : 2)"), (11, conditions));
        for path in ["/etc/a.seccomp", "./a", "../a\\:b"] {
            assert_eq!(
                problem(path),
                (1, Problem::Unsupported("policy files in a list")),
                "{path}"
            );
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_escaped_in_the_message() {
        let error = List::parse("LIST", b"read:\xff\x1b[2J").unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"LIST: item "\xff\x1b[2J" (column 6): not an item; write NAME, NUMBER, @GROUP, !NAME or NAME=ACTION"#
        );
    }
}
