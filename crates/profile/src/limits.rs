//! How much a sandbox may use. Not Oz's: a block of our own, all of it optional.

use crate::block::{Block, Field};
use crate::diagnostic::{Problem, shown};
use crate::json::Kind;
use crate::report::Report;

/// The keys of `limits`.
pub(crate) const KEYS: &[&str] = &[
    "pids",
    "memory",
    "user_namespaces",
    "as",
    "core",
    "cpu",
    "data",
    "fsize",
    "memlock",
    "msgqueue",
    "nofile",
    "nproc",
    "stack",
];

/// A resource of each process, by setrlimit(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Bytes of address space (RLIMIT_AS).
    AddressSpace,
    /// Bytes of a core file (RLIMIT_CORE).
    Core,
    /// Seconds of processor time (RLIMIT_CPU).
    ProcessorTime,
    /// Bytes of data (RLIMIT_DATA).
    Data,
    /// Bytes of a file (RLIMIT_FSIZE).
    FileSize,
    /// Bytes of locked memory (RLIMIT_MEMLOCK).
    LockedMemory,
    /// Bytes of POSIX message queues (RLIMIT_MSGQUEUE).
    MessageQueues,
    /// Open files (RLIMIT_NOFILE).
    OpenFiles,
    /// Threads of the user, also those outside (RLIMIT_NPROC).
    Processes,
    /// Bytes of stack (RLIMIT_STACK).
    Stack,
}

const RESOURCES: [(&str, Resource); 10] = [
    ("as", Resource::AddressSpace),
    ("core", Resource::Core),
    ("cpu", Resource::ProcessorTime),
    ("data", Resource::Data),
    ("fsize", Resource::FileSize),
    ("memlock", Resource::LockedMemory),
    ("msgqueue", Resource::MessageQueues),
    ("nofile", Resource::OpenFiles),
    ("nproc", Resource::Processes),
    ("stack", Resource::Stack),
];

/// A limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// As much as this, soft and hard.
    Most(u64),
    /// As much as the kernel lets anybody have.
    Unlimited,
}

/// The block `limits`. What is not there is as the caller has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    /// Processes and threads of the sandbox (`pids.max` of its cgroup).
    pub pids: Option<u64>,
    /// Bytes of memory of the sandbox (`memory.max` of its cgroup).
    pub memory: Option<u64>,
    /// User namespaces that may be made inside (`user.max_user_namespaces`).
    pub user_namespaces: u32,
    /// Limits of each process, in the order of the names of their keys.
    pub resources: Vec<(Resource, Limit)>,
}

/// Reads `limits`.
pub(crate) fn read(field: Option<Field<'_>>, report: &mut Report) -> Limits {
    // PID_MAX_LIMIT of linux/threads.h on 64-bit machines.
    const MOST_PIDS: u64 = 4 << 20;
    const MOST_NAMESPACES: u64 = i32::MAX as u64;
    let block = Block::open(field, KEYS, report);
    let namespaces = block.number("user_namespaces", 0..=MOST_NAMESPACES, report);
    let mut resources = Vec::new();
    for (key, resource) in RESOURCES {
        if let Some(limit) = limit(&block, key, report) {
            resources.push((resource, limit));
        }
    }
    Limits {
        pids: block.number("pids", 1..=MOST_PIDS, report),
        memory: memory(&block, report),
        user_namespaces: namespaces.map_or(0, |most| u32::try_from(most).unwrap_or(0)),
        resources,
    }
}

fn memory(block: &Block<'_>, report: &mut Report) -> Option<u64> {
    match limit(block, "memory", report)? {
        Limit::Most(0) => {
            let high = u64::MAX;
            let field = block.field("memory")?;
            field.error(report, Problem::OutOfRange { low: 1, high });
            None
        }
        Limit::Most(most) => Some(most),
        Limit::Unlimited => None,
    }
}

/// A number, a number with K, M, G or T behind it, or the word for none.
fn limit(block: &Block<'_>, key: &'static str, report: &mut Report) -> Option<Limit> {
    let field = block.field(key)?;
    let found = match &field.value.kind {
        Kind::Number(Some(number)) => return Some(Limit::Most(*number)),
        Kind::Text(text) if text == "unlimited" => return Some(Limit::Unlimited),
        Kind::Text(text) => match scaled(text) {
            Some(number) => return Some(Limit::Most(number)),
            None => shown(text),
        },
        Kind::Number(None) => {
            let (low, high) = (0, u64::MAX);
            field.error(report, Problem::OutOfRange { low, high });
            return None;
        }
        other => {
            let wanted = "a number or a string";
            let found = other.name();
            field.error(report, Problem::WrongType { wanted, found });
            return None;
        }
    };
    let why = "is no limit: a whole number, one with K, M, G or T behind it, or unlimited";
    field.error(report, Problem::Unfit { text: found, why });
    None
}

/// A number in powers of 1024.
fn scaled(text: &str) -> Option<u64> {
    let (digits, factor) = match text.char_indices().last()? {
        (at, 'K') => (text.get(..at)?, 1 << 10),
        (at, 'M') => (text.get(..at)?, 1 << 20),
        (at, 'G') => (text.get(..at)?, 1 << 30),
        (at, 'T') => (text.get(..at)?, 1 << 40),
        _ => (text, 1_u64),
    };
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = are_digits.then(|| digits.parse::<u64>().ok())??;
    number.checked_mul(factor)
}
