//! How a value of an argument is written in a rule: as the C constant that a reader knows it by, or as
//! a number where there is none.
//!
//! A family lists the names that make sense for one argument, since one number has many names in C.
//! What they are worth comes from the table of constants, so nothing is said here twice.

use std::collections::HashMap;
use std::sync::LazyLock;

/// How rules are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Style {
    /// With the names of arguments, and large numbers as machines count.
    #[default]
    Own,
    /// With registers and decimal numbers, as `oz-seccomp-tracer` has them.
    Oz,
}

/// The names of one argument's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Family {
    /// The bits that hold one of `ones`; the rest are flags.
    ones_in: u64,
    ones: &'static [&'static str],
    flags: &'static [&'static str],
}

const fn one_of(ones: &'static [&'static str]) -> Family {
    Family {
        ones_in: u64::MAX,
        ones,
        flags: &[],
    }
}

/// A number and nothing else.
pub(crate) const NUMBER: Family = one_of(&[]);

/// fcntl(2), `cmd`.
pub(crate) const FCNTL: Family = one_of(&[
    "F_DUPFD",
    "F_GETFD",
    "F_SETFD",
    "F_GETFL",
    "F_SETFL",
    "F_GETLK",
    "F_SETLK",
    "F_SETLKW",
    "F_SETOWN",
    "F_GETOWN",
    "F_SETSIG",
    "F_GETSIG",
    "F_SETOWN_EX",
    "F_GETOWN_EX",
    "F_GETOWNER_UIDS",
    "F_OFD_GETLK",
    "F_OFD_SETLK",
    "F_OFD_SETLKW",
    "F_SETLEASE",
    "F_GETLEASE",
    "F_NOTIFY",
    "F_DUPFD_QUERY",
    "F_CREATED_QUERY",
    "F_DUPFD_CLOEXEC",
    "F_SETPIPE_SZ",
    "F_GETPIPE_SZ",
    "F_ADD_SEALS",
    "F_GET_SEALS",
    "F_GET_RW_HINT",
    "F_SET_RW_HINT",
    "F_GET_FILE_RW_HINT",
    "F_SET_FILE_RW_HINT",
]);

/// ioctl(2), `cmd`: terminals, files and interfaces.
#[rustfmt::skip]
pub(crate) const IOCTL: Family = one_of(&[
    "TCGETS", "TCSETS", "TCSETSW", "TCSETSF", "TCGETA", "TCSETA", "TCSETAW", "TCSETAF", "TCSBRK", "TCXONC",
    "TCFLSH", "TCSBRKP", "TCGETS2", "TCSETS2", "TCSETSW2", "TCSETSF2", "TIOCEXCL", "TIOCNXCL", "TIOCSCTTY",
    "TIOCGPGRP", "TIOCSPGRP", "TIOCOUTQ", "TIOCSTI", "TIOCGWINSZ", "TIOCSWINSZ", "TIOCMGET", "TIOCMBIS",
    "TIOCMBIC", "TIOCMSET", "TIOCLINUX", "TIOCCONS", "TIOCPKT", "TIOCNOTTY", "TIOCSETD", "TIOCGETD",
    "TIOCSBRK", "TIOCCBRK", "TIOCGSID", "TIOCGPTN", "TIOCSPTLCK", "TIOCGDEV", "TIOCSIG", "TIOCGPKT",
    "TIOCGPTLCK", "TIOCGEXCL", "TIOCGPTPEER", "TIOCGSERIAL", "TIOCSSERIAL", "TIOCVHANGUP", "FIONREAD",
    "FIONBIO", "FIONCLEX", "FIOCLEX", "FIOASYNC", "FIOQSIZE", "FIOSETOWN", "FIOGETOWN", "FICLONE",
    "FICLONERANGE", "FS_IOC_GETFLAGS", "FS_IOC_SETFLAGS", "FS_IOC_GETVERSION", "FS_IOC_SETVERSION",
    "FS_IOC_FSGETXATTR", "FS_IOC_FSSETXATTR", "SIOCATMARK", "SIOCGIFNAME", "SIOCGIFCONF", "SIOCGIFFLAGS",
    "SIOCSIFFLAGS", "SIOCGIFADDR", "SIOCSIFADDR", "SIOCGIFDSTADDR", "SIOCGIFBRDADDR", "SIOCGIFNETMASK",
    "SIOCSIFNETMASK", "SIOCGIFMETRIC", "SIOCGIFMTU", "SIOCSIFMTU", "SIOCGIFHWADDR", "SIOCGIFINDEX",
    "SIOCGIFTXQLEN", "SIOCGIFMAP", "SIOCETHTOOL", "SIOCGSTAMP", "SIOCGSTAMPNS",
]);

/// prctl(2), `option`.
#[rustfmt::skip]
pub(crate) const PRCTL: Family = one_of(&[
    "PR_SET_PDEATHSIG", "PR_GET_PDEATHSIG", "PR_GET_DUMPABLE", "PR_SET_DUMPABLE", "PR_GET_UNALIGN",
    "PR_SET_UNALIGN", "PR_GET_KEEPCAPS", "PR_SET_KEEPCAPS", "PR_GET_TIMING", "PR_SET_TIMING", "PR_SET_NAME",
    "PR_GET_NAME", "PR_GET_SECCOMP", "PR_SET_SECCOMP", "PR_CAPBSET_READ", "PR_CAPBSET_DROP", "PR_GET_TSC",
    "PR_SET_TSC", "PR_GET_SECUREBITS", "PR_SET_SECUREBITS", "PR_SET_TIMERSLACK", "PR_GET_TIMERSLACK",
    "PR_TASK_PERF_EVENTS_DISABLE", "PR_TASK_PERF_EVENTS_ENABLE", "PR_MCE_KILL", "PR_MCE_KILL_GET", "PR_SET_MM",
    "PR_SET_CHILD_SUBREAPER", "PR_GET_CHILD_SUBREAPER", "PR_SET_NO_NEW_PRIVS", "PR_GET_NO_NEW_PRIVS",
    "PR_GET_TID_ADDRESS", "PR_SET_THP_DISABLE", "PR_GET_THP_DISABLE", "PR_CAP_AMBIENT", "PR_SVE_SET_VL",
    "PR_SVE_GET_VL", "PR_GET_SPECULATION_CTRL", "PR_SET_SPECULATION_CTRL", "PR_PAC_RESET_KEYS",
    "PR_SET_TAGGED_ADDR_CTRL", "PR_GET_TAGGED_ADDR_CTRL", "PR_SET_IO_FLUSHER", "PR_GET_IO_FLUSHER",
    "PR_SET_SYSCALL_USER_DISPATCH", "PR_SCHED_CORE", "PR_SET_MDWE", "PR_GET_MDWE", "PR_SET_MEMORY_MERGE",
    "PR_GET_MEMORY_MERGE", "PR_GET_AUXV", "PR_SET_VMA", "PR_SET_PTRACER", "PR_FUTEX_HASH",
]);

/// socket(2) and socketpair(2), `family`.
#[rustfmt::skip]
pub(crate) const ADDRESSES: Family = one_of(&[
    "AF_UNSPEC", "AF_UNIX", "AF_INET", "AF_AX25", "AF_IPX", "AF_APPLETALK", "AF_BRIDGE", "AF_X25", "AF_INET6",
    "AF_KEY", "AF_NETLINK", "AF_PACKET", "AF_RDS", "AF_CAN", "AF_TIPC", "AF_BLUETOOTH", "AF_ALG", "AF_NFC",
    "AF_VSOCK", "AF_KCM", "AF_QIPCRTR", "AF_SMC", "AF_XDP", "AF_MCTP",
]);

/// socket(2), `type`.
pub(crate) const SOCKETS: Family = Family {
    ones_in: 0xf,
    ones: &[
        "SOCK_STREAM",
        "SOCK_DGRAM",
        "SOCK_RAW",
        "SOCK_RDM",
        "SOCK_SEQPACKET",
        "SOCK_DCCP",
        "SOCK_PACKET",
    ],
    flags: &["SOCK_NONBLOCK", "SOCK_CLOEXEC"],
};

/// socket(2), `protocol`, of the internet families.
#[rustfmt::skip]
pub(crate) const PROTOCOLS: Family = one_of(&[
    "IPPROTO_ICMP", "IPPROTO_IGMP", "IPPROTO_TCP", "IPPROTO_UDP", "IPPROTO_DCCP", "IPPROTO_ICMPV6",
    "IPPROTO_SCTP", "IPPROTO_UDPLITE", "IPPROTO_RAW", "IPPROTO_MPTCP",
]);

/// socket(2), `protocol`, of AF_NETLINK.
#[rustfmt::skip]
pub(crate) const NETLINK: Family = one_of(&[
    "NETLINK_ROUTE", "NETLINK_USERSOCK", "NETLINK_SOCK_DIAG", "NETLINK_XFRM", "NETLINK_SELINUX",
    "NETLINK_AUDIT", "NETLINK_FIB_LOOKUP", "NETLINK_CONNECTOR", "NETLINK_NETFILTER", "NETLINK_KOBJECT_UEVENT",
    "NETLINK_GENERIC", "NETLINK_CRYPTO",
]);

/// setsockopt(2), `level`.
#[rustfmt::skip]
pub(crate) const LEVELS: Family = one_of(&[
    "SOL_SOCKET", "SOL_IP", "SOL_TCP", "SOL_UDP", "SOL_IPV6", "SOL_ICMPV6", "SOL_SCTP", "SOL_RAW", "SOL_PACKET",
    "SOL_NETLINK", "SOL_BLUETOOTH", "SOL_ALG", "SOL_TLS", "SOL_XDP", "SOL_MPTCP",
]);

/// setsockopt(2), `optname`, of SOL_SOCKET.
#[rustfmt::skip]
pub(crate) const SOCKET_OPTIONS: Family = one_of(&[
    "SO_DEBUG", "SO_REUSEADDR", "SO_TYPE", "SO_ERROR", "SO_DONTROUTE", "SO_BROADCAST", "SO_SNDBUF", "SO_RCVBUF",
    "SO_SNDBUFFORCE", "SO_RCVBUFFORCE", "SO_KEEPALIVE", "SO_OOBINLINE", "SO_PRIORITY", "SO_LINGER",
    "SO_REUSEPORT", "SO_PASSCRED", "SO_PEERCRED", "SO_RCVLOWAT", "SO_SNDLOWAT", "SO_RCVTIMEO", "SO_SNDTIMEO",
    "SO_BINDTODEVICE", "SO_ATTACH_FILTER", "SO_DETACH_FILTER", "SO_TIMESTAMP", "SO_TIMESTAMPNS",
    "SO_TIMESTAMPING", "SO_ACCEPTCONN", "SO_PEERSEC", "SO_PASSSEC", "SO_MARK", "SO_PROTOCOL", "SO_DOMAIN",
    "SO_RXQ_OVFL", "SO_LOCK_FILTER", "SO_BUSY_POLL", "SO_INCOMING_CPU", "SO_ATTACH_BPF", "SO_MEMINFO",
    "SO_COOKIE", "SO_PEERGROUPS", "SO_ZEROCOPY", "SO_TXTIME", "SO_BINDTOIFINDEX", "SO_PASSPIDFD", "SO_PEERPIDFD",
]);

/// setsockopt(2), `optname`, of TCP.
#[rustfmt::skip]
pub(crate) const TCP_OPTIONS: Family = one_of(&[
    "TCP_NODELAY", "TCP_MAXSEG", "TCP_CORK", "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_SYNCNT",
    "TCP_LINGER2", "TCP_DEFER_ACCEPT", "TCP_WINDOW_CLAMP", "TCP_INFO", "TCP_QUICKACK", "TCP_CONGESTION",
    "TCP_USER_TIMEOUT", "TCP_FASTOPEN", "TCP_TIMESTAMP", "TCP_NOTSENT_LOWAT", "TCP_FASTOPEN_CONNECT", "TCP_ULP",
]);

/// setsockopt(2), `optname`, of IPv4.
#[rustfmt::skip]
pub(crate) const IP_OPTIONS: Family = one_of(&[
    "IP_TOS", "IP_TTL", "IP_HDRINCL", "IP_OPTIONS", "IP_RECVOPTS", "IP_PKTINFO", "IP_MTU_DISCOVER", "IP_RECVERR",
    "IP_RECVTTL", "IP_RECVTOS", "IP_MTU", "IP_FREEBIND", "IP_TRANSPARENT", "IP_BIND_ADDRESS_NO_PORT",
    "IP_MULTICAST_IF", "IP_MULTICAST_TTL", "IP_MULTICAST_LOOP", "IP_ADD_MEMBERSHIP", "IP_DROP_MEMBERSHIP",
    "IP_MULTICAST_ALL", "IP_LOCAL_PORT_RANGE",
]);

/// setsockopt(2), `optname`, of IPv6.
#[rustfmt::skip]
pub(crate) const IPV6_OPTIONS: Family = one_of(&[
    "IPV6_ADDRFORM", "IPV6_CHECKSUM", "IPV6_UNICAST_HOPS", "IPV6_MULTICAST_IF", "IPV6_MULTICAST_HOPS",
    "IPV6_MULTICAST_LOOP", "IPV6_ADD_MEMBERSHIP", "IPV6_DROP_MEMBERSHIP", "IPV6_MTU_DISCOVER", "IPV6_MTU",
    "IPV6_RECVERR", "IPV6_V6ONLY", "IPV6_RECVPKTINFO", "IPV6_RECVHOPLIMIT", "IPV6_DONTFRAG", "IPV6_RECVTCLASS",
    "IPV6_TCLASS", "IPV6_FREEBIND", "IPV6_TRANSPARENT",
]);

/// futex(2), `op`.
pub(crate) const FUTEX: Family = Family {
    ones_in: 0xff,
    ones: &[
        "FUTEX_WAIT",
        "FUTEX_WAKE",
        "FUTEX_FD",
        "FUTEX_REQUEUE",
        "FUTEX_CMP_REQUEUE",
        "FUTEX_WAKE_OP",
        "FUTEX_LOCK_PI",
        "FUTEX_UNLOCK_PI",
        "FUTEX_TRYLOCK_PI",
        "FUTEX_WAIT_BITSET",
        "FUTEX_WAKE_BITSET",
        "FUTEX_WAIT_REQUEUE_PI",
        "FUTEX_CMP_REQUEUE_PI",
        "FUTEX_LOCK_PI2",
        "FUTEX_WAIT_PRIVATE",
        "FUTEX_WAKE_PRIVATE",
        "FUTEX_REQUEUE_PRIVATE",
        "FUTEX_CMP_REQUEUE_PRIVATE",
        "FUTEX_WAKE_OP_PRIVATE",
        "FUTEX_LOCK_PI_PRIVATE",
        "FUTEX_UNLOCK_PI_PRIVATE",
        "FUTEX_TRYLOCK_PI_PRIVATE",
        "FUTEX_WAIT_BITSET_PRIVATE",
        "FUTEX_WAKE_BITSET_PRIVATE",
        "FUTEX_WAIT_REQUEUE_PI_PRIVATE",
        "FUTEX_CMP_REQUEUE_PI_PRIVATE",
        "FUTEX_LOCK_PI2_PRIVATE",
    ],
    flags: &["FUTEX_CLOCK_REALTIME"],
};

/// mmap(2) and mprotect(2), `prot`.
pub(crate) const PROTECTIONS: Family = Family {
    ones_in: 0,
    ones: &["PROT_NONE"],
    flags: &[
        "PROT_READ",
        "PROT_WRITE",
        "PROT_EXEC",
        "PROT_SEM",
        "PROT_GROWSDOWN",
        "PROT_GROWSUP",
    ],
};

/// mmap(2), `flags`.
#[rustfmt::skip]
pub(crate) const MAPPINGS: Family = Family {
    ones_in: 0xf,
    ones: &["MAP_FILE", "MAP_SHARED", "MAP_PRIVATE", "MAP_SHARED_VALIDATE", "MAP_DROPPABLE"],
    flags: &[
        "MAP_ANONYMOUS", "MAP_FIXED", "MAP_32BIT", "MAP_GROWSDOWN", "MAP_DENYWRITE", "MAP_EXECUTABLE",
        "MAP_LOCKED", "MAP_NORESERVE", "MAP_POPULATE", "MAP_NONBLOCK", "MAP_STACK", "MAP_HUGETLB", "MAP_SYNC",
        "MAP_FIXED_NOREPLACE",
    ],
};

/// madvise(2), `behavior`.
#[rustfmt::skip]
pub(crate) const ADVICE: Family = one_of(&[
    "MADV_NORMAL", "MADV_RANDOM", "MADV_SEQUENTIAL", "MADV_WILLNEED", "MADV_DONTNEED", "MADV_FREE",
    "MADV_REMOVE", "MADV_DONTFORK", "MADV_DOFORK", "MADV_MERGEABLE", "MADV_UNMERGEABLE", "MADV_HUGEPAGE",
    "MADV_NOHUGEPAGE", "MADV_DONTDUMP", "MADV_DODUMP", "MADV_WIPEONFORK", "MADV_KEEPONFORK", "MADV_COLD",
    "MADV_PAGEOUT", "MADV_POPULATE_READ", "MADV_POPULATE_WRITE", "MADV_DONTNEED_LOCKED", "MADV_COLLAPSE",
    "MADV_HWPOISON", "MADV_SOFT_OFFLINE", "MADV_GUARD_INSTALL", "MADV_GUARD_REMOVE",
]);

#[rustfmt::skip]
const CLONE_FLAGS: &[&str] = &[
    "CLONE_NEWTIME", "CLONE_VM", "CLONE_FS", "CLONE_FILES", "CLONE_SIGHAND", "CLONE_PIDFD", "CLONE_PTRACE",
    "CLONE_VFORK", "CLONE_PARENT", "CLONE_THREAD", "CLONE_NEWNS", "CLONE_SYSVSEM", "CLONE_SETTLS",
    "CLONE_PARENT_SETTID", "CLONE_CHILD_CLEARTID", "CLONE_DETACHED", "CLONE_UNTRACED", "CLONE_CHILD_SETTID",
    "CLONE_NEWCGROUP", "CLONE_NEWUTS", "CLONE_NEWIPC", "CLONE_NEWUSER", "CLONE_NEWPID", "CLONE_NEWNET",
    "CLONE_IO",
];

#[rustfmt::skip]
const SIGNAL_NAMES: &[&str] = &[
    "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1",
    "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP",
    "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH",
    "SIGIO", "SIGPWR", "SIGSYS",
];

/// clone(2), `clone_flags`: the lowest byte is the signal at exit.
pub(crate) const CLONE: Family = Family {
    ones_in: 0xff,
    ones: SIGNAL_NAMES,
    flags: CLONE_FLAGS,
};

/// unshare(2).
pub(crate) const UNSHARE: Family = Family {
    ones_in: 0,
    ones: &[],
    flags: CLONE_FLAGS,
};

/// kill(2), `sig`.
pub(crate) const SIGNALS: Family = one_of(SIGNAL_NAMES);

/// open(2), `flags`. Names of several bits come before those of one.
#[rustfmt::skip]
pub(crate) const OPEN: Family = Family {
    ones_in: 0x3,
    ones: &["O_RDONLY", "O_WRONLY", "O_RDWR"],
    flags: &[
        "O_TMPFILE", "O_SYNC", "O_CREAT", "O_EXCL", "O_NOCTTY", "O_TRUNC", "O_APPEND", "O_NONBLOCK", "O_DSYNC",
        "O_ASYNC", "O_DIRECT", "O_DIRECTORY", "O_NOFOLLOW", "O_NOATIME", "O_CLOEXEC", "O_PATH",
    ],
};

/// seccomp(2), `op`.
pub(crate) const SECCOMP: Family = one_of(&[
    "SECCOMP_SET_MODE_STRICT",
    "SECCOMP_SET_MODE_FILTER",
    "SECCOMP_GET_ACTION_AVAIL",
    "SECCOMP_GET_NOTIF_SIZES",
]);

/// bpf(2), `cmd`.
#[rustfmt::skip]
pub(crate) const BPF: Family = one_of(&[
    "BPF_MAP_CREATE", "BPF_MAP_LOOKUP_ELEM", "BPF_MAP_UPDATE_ELEM", "BPF_MAP_DELETE_ELEM",
    "BPF_MAP_GET_NEXT_KEY", "BPF_PROG_LOAD", "BPF_OBJ_PIN", "BPF_OBJ_GET", "BPF_PROG_ATTACH", "BPF_PROG_DETACH",
    "BPF_PROG_TEST_RUN", "BPF_PROG_GET_NEXT_ID", "BPF_MAP_GET_NEXT_ID", "BPF_PROG_GET_FD_BY_ID",
    "BPF_MAP_GET_FD_BY_ID", "BPF_OBJ_GET_INFO_BY_FD", "BPF_PROG_QUERY", "BPF_RAW_TRACEPOINT_OPEN",
    "BPF_BTF_LOAD", "BPF_BTF_GET_FD_BY_ID", "BPF_TASK_FD_QUERY", "BPF_MAP_FREEZE", "BPF_LINK_CREATE",
]);

/// personality(2): the lowest byte is the personality.
pub(crate) const PERSONALITY: Family = Family {
    ones_in: 0xff,
    ones: &["PER_LINUX", "PER_LINUX32"],
    flags: &["UNAME26", "ADDR_NO_RANDOMIZE", "ADDR_COMPAT_LAYOUT"],
};

/// arch_prctl(2), `option`.
#[rustfmt::skip]
pub(crate) const ARCH: Family = one_of(&[
    "ARCH_SET_GS", "ARCH_SET_FS", "ARCH_GET_FS", "ARCH_GET_GS", "ARCH_GET_CPUID", "ARCH_SET_CPUID",
    "ARCH_GET_XCOMP_SUPP", "ARCH_GET_XCOMP_PERM", "ARCH_REQ_XCOMP_PERM", "ARCH_SHSTK_ENABLE",
    "ARCH_SHSTK_DISABLE", "ARCH_SHSTK_LOCK", "ARCH_SHSTK_UNLOCK", "ARCH_SHSTK_STATUS",
]);

/// ptrace(2), `request`.
#[rustfmt::skip]
pub(crate) const PTRACE: Family = one_of(&[
    "PTRACE_TRACEME", "PTRACE_PEEKTEXT", "PTRACE_PEEKDATA", "PTRACE_PEEKUSER", "PTRACE_POKETEXT",
    "PTRACE_POKEDATA", "PTRACE_POKEUSER", "PTRACE_CONT", "PTRACE_KILL", "PTRACE_SINGLESTEP", "PTRACE_GETREGS",
    "PTRACE_SETREGS", "PTRACE_ATTACH", "PTRACE_DETACH", "PTRACE_SYSCALL", "PTRACE_SETOPTIONS",
    "PTRACE_GETEVENTMSG", "PTRACE_GETSIGINFO", "PTRACE_SETSIGINFO", "PTRACE_GETREGSET", "PTRACE_SETREGSET",
    "PTRACE_SEIZE", "PTRACE_INTERRUPT", "PTRACE_LISTEN", "PTRACE_GET_SYSCALL_INFO",
]);

impl Family {
    /// The value as constants and what is left of it as a number, joined by `|`.
    pub(crate) fn spell(&self, value: u64, style: Style) -> String {
        let low = value & self.ones_in;
        let named = name_of(self.ones, low);
        let mut parts: Vec<String> = Vec::new();
        match named {
            Some(name) if self.ones_in != 0 || value == 0 => parts.push(name.into()),
            _ if low != 0 => return number(value, style),
            _ => {}
        }
        let mut rest = value & !low;
        for flag in self.flags {
            match constant(flag) {
                Some(bits) if bits != 0 && rest & bits == bits => {
                    parts.push((*flag).into());
                    rest &= !bits;
                }
                _ => {}
            }
        }
        if rest != 0 || parts.is_empty() {
            parts.push(number(rest, style));
        }
        parts.join("|")
    }
}

fn name_of(names: &[&'static str], value: u64) -> Option<&'static str> {
    let known = |name: &&&str| constant(name) == Some(value);
    names.iter().find(known).copied()
}

/// The table is packed, and every value of a file is compared with many names: it is unpacked once.
fn constant(name: &str) -> Option<u64> {
    static ALL: LazyLock<HashMap<String, u64>> = LazyLock::new(|| syscalls::constants().collect());
    ALL.get(name).copied()
}

/// Small numbers as people count; large ones as machines do, in our own style.
fn number(value: u64, style: Style) -> String {
    match (style, value) {
        (Style::Oz, _) | (_, 0..=255) => value.to_string(),
        _ => format!("{value:#x}"),
    }
}
