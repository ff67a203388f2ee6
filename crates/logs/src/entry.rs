//! What a log says: a system call, or that something is missing.

use std::fmt;
use std::time::SystemTime;

/// One thing that a log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A system call.
    Call(Box<Record>),
    /// Something is missing.
    Lost(Lost),
}

/// Who wrote a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The kernel's audit, about a call that a filter did not simply allow.
    Audit,
    /// strace(1), about every call.
    Trace,
}

/// A system call, as far as the log knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Who wrote it.
    pub origin: Origin,
    /// When it was made.
    pub time: Option<SystemTime>,
    /// The audit event's serial number.
    pub serial: Option<u64>,
    /// The process; in traces the thread's, until it was seen to be one of another's.
    pub process: Option<i32>,
    /// The thread, where the log tells it.
    pub thread: Option<i32>,
    /// The user.
    pub uid: Option<u32>,
    /// The thread's name, which programs choose themselves; empty where it is not known.
    pub comm: String,
    /// The path of the program's file; empty where it is not known.
    pub exe: String,
    /// In traces the first program that was executed, whose filter all others would inherit.
    pub root: Option<String>,
    /// The signal that the filter sent: 0 for a call that was logged.
    pub signal: u32,
    /// `AUDIT_ARCH_*` of the call.
    pub audit: u32,
    /// Its number, x32's bit included.
    pub number: u32,
    /// Its arguments, where the log has them.
    pub arguments: [Option<u64>; 6],
    /// Where in the program it was made; 0 where that is not known.
    pub instruction: u64,
    /// What the filter answered (`SECCOMP_RET_*`).
    pub code: Option<u32>,
    /// The call as a trace shows it.
    pub shown: Option<String>,
}

impl Record {
    /// The arguments that are not known, one bit each.
    pub fn unknown(&self) -> u8 {
        let all = self.arguments.iter().enumerate();
        let bits = all.map(|(place, value)| match value {
            Some(_) => 0,
            None => 1_u8 << place,
        });
        bits.sum()
    }
}

/// Something that is missing from a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// Before when, as the next record says.
    pub before: Option<SystemTime>,
    /// How many records, where that was said.
    pub count: Option<u64>,
    /// Why.
    pub why: Loss,
}

/// Why records are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Loss {
    /// The kernel log takes ten messages in five seconds (kernel.printk_ratelimit, kauditd_printk_skb in
    /// kernel/audit.c).
    Printk,
    /// It ends with ten in five seconds, and nobody knows what would have come next.
    Burst,
    /// The audit rate limit (`auditctl -r`).
    Rate,
    /// The audit backlog was full (`auditctl -b`).
    Backlog,
    /// The kernel had no memory for a record, or counted one as lost.
    Kernel,
    /// The journal could not follow the kernel log.
    Journal,
    /// The socket's buffer was full (ENOBUFS, netlink(7)).
    Buffer,
    /// Serial numbers are missing.
    Serials,
    /// Records that cannot be read.
    Broken,
}

impl Loss {
    /// What to do to lose less next time.
    pub fn cure(self) -> &'static str {
        match self {
            Loss::Printk | Loss::Burst | Loss::Journal => {
                "record with --follow or auditd, or set kernel.printk_ratelimit to 0 meanwhile"
            }
            Loss::Rate => "raise the limit (auditctl -r 0)",
            Loss::Backlog => "raise the backlog (auditctl -b 8192)",
            Loss::Kernel | Loss::Serials | Loss::Buffer => "record again on a less busy machine",
            Loss::Broken => "see the warnings",
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Loss::Printk => "the rate limit of the kernel log",
            Loss::Burst => {
                "the log ends with as many records as the kernel log takes in five seconds"
            }
            Loss::Rate => "the audit rate limit",
            Loss::Backlog => "a full audit backlog",
            Loss::Kernel => "audit in the kernel",
            Loss::Journal => "the journal, which could not follow the kernel log",
            Loss::Buffer => "a full receive buffer",
            Loss::Serials => "missing serial numbers",
            Loss::Broken => "records that cannot be read",
        })
    }
}
