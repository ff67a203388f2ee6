//! Which arguments take which names in calls that few programs make.

use super::named_processes as processes;
use super::names::Names;
use super::places::Form::{self, Choice, Flags, Hexadecimal, Key, Named, Sharing};

/// include/uapi/linux/xattr.h.
const ATTRIBUTE: Names = Names::new("XATTR_", "XATTR_???", "1=CREATE 2=REPLACE");
/// include/linux/splice.h.
const SPLICE: Names = Names::new(
    "SPLICE_F_",
    "SPLICE_F_???",
    "1=MOVE 2=NONBLOCK 4=MORE 8=GIFT",
);
/// include/uapi/linux/fs.h.
const SYNC_RANGE: Names = Names::new(
    "SYNC_FILE_RANGE_",
    "SYNC_FILE_RANGE_???",
    "1=WAIT_BEFORE 2=WRITE 4=WAIT_AFTER",
);
/// include/uapi/linux/fadvise.h.
const FILE_ADVICE: Names = Names::new(
    "POSIX_FADV_",
    "POSIX_FADV_???",
    "0=NORMAL 1=RANDOM 2=SEQUENTIAL 3=WILLNEED 4=DONTNEED 5=NOREUSE",
);
const TIMER: Names = Names::new("TIMER_", "TIMER_???", "1=ABSTIME");
/// include/uapi/linux/timerfd.h.
const TIMER_FILE: Names = Names::new("TFD_TIMER_", "TFD_???", "1=ABSTIME 2=CANCEL_ON_SET");
/// include/uapi/linux/ipc.h, msg.h, sem.h and shm.h.
const QUEUE: Names = Names::new(
    "",
    "MSG_???",
    "0=IPC_RMID 1=IPC_SET 2=IPC_STAT 3=IPC_INFO 11=MSG_STAT 12=MSG_INFO 13=MSG_STAT_ANY",
);
const SEMAPHORE: Names = Names::new(
    "",
    "SEM_???",
    "0=IPC_RMID 1=IPC_SET 2=IPC_STAT 3=IPC_INFO 11=GETPID 12=GETVAL 13=GETALL 14=GETNCNT \
     15=GETZCNT 16=SETVAL 17=SETALL 18=SEM_STAT 19=SEM_INFO 20=SEM_STAT_ANY",
);
const SHARED_MEMORY: Names = Names::new(
    "",
    "SHM_???",
    "0=IPC_RMID 1=IPC_SET 2=IPC_STAT 3=IPC_INFO 11=SHM_LOCK 12=SHM_UNLOCK 13=SHM_STAT \
     14=SHM_INFO 15=SHM_STAT_ANY",
);
const ATTACHING: Names = Names::new(
    "SHM_",
    "SHM_???",
    "0x1000=RDONLY 0x2000=RND 0x4000=REMAP 0x8000=EXEC",
);
/// include/uapi/linux/io_uring.h.
const RING: Names = Names::new(
    "IORING_ENTER_",
    "IORING_ENTER_???",
    "1=GETEVENTS 2=SQ_WAKEUP 4=SQ_WAIT 8=EXT_ARG 16=REGISTERED_RING",
);
/// include/uapi/linux/mount.h.
const FILE_SYSTEM: Names = Names::new("FSOPEN_", "FSOPEN_???", "1=CLOEXEC");
const MOUNT_FILE: Names = Names::new("FSMOUNT_", "FSMOUNT_???", "1=CLOEXEC");
const MOUNT_ATTRIBUTE: Names = Names::new(
    "MOUNT_ATTR_",
    "MOUNT_ATTR_???",
    "1=RDONLY 2=NOSUID 4=NODEV 8=NOEXEC 16=NOATIME 32=STRICTATIME 128=NODIRATIME 0x100000=IDMAP \
     0x200000=NOSYMFOLLOW",
);
const MOVE: Names = Names::new(
    "MOVE_MOUNT_",
    "MOVE_MOUNT_???",
    "1=F_SYMLINKS 2=F_AUTOMOUNTS 4=F_EMPTY_PATH 16=T_SYMLINKS 32=T_AUTOMOUNTS 64=T_EMPTY_PATH \
     256=SET_GROUP 512=BENEATH",
);
const TREE: Names = Names::new(
    "",
    "OPEN_TREE_???",
    "1=OPEN_TREE_CLONE 0x80000=OPEN_TREE_CLOEXEC 0x100=AT_SYMLINK_NOFOLLOW 0x800=AT_NO_AUTOMOUNT \
     0x1000=AT_EMPTY_PATH 0x8000=AT_RECURSIVE",
);
const PICK: Names = Names::new(
    "FSPICK_",
    "FSPICK_???",
    "1=CLOEXEC 2=SYMLINK_NOFOLLOW 4=NO_AUTOMOUNT 8=EMPTY_PATH",
);
const CONFIGURE: Names = Names::new(
    "FSCONFIG_",
    "FSCONFIG_???",
    "0=SET_FLAG 1=SET_STRING 2=SET_BINARY 3=SET_PATH 4=SET_PATH_EMPTY 5=SET_FD 6=CMD_CREATE \
     7=CMD_RECONFIGURE 8=CMD_CREATE_EXCL",
);
/// include/uapi/linux/mempolicy.h.
const MEMORY_POLICY: Names = Names::new(
    "MPOL_",
    "MPOL_???",
    "0=DEFAULT 1=PREFERRED 2=BIND 3=INTERLEAVE 4=LOCAL 5=PREFERRED_MANY 6=WEIGHTED_INTERLEAVE",
);
/// include/uapi/linux/kcmp.h.
const COMPARE: Names = Names::new(
    "KCMP_",
    "KCMP_???",
    "0=FILE 1=VM 2=FILES 3=FS 4=SIGHAND 5=IO 6=SYSVSEM 7=EPOLL_TFD",
);
/// include/uapi/linux/keyctl.h; the numbers are negative.
const RING_OF_KEYS: Names = Names::new(
    "KEY_SPEC_",
    "KEY_SPEC_???",
    "0xffffffff=THREAD_KEYRING 0xfffffffe=PROCESS_KEYRING 0xfffffffd=SESSION_KEYRING \
     0xfffffffc=USER_KEYRING 0xfffffffb=USER_SESSION_KEYRING 0xfffffffa=GROUP_KEYRING \
     0xfffffff9=REQKEY_AUTH_KEY 0xfffffff8=REQUESTOR_KEYRING",
);
const PROTECTION_KEY: Names = Names::new("PKEY_DISABLE_", "PKEY_???", "1=ACCESS 2=WRITE 4=EXECUTE");
/// include/uapi/linux/landlock.h.
const RULE: Names = Names::new(
    "LANDLOCK_RULE_",
    "LANDLOCK_RULE_???",
    "1=PATH_BENEATH 2=NET_PORT",
);
/// include/uapi/linux/ioprio.h.
const SHARE: Names = Names::new("IOPRIO_WHO_", "IOPRIO_WHO_???", "1=PROCESS 2=PGRP 3=USER");

/// Call, place and form.
pub(super) const PLACES: [(&str, usize, Form); 48] = [
    ("add_key", 4, Named(&RING_OF_KEYS)),
    ("clock_adjtime", 0, Choice(&processes::CLOCK)),
    ("fadvise64", 3, Choice(&FILE_ADVICE)),
    ("fsconfig", 1, Choice(&CONFIGURE)),
    ("fsetxattr", 4, Flags(&ATTRIBUTE)),
    ("fsmount", 1, Flags(&MOUNT_FILE)),
    ("fsmount", 2, Flags(&MOUNT_ATTRIBUTE)),
    ("fsopen", 1, Flags(&FILE_SYSTEM)),
    ("fspick", 2, Flags(&PICK)),
    ("futex_wait", 5, Choice(&processes::CLOCK)),
    ("futex_waitv", 4, Choice(&processes::CLOCK)),
    ("io_destroy", 0, Hexadecimal),
    ("io_uring_enter", 3, Flags(&RING)),
    ("ioprio_get", 0, Choice(&SHARE)),
    ("ioprio_set", 0, Choice(&SHARE)),
    ("kcmp", 2, Choice(&COMPARE)),
    ("kcmp", 3, Hexadecimal),
    ("kcmp", 4, Hexadecimal),
    ("landlock_add_rule", 1, Choice(&RULE)),
    ("lsetxattr", 4, Flags(&ATTRIBUTE)),
    ("mbind", 2, Choice(&MEMORY_POLICY)),
    ("move_mount", 4, Flags(&MOVE)),
    ("msgctl", 1, Choice(&QUEUE)),
    ("msgget", 0, Key),
    ("msgget", 1, Sharing),
    ("msgrcv", 4, Hexadecimal),
    ("msgsnd", 3, Hexadecimal),
    ("open_tree", 2, Flags(&TREE)),
    ("pkey_alloc", 1, Flags(&PROTECTION_KEY)),
    ("request_key", 3, Named(&RING_OF_KEYS)),
    ("sched_getattr", 3, Hexadecimal),
    ("semctl", 2, Choice(&SEMAPHORE)),
    ("semctl", 3, Hexadecimal),
    ("semget", 0, Key),
    ("semget", 2, Sharing),
    ("set_mempolicy", 0, Choice(&MEMORY_POLICY)),
    ("setxattr", 4, Flags(&ATTRIBUTE)),
    ("shmat", 2, Flags(&ATTACHING)),
    ("shmctl", 1, Choice(&SHARED_MEMORY)),
    ("shmget", 0, Key),
    ("shmget", 2, Sharing),
    ("splice", 5, Flags(&SPLICE)),
    ("sync_file_range", 3, Flags(&SYNC_RANGE)),
    ("sysfs", 0, Hexadecimal),
    ("tee", 3, Flags(&SPLICE)),
    ("timer_settime", 1, Flags(&TIMER)),
    ("timerfd_settime", 1, Flags(&TIMER_FILE)),
    ("vmsplice", 3, Flags(&SPLICE)),
];

#[cfg(test)]
pub(super) const ALL: [&Names; 13] = [
    &ATTRIBUTE,
    &SPLICE,
    &SYNC_RANGE,
    &FILE_ADVICE,
    &QUEUE,
    &SHARED_MEMORY,
    &FILE_SYSTEM,
    &MOUNT_ATTRIBUTE,
    &MOVE,
    &CONFIGURE,
    &MEMORY_POLICY,
    &COMPARE,
    &RING_OF_KEYS,
];
