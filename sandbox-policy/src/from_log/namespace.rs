//! Whether this is the network namespace that audit records go to.
//!
//! The kernel sends them to members of the group in the initial one only (kauditd_send_multicast_skb in
//! kernel/audit.c); elsewhere joining works, and nothing ever comes.

use std::fs;
use std::os::unix::fs::MetadataExt;

/// Numbers of the initial namespaces (`enum init_ns_ino`, include/uapi/linux/nsfs.h); that of the network
/// is fixed since Linux 6.18.
const INITIAL_NETWORK: u64 = 0xeffffff9;
const INITIAL_PIDS: u64 = 0xeffffffc;
const FIXED_SINCE: (u32, u32) = (6, 18);

/// What is known of a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Initial,
    Other,
    Unknown,
}

/// Where this process is.
pub(crate) fn network() -> Place {
    let number = |path| fs::metadata(path).ok().map(|link| link.ino());
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    place(&Facts {
        own: number("/proc/self/ns/net"),
        of_first: number("/proc/1/ns/net"),
        pids: number("/proc/self/ns/pid"),
        kernel: version(&release),
    })
}

struct Facts {
    own: Option<u64>,
    /// That of process 1, which is the first of all only in the initial PID namespace.
    of_first: Option<u64>,
    pids: Option<u64>,
    kernel: (u32, u32),
}

fn place(facts: &Facts) -> Place {
    match facts {
        Facts { own: None, .. } => Place::Unknown,
        Facts {
            own: Some(INITIAL_NETWORK),
            ..
        } => Place::Initial,
        Facts { kernel, .. } if *kernel >= FIXED_SINCE => Place::Other,
        Facts { of_first: None, .. } => Place::Unknown,
        Facts {
            pids: Some(INITIAL_PIDS),
            ..
        } if facts.own == facts.of_first => Place::Initial,
        Facts {
            pids: Some(INITIAL_PIDS),
            ..
        } => Place::Other,
        Facts { .. } => Place::Unknown,
    }
}

fn version(release: &str) -> (u32, u32) {
    let mut numbers = release.split(|other: char| !other.is_ascii_digit());
    let mut next = || numbers.next().and_then(|number| number.parse().ok());
    (next().unwrap_or_default(), next().unwrap_or_default())
}
