//! Shell patterns for one name of a path: `*`, `?`, `[a-z]`, `[^a-z]` or `[!a-z]`, and `\` before what
//! is meant as it stands. As in Oz, `*` also stands for names that begin with a dot; braces are letters.

use std::str;

/// A pattern for one name. It never stands for `.` or `..`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    pub(crate) tokens: Vec<Token>,
}

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// This letter.
    Letter(char),
    /// Any letter.
    One,
    /// Any letters, or none.
    Many,
    /// A letter of some ranges, or of none of them.
    Class {
        ranges: Vec<(char, char)>,
        negated: bool,
    },
}

/// What is wrong with a pattern.
pub(crate) const OPEN_CLASS: &str = "has a [ without its ]";
/// The same of a range.
pub(crate) const BACKWARDS: &str = "has a range in [] that runs backwards";
/// The same of an escape.
pub(crate) const ENDS_IN_ESCAPE: &str = "has a \\ with nothing behind it";

impl Glob {
    /// Whether a name, as a directory lists it, is one that the pattern stands for. A byte that is no
    /// UTF-8 counts as a letter that is in no class.
    pub fn matches(&self, name: &[u8]) -> bool {
        if name == b"." || name == b".." {
            return false;
        }
        let name = letters(name);
        let (mut token, mut at) = (0, 0);
        // Where to go on when what follows the last `*` does not fit: one letter further.
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match (self.tokens.get(token), name.get(at)) {
                (None, None) => return true,
                (Some(Token::Many), _) => {
                    retry = Some((token + 1, at));
                    token += 1;
                    continue;
                }
                (Some(one), Some(&letter)) if one.accepts(letter) => {
                    (token, at) = (token + 1, at + 1);
                    continue;
                }
                _ => {}
            }
            match retry {
                Some((behind, start)) if start < name.len() => {
                    retry = Some((behind, start + 1));
                    (token, at) = (behind, start + 1);
                }
                _ => return false,
            }
        }
    }
}

impl Token {
    /// Whether the token stands for a letter; `None` is a byte that is none.
    fn accepts(&self, letter: Option<char>) -> bool {
        match self {
            Token::Letter(own) => Some(*own) == letter,
            Token::One => true,
            Token::Many => false,
            Token::Class { ranges, negated } => {
                let within = |letter| {
                    let mut ranges = ranges.iter();
                    ranges.any(|&(low, high)| (low..=high).contains(&letter))
                };
                letter.is_some_and(within) != *negated
            }
        }
    }
}

/// The letters of a name.
fn letters(name: &[u8]) -> Vec<Option<char>> {
    let mut letters = Vec::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        letters.extend(chunk.valid().chars().map(Some));
        letters.extend(chunk.invalid().iter().map(|_| None));
    }
    letters
}

/// Reads what begins with `[`, from behind it; gives the token and what follows it.
pub(crate) fn class(text: &str) -> Result<(Token, &str), &'static str> {
    let (negated, mut rest) = match text.strip_prefix(['^', '!']) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut ranges = Vec::new();
    loop {
        // A ] that comes first is one of the letters.
        if let Some(after) = rest.strip_prefix(']').filter(|_| !ranges.is_empty()) {
            return Ok((Token::Class { ranges, negated }, after));
        }
        let (low, after) = member(rest)?;
        rest = after;
        let mut high = low;
        if let Some(after) = rest.strip_prefix('-').filter(|rest| !rest.starts_with(']')) {
            (high, rest) = member(after)?;
        }
        if high < low {
            return Err(BACKWARDS);
        }
        ranges.push((low, high));
    }
}

/// A letter in brackets, and what follows it.
fn member(text: &str) -> Result<(char, &str), &'static str> {
    let text = text.strip_prefix('\\').unwrap_or(text);
    let mut letters = text.chars();
    let letter = letters.next().ok_or(OPEN_CLASS)?;
    Ok((letter, letters.as_str()))
}

impl str::FromStr for Glob {
    type Err = &'static str;

    /// Reads a pattern; all of its letters are of one name.
    fn from_str(text: &str) -> Result<Glob, &'static str> {
        let (mut tokens, mut rest) = (Vec::new(), text);
        while let Some(letter) = rest.chars().next() {
            let (token, after) = token(letter, rest)?;
            tokens.push(token);
            rest = after;
        }
        Ok(Glob { tokens })
    }
}

/// The first token of a text, and what follows it.
pub(crate) fn token(letter: char, text: &str) -> Result<(Token, &str), &'static str> {
    let after = text.get(letter.len_utf8()..).unwrap_or("");
    match letter {
        '*' => Ok((Token::Many, after)),
        '?' => Ok((Token::One, after)),
        '[' => class(after),
        '\\' => {
            let mut letters = after.chars();
            let escaped = letters.next().ok_or(ENDS_IN_ESCAPE)?;
            Ok((Token::Letter(escaped), letters.as_str()))
        }
        letter => Ok((Token::Letter(letter), after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &[u8]) -> bool {
        pattern.parse::<Glob>().unwrap().matches(name)
    }

    #[test]
    fn patterns_stand_for_what_a_shell_has_them_stand_for() {
        for (pattern, names, others) in [
            ("*", &["a", ".a", "ab", ""][..], &[".", ".."][..]),
            ("a*b", &["ab", "axb", "abab"], &["abc", "a", "b"]),
            ("*.so.*", &["libc.so.6", ".so."], &["libc.so", "so.6"]),
            ("?", &["a", "ü"], &["", "ab", "."]),
            ("[a-c]x", &["ax", "cx"], &["dx", "x", "-x"]),
            ("[^a-c]x*", &["dx", "üx1"], &["ax", "x"]),
            ("[!a]*", &["b", "!"], &["a"]),
            ("[]a]*", &["]", "a"], &["b"]),
            ("[a-]*", &["-", "a"], &["b"]),
            ("[\\]]*", &["]"], &["\\"]),
            ("\\**", &["*", "*a"], &["a"]),
            ("{a,b}*", &["{a,b}"], &["a"]),
            (
                "pulse-shm-*",
                &["pulse-shm-1", "pulse-shm-"],
                &["pulse-shm"],
            ),
        ] {
            for name in names {
                assert!(matches(pattern, name.as_bytes()), "{pattern} {name}");
            }
            for name in others {
                assert!(!matches(pattern, name.as_bytes()), "{pattern} {name}");
            }
        }
        assert!(matches("a?*", b"a\xff"));
        assert!(matches("[^x]*", b"\xff"));
        assert!(!matches("[a-z]*", b"\xff"));
    }

    #[test]
    fn a_hostile_pattern_takes_no_time() {
        let pattern = "*a".repeat(100);
        let name = "a".repeat(255);
        assert!(matches(&pattern, name.as_bytes()));
        assert!(!matches(&(pattern + "b"), name.as_bytes()));
    }

    #[test]
    fn broken_patterns_are_told_apart() {
        for (pattern, wanted) in [
            ("[a", OPEN_CLASS),
            ("[", OPEN_CLASS),
            ("[]", OPEN_CLASS),
            ("[a-", OPEN_CLASS),
            ("[\\", OPEN_CLASS),
            ("[b-a]", BACKWARDS),
            ("*\\", ENDS_IN_ESCAPE),
        ] {
            assert_eq!(pattern.parse::<Glob>().unwrap_err(), wanted, "{pattern}");
        }
    }
}
