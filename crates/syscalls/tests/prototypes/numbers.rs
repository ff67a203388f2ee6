//! What is a number by right: names of arguments, and single arguments with the reason.

/// Names of arguments that are sizes, counts, places, times, numbers of processes and users, and
/// addresses that nothing is read from.
pub const NUMBERS: [&str; 105] = [
    "addr",
    "addr_len",
    "addrlen",
    "argsz",
    "backlog",
    "brk",
    "bufsiz",
    "bufsize",
    "bytecount",
    "cmdline_len",
    "cookie64",
    "count",
    "cpu",
    "cpu_id",
    "ctx",
    "ctx_id",
    "dev",
    "egid",
    "entries",
    "entry",
    "error_code",
    "euid",
    "from",
    "func",
    "gid",
    "gidsetsize",
    "group",
    "home_node",
    "id",
    "len",
    "len_in",
    "length",
    "level",
    "liovcnt",
    "max_fd",
    "maxevents",
    "maxnode",
    "min_complete",
    "min_nr",
    "msg_len",
    "msg_prio",
    "msgsz",
    "msgtyp",
    "msqid",
    "n",
    "nbytes",
    "new_addr",
    "new_len",
    "nfds",
    "niceval",
    "nr",
    "nr_args",
    "nr_events",
    "nr_futexes",
    "nr_mnt_ids",
    "nr_ns_ids",
    "nr_pages",
    "nr_requeue",
    "nr_segments",
    "nr_segs",
    "nr_wake",
    "nsems",
    "nsops",
    "num",
    "off",
    "offset",
    "old_len",
    "optlen",
    "pgid",
    "pgoff",
    "pid",
    "pid1",
    "pid2",
    "pkey",
    "plen",
    "pos",
    "pos_l",
    "rgid",
    "riovcnt",
    "rseq_len",
    "ruid",
    "seconds",
    "semid",
    "semnum",
    "sgid",
    "shmid",
    "sigsetsize",
    "size",
    "sizemask",
    "start",
    "suid",
    "tgid",
    "timeout",
    "timeout_msecs",
    "timer_id",
    "to_submit",
    "turn_on",
    "uid",
    "upid",
    "user",
    "usize",
    "val",
    "vlen",
    "wd",
    "who",
];

/// Arguments that stay numbers, by the reason: the call, a full stop, the argument's name.
pub const BARE_ARGUMENTS: [(&str, &str); 8] = [
    ("it depends on both arguments in front of it", "prctl.arg3"),
    (
        "what the call writes, of which nothing is there before it",
        "accept.upeer_sockaddr accept4.upeer_sockaddr cachestat.cstat capget.dataptr \
         clock_getres.tp clock_gettime.tp clock_nanosleep.rmtp epoll_pwait.events \
         epoll_pwait2.events epoll_wait.events fgetxattr.value file_getattr.ufattr \
         flistxattr.list fstat.statbuf fstatfs.buf get_mempolicy.nmask get_mempolicy.policy \
         get_robust_list.head_ptr get_robust_list.len_ptr getcpu.cpup getcpu.nodep getcwd.buf \
         getdents.dirent getdents64.dirent getgroups.grouplist getitimer.value \
         getpeername.usockaddr getrandom.ubuf getresgid.egidp getresgid.rgidp getresgid.sgidp \
         getresuid.euidp getresuid.ruidp getresuid.suidp getrlimit.rlim getrusage.ru \
         getsockname.usockaddr getsockopt.optval gettimeofday.tv gettimeofday.tz \
         getxattr.value io_cancel.result io_getevents.events io_pgetevents.events \
         io_setup.ctxp lgetxattr.value listmount.mnt_ids listns.ns_ids listxattr.list \
         listxattrat.list llistxattr.list lookup_dcookie.buf lsm_get_self_attr.ctx \
         lsm_get_self_attr.size lsm_list_modules.ids lsm_list_modules.size lstat.statbuf \
         mincore.vec move_pages.status mq_getsetattr.u_omqstat mq_timedreceive.u_msg_prio \
         mq_timedreceive.u_msg_ptr msgrcv.msgp name_to_handle_at.mnt_id nanosleep.rmtp \
         newfstatat.statbuf pipe.fildes pipe2.fildes pread64.buf prlimit64.old_rlim read.buf \
         readlink.buf readlinkat.buf recvfrom.addr recvfrom.ubuf recvmmsg.mmsg recvmsg.msg \
         rt_sigaction.oact rt_sigpending.uset rt_sigprocmask.oset rt_sigtimedwait.uinfo \
         sched_getaffinity.user_mask_ptr sched_getattr.uattr sched_getparam.param \
         sched_rr_get_interval.interval setitimer.ovalue sigaltstack.uoss socketpair.usockvec \
         stat.statbuf statfs.buf statmount.buf statx.buffer sysinfo.info syslog.buf time.tloc \
         timer_create.created_timer_id timer_gettime.setting timer_settime.old_setting \
         timerfd_gettime.otmr timerfd_settime.otmr times.tbuf uname.name ustat.ubuf wait4.ru \
         wait4.stat_addr waitid.infop waitid.ru",
    ),
    (
        "memory that is used, and not read, by the call",
        "futex.uaddr futex.uaddr2 futex_wait.uaddr futex_wake.uaddr getcpu.unused \
         init_module.umod rseq.rseq set_robust_list.head set_tid_address.tidptr shmat.shmaddr \
         shmdt.shmaddr",
    ),
    (
        "no flag of it is defined",
        "cachestat.flags futex_requeue.flags futex_waitv.flags landlock_add_rule.flags \
         listns.flags lsm_list_modules.flags lsm_set_self_attr.flags mseal.flags \
         pidfd_getfd.flags pkey_alloc.flags process_madvise.flags process_mrelease.flags \
         process_vm_readv.flags process_vm_writev.flags copy_file_range.flags \
         sched_getattr.flags sched_setattr.flags set_mempolicy_home_node.flags \
         statmount.flags",
    ),
    (
        "descriptors of another process, ends of a range, and a signature",
        "kcmp.idx1 pidfd_getfd.fd close_range.fd rseq.sig",
    ),
    (
        "structures that few programs pass, and addresses of the machine",
        "msgctl.buf shmctl.buf semctl.arg arch_prctl.arg2",
    ),
    (
        "strace shows a number too",
        "socketpair.protocol sysfs.arg2 sysfs.option",
    ),
    (
        "the upper half of the argument in front of it, which holds all",
        "preadv.pos_h pwritev.pos_h",
    ),
];
