//! A policy file, read for this machine: some formats make rules depend on the kernel and on the
//! program's capabilities.

use formats::{Circumstances, Source};
use syscalls::Abi;

/// Reads a policy file of any format for this machine and a program with this process's capabilities.
///
/// # Errors
/// Those of [`Source::open`].
pub fn open_policy(path: &str) -> Result<Source, formats::Error> {
    let held = formats::capabilities(effective_capabilities());
    let circumstances = Circumstances {
        format: None,
        abi: Abi::NATIVE,
        kernel: kernel(),
        capabilities: &held,
    };
    let files = filter::sys::read_policy;
    Source::open(path, None, &files, &circumstances)
}

/// Major and minor version; an unknown kernel counts as the oldest.
fn kernel() -> (u32, u32) {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release.split(|other: char| !other.is_ascii_digit());
    let mut next = || numbers.next().and_then(|number| number.parse().ok());
    (next().unwrap_or_default(), next().unwrap_or_default())
}

/// CapEff of this process (proc_pid_status(5)), which the program inherits; none where it cannot be
/// read.
fn effective_capabilities() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    line.and_then(|set| u64::from_str_radix(set.trim(), 16).ok())
        .unwrap_or_default()
}
