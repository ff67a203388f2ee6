//! A line of strace's output: who and when, and what kind of line it is.
//!
//! Before the call may stand, in this order, a process (`[pid 7] ` or `7 `, with -Y `7<name> `), a time (-t, -tt, -ttt, -r), the
//! call's number (-n) and the instruction (-i).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use syscalls::Abi;

/// Who and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Head {
    /// The thread; nothing where one alone is traced.
    pub(crate) process: Option<i32>,
    /// With -ttt.
    pub(crate) time: Option<SystemTime>,
}

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// A call, perhaps unfinished, from its name on.
    Call {
        name: &'a str,
        text: &'a str,
    },
    /// The end of an unfinished call: what stands behind `resumed>`.
    Resumed {
        name: &'a str,
        text: &'a str,
    },
    /// A process runs by another ABI from now on.
    Mode {
        process: i32,
        abi: Abi,
    },
    Other,
}

impl Head {
    /// The thread, or 0 for the only one.
    pub(crate) fn thread(&self) -> i32 {
        self.process.unwrap_or(0)
    }
}

/// Takes a line apart.
pub(crate) fn read(line: &str) -> (Head, Line<'_>) {
    let (head, rest) = head(line);
    (head, said(rest))
}

fn said(rest: &str) -> Line<'_> {
    if let Some(said) = rest.strip_prefix("<... ") {
        let resumed = said.split_once(" resumed>");
        return match resumed.filter(|(name, _)| is_name(name)) {
            Some((name, text)) => Line::Resumed { name, text },
            None => Line::Other,
        };
    }
    let remark = rest.strip_prefix("strace: ").unwrap_or(rest);
    if let Some(remark) = remark.strip_prefix("[ Process PID=") {
        return mode(remark).unwrap_or(Line::Other);
    }
    match rest.split_once('(') {
        Some((name, _)) if is_name(name) => Line::Call { name, text: rest },
        _ => Line::Other,
    }
}

/// `7 runs in 32 bit mode. ]`
fn mode(remark: &str) -> Option<Line<'static>> {
    let (process, rest) = remark.split_once(" runs in ")?;
    let process = process.parse().ok()?;
    let abi = match (rest.split(' ').next()?, Abi::NATIVE) {
        ("32", Abi::X86_64) => Abi::X86,
        ("32", _) => Abi::Arm,
        ("x32", _) => Abi::X32,
        ("64", native) => native,
        _ => return None,
    };
    Some(Line::Mode { process, abi })
}

fn is_name(word: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !word.is_empty() && word.bytes().all(letter)
}

fn head(line: &str) -> (Head, &str) {
    let mut head = Head::default();
    let mut rest = line.trim_start_matches(' ');
    while let Some((word, behind)) = token(rest) {
        let process = match word.strip_prefix("[pid") {
            Some(inner) => number(inner.trim_end_matches(']').trim()),
            None if head == Head::default() => number(word),
            None => None,
        };
        match process.filter(|process: &i32| *process > 0) {
            Some(process) if head.process.is_none() => head.process = Some(process),
            _ if is_stamp(word) => head.time = head.time.or_else(|| time(word)),
            _ => break,
        }
        rest = behind;
    }
    (head, rest)
}

/// A process, with the thread's name behind it or without (-Y).
fn number(word: &str) -> Option<i32> {
    let digits = word.split_once('<').map_or(word, |(digits, _)| digits);
    digits.parse().ok()
}

/// A word, or all that stands in brackets, and what is behind it. The name of a thread may hold any of
/// their ends; strace escapes `<` and `>` in it alone.
fn token(text: &str) -> Option<(&str, &str)> {
    let word = text
        .strip_prefix("[pid")
        .unwrap_or(text)
        .trim_start_matches(' ');
    let name = word.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let from = match name.starts_with('<') && name.len() < word.len() {
        true => text.len() - name.len() + name.find('>')?,
        false => 0,
    };
    let rest = text.get(from..)?;
    let end = from
        + match text.as_bytes().first()? {
            b'[' => rest.find(']')? + 1,
            b'(' => rest.find(')')? + 1,
            _ => rest.find(' ')?,
        };
    let (word, behind) = text.split_at_checked(end)?;
    Some((word, behind.strip_prefix(' ')?.trim_start_matches(' ')))
}

/// Whether a word is a time, a time since the last call, a number of a call or an instruction.
fn is_stamp(word: &str) -> bool {
    if let Some(inner) = word
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        let inner = inner.trim();
        let of_code = |byte: u8| byte.is_ascii_hexdigit() || byte == b'?';
        return !inner.is_empty() && inner.bytes().all(of_code);
    }
    let word = word
        .strip_prefix("(+")
        .map_or(word, |rest| rest.trim_end_matches(')').trim());
    let of_time = |byte: u8| byte.is_ascii_digit() || b".:+".contains(&byte);
    word.starts_with(|first: char| first.is_ascii_digit())
        && word.contains(['.', ':'])
        && word.bytes().all(of_time)
}

/// Seconds since 1970 (-ttt); nothing for a time of day or of a call's duration.
fn time(word: &str) -> Option<SystemTime> {
    let (seconds, fraction) = word.split_once('.')?;
    let seconds: u64 = seconds
        .parse()
        .ok()
        .filter(|seconds| *seconds > 100_000_000)?;
    let microseconds: u32 = fraction.parse().ok().filter(|_| fraction.len() == 6)?;
    let since = Duration::new(seconds, microseconds.checked_mul(1000)?);
    UNIX_EPOCH.checked_add(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_a_call_is_told_from_it() {
        for (line, process, name) in [
            ("read(3, \"\", 1) = 0", None, "read"),
            ("[pid   123] read(3, \"\", 1) = 0", Some(123), "read"),
            ("123   read(3, \"\", 1) = 0", Some(123), "read"),
            ("123<sh> read(3, \"\", 1) = 0", Some(123), "read"),
            (
                "123<a b(c) = 1> 1.5 read(3, \"\", 1) = 0",
                Some(123),
                "read",
            ),
            (
                "[pid 123<t\\76 x] y>] read(3, \"\", 1) = 0",
                Some(123),
                "read",
            ),
            ("123 02:00:01 read(3) = 0", Some(123), "read"),
            ("02:00:01.123456 read(3) = 0", None, "read"),
            ("123 1795361497.447123 read(3) = 0", Some(123), "read"),
            ("     0.000123 read(3) = 0", None, "read"),
            ("02:00:01 (+     0.000123) read(3) = 0", None, "read"),
            ("[00007f1aa8c3d4e0] read(3) = 0", None, "read"),
            (
                "[pid 7] 1.5 [ 257] [????????????????] openat(1) = 0",
                Some(7),
                "openat",
            ),
        ] {
            let (head, said) = read(line);
            assert_eq!(head.process, process, "{line}");
            assert!(
                matches!(said, Line::Call { name: found, .. } if found == name),
                "{line}"
            );
        }
        let (head, _) = read("123 1795361497.447123 read(3) = 0");
        let expected = UNIX_EPOCH + Duration::from_micros(1_795_361_497_447_123);
        assert_eq!(head.time, Some(expected));
    }

    #[test]
    fn other_lines_are_no_calls() {
        for line in [
            "+++ exited with 0 +++",
            "--- SIGCHLD {si_signo=SIGCHLD} ---",
            "strace: Process 123 attached",
            " > /lib/libc.so.6(read+0x1) [0x2]",
            "",
            "[pid",
        ] {
            assert_eq!(read(line).1, Line::Other, "{line}");
        }
    }
}
