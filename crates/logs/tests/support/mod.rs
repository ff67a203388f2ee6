//! What the tests of logs share: a log as a text, and what is in it.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use logs::{Entry, Error, Format, Lost, Reader, Record, Tally};

/// Reads a log.
pub fn read(format: Option<Format>, log: impl AsRef<[u8]>) -> Result<(Tally, Vec<Entry>), Error> {
    let mut entries = Vec::new();
    let mut reader = Reader::new(format);
    let mut log = log.as_ref();
    let tally = reader.read("the log", &mut log, &mut |entry| entries.push(entry))?;
    Ok((tally, entries))
}

/// The calls among entries.
pub fn calls(entries: &[Entry]) -> Vec<&Record> {
    let calls = entries.iter().filter_map(|entry| match entry {
        Entry::Call(record) => Some(record.as_ref()),
        Entry::Lost(_) => None,
    });
    calls.collect()
}

/// The losses among entries.
pub fn losses(entries: &[Entry]) -> Vec<&Lost> {
    let losses = entries.iter().filter_map(|entry| match entry {
        Entry::Call(_) => None,
        Entry::Lost(lost) => Some(lost),
    });
    losses.collect()
}

/// A line of the kernel log: so many milliseconds after some beginning, with this call.
pub fn record(milliseconds: u64, call: u32) -> String {
    let (seconds, fraction) = (milliseconds / 1000, milliseconds % 1000);
    format!(
        "[  517.262099] audit: type=1326 audit({}.{fraction:03}:{milliseconds}): auid=4294967295 uid=0 gid=0 \
         ses=4294967295 pid=7 comm=\"hello\" exe=\"/bin/hello\" sig=0 arch=c000003e syscall={call} compat=0 \
         ip=0x7fb1413d686a code=0x7ffc0000\n",
        1_795_361_497 + seconds
    )
}

/// The numbers of the calls, in order.
pub fn numbers(entries: &[Entry]) -> Vec<u32> {
    calls(entries).iter().map(|record| record.number).collect()
}
