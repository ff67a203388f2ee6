//! How numbers, addresses and bytes are written.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

/// How much of a path is shown.
pub(super) const LONGEST_PATH: usize = 256;

/// How much of a buffer is shown, and of a list.
pub(super) const LONGEST_DATA: usize = 32;

/// The lower half of a register as an int.
pub(super) fn signed(register: u64) -> i32 {
    let [a, b, c, d, ..] = register.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

/// `0` without a prefix, as strace has it.
pub(super) fn hex(value: u64) -> String {
    match value {
        0 => "0".into(),
        value => format!("{value:#x}"),
    }
}

pub(super) fn octal(value: u64) -> String {
    format!("0{value:02o}")
}

pub(super) fn pointer(address: u64) -> String {
    match address {
        0 => "NULL".into(),
        address => format!("{address:#x}"),
    }
}

/// A user or group: the largest number stands for none.
pub(super) fn identity(register: u64) -> String {
    match register & u64::from(u32::MAX) {
        0xffff_ffff => "-1".into(),
        identity => format!("{identity}"),
    }
}

pub(super) fn list(parts: impl IntoIterator<Item = String>) -> String {
    joined(parts, ", ")
}

pub(super) fn joined(parts: impl IntoIterator<Item = String>, between: &str) -> String {
    let mut all = String::new();
    for (place, part) in parts.into_iter().enumerate() {
        if place > 0 {
            all.push_str(between);
        }
        all.push_str(&part);
    }
    all
}

/// A structure: `{name=value, name=value}`.
pub(super) fn fields(all: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let parts = all
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"));
    format!("{{{}}}", list(parts))
}

/// Bytes as a C string literal.
pub(super) fn quoted(bytes: &[u8]) -> String {
    let mut all = String::from("\"");
    for (place, &byte) in bytes.iter().enumerate() {
        escape(&mut all, byte, bytes.get(place + 1).copied());
    }
    all.push('"');
    all
}

/// What a descriptor is open on, for between angle brackets, which it can't close. ` (deleted)` stays,
/// since a file's name can end so too.
pub(super) fn target(path: &[u8]) -> String {
    let shown = path.get(..LONGEST_PATH).unwrap_or(path);
    let mut all = String::new();
    for (place, &byte) in shown.iter().enumerate() {
        match byte {
            b'<' => all.push_str("\\74"),
            b'>' => all.push_str("\\76"),
            _ => escape(&mut all, byte, shown.get(place + 1).copied()),
        }
    }
    if path.len() > shown.len() {
        all.push_str("...");
    }
    all
}

/// The first bytes, with dots for the others.
pub(super) fn shortened(bytes: &[u8], most: usize) -> String {
    let shown = bytes.get(..most).unwrap_or(bytes);
    format!("{}...", quoted(shown))
}

fn escape(all: &mut String, byte: u8, next: Option<u8>) {
    let short = match byte {
        b'\n' => 'n',
        b'\t' => 't',
        b'\r' => 'r',
        0x0b => 'v',
        0x0c => 'f',
        b'"' | b'\\' => char::from(byte),
        b' '..=b'~' => return all.push(char::from(byte)),
        _ => {
            // A digit behind a short octal number would be taken for part of it.
            let whole = next.is_some_and(|next| next.is_ascii_digit());
            let _ = match whole {
                true => write!(all, "\\{byte:03o}"),
                false => write!(all, "\\{byte:o}"),
            };
            return;
        }
    };
    all.extend(['\\', short]);
}

/// An integer that stands in a structure at some offset, least byte first as on all our machines.
pub(super) fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

pub(super) fn u16_in(bytes: &[u8], at: usize) -> u16 {
    field(bytes, at).map_or(0, u16::from_le_bytes)
}

pub(super) fn u32_in(bytes: &[u8], at: usize) -> u32 {
    field(bytes, at).map_or(0, u32::from_le_bytes)
}

pub(super) fn u64_in(bytes: &[u8], at: usize) -> u64 {
    field(bytes, at).map_or(0, u64::from_le_bytes)
}

pub(super) fn i64_in(bytes: &[u8], at: usize) -> i64 {
    field(bytes, at).map_or(0, i64::from_le_bytes)
}

pub(super) fn i32_in(bytes: &[u8], at: usize) -> i32 {
    field(bytes, at).map_or(0, i32::from_le_bytes)
}
