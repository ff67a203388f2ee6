//! Which argument of which call takes which names, for calls that need nothing more.

use alloc::format;
use alloc::string::String;

use super::names::Names;
use super::rare;
use super::text;
use super::view::View;
use super::{named, named_processes as processes};

/// How a number is written.
pub(super) enum Form {
    Choice(&'static Names),
    Flags(&'static Names),
    /// The name of a special value, or a number.
    Named(&'static Names),
    Hexadecimal,
    /// A key of System V's objects (ftok(3)).
    Key,
    Octal,
    /// The flags of System V's objects above their mode (ipc(7)).
    Sharing,
    Signal,
    /// The int behind a pointer, which the call reads.
    Int,
    /// A string that ends with a zero byte, in a buffer of some size.
    Words,
}

use Form::{Choice, Flags, Hexadecimal, Int, Key, Named, Octal, Sharing, Signal, Words};

/// include/uapi/linux/fcntl.h; what one flag means depends on the call.
const AT_FLAGS: Names = Names::new(
    "AT_",
    "AT_???",
    "0x100=SYMLINK_NOFOLLOW 0x400=SYMLINK_FOLLOW 0x800=NO_AUTOMOUNT 0x1000=EMPTY_PATH",
);
const AT_REMOVE: Names = Names::new("AT_", "AT_???", "0x200=REMOVEDIR");
const RENAME: Names = Names::new("RENAME_", "RENAME_???", "1=NOREPLACE 2=EXCHANGE 4=WHITEOUT");
/// include/uapi/linux/mount.h.
const MOUNT: Names = Names::new(
    "MS_",
    "MS_???",
    "1=RDONLY 2=NOSUID 4=NODEV 8=NOEXEC 16=SYNCHRONOUS 32=REMOUNT 64=MANDLOCK 128=DIRSYNC \
     0x100=NOSYMFOLLOW 0x400=NOATIME 0x800=NODIRATIME 0x1000=BIND 0x2000=MOVE 0x4000=REC \
     0x8000=SILENT 0x10000=POSIXACL 0x20000=UNBINDABLE 0x40000=PRIVATE 0x80000=SLAVE \
     0x100000=SHARED 0x200000=RELATIME 0x400000=KERNMOUNT 0x800000=I_VERSION \
     0x1000000=STRICTATIME 0x2000000=LAZYTIME",
);
/// include/linux/fs.h.
const UNMOUNT: Names = Names::new(
    "",
    "MNT_???",
    "1=MNT_FORCE 2=MNT_DETACH 4=MNT_EXPIRE 8=UMOUNT_NOFOLLOW",
);
/// include/uapi/asm-generic/fcntl.h.
const FILE_LOCK: Names = Names::new("LOCK_", "LOCK_???", "1=SH 2=EX 4=NB 8=UN");
/// include/uapi/linux/falloc.h.
const ALLOCATE: Names = Names::new(
    "FALLOC_FL_",
    "FALLOC_FL_???",
    "1=KEEP_SIZE 2=PUNCH_HOLE 4=NO_HIDE_STALE 8=COLLAPSE_RANGE 16=ZERO_RANGE 32=INSERT_RANGE \
     64=UNSHARE_RANGE",
);
/// include/uapi/linux/memfd.h.
const MEMORY_FILE: Names = Names::new(
    "MFD_",
    "MFD_???",
    "1=CLOEXEC 2=ALLOW_SEALING 4=HUGETLB 8=NOEXEC_SEAL 16=EXEC",
);
/// include/uapi/linux/inotify.h.
const WATCH: Names = Names::new(
    "IN_",
    "IN_???",
    "1=ACCESS 2=MODIFY 4=ATTRIB 8=CLOSE_WRITE 16=CLOSE_NOWRITE 32=OPEN 64=MOVED_FROM 128=MOVED_TO \
     0x100=CREATE 0x200=DELETE 0x400=DELETE_SELF 0x800=MOVE_SELF 0x1000000=ONLYDIR \
     0x2000000=DONT_FOLLOW 0x4000000=EXCL_UNLINK 0x10000000=MASK_CREATE 0x20000000=MASK_ADD \
     0x80000000=ONESHOT",
);
/// Flags of new descriptors, which have the values of those of open (include/linux/eventfd.h,
/// include/uapi/linux/signalfd.h, timerfd.h, eventpoll.h, inotify.h).
const EVENT: Names = Names::new(
    "EFD_",
    "EFD_???",
    "1=SEMAPHORE 0x800=NONBLOCK 0x80000=CLOEXEC",
);
const SIGNAL_FILE: Names = Names::new("SFD_", "SFD_???", "0x80000=CLOEXEC 0x800=NONBLOCK");
const TIMER: Names = Names::new("TFD_", "TFD_???", "0x80000=CLOEXEC 0x800=NONBLOCK");
const EPOLL: Names = Names::new("EPOLL_", "EPOLL_???", "0x80000=CLOEXEC");
const INOTIFY: Names = Names::new("IN_", "IN_???", "0x800=NONBLOCK 0x80000=CLOEXEC");
const MEMORY_LOCK: Names = Names::new("MLOCK_", "MLOCK_???", "1=ONFAULT");
/// include/uapi/linux/close_range.h.
const CLOSE_RANGE: Names = Names::new("CLOSE_RANGE_", "CLOSE_RANGE_???", "2=UNSHARE 4=CLOEXEC");
/// include/uapi/linux/time.h.
const INTERVAL: Names = Names::new("ITIMER_", "ITIMER_???", "0=REAL 1=VIRTUAL 2=PROF");
/// include/uapi/linux/resource.h.
const PRIORITY: Names = Names::new("PRIO_", "PRIO_???", "0=PROCESS 1=PGRP 2=USER");
const USAGE: Names = Names::new(
    "RUSAGE_",
    "RUSAGE_???",
    "0=SELF 1=THREAD 0xffffffff=CHILDREN",
);
/// include/uapi/linux/sched.h.
const SCHEDULER: Names = Names::new(
    "SCHED_",
    "SCHED_???",
    "0=OTHER 1=FIFO 2=RR 3=BATCH 5=IDLE 6=DEADLINE 7=EXT",
);

/// include/uapi/linux/userfaultfd.h.
const USER_FAULT: Names = Names::new(
    "",
    "UFFD_???",
    "0x80000=O_CLOEXEC 0x800=O_NONBLOCK 1=UFFD_USER_MODE_ONLY",
);
/// include/uapi/linux/landlock.h.
const RULESET: Names = Names::new(
    "LANDLOCK_CREATE_RULESET_",
    "LANDLOCK_CREATE_RULESET_???",
    "1=VERSION 2=ERRATA",
);

/// Call, place and form.
const PLACES: [(&str, usize, Form); 66] = [
    ("accept4", 3, Flags(&named::SOCKET_FLAGS)),
    ("bpf", 0, Choice(&processes::BPF)),
    ("clock_getres", 0, Choice(&processes::CLOCK)),
    ("clock_gettime", 0, Choice(&processes::CLOCK)),
    ("clock_settime", 0, Choice(&processes::CLOCK)),
    ("close_range", 2, Flags(&CLOSE_RANGE)),
    ("epoll_create1", 0, Flags(&EPOLL)),
    ("eventfd2", 1, Flags(&EVENT)),
    ("fallocate", 1, Flags(&ALLOCATE)),
    ("fchmodat2", 3, Flags(&AT_FLAGS)),
    ("fchownat", 4, Flags(&AT_FLAGS)),
    ("flock", 1, Flags(&FILE_LOCK)),
    ("getitimer", 0, Choice(&INTERVAL)),
    ("getpeername", 2, Int),
    ("getpriority", 0, Choice(&PRIORITY)),
    ("getrandom", 2, Flags(&processes::RANDOM_FLAGS)),
    ("getrusage", 0, Choice(&USAGE)),
    ("getsockname", 2, Int),
    ("inotify_add_watch", 2, Flags(&WATCH)),
    ("inotify_init1", 0, Flags(&INOTIFY)),
    ("keyctl", 0, Choice(&processes::KEY)),
    ("kill", 1, Signal),
    ("landlock_create_ruleset", 2, Flags(&RULESET)),
    ("linkat", 4, Flags(&AT_FLAGS)),
    ("lseek", 2, Choice(&named::WHENCE)),
    ("madvise", 2, Choice(&named::ADVICE)),
    ("memfd_create", 1, Flags(&MEMORY_FILE)),
    ("mlock2", 2, Flags(&MEMORY_LOCK)),
    ("mlockall", 0, Flags(&named::LOCK_ALL)),
    ("mount", 3, Flags(&MOUNT)),
    ("mount", 4, Words),
    ("mprotect", 2, Flags(&named::PROTECTION)),
    ("msync", 2, Flags(&named::SYNC_FLAGS)),
    ("newfstatat", 3, Flags(&AT_FLAGS)),
    ("pidfd_send_signal", 1, Signal),
    ("pkey_mprotect", 2, Flags(&named::PROTECTION)),
    ("process_madvise", 3, Choice(&named::ADVICE)),
    ("renameat2", 4, Flags(&RENAME)),
    ("rseq", 1, Hexadecimal),
    ("rseq", 3, Hexadecimal),
    ("rt_sigaction", 0, Signal),
    ("rt_sigprocmask", 0, Choice(&processes::SIGNAL_MASK)),
    ("rt_sigqueueinfo", 1, Signal),
    ("rt_tgsigqueueinfo", 2, Signal),
    ("sched_get_priority_max", 0, Choice(&SCHEDULER)),
    ("sched_get_priority_min", 0, Choice(&SCHEDULER)),
    ("shutdown", 1, Choice(&named::SHUTDOWN)),
    ("sched_setscheduler", 1, Choice(&SCHEDULER)),
    ("seccomp", 0, Choice(&processes::SECCOMP)),
    ("setitimer", 0, Choice(&INTERVAL)),
    ("setns", 1, Flags(&processes::CLONE_FLAGS)),
    ("setpriority", 0, Choice(&PRIORITY)),
    ("signalfd4", 3, Flags(&SIGNAL_FILE)),
    ("tgkill", 2, Signal),
    ("timer_create", 0, Choice(&processes::CLOCK)),
    ("timerfd_create", 0, Choice(&processes::CLOCK)),
    ("timerfd_create", 1, Flags(&TIMER)),
    ("tkill", 1, Signal),
    ("umask", 0, Octal),
    ("umount2", 1, Flags(&UNMOUNT)),
    ("unlinkat", 2, Flags(&AT_REMOVE)),
    ("unshare", 0, Flags(&processes::CLONE_FLAGS)),
    ("userfaultfd", 0, Flags(&USER_FAULT)),
    ("utimensat", 3, Flags(&AT_FLAGS)),
    ("wait4", 2, Flags(&processes::WAIT_FLAGS)),
    ("waitid", 3, Flags(&processes::WAIT_FLAGS)),
];

/// An argument that has a form of its own.
pub(super) fn named(view: &View<'_>, place: usize) -> Option<String> {
    let wanted = (view.name, place);
    let known = PLACES
        .iter()
        .chain(&rare::PLACES)
        .find(|(call, place, _)| (*call, *place) == wanted);
    let (_, _, form) = known?;
    let value = view.low(place);
    Some(match form {
        Choice(names) => names.choice(value),
        Flags(names) => names.flags(value),
        Hexadecimal => text::hex(value),
        Key => KEY.name(value).unwrap_or_else(|| text::hex(value)),
        Named(names) => names
            .name(value)
            .unwrap_or_else(|| format!("{}", view.int(place))),
        Octal => text::octal(value),
        Sharing => sharing(value),
        Signal => super::signals::signal(view.int(place)),
        Int => view.pointed_int(view.register(place)),
        Words => view.path(place),
    })
}

/// include/uapi/linux/ipc.h and shm.h.
const SHARING: Names = Names::new(
    "",
    "IPC_???",
    "0x200=IPC_CREAT 0x400=IPC_EXCL 0x800=SHM_HUGETLB 0x1000=SHM_NORESERVE",
);

const KEY: Names = Names::new("IPC_", "IPC_???", "0=PRIVATE");

fn sharing(value: u64) -> String {
    let (mut all, rest) = SHARING.split(value & !0o777);
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
        for (call, place, _) in PLACES.iter().chain(&rare::PLACES) {
            assert!(exists(call), "{call}");
            let count = arguments(call).unwrap().len();
            assert!(*place < count, "{call} {place}");
        }
    }

    #[test]
    fn names_have_the_values_of_the_table_of_constants() {
        let lists = [
            &AT_FLAGS,
            &AT_REMOVE,
            &MOUNT,
            &FILE_LOCK,
            &ALLOCATE,
            &MEMORY_FILE,
            &EVENT,
            &MEMORY_LOCK,
        ];
        let lists = lists.iter().chain(&rare::ALL);
        for (name, value) in lists.flat_map(|names| names.all()) {
            let known = crate::constant(&name);
            assert!(
                known.is_none_or(|known| known & 0xffff_ffff == value),
                "{name}"
            );
        }
    }
}
