//! Which arguments of a call matter for a policy, and a condition that holds for their values.
//!
//! These are the arguments that select what the call does, as fcntl's `cmd`, and those that the
//! policy's own rules for the call look at.

use syscalls::Argument;

/// A call, an argument that selects what it does, and the constants that stand for its values.
type Entry = (&'static str, &'static str, Values);

/// How values are spelled.
#[derive(Clone, Copy)]
enum Values {
    /// One of these.
    One(&'static str),
    /// Several of these, joined.
    Bits(&'static str),
}

const OPEN: Values = Values::Bits(
    "O_WRONLY O_RDWR O_CREAT O_EXCL O_NOCTTY O_TRUNC O_APPEND O_NONBLOCK O_SYNC O_DSYNC O_DIRECT \
     O_TMPFILE O_DIRECTORY O_NOFOLLOW O_NOATIME O_CLOEXEC O_PATH",
);
const FAMILY: Values = Values::One("AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET AF_ALG AF_VSOCK");
const TYPE: Values =
    Values::Bits("SOCK_SEQPACKET SOCK_RAW SOCK_DGRAM SOCK_STREAM SOCK_NONBLOCK SOCK_CLOEXEC");
const PROTECTION: Values = Values::Bits("PROT_READ PROT_WRITE PROT_EXEC");
const LEVEL: Values =
    Values::One("SOL_SOCKET IPPROTO_IP IPPROTO_TCP IPPROTO_UDP IPPROTO_IPV6 SOL_NETLINK");
const NAMESPACES: Values = Values::Bits(
    "CLONE_VM CLONE_FS CLONE_FILES CLONE_SIGHAND CLONE_PIDFD CLONE_PTRACE CLONE_VFORK CLONE_PARENT \
     CLONE_THREAD CLONE_NEWNS CLONE_SYSVSEM CLONE_SETTLS CLONE_PARENT_SETTID CLONE_CHILD_CLEARTID \
     CLONE_UNTRACED CLONE_CHILD_SETTID CLONE_NEWCGROUP CLONE_NEWUTS CLONE_NEWIPC CLONE_NEWUSER \
     CLONE_NEWPID CLONE_NEWNET CLONE_IO",
);
const NUMBERS: Values = Values::One("");

const TABLE: &[Entry] = &[
    ("bpf", "cmd", NUMBERS),
    ("clone", "clone_flags", NAMESPACES),
    (
        "fcntl",
        "cmd",
        Values::One(
            "F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL F_GETLK F_SETLK F_SETLKW F_SETOWN F_GETOWN \
             F_SETSIG F_GETSIG F_DUPFD_CLOEXEC F_SETPIPE_SZ F_GETPIPE_SZ F_ADD_SEALS F_GET_SEALS",
        ),
    ),
    (
        "futex",
        "op",
        Values::One(
            "FUTEX_WAIT FUTEX_WAKE FUTEX_REQUEUE FUTEX_CMP_REQUEUE FUTEX_WAIT_PRIVATE \
             FUTEX_WAKE_PRIVATE FUTEX_WAIT_BITSET_PRIVATE FUTEX_CMP_REQUEUE_PRIVATE",
        ),
    ),
    ("getsockopt", "level", LEVEL),
    ("getsockopt", "optname", NUMBERS),
    (
        "ioctl",
        "cmd",
        Values::One(
            "TCGETS TCSETS TCSETSW TIOCGWINSZ TIOCSTI TIOCLINUX TIOCGPGRP TIOCSPGRP FIONREAD FIONBIO FIOCLEX",
        ),
    ),
    (
        "madvise",
        "behavior",
        Values::One(
            "MADV_NORMAL MADV_WILLNEED MADV_DONTNEED MADV_FREE MADV_HUGEPAGE MADV_DONTDUMP",
        ),
    ),
    ("mmap", "prot", PROTECTION),
    (
        "mmap",
        "flags",
        Values::Bits("MAP_SHARED MAP_PRIVATE MAP_FIXED MAP_ANONYMOUS MAP_NORESERVE MAP_STACK"),
    ),
    ("mprotect", "prot", PROTECTION),
    ("open", "flags", OPEN),
    ("openat", "flags", OPEN),
    ("personality", "personality", NUMBERS),
    (
        "prctl",
        "option",
        Values::One(
            "PR_SET_PDEATHSIG PR_GET_DUMPABLE PR_SET_DUMPABLE PR_SET_NAME PR_GET_NAME PR_SET_SECCOMP \
             PR_CAPBSET_READ PR_CAPBSET_DROP PR_SET_NO_NEW_PRIVS PR_GET_NO_NEW_PRIVS PR_SET_VMA",
        ),
    ),
    (
        "ptrace",
        "request",
        Values::One("PTRACE_TRACEME PTRACE_ATTACH PTRACE_SEIZE"),
    ),
    ("seccomp", "op", NUMBERS),
    ("setsockopt", "level", LEVEL),
    ("setsockopt", "optname", NUMBERS),
    ("socket", "family", FAMILY),
    ("socket", "type", TYPE),
    ("socket", "protocol", NUMBERS),
    ("socketpair", "family", FAMILY),
    ("socketpair", "type", TYPE),
    ("socketpair", "protocol", NUMBERS),
    ("unshare", "unshare_flags", NAMESPACES),
];

/// The values of the arguments that matter: those of the table, and those of `mentioned`, one bit
/// each. Only the bits that the kernel reads are kept.
pub(crate) fn values(call: &str, mentioned: u8, registers: &[u64; 6]) -> [Option<u64>; 6] {
    let mut values = [None; 6];
    let table = TABLE.iter().filter(|entry| entry.0 == call);
    let table = table.filter_map(|entry| Some(syscalls::argument(call, entry.1)?.0));
    let mentioned = (0..registers.len()).filter(|at| mentioned >> at & 1 != 0);
    for at in table.chain(mentioned) {
        let known = argument(call, at);
        let bits = known.map_or(u64::MAX, |argument| {
            u64::MAX >> (64 - argument.bits.clamp(1, 64))
        });
        if let (Some(value), Some(register)) = (values.get_mut(at), registers.get(at)) {
            *value = Some(register & bits);
        }
    }
    values
}

/// The condition that holds for exactly these values; nothing where there are none.
pub(crate) fn condition(call: &str, values: &[Option<u64>; 6]) -> Option<String> {
    let places = values.iter().enumerate();
    let parts = places.filter_map(|(at, value)| value.map(|value| compared(call, at, value)));
    let parts: Vec<String> = parts.collect();
    (!parts.is_empty()).then(|| parts.join(" && "))
}

fn argument(call: &str, at: usize) -> Option<Argument> {
    syscalls::arguments(call)?.nth(at)
}

fn compared(call: &str, at: usize, value: u64) -> String {
    let Some(argument) = argument(call, at) else {
        return format!("arg{at} == {}", number(value));
    };
    let named = |entry: &&Entry| entry.0 == call && entry.1 == argument.name;
    let spelled = match TABLE.iter().find(named) {
        Some((_, _, Values::One(names))) => one(names, value),
        Some((_, _, Values::Bits(names))) => bits(names, value),
        None => None,
    };
    let value = spelled.unwrap_or_else(|| number(value));
    format!("{} == {value}", argument.name)
}

fn one(names: &str, value: u64) -> Option<String> {
    let mut names = names.split_whitespace();
    let found = names.find(|name| syscalls::constant(name) == Some(value))?;
    Some(found.to_owned())
}

/// The value as names and what is left over; nothing where no name fits.
fn bits(names: &str, value: u64) -> Option<String> {
    let mut left = value;
    let mut found = Vec::new();
    for name in names.split_whitespace() {
        let bits = syscalls::constant(name).unwrap_or_default();
        if bits != 0 && left & bits == bits {
            found.push(name.to_owned());
            left &= !bits;
        }
    }
    if left != 0 && !found.is_empty() {
        found.push(number(left));
    }
    (!found.is_empty()).then(|| found.join("|"))
}

/// Small numbers are counts and descriptors, large ones bits and addresses.
fn number(value: u64) -> String {
    match value {
        0..4096 => value.to_string(),
        _ => format!("{value:#x}"),
    }
}
