//! Where the 32-bit ABIs pass an argument otherwise than the 64-bit prototype of the same name says.

/// Calls and the first argument that differs. 64-bit values take two registers there (and are
/// aligned on Arm), mmap and select take a pointer to their arguments on x86, clone has its last
/// two arguments swapped, and the old calls on users and groups read 16 bits
/// (arch/x86/entry/syscalls/syscall_32.tbl, arch/arm/tools/syscall.tbl, kernel/uid16.c).
const DIFFERENT: [(&str, usize); 26] = [
    ("chown", 1),
    ("clone", 3),
    ("fadvise64", 1),
    ("fallocate", 2),
    ("fanotify_mark", 2),
    ("fchown", 1),
    ("lchown", 1),
    ("lookup_dcookie", 0),
    ("mmap", 0),
    ("pread64", 3),
    ("preadv", 3),
    ("preadv2", 3),
    ("pwrite64", 3),
    ("pwritev", 3),
    ("pwritev2", 3),
    ("readahead", 1),
    ("select", 0),
    ("setfsgid", 0),
    ("setfsuid", 0),
    ("setgid", 0),
    ("setregid", 0),
    ("setresgid", 0),
    ("setresuid", 0),
    ("setreuid", 0),
    ("setuid", 0),
    ("sync_file_range", 1),
];

/// The first argument of a call that the 32-bit ABIs pass otherwise than [`crate::arguments()`] says;
/// more than there are where all are the same.
pub fn differs_from(call: &str) -> usize {
    let known = DIFFERENT.iter().find(|(name, _)| *name == call);
    known.map_or(usize::MAX, |(_, first)| *first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Abi, number};

    #[test]
    fn every_different_call_exists_on_both_widths() {
        for (name, first) in DIFFERENT {
            assert!(number(Abi::X86_64, name).is_some(), "{name}");
            assert!(number(Abi::X86, name).is_some(), "{name}");
            assert_eq!(differs_from(name), first);
        }
        assert_eq!(differs_from("socket"), usize::MAX);
    }
}
