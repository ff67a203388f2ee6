//! What `/proc/PID` tells of a process (proc(5)).

use std::fs;

use nix::unistd::Pid;

use crate::Error;

/// The text behind a key in `/proc/PID/status`.
fn field(process: Pid, key: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    Some(line.strip_prefix(':')?.trim().to_owned())
}

/// The process that a thread belongs to.
pub fn process_of(thread: i32) -> Option<i32> {
    field(Pid::from_raw(thread), "Tgid")?.parse().ok()
}

/// How many filters a thread has; where the kernel does not count them (before 5.9), one if any.
pub(crate) fn filters(thread: Pid) -> Result<u32, Error> {
    let number = |key| field(thread, key)?.parse::<u32>().ok();
    let count = number("Seccomp_filters").or_else(|| Some(number("Seccomp")? / 2));
    count.ok_or(Error::Gone)
}

/// Whether a thread has ended and was not waited for.
pub(crate) fn is_zombie(thread: Pid) -> bool {
    field(thread, "State").is_none_or(|state| state.starts_with('Z'))
}

/// Whether a process ignores a signal.
pub(crate) fn ignores(process: Pid, signal: i32) -> bool {
    has_signal(process, "SigIgn", signal)
}

/// Whether a process has a handler for a signal.
pub(crate) fn catches(process: Pid, signal: i32) -> bool {
    has_signal(process, "SigCgt", signal)
}

fn has_signal(process: Pid, key: &str, signal: i32) -> bool {
    let set = field(process, key).and_then(|set| u64::from_str_radix(&set, 16).ok());
    set.is_some_and(|set| set & (1 << (signal - 1)) != 0)
}

/// An entry of the auxiliary vector (getauxval(3)).
pub(crate) fn auxiliary(process: Pid, key: u64) -> Option<u64> {
    let bytes = fs::read(format!("/proc/{process}/auxv")).ok()?;
    let word = |bytes: &[u8]| Some(u64::from_ne_bytes(bytes.try_into().ok()?));
    let mut entries = bytes.chunks_exact(16);
    let found = entries.find(|entry| word(&entry[..8]) == Some(key))?;
    word(&found[8..])
}
