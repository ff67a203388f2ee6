//! Which argument of which call takes which names, for calls that need nothing more.

use alloc::format;
use alloc::string::String;

use super::named;
use super::names::Names;
use super::rare;
use super::text;
use super::view::View;

/// How a number is written.
pub(super) enum Form {
    Choice(&'static Names),
    Flags(&'static Names),
    /// The name of a special value, or a number.
    Named(&'static Names),
    Hexadecimal,
    /// Flags that strace shows as a number.
    Decimal,
    /// A key of System V's objects (ftok(3)).
    Key,
    Octal,
    /// The flags of System V's objects above their mode (ipc(7)).
    Sharing,
    Signal,
    /// The int behind a pointer, which the call reads.
    Int,
    /// The same of 64 bits.
    Offset,
    /// Flags of open where there is no access mode.
    Opening,
    /// Flags above the logarithm of the size of huge pages, and what the names begin with.
    Huge(&'static Names, &'static str),
    /// A string that ends with a zero byte, in a buffer of some size.
    Words,
}

use Form::{
    Choice, Decimal, Flags, Hexadecimal, Huge, Int, Key, Named, Octal, Offset, Opening, Sharing,
    Signal, Words,
};

/// Call, place and form.
const PLACES: &[(&str, usize, Form)] = &[
    ("accept4", 3, Flags(&named::SOCKET_FLAGS)),
    ("bpf", 0, Choice(&named::BPF)),
    ("clock_getres", 0, Choice(&named::CLOCK)),
    ("clock_gettime", 0, Choice(&named::CLOCK)),
    ("clock_settime", 0, Choice(&named::CLOCK)),
    ("close_range", 2, Flags(&named::CLOSE_RANGE)),
    ("copy_file_range", 1, Offset),
    ("copy_file_range", 3, Offset),
    ("copy_file_range", 5, Decimal),
    ("epoll_create1", 0, Flags(&named::EPOLL_FLAGS)),
    ("eventfd2", 1, Flags(&named::EVENT_FILE)),
    ("fallocate", 1, Flags(&named::ALLOCATE_MODE)),
    ("fchmodat2", 3, Flags(&named::AT_FLAGS)),
    ("fchownat", 4, Flags(&named::AT_FLAGS)),
    ("flock", 1, Flags(&named::FILE_LOCK)),
    ("getitimer", 0, Choice(&named::INTERVAL)),
    ("getpeername", 2, Int),
    ("getpriority", 0, Choice(&named::PRIORITY_WHO)),
    ("getrandom", 2, Flags(&named::RANDOM_FLAGS)),
    ("getrusage", 0, Choice(&named::RESOURCE_USAGE)),
    ("getsockname", 2, Int),
    ("inotify_add_watch", 2, Flags(&named::WATCH_EVENTS)),
    ("inotify_init1", 0, Flags(&named::INOTIFY_FLAGS)),
    ("keyctl", 0, Choice(&named::KEYCTL)),
    ("kill", 1, Signal),
    ("landlock_create_ruleset", 2, Flags(&named::RULESET_FLAGS)),
    ("linkat", 4, Flags(&named::AT_FLAGS)),
    ("lseek", 2, Choice(&named::WHENCE)),
    ("madvise", 2, Choice(&named::ADVICE)),
    ("memfd_create", 1, Huge(&named::MEMORY_FILE_FLAGS, "MFD")),
    ("memfd_secret", 0, Opening),
    ("mlock2", 2, Flags(&named::MEMORY_LOCK)),
    ("mlockall", 0, Flags(&named::LOCK_ALL)),
    ("mount", 3, Flags(&named::MOUNT_FLAGS)),
    ("mount", 4, Words),
    ("mprotect", 2, Flags(&named::PROTECTION)),
    ("msync", 2, Flags(&named::SYNC_FLAGS)),
    ("newfstatat", 3, Flags(&named::AT_FLAGS)),
    ("pidfd_open", 1, Flags(&named::PIDFD_FLAGS)),
    ("pidfd_send_signal", 1, Signal),
    ("pidfd_send_signal", 3, Flags(&named::PIDFD_SIGNAL)),
    ("pkey_mprotect", 2, Flags(&named::PROTECTION)),
    ("process_madvise", 3, Choice(&named::ADVICE)),
    ("remap_file_pages", 2, Flags(&named::PROTECTION)),
    ("remap_file_pages", 4, Flags(&named::REMAPPED)),
    ("renameat2", 4, Flags(&named::RENAME_FLAGS)),
    ("process_vm_readv", 5, Decimal),
    ("process_vm_writev", 5, Decimal),
    ("rseq", 1, Hexadecimal),
    ("rseq", 3, Hexadecimal),
    ("rt_sigaction", 0, Signal),
    ("rt_sigprocmask", 0, Choice(&named::SIGNAL_MASK)),
    ("rt_sigqueueinfo", 1, Signal),
    ("rt_tgsigqueueinfo", 2, Signal),
    ("sched_setattr", 2, Decimal),
    ("sched_get_priority_max", 0, Choice(&named::SCHEDULER)),
    ("sched_get_priority_min", 0, Choice(&named::SCHEDULER)),
    ("sched_setscheduler", 1, Choice(&named::SCHEDULER)),
    ("seccomp", 0, Choice(&named::SECCOMP)),
    ("sendfile", 2, Offset),
    ("setitimer", 0, Choice(&named::INTERVAL)),
    ("setns", 1, Flags(&named::CLONE_FLAGS)),
    ("setpriority", 0, Choice(&named::PRIORITY_WHO)),
    ("shutdown", 1, Choice(&named::SHUTDOWN)),
    ("signalfd4", 3, Flags(&named::SIGNAL_FILE)),
    ("splice", 1, Offset),
    ("splice", 3, Offset),
    ("tgkill", 2, Signal),
    ("timer_create", 0, Choice(&named::CLOCK)),
    ("timerfd_create", 0, Choice(&named::CLOCK)),
    ("timerfd_create", 1, Flags(&named::TIMER_FILE_FLAGS)),
    ("tkill", 1, Signal),
    ("umask", 0, Octal),
    ("umount2", 1, Flags(&named::UNMOUNT_FLAGS)),
    ("unlinkat", 2, Flags(&named::AT_REMOVE)),
    ("unshare", 0, Flags(&named::CLONE_FLAGS)),
    ("userfaultfd", 0, Flags(&named::USER_FAULT)),
    ("utimensat", 3, Flags(&named::AT_FLAGS)),
    ("wait4", 2, Flags(&named::WAIT_FLAGS)),
    ("waitid", 3, Flags(&named::WAIT_FLAGS)),
];

/// An argument that has a form of its own.
pub(super) fn named(view: &View<'_>, place: usize) -> Option<String> {
    let wanted = (view.name, place);
    let known = PLACES
        .iter()
        .chain(rare::PLACES)
        .find(|(call, place, _)| (*call, *place) == wanted);
    let (_, _, form) = known?;
    let value = view.low(place);
    Some(match form {
        Choice(names) => names.choice(value),
        Flags(names) => names.flags(value),
        Hexadecimal => text::hex(value),
        Decimal => format!("{value}"),
        Key => named::SHARING_KEY
            .name(value)
            .unwrap_or_else(|| text::hex(value)),
        Named(names) => names
            .name(value)
            .unwrap_or_else(|| format!("{}", view.int(place))),
        Octal => text::octal(value),
        Sharing => sharing(value),
        Signal => super::signals::signal(view.int(place)),
        Int => view.pointed_int(view.register(place)),
        Offset => view.pointed_offset(view.register(place)),
        Opening => super::files::flags_alone(view, value),
        Huge(names, prefix) => huge(value, names, prefix),
        Words => view.path(place),
    })
}

/// memfd_create(2): the size counts only where huge pages are asked for.
fn huge(value: u64, names: &Names, prefix: &str) -> String {
    let (low, size) = (value & ((1 << HUGE_SHIFT) - 1), value >> HUGE_SHIFT);
    match (size, low & HUGE) {
        (0, _) => names.flags(value),
        (_, 0) => names.flags(value),
        _ => format!("{}|{size}<<{prefix}_HUGE_SHIFT", names.flags(low)),
    }
}

/// MFD_HUGETLB, and where the size begins (include/uapi/linux/memfd.h).
const HUGE: u64 = 4;
const HUGE_SHIFT: u32 = 26;

fn sharing(value: u64) -> String {
    let (mut all, rest) = named::SHARING.split(value & !0o777);
    if rest != 0 {
        all.push(text::hex(rest));
    }
    all.push(text::octal(value & 0o777));
    text::joined(all, "|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{arguments, exists};

    #[test]
    fn every_place_is_an_argument_of_its_call() {
        for (call, place, _) in PLACES.iter().chain(rare::PLACES) {
            assert!(exists(call), "{call}");
            let count = arguments(call).unwrap().len();
            assert!(*place < count, "{call} {place}");
        }
    }
}
