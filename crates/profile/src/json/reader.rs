//! From bytes to a value: JSON as RFC 8259 has it, and lines that are comments.
//!
//! Oz removes every line that matches `^[ \t]*#` before it reads. No JSON string spans lines, so such
//! lines are always between tokens, and skipping them there is the same.

use super::string::text;
use super::{DEEPEST, Kind, MOST_BYTES, Member, Value};
use crate::diagnostic::Problem;

/// Why a file is no JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The byte of the file.
    pub(crate) offset: usize,
    pub(crate) problem: Problem,
    /// What to do about it; may be empty.
    pub(crate) hint: &'static str,
}

/// Reads a file. A byte order mark before it is skipped.
pub(crate) fn read(bytes: &[u8]) -> Result<Value, Fault> {
    let fault = |offset, problem| Fault {
        offset,
        problem,
        hint: "",
    };
    if bytes.len() > MOST_BYTES {
        let problem = Problem::Malformed("the file has more than 1048576 bytes");
        return Err(fault(0, problem));
    }
    let source = std::str::from_utf8(bytes).map_err(|error| {
        let problem = Problem::Malformed("these bytes are not UTF-8");
        fault(error.valid_up_to(), problem)
    })?;
    let start = source.len() - source.trim_start_matches('\u{feff}').len();
    let mut reader = Reader {
        source,
        // One mark, not several.
        offset: start.min('\u{feff}'.len_utf8()),
    };
    let value = reader.value(0)?;
    match reader.peek()? {
        None => Ok(value),
        Some(_) => Err(reader.unexpected("nothing behind the value")),
    }
}

/// Where a reader is in the text.
pub(super) struct Reader<'a> {
    pub(super) source: &'a str,
    pub(super) offset: usize,
}

impl Reader<'_> {
    /// The byte at the offset.
    pub(super) fn byte(&self) -> Option<u8> {
        self.source.as_bytes().get(self.offset).copied()
    }

    pub(super) fn fault(&self, problem: &'static str) -> Fault {
        Fault {
            offset: self.offset,
            problem: Problem::Malformed(problem),
            hint: "",
        }
    }

    /// That something else stands here than what belongs here.
    fn unexpected(&self, wanted: &'static str) -> Fault {
        let found = self.source.get(self.offset..);
        let found = found.and_then(|rest| rest.chars().next());
        let hint = match found {
            Some('#') => "a comment has a line of its own",
            Some('/') => "comments begin with # and have a line of their own",
            Some(']' | '}') if wanted == "a value" || wanted == "a key" => {
                "there is no comma behind the last one"
            }
            Some('\'') => "strings have double quotes",
            _ => "",
        };
        let found = found.map_or_else(
            || "the end of the file".into(),
            |found| format!("{found:?}"),
        );
        Fault {
            offset: self.offset,
            problem: Problem::Unexpected { wanted, found },
            hint,
        }
    }

    /// The next byte of the text that is neither blank nor in a comment.
    fn peek(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            match self.byte() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.offset += 1,
                Some(b'#') if self.begins_line() => self.skip_line(),
                other => return Ok(other),
            }
        }
    }

    /// Whether only blanks are before this place on its line.
    fn begins_line(&self) -> bool {
        let before = self.source.as_bytes().get(..self.offset).unwrap_or(&[]);
        let before = before.strip_prefix("\u{feff}".as_bytes()).unwrap_or(before);
        let others = before
            .iter()
            .rev()
            .find(|byte| !matches!(byte, b' ' | b'\t'));
        others.is_none_or(|&byte| byte == b'\n')
    }

    fn skip_line(&mut self) {
        while self.byte().is_some_and(|byte| byte != b'\n') {
            self.offset += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Fault> {
        let first = self.peek()?;
        let offset = self.offset;
        if depth > DEEPEST {
            return Err(self.fault("values lie more than 32 deep in each other"));
        }
        let kind = match first {
            Some(b'{') => Kind::Object(self.members(depth)?),
            Some(b'[') => Kind::List(self.items(depth)?),
            Some(b'"') => Kind::Text(text(self)?),
            Some(b'-' | b'0'..=b'9') => Kind::Number(self.number()?),
            Some(b'a'..=b'z') => self.word()?,
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Value { offset, kind })
    }

    fn word(&mut self) -> Result<Kind, Fault> {
        let words = [
            ("null", Kind::Null),
            ("true", Kind::Flag(true)),
            ("false", Kind::Flag(false)),
        ];
        let rest = self.source.get(self.offset..).unwrap_or("");
        for (word, kind) in words {
            if rest.starts_with(word) {
                self.offset += word.len();
                return Ok(kind);
            }
        }
        Err(self.unexpected("a value"))
    }

    fn digits(&mut self) -> Result<(), Fault> {
        if !self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.unexpected("a digit"));
        }
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.offset += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Option<u64>, Fault> {
        let start = self.offset;
        if self.byte() == Some(b'-') {
            self.offset += 1;
        }
        match self.byte() {
            // No digit may follow a leading zero.
            Some(b'0') => self.offset += 1,
            _ => self.digits()?,
        }
        if self.byte() == Some(b'.') {
            self.offset += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.offset += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.offset += 1;
            }
            self.digits()?;
        }
        let digits = self.source.get(start..self.offset);
        Ok(digits.and_then(|digits| digits.parse().ok()))
    }

    /// Passes over a separator or the end of a list or object; true at the end.
    fn ends(&mut self, end: u8, wanted: &'static str) -> Result<bool, Fault> {
        match self.peek()? {
            Some(b',') => {
                self.offset += 1;
                Ok(false)
            }
            Some(byte) if byte == end => {
                self.offset += 1;
                Ok(true)
            }
            _ => Err(self.unexpected(wanted)),
        }
    }

    fn items(&mut self, depth: usize) -> Result<Vec<Value>, Fault> {
        self.offset += 1;
        let mut items = Vec::new();
        if self.peek()? == Some(b']') {
            self.offset += 1;
            return Ok(items);
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.ends(b']', "a comma or ]")? {
                return Ok(items);
            }
        }
    }

    fn members(&mut self, depth: usize) -> Result<Vec<Member>, Fault> {
        self.offset += 1;
        let mut members = Vec::new();
        if self.peek()? == Some(b'}') {
            self.offset += 1;
            return Ok(members);
        }
        loop {
            members.push(self.member(depth)?);
            if self.ends(b'}', "a comma or }")? {
                return Ok(members);
            }
        }
    }

    fn member(&mut self, depth: usize) -> Result<Member, Fault> {
        if self.peek()? != Some(b'"') {
            return Err(self.unexpected("a key"));
        }
        let offset = self.offset;
        let key = text(self)?;
        if self.peek()? != Some(b':') {
            return Err(self.unexpected("a colon"));
        }
        self.offset += 1;
        let value = self.value(depth + 1)?;
        Ok(Member { key, offset, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value without its places, as serde_json writes values.
    fn plain(value: &Value) -> String {
        match &value.kind {
            Kind::Null => "null".into(),
            Kind::Flag(flag) => flag.to_string(),
            Kind::Number(number) => number.map_or("?".into(), |number| number.to_string()),
            Kind::Text(text) => format!("{text:?}"),
            Kind::List(items) => format!("{:?}", items.iter().map(plain).collect::<Vec<_>>()),
            Kind::Object(members) => {
                let members = members
                    .iter()
                    .map(|member| format!("{}={}", member.key, plain(&member.value)));
                members.collect::<Vec<_>>().join(",")
            }
        }
    }

    #[test]
    fn values_know_where_they_begin() {
        let value = read(b" { \"a\": [1, \"x\"] }").unwrap();
        let Kind::Object(members) = &value.kind else {
            panic!("{value:?}");
        };
        let Kind::List(items) = &members[0].value.kind else {
            panic!("{value:?}");
        };
        let offsets = [value.offset, members[0].offset, members[0].value.offset];
        assert_eq!(offsets, [1, 3, 8]);
        assert_eq!([items[0].offset, items[1].offset], [9, 12]);
    }

    #[test]
    fn lines_that_begin_with_a_number_sign_are_comments_wherever_json_may_have_blanks() {
        for text in [
            "# first\n{\"a\":1}",
            "\u{feff}# first\n{\"a\":1}",
            "\u{feff}{\"a\":1}",
            "{\n\t # it's \" a comment ]\n\"a\"\n#:\n:\n#\n1\n#}\n}\n# last",
            "{\r\n# x\r\n\"a\":1\r\n}\r\n",
            "{\"a\":1}\n  # last\n\n",
        ] {
            let value = read(text.as_bytes()).unwrap();
            assert_eq!(plain(&value), "a=1", "{text:?}");
        }
    }

    #[test]
    fn a_comment_behind_something_is_none() {
        for text in ["{\"a\":1} # x", "{ # x\n\"a\":1}", "\"a\r# x\""] {
            assert!(read(text.as_bytes()).is_err(), "{text:?}");
        }
        let twice = "\u{feff}\u{feff}{}";
        assert!(read(twice.as_bytes()).is_err());
    }

    #[test]
    fn numbers_are_whole_or_none() {
        for (text, wanted) in [
            ("0", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("-1", None),
            ("-0", None),
            ("1.0", None),
            ("1e3", None),
        ] {
            let value = read(text.as_bytes()).unwrap();
            assert_eq!(value.kind, Kind::Number(wanted), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(nested(DEEPEST + 1).as_bytes()).is_ok());
        let fault = read(nested(DEEPEST + 2).as_bytes()).unwrap_err();
        assert_eq!(fault.offset, DEEPEST + 1);
        assert!(read(&vec![b'['; MOST_BYTES]).is_err());
    }
}
