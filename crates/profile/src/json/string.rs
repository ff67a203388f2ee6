//! Strings of JSON: escapes, and what may not stand in one.

use super::reader::{Fault, Reader};

/// Reads a string; the reader stands at its opening quote, and ends up behind the closing one.
pub(super) fn text(reader: &mut Reader<'_>) -> Result<String, Fault> {
    reader.offset += 1;
    let mut text = String::new();
    loop {
        let start = reader.offset;
        while !matches!(reader.byte(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
            reader.offset += 1;
        }
        // It stopped at ASCII or the end, so both ends are boundaries of characters.
        text.push_str(reader.source.get(start..reader.offset).unwrap_or(""));
        match reader.byte() {
            Some(b'"') => {
                reader.offset += 1;
                return Ok(text);
            }
            Some(b'\\') => text.push(escape(reader)?),
            Some(b'\n') | None => return Err(reader.fault("the string has no end on its line")),
            Some(_) => return Err(reader.fault("a control character in a string: write \\u00XX")),
        }
    }
}

/// Reads what begins with a backslash.
fn escape(reader: &mut Reader<'_>) -> Result<char, Fault> {
    let start = reader.offset;
    reader.offset += 1;
    let escaped = match reader.byte() {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(reader, start),
        _ => {
            reader.offset = start;
            return Err(reader.fault("no escape that JSON knows: write \\\\ for a backslash"));
        }
    };
    reader.offset += 1;
    Ok(escaped)
}

/// Reads `uXXXX`, or two of them that make one character.
fn unicode(reader: &mut Reader<'_>, start: usize) -> Result<char, Fault> {
    let first = hexadecimal(reader)?;
    let mut code = first;
    let followed = reader.byte() == Some(b'\\')
        && reader.source.as_bytes().get(reader.offset + 1) == Some(&b'u');
    if (0xd800..0xdc00).contains(&first) && followed {
        reader.offset += 1;
        let second = hexadecimal(reader)?;
        if (0xdc00..0xe000).contains(&second) {
            code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        }
    }
    char::from_u32(code).ok_or_else(|| {
        reader.offset = start;
        reader.fault("half of a pair of surrogates")
    })
}

/// Reads `u` and four hexadecimal digits.
fn hexadecimal(reader: &mut Reader<'_>) -> Result<u32, Fault> {
    let digits = reader.source.get(reader.offset + 1..reader.offset + 5);
    let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let code = code.ok_or_else(|| reader.fault("\\u wants four hexadecimal digits"))?;
    reader.offset += 5;
    Ok(code)
}
