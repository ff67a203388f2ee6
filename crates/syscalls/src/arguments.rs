//! The arguments of system calls: from the kernel's own prototypes, as it shows them in tracefs
//! (`events/syscalls/sys_enter_*/format`, Linux 6.18 on x86_64).

use core::ops::Range;

use crate::argument_table::{
    ARGUMENTS, CLONE, CLONE_BACKWARDS, NAME_STARTS, NAMES, NONE, PROTOTYPES, SHIFT, TYPE_NAMES,
    TYPE_STARTS, TYPES,
};
use crate::names::find;
use crate::table::CALLS;

const _: () = assert!(PROTOTYPES.len() == CALLS.len());

/// An argument of a system call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argument {
    /// Its name in the kernel's prototype.
    pub name: &'static str,
    /// How many of the register's low bits the kernel reads: 16, 32 or 64. Nearly always the width
    /// of the C type; less where the call hands the value on to something narrower, such as the
    /// `clone_flags` of clone (`lower_32_bits`, kernel/fork.c). Where the width depends on another
    /// argument, as that of prctl's `arg2` on its `option`, it is the width of the C type.
    pub bits: u32,
}

/// The arguments of a call, in order, as 64-bit kernels have them; nothing for a name without a
/// known prototype.
///
/// Those of the other ABIs of [`crate::Abi`] are split or named differently in places.
pub fn arguments(call: &str) -> Option<impl ExactSizeIterator<Item = Argument> + use<>> {
    let entries = ARGUMENTS[place(call)?].iter();
    Some(entries.map(|&entry| Argument {
        name: piece(NAMES, &NAME_STARTS, index(entry)),
        bits: u32::from(entry >> SHIFT) * 16,
    }))
}

/// What manual pages call arguments, and what the kernel does; one manual name may stand for several.
const MANUAL: [(&str, &str); 9] = [
    ("advice", "behavior"),
    ("dirfd", "dfd"),
    ("domain", "family"),
    ("flags", "clone_flags"),
    ("flags", "unshare_flags"),
    ("futex_op", "op"),
    ("pathname", "filename"),
    ("pathname", "path"),
    ("request", "cmd"),
];

/// An argument of a call by its name in the kernel's prototype, or in section 2 of the manual where
/// that differs: its place from 0, and what it is.
pub fn argument(call: &str, name: &str) -> Option<(usize, Argument)> {
    let named = |name: &str| {
        let mut known = arguments(call)?.enumerate();
        known.find(|(_, argument)| argument.name == name)
    };
    let manual = MANUAL.iter().filter(|(manual, _)| *manual == name);
    named(name).or_else(|| manual.into_iter().find_map(|(_, kernel)| named(kernel)))
}

/// What the manual calls arguments of a call, where the kernel has another name for them.
pub fn manual_names(call: &str) -> impl Iterator<Item = &'static str> {
    let known = MANUAL.iter().map(|(manual, _)| *manual);
    known.filter(move |name| argument(call, name).is_some())
}

/// The C type of an argument, counted from 0, as tracefs spells it: for display.
pub fn c_type(call: &str, argument: usize) -> Option<&'static str> {
    let entry = TYPES[place(call)?].get(argument)?;
    Some(piece(TYPE_NAMES, &TYPE_STARTS, usize::from(*entry)))
}

/// Where a call's arguments stand in the table.
fn place(call: &str) -> Option<Range<usize>> {
    let prototype = match find(call)? {
        CLONE if cfg!(target_arch = "aarch64") => CLONE_BACKWARDS,
        call => PROTOTYPES[call],
    };
    let first = index(prototype);
    (prototype != NONE).then(|| first..first + usize::from(prototype >> SHIFT))
}

/// What stands below the upper bits of an entry.
fn index(entry: u16) -> usize {
    usize::from(entry & ((1 << SHIFT) - 1))
}

fn piece(text: &'static str, starts: &[u16], index: usize) -> &'static str {
    &text[usize::from(starts[index])..usize::from(starts[index + 1])]
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    use super::*;
    use crate::{Abi, names};

    /// Calls with a number and without a prototype: no kernel since 2.6 has had any of them, except
    /// `_sysctl`, whose last trace went in 5.9, and `nfsservctl`, in 3.1.
    const UNIMPLEMENTED: [&str; 13] = [
        "_sysctl",
        "afs_syscall",
        "create_module",
        "epoll_ctl_old",
        "epoll_wait_old",
        "get_kernel_syms",
        "getpmsg",
        "nfsservctl",
        "putpmsg",
        "query_module",
        "security",
        "tuxcall",
        "vserver",
    ];

    fn all(call: &str) -> Vec<(&'static str, u32)> {
        let known = arguments(call).unwrap();
        known.map(|one| (one.name, one.bits)).collect()
    }

    /// Call, place, name and bits.
    const KNOWN: [(&str, usize, &str, u32); 38] = [
        ("read", 0, "fd", 32),
        ("read", 1, "buf", 64),
        ("read", 2, "count", 64),
        ("readv", 0, "fd", 32),
        ("pwritev2", 2, "vlen", 32),
        ("lseek", 1, "offset", 64),
        ("openat", 0, "dfd", 32),
        ("openat", 2, "flags", 32),
        ("openat", 3, "mode", 16),
        ("fchmod", 1, "mode", 16),
        ("fchown", 1, "user", 32),
        ("fcntl", 1, "cmd", 32),
        ("fcntl", 2, "arg", 64),
        ("ioctl", 1, "cmd", 32),
        ("ioctl", 2, "arg", 64),
        ("clone", 0, "clone_flags", 32),
        ("unshare", 0, "unshare_flags", 64),
        ("mmap", 2, "prot", 64),
        ("mmap", 4, "fd", 32),
        ("mprotect", 2, "prot", 64),
        ("madvise", 2, "behavior", 32),
        ("ptrace", 0, "request", 64),
        ("ptrace", 1, "pid", 32),
        ("prctl", 0, "option", 32),
        ("prctl", 1, "arg2", 64),
        ("socket", 0, "family", 32),
        ("socket", 2, "protocol", 32),
        ("futex", 1, "op", 32),
        ("bpf", 0, "cmd", 32),
        ("seccomp", 0, "op", 32),
        ("personality", 0, "personality", 32),
        ("keyctl", 0, "option", 32),
        ("shmctl", 1, "cmd", 32),
        ("capset", 0, "header", 64),
        ("io_destroy", 0, "ctx", 64),
        ("landlock_add_rule", 1, "rule_type", 32),
        ("preadv2", 5, "flags", 32),
        ("kill", 1, "sig", 32),
    ];

    #[test]
    fn an_argument_has_the_bits_that_the_kernel_reads() {
        for (call, place, name, bits) in KNOWN {
            assert_eq!(all(call)[place], (name, bits), "argument {place} of {call}");
        }
    }

    #[test]
    fn an_argument_is_found_by_the_manuals_name_too() {
        for (call, name, place) in [
            ("clone", "flags", 0),
            ("clone", "clone_flags", 0),
            ("unshare", "flags", 0),
            ("socket", "domain", 0),
            ("socket", "family", 0),
            ("openat", "dirfd", 0),
            ("openat", "pathname", 1),
            ("openat", "flags", 2),
            ("ioctl", "request", 1),
            ("ptrace", "request", 0),
            ("madvise", "advice", 2),
            ("futex", "futex_op", 1),
        ] {
            let (found, known) = argument(call, name).unwrap();
            assert_eq!(found, place, "{name} of {call}");
            assert_eq!(all(call)[place], (known.name, known.bits));
        }
        for (_, kernel) in MANUAL {
            let known =
                |call| arguments(call).is_some_and(|mut all| all.any(|one| one.name == kernel));
            assert!(names(Abi::X86_64).any(|(call, _)| known(call)), "{kernel}");
        }
        assert_eq!(argument("read", "flags"), None);
    }

    #[test]
    fn calls_that_are_not_traced_under_their_name_have_arguments() {
        let owner = [("umod", 64), ("len", 64), ("uargs", 64)];
        assert_eq!(all("init_module"), owner);
        assert_eq!(all("umount2"), [("name", 64), ("flags", 32)]);
        assert_eq!(all("fstat"), [("fd", 32), ("statbuf", 64)]);
        assert_eq!(all("sendfile")[0], ("out_fd", 32));
        assert_eq!(all("kexec_file_load").len(), 5);
    }

    #[test]
    fn a_call_without_arguments_is_no_call_without_a_prototype() {
        assert_eq!(all("getpid"), []);
        assert_eq!(all("rseq_slice_yield"), []);
        for unknown in ["tuxcall", "umount", "socketcall", "no_such_call", ""] {
            assert!(arguments(unknown).is_none(), "{unknown}");
            assert!(c_type(unknown, 0).is_none(), "{unknown}");
        }
    }

    #[test]
    fn every_call_that_some_64_bit_kernel_implements_has_a_prototype() {
        for abi in [Abi::X86_64, Abi::Aarch64] {
            for (call, _) in names(abi) {
                let known = arguments(call).is_some();
                assert_eq!(known, !UNIMPLEMENTED.contains(&call), "{call} on {abi}");
            }
        }
    }

    #[test]
    fn a_call_has_at_most_six_arguments_with_a_name_and_a_type_each() {
        for (call, _) in names(Abi::X86_64) {
            let Some(known) = arguments(call) else {
                continue;
            };
            let count = known.len();
            assert!(count <= 6, "{call}");
            let distinct: BTreeSet<&str> = known.map(|argument| argument.name).collect();
            assert_eq!(distinct.len(), count, "{call}");
            assert!(!distinct.contains(""), "{call}");
            assert!((0..count).all(|place| c_type(call, place).is_some()));
            assert_eq!(c_type(call, count), None, "{call}");
        }
    }

    #[test]
    fn types_are_those_of_the_prototype() {
        assert_eq!(c_type("read", 1), Some("char *"));
        assert_eq!(c_type("openat", 3), Some("umode_t"));
        assert_eq!(c_type("clone", 0), Some("unsigned long"));
        assert_eq!(c_type("kexec_load", 2), Some("struct kexec_segment *"));
    }

    #[test]
    fn the_last_arguments_of_clone_are_in_this_machines_order() {
        let names: Vec<&str> = all("clone").iter().map(|(name, _)| *name).collect();
        let last = match Abi::NATIVE {
            Abi::Aarch64 => ["tls", "child_tidptr"],
            _ => ["child_tidptr", "tls"],
        };
        assert_eq!(names[3..], last);
    }
}
