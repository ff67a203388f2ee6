//! Which arguments select what a call does, and so are told apart while learning.
//!
//! Addresses, sizes and descriptors are not among them: they differ from run to run. A rule that the
//! user wrote may look at any argument, and then learning looks at it, too.

use crate::learn::values::{self, Family, Style};

/// An argument that is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Selector {
    /// Its place among the arguments, from 0.
    pub(crate) place: usize,
    /// Its name in a rule.
    pub(crate) name: &'static str,
    /// The bits that the kernel reads.
    pub(crate) mask: u64,
    family: Kind,
    style: Style,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Names(Family),
    /// The protocol of a socket: what it means depends on the family.
    Protocol,
    /// An option of a socket: what it means depends on the level.
    SocketOption,
}

/// Values of all six arguments; those that do not select are 0.
pub(crate) type Values = [u64; 6];

const SOCKET: [(&str, Kind); 3] = [
    ("family", Kind::Names(values::ADDRESSES)),
    ("type", Kind::Names(values::SOCKETS)),
    ("protocol", Kind::Protocol),
];
const OPTION: [(&str, Kind); 2] = [
    ("level", Kind::Names(values::LEVELS)),
    ("optname", Kind::SocketOption),
];

/// The arguments of the calls that have any.
const TABLE: [(&str, &[(&str, Kind)]); 25] = [
    ("arch_prctl", &[("option", Kind::Names(values::ARCH))]),
    ("bpf", &[("cmd", Kind::Names(values::BPF))]),
    ("clone", &[("clone_flags", Kind::Names(values::CLONE))]),
    ("fcntl", &[("cmd", Kind::Names(values::FCNTL))]),
    ("futex", &[("op", Kind::Names(values::FUTEX))]),
    ("getsockopt", &OPTION),
    ("ioctl", &[("cmd", Kind::Names(values::IOCTL))]),
    ("keyctl", &[("option", Kind::Names(values::NUMBER))]),
    ("kill", &[("sig", Kind::Names(values::SIGNALS))]),
    ("madvise", &[("behavior", Kind::Names(values::ADVICE))]),
    (
        "mmap",
        &[
            ("prot", Kind::Names(values::PROTECTIONS)),
            ("flags", Kind::Names(values::MAPPINGS)),
        ],
    ),
    ("mprotect", &[("prot", Kind::Names(values::PROTECTIONS))]),
    ("open", &[("flags", Kind::Names(values::OPEN))]),
    ("openat", &[("flags", Kind::Names(values::OPEN))]),
    (
        "personality",
        &[("personality", Kind::Names(values::PERSONALITY))],
    ),
    (
        "pkey_mprotect",
        &[("prot", Kind::Names(values::PROTECTIONS))],
    ),
    ("prctl", &[("option", Kind::Names(values::PRCTL))]),
    ("ptrace", &[("request", Kind::Names(values::PTRACE))]),
    ("seccomp", &[("op", Kind::Names(values::SECCOMP))]),
    ("setsockopt", &OPTION),
    ("socket", &SOCKET),
    ("socketpair", &SOCKET),
    ("tgkill", &[("sig", Kind::Names(values::SIGNALS))]),
    ("tkill", &[("sig", Kind::Names(values::SIGNALS))]),
    (
        "unshare",
        &[("unshare_flags", Kind::Names(values::UNSHARE))],
    ),
];

/// The selecting arguments of a call, and those of other places that someone asks for.
pub(crate) fn selectors(call: &str, besides: &[usize]) -> Vec<Selector> {
    let known = TABLE.iter().find(|(name, _)| *name == call);
    let known = known.map_or(&[][..], |(_, arguments)| arguments);
    let mut found = Vec::new();
    for (place, argument) in syscalls::arguments(call).into_iter().flatten().enumerate() {
        let kind = known.iter().find(|(name, _)| *name == argument.name);
        let kind = kind.map(|(_, kind)| *kind);
        let asked = besides.contains(&place);
        if let Some(family) = kind.or(asked.then_some(Kind::Names(values::NUMBER))) {
            found.push(Selector {
                place,
                name: argument.name,
                mask: u64::MAX >> (64 - argument.bits),
                family,
                style: Style::Own,
            });
        }
    }
    found
}

/// The bits of every argument that count for a call.
pub(crate) fn masks(selectors: &[Selector]) -> Values {
    let mut masks = [0; 6];
    for selector in selectors {
        masks[selector.place] = selector.mask;
    }
    masks
}

impl Selector {
    /// The same argument, written otherwise.
    pub(crate) fn styled(self, style: Style) -> Selector {
        Selector { style, ..self }
    }

    /// `name == VALUE` or `argL1 == VALUE`, for one of the values of a call.
    pub(crate) fn compare(&self, call: &[Selector], values: &Values) -> String {
        let value = self.spell(call, values);
        match self.style {
            Style::Own => format!("{} == {value}", self.name),
            Style::Oz => format!("{} == {value}", self.register()),
        }
    }

    /// Its value in a call, by name.
    pub(crate) fn spell(&self, call: &[Selector], values: &Values) -> String {
        let of = |name| {
            let named = call.iter().find(|selector| selector.name == name);
            named.map_or(0, |named| values[named.place])
        };
        let family = match self.family {
            Kind::Names(family) => family,
            Kind::Protocol => protocols(of("family")),
            Kind::SocketOption => options(of("level")),
        };
        family.spell(values[self.place], self.style)
    }

    /// The bits that the kernel reads, and no more: an int's other half may hold anything.
    fn register(&self) -> String {
        const WORD: u64 = u32::MAX as u64;
        match (self.mask, self.place) {
            (u64::MAX, place) => format!("arg{place}"),
            (WORD, place) => format!("argL{place}"),
            (mask, place) => format!("argL{place} & {mask}"),
        }
    }
}

fn protocols(family: u64) -> Family {
    let is = |name| syscalls::constant(name) == Some(family);
    match () {
        () if is("AF_INET") || is("AF_INET6") => values::PROTOCOLS,
        () if is("AF_NETLINK") => values::NETLINK,
        () => values::NUMBER,
    }
}

fn options(level: u64) -> Family {
    let is = |name| syscalls::constant(name) == Some(level);
    match () {
        () if is("SOL_SOCKET") => values::SOCKET_OPTIONS,
        () if is("SOL_TCP") => values::TCP_OPTIONS,
        () if is("SOL_IP") => values::IP_OPTIONS,
        () if is("SOL_IPV6") => values::IPV6_OPTIONS,
        () => values::NUMBER,
    }
}
