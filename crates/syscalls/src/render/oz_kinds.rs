//! What Oz's tracer took the arguments of each call for, as observed: its generic lines show ints
//! (`i`) in decimal, pointers (`p`) as addresses, and strings (`s`) in quotes.

/// Kinds of arguments, and the calls that have them.
const KINDS: [(&str, &str); 60] = [
    (
        "",
        "rt_sigreturn sched_yield pause getpid fork vfork getuid getgid geteuid getegid \
         getppid getpgrp setsid munlockall vhangup modify_ldt _sysctl arch_prctl sync \
         ioperm create_module get_kernel_syms query_module nfsservctl getpmsg putpmsg \
         afs_syscall tuxcall security gettid epoll_ctl_old epoll_wait_old restart_syscall \
         vserver inotify_init",
    ),
    (
        "i",
        "close brk dup alarm exit fsync fdatasync fchdir umask setuid setgid getpgid \
         setfsuid setfsgid getsid personality sched_getscheduler sched_get_priority_max \
         sched_get_priority_min mlockall iopl io_destroy epoll_create timer_getoverrun \
         timer_delete exit_group unshare eventfd epoll_create1 inotify_init1 syncfs",
    ),
    (
        "ii",
        "munmap dup2 shutdown listen kill msgget flock ftruncate fchmod setpgid setreuid \
         setregid capget capset getpriority mlock munlock tkill ioprio_get inotify_rm_watch \
         timerfd_create eventfd2 fanotify_init setns seccomp",
    ),
    (
        "iii",
        "lseek mprotect ioctl msync madvise shmget socket semget fcntl fchown setresuid \
         setresgid sysfs setpriority readahead tgkill ioprio_set dup3",
    ),
    (
        "iiii",
        "semctl ptrace fadvise64 tee sync_file_range fallocate",
    ),
    ("iiiii", "mremap prctl remap_file_pages keyctl kcmp"),
    ("iiiiii", "mmap"),
    ("iiiis", "fanotify_mark"),
    ("iiip", "socketpair reboot epoll_ctl rt_tgsigqueueinfo"),
    ("iiipi", "setsockopt kexec_file_load"),
    ("iiipii", "mbind"),
    ("iiipp", "getsockopt io_getevents"),
    (
        "iip",
        "mincore shmctl msgctl rt_sigqueueinfo sched_setscheduler sched_setaffinity \
         sched_getaffinity io_submit",
    ),
    ("iipi", "sendfile kexec_load"),
    ("iipip", "waitid"),
    (
        "iipp",
        "timer_settime clock_nanosleep migrate_pages timerfd_settime prlimit64",
    ),
    ("iippii", "clone"),
    ("iipppi", "move_pages"),
    (
        "ip",
        "fstat getitimer getrlimit getrusage getgroups setgroups ustat fstatfs \
         sched_setparam sched_getparam sched_rr_get_interval setrlimit fremovexattr \
         io_setup timer_gettime clock_settime clock_gettime clock_getres mq_notify \
         timerfd_gettime clock_adjtime",
    ),
    (
        "ipi",
        "read write readv writev shmat connect sendmsg recvmsg bind semop getdents syslog \
         flistxattr lookup_dcookie getdents64 set_mempolicy inotify_add_watch mkdirat \
         unlinkat fchmodat faccessat signalfd open_by_handle_at finit_module sched_setattr \
         bpf",
    ),
    (
        "ipii",
        "pread64 pwrite64 msgsnd epoll_wait openat mknodat vmsplice signalfd4 sendmmsg \
         sched_getattr",
    ),
    ("ipiii", "msgrcv fchownat preadv pwritev"),
    ("ipiip", "mq_timedsend recvmmsg"),
    ("ipiipi", "sendto epoll_pwait"),
    ("ipiipp", "recvfrom"),
    ("ipip", "wait4 quotactl semtimedop renameat"),
    ("ipipi", "linkat renameat2"),
    ("ipipii", "splice process_vm_readv process_vm_writev"),
    ("ipipp", "mq_timedreceive"),
    (
        "ipp",
        "setitimer accept getsockname getpeername io_cancel timer_create mq_getsetattr \
         futimesat get_robust_list",
    ),
    (
        "ippi",
        "rt_sigprocmask fgetxattr newfstatat utimensat accept4",
    ),
    ("ippii", "rt_sigaction fsetxattr"),
    ("ipppi", "name_to_handle_at execveat"),
    ("ipppp", "select"),
    ("ippppp", "pselect6"),
    ("ipsi", "readlinkat"),
    (
        "p",
        "pipe uname shmdt sysinfo times adjtimex time set_thread_area get_thread_area \
         set_tid_address",
    ),
    (
        "pi",
        "getcwd rt_sigpending rt_sigsuspend set_robust_list pipe2",
    ),
    ("pii", "poll getrandom"),
    ("piiii", "perf_event_open"),
    ("piippi", "futex"),
    ("pip", "init_module"),
    ("pippi", "ppoll"),
    ("pp", "nanosleep gettimeofday sigaltstack settimeofday"),
    ("ppiii", "get_mempolicy"),
    ("ppp", "getresuid getresgid getcpu"),
    ("pppi", "rt_sigtimedwait"),
    (
        "s",
        "chdir rmdir unlink uselib chroot acct swapoff mq_unlink",
    ),
    (
        "si",
        "access truncate mkdir creat chmod umount2 swapon sethostname setdomainname \
         delete_module memfd_create",
    ),
    ("sii", "open chown lchown mknod"),
    ("siip", "mq_open"),
    ("sip", "symlinkat"),
    ("sp", "stat lstat utime statfs utimes"),
    ("spi", "readlink listxattr llistxattr"),
    ("spp", "execve"),
    ("spsip", "mount"),
    (
        "ss",
        "rename link symlink pivot_root removexattr lremovexattr",
    ),
    ("sspi", "getxattr lgetxattr"),
    ("sspii", "setxattr lsetxattr add_key"),
    ("sssi", "request_key"),
];

/// The kinds of a call's arguments; nothing for calls that are younger than that tracer.
pub(super) fn of(call: &str) -> Option<&'static str> {
    let known = |calls: &str| calls.split_ascii_whitespace().any(|known| known == call);
    let found = KINDS.iter().find(|(_, calls)| known(calls));
    found.map(|(kinds, _)| *kinds)
}
