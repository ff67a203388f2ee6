//! Lines of the kernel log, as dmesg(1) prints them in its various forms, and of syslog files and
//! `journalctl -o short`, which have them behind a date and a host.
//!
//! Only what stands where the kernel's own messages stand counts: anyone may log a line that holds the
//! text of a record, but not behind `kernel:` without the right to do so.

use crate::entry::Loss;

/// What a line of the kernel log says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// An audit record: its kind, and its text from the stamp on, which the journal leaves out.
    Record {
        kind: &'a str,
        text: &'a str,
        /// Whether it came by the journal's audit socket and so past the rate limit.
        socket: bool,
    },
    /// Records were lost, and how many, where that is said.
    Lost { why: Loss, count: Option<u64> },
    /// How many records the kernel has lost since it was started.
    LostSoFar(u64),
}

/// What a line says; nothing for one that is none of ours.
pub(crate) fn line(line: &str) -> Option<Said<'_>> {
    let line = of_the_kernel(line)?;
    if let Some(said) = message(after_stamps(line)) {
        return Some(said);
    }
    let (source, text) = behind_host(line)?;
    match source {
        "kernel" => message(after_stamps(text)),
        "audit" => from_journal(text),
        "systemd-journald" => missed(text),
        _ => None,
    }
}

/// What a message of the kernel says.
pub(crate) fn message(text: &str) -> Option<Said<'_>> {
    if let Some(text) = text.strip_prefix("audit: ") {
        return match text.strip_prefix("type=") {
            Some(record) => {
                let (kind, text) = record.split_once(' ')?;
                let socket = false;
                Some(Said::Record { kind, text, socket })
            }
            None => lost(text),
        };
    }
    let suppressed = ["kauditd_printk_skb: ", "audit_printk_skb: "];
    let text = suppressed
        .iter()
        .find_map(|start| text.strip_prefix(start))?;
    let count = text.split_once(" callbacks suppressed")?.0.parse().ok();
    let why = Loss::Printk;
    Some(Said::Lost { why, count })
}

/// What the journal makes of a record that it got from audit: `SECCOMP auid=…`, with or without the time.
pub(crate) fn from_journal(text: &str) -> Option<Said<'_>> {
    let (kind, text) = text.split_once(' ')?;
    let named = kind
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let socket = true;
    named.then_some(Said::Record { kind, text, socket })
}

/// The journal's own words: `Missed 25 kernel messages`.
pub(crate) fn missed(text: &str) -> Option<Said<'_>> {
    let count = text
        .strip_prefix("Missed ")?
        .split_once(" kernel messages")?
        .0;
    let (why, count) = (Loss::Journal, count.parse().ok());
    Some(Said::Lost { why, count })
}

/// audit_log_lost in kernel/audit.c.
fn lost(text: &str) -> Option<Said<'_>> {
    if let Some(rest) = text.strip_prefix("audit_lost=") {
        let digits = rest.split(' ').next().unwrap_or_default();
        return digits.parse().ok().map(Said::LostSoFar);
    }
    let why = match text {
        text if text.starts_with("rate limit exceeded") => Loss::Rate,
        text if text.starts_with("backlog limit exceeded") => Loss::Backlog,
        text if text.starts_with("out of memory") => Loss::Kernel,
        text if text.starts_with("kauditd hold queue overflow") => Loss::Backlog,
        text => {
            // Some kernels end a message with `*** N lost`.
            let words = text.trim_end().strip_suffix(" lost")?;
            let count = words.rsplit(' ').next()?.parse().ok();
            let why = Loss::Kernel;
            return Some(Said::Lost { why, count });
        }
    };
    Some(Said::Lost { why, count: None })
}

/// The line without the level of `dmesg -r` (`<5>`) or `-x` (`kern  :notice: `); nothing where that says
/// that the message was written by a program.
fn of_the_kernel(line: &str) -> Option<&str> {
    if let Some((level, rest)) = line.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        // The facility is in the higher bits, and the kernel's is 0 (syslog(2)).
        let level: u32 = level.parse().ok()?;
        return (level < 8).then_some(rest);
    }
    let Some((facility, rest)) = line.split_once(':') else {
        return Some(line);
    };
    let is_level = |word: &str| {
        let levels = [
            "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug",
        ];
        levels.contains(&word.trim_end())
    };
    match rest.split_once(": ") {
        Some((level, rest)) if is_level(level) => (facility.trim_end() == "kern").then_some(rest),
        _ => Some(line),
    }
}

/// What stands behind `[  517.262099] `, `[T1234]`, or a date of ISO 8601.
fn after_stamps(text: &str) -> &str {
    let mut rest = text;
    if let Some((date, behind)) = rest.split_once(' ') {
        let date = date.as_bytes();
        let is_date = date.first().is_some_and(u8::is_ascii_digit) && date.get(10) == Some(&b'T');
        if is_date && behind.starts_with("audit: ") {
            return behind;
        }
    }
    while let Some((_, behind)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        rest = behind.trim_start_matches(' ');
    }
    rest
}

/// Who logged a line of a syslog file, without its number, and what: the first word that ends with a
/// colon stands behind date and host.
fn behind_host(line: &str) -> Option<(&str, &str)> {
    let (head, text) = line.split_once(": ")?;
    let source = head.rsplit(' ').next()?;
    // Date and host at least.
    let words = head.split(' ').filter(|word| !word.is_empty()).count();
    let source = source.split('[').next().unwrap_or(source);
    (words >= 3).then_some((source, text))
}
