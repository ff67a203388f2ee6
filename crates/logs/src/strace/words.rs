//! A call as strace writes it: name, arguments, result, and what the arguments are as numbers.
//!
//! Numbers and constants are understood; what lies behind a pointer, and what only strace has a word
//! for, is unknown.

use syscalls::Abi;

/// A call taken apart.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) name: &'a str,
    arguments: Vec<&'a str>,
    shown: &'a str,
    result: &'a str,
}

/// Names of arguments as strace writes them, where the kernel's are others (clone(2)).
const NAMES: [(&str, &str); 3] = [
    ("flags", "clone_flags"),
    ("child_stack", "newsp"),
    ("tls", "tls"),
];

impl<'a> Call<'a> {
    /// Reads `NAME(ARGUMENTS) = RESULT`.
    pub(crate) fn read(text: &'a str) -> Option<Call<'a>> {
        let (name, rest) = text.split_once('(')?;
        let (arguments, end) = split(rest)?;
        let behind = rest.get(end..)?;
        let result = behind.trim_start().strip_prefix('=')?.trim_start();
        Some(Call {
            name,
            arguments,
            shown: text.get(..name.len() + 1 + end)?,
            result,
        })
    }

    /// The call without its result.
    pub(crate) fn shown(&self) -> &'a str {
        self.shown
    }

    /// What the call gave, where it is a number.
    pub(crate) fn result(&self) -> Option<i32> {
        let word = self.result.split([' ', '<']).next()?;
        word.parse().ok()
    }

    /// The path of execve(2) or execveat(2), where it was printed whole and is no longer than one may be.
    pub(crate) fn path(&self) -> Option<String> {
        let path = self
            .arguments
            .iter()
            .find(|argument| argument.starts_with('"'))?;
        let path = path.strip_prefix('"')?.strip_suffix('"')?;
        // Each byte may be four letters (PATH_MAX).
        (path.len() <= 4 * 4096).then(|| path.to_owned())
    }

    /// The arguments as numbers, where they are known.
    pub(crate) fn values(&self, abi: Abi) -> [Option<u64>; 6] {
        let mut values = [None; 6];
        for (place, argument) in self.arguments.iter().enumerate() {
            let argument = argument.trim();
            let (place, argument) = match named(argument) {
                None => (Some(place), argument),
                Some((key, argument)) => {
                    let other = NAMES.iter().find(|(word, _)| *word == key);
                    let key = other.map_or(key, |(_, name)| *name);
                    let mut known = syscalls::arguments(self.name).into_iter().flatten();
                    (known.position(|one| one.name == key), argument)
                }
            };
            if let Some(slot) = place.and_then(|place| values.get_mut(place)) {
                *slot = value(argument);
            }
        }
        // Constants are those of this machine's own ABI.
        match abi == Abi::NATIVE {
            true => values,
            false => [None; 6],
        }
    }
}

/// `key=value`
fn named(argument: &str) -> Option<(&str, &str)> {
    let (key, value) = argument.split_once('=')?;
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    (!key.is_empty() && key.bytes().all(letter)).then_some((key, value))
}

/// The number of a call by its name; calls that strace does not know go by their numbers.
pub(crate) fn number(abi: Abi, name: &str) -> Option<u32> {
    let number = syscalls::number(abi, name).or_else(|| numbered(name))?;
    match abi {
        Abi::X32 => Some(number | Abi::X32_BIT),
        _ => Some(number),
    }
}

/// `syscall_0x1ff`
pub(crate) fn numbered(name: &str) -> Option<u32> {
    u32::from_str_radix(name.strip_prefix("syscall_0x")?, 16).ok()
}

/// Arguments up to the parenthesis that ends them, and where what is behind that begins. Commas and
/// parentheses in strings, structures and the paths of -y do not count.
fn split(text: &str) -> Option<(Vec<&str>, usize)> {
    let bytes = text.as_bytes();
    let (mut found, mut begin, mut depth, mut at) = (Vec::new(), 0, 0_usize, 0);
    loop {
        match bytes.get(at)? {
            b'"' => at = string_end(bytes, at + 1)?,
            b'/' if bytes.get(at + 1) == Some(&b'*') => at += text.get(at..)?.find("*/")? + 1,
            b'<' => at = decoration_end(bytes, at).unwrap_or(at),
            b'(' | b'[' | b'{' => depth += 1,
            b')' if depth == 0 => {
                found.push(text.get(begin..at)?);
                return Some((found, at + 1));
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                found.push(text.get(begin..at)?);
                begin = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
}

/// Where the quote is that ends a string.
fn string_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at),
            _ => at += 1,
        }
    }
}

/// Where the path or the addresses end that -y and -yy write behind a descriptor: `3<TCP:[1->2]>`. Nothing
/// for a shift.
fn decoration_end(bytes: &[u8], begin: usize) -> Option<usize> {
    let before = begin.checked_sub(1).and_then(|at| bytes.get(at))?;
    if !before.is_ascii_alphanumeric() || bytes.get(begin + 1) == Some(&b'<') {
        return None;
    }
    let ends = |at: usize| {
        let arrow = bytes.get(at - 1) == Some(&b'-');
        let next = bytes.get(at + 1);
        !arrow && next.is_some_and(|next| b",) ]}=|<".contains(next))
    };
    let mut at = begin + 1;
    loop {
        match bytes.get(at)? {
            b'>' if ends(at) => return Some(at),
            b'\\' => at += 2,
            // The name of a socket stands in quotes, and may hold anything.
            b'"' => at = string_end(bytes, at + 1)? + 1,
            _ => at += 1,
        }
    }
}

/// An argument as a number; nothing where it is a pointer's content or a word of strace's own.
fn value(argument: &str) -> Option<u64> {
    let plain = without_comments(argument);
    let plain = plain.trim();
    let undecorated = match plain.split_once('<') {
        Some((number, rest)) if !rest.starts_with('<') && plain.ends_with('>') => number,
        _ => plain,
    };
    let words = undecorated.split('|').map(|part| word(part.trim()));
    words.reduce(|one, other| Some(one? | other?)).flatten()
}

fn word(text: &str) -> Option<u64> {
    if text == "NULL" {
        return Some(0);
    }
    if let Some(positive) = text.strip_prefix('-') {
        return digits(positive).map(u64::wrapping_neg);
    }
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return digits(text);
    }
    let letter = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let is_name = !text.is_empty() && text.bytes().all(letter);
    is_name.then(|| syscalls::constant(text)).flatten()
}

/// A number as in C.
fn digits(text: &str) -> Option<u64> {
    let plain = |text: &str| !text.starts_with('+');
    match text.strip_prefix("0x") {
        Some(digits) if plain(digits) => u64::from_str_radix(digits, 16).ok(),
        Some(_) => None,
        None if text.len() > 1 && text.starts_with('0') => u64::from_str_radix(text, 8).ok(),
        None if plain(text) => text.parse().ok(),
        None => None,
    }
}

/// Without what strace explains: `0x1 /* O_WRONLY */`.
fn without_comments(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once("/*") {
        plain.push_str(before.trim_end());
        rest = behind.split_once("*/").map_or("", |(_, behind)| behind);
    }
    plain + rest
}
