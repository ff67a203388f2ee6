//! Any bytes as a log of any format: an error, or as many calls as were counted, and no more than lines.
//!
//! ```text
//! cargo +nightly fuzz run logs
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;
use logs::{Entry, Format, Reader};

const FORMATS: [Format; 5] = [
    Format::Dmesg,
    Format::Auditd,
    Format::Journal,
    Format::Json,
    Format::Strace,
];

fn read(format: Option<Format>, mut bytes: &[u8]) {
    let mut entries = Vec::new();
    let mut take = |entry| entries.push(entry);
    let Ok(tally) = Reader::new(format).read("log", &mut bytes, &mut take) else {
        return;
    };
    let calls = entries
        .iter()
        .filter(|entry| matches!(entry, Entry::Call(_)));
    assert_eq!(u64::try_from(calls.count()), Ok(tally.calls));
    assert!(tally.calls + tally.broken_in_all <= tally.lines);
}

fuzz_target!(|bytes: &[u8]| {
    read(None, bytes);
    FORMATS.iter().for_each(|format| read(Some(*format), bytes));
});
