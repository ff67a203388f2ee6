//! Text of a hostile program, made harmless for a terminal and for a log that is read line by line.
//!
//! Control characters, and characters that reorder or hide text, are spelled out. Everything has a
//! greatest length.

/// A decoded call: quoted already where it holds strings.
pub(crate) const LONGEST_CALL: usize = 1024;
/// The name of a file, or of a function.
pub(crate) const LONGEST_NAME: usize = 200;
/// A command line.
pub(crate) const LONGEST_COMMAND: usize = 4096;
/// A rule of the policy.
pub(crate) const LONGEST_RULE: usize = 400;

/// The text with its control characters spelled out, cut behind about `longest` bytes.
pub(crate) fn line(text: &str, longest: usize) -> String {
    spelled(text, longest, |_| false)
}

/// A name as one word: as it is where it is plain, else in quotes.
pub(crate) fn word(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-/@:,=~%".contains(&byte);
    if !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(plain) {
        return name.to_owned();
    }
    let inner = spelled(name, LONGEST_NAME, |letter| matches!(letter, '"' | '\\'));
    format!("\"{inner}\"")
}

/// The text, cut behind about `longest` bytes and otherwise as it is.
pub(crate) fn cut(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let kept = text.char_indices().take_while(|(at, _)| *at < longest);
    kept.map(|(_, letter)| letter).chain(['…']).collect()
}

fn spelled(text: &str, longest: usize, quoted: impl Fn(char) -> bool) -> String {
    let mut safe = String::with_capacity(text.len().min(longest));
    for letter in text.chars() {
        if safe.len() >= longest {
            safe.push('…');
            break;
        }
        match letter {
            letter if quoted(letter) => safe.extend(['\\', letter]),
            letter if letter.is_ascii_control() => safe.extend(letter.escape_default()),
            letter if letter.is_control() || misleads(letter) => {
                safe.extend(letter.escape_unicode())
            }
            letter => safe.push(letter),
        }
    }
    safe
}

/// The same JSON without what a terminal obeys: JSON may hold all but the first 32 control characters as
/// they are, and text that changes its direction. Newlines between its parts stay.
pub fn plain_json(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '\n' => plain.push(letter),
            letter if letter.is_control() || misleads(letter) => {
                let units = &mut [0; 2];
                let units = letter.encode_utf16(units).iter();
                plain.extend(units.map(|unit| format!("\\u{unit:04x}")));
            }
            letter => plain.push(letter),
        }
    }
    plain
}

/// Whether a character is invisible, breaks lines or changes the direction of others.
fn misleads(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}
