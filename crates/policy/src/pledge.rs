//! `@pledge-PROMISE`: the promises of pledge(2) as cosmopolitan's `pledge` keeps them on Linux, each
//! a list of calls with the conditions on their arguments. Calls and conditions are facts read from
//! its filter; where we differ, a comment here says why.
//!
//! They are meant for `SECCOMP_DEFAULT_ACTION=EPERM`, the original's own default: programs try what
//! they can do without (their resolver's netlink socket) and go on when refused. Several promises
//! add up in any order: a condition takes back nothing that another promise has without one, so
//! `@pledge-anet` beside `@pledge-unix` may connect. No promise has openat2 or clone3, whose arguments
//! are behind a pointer that no filter can follow; they answer ENOSYS.

// Flags of open. O_TMPFILE contains O_DIRECTORY, which must stay free.
macro_rules! read_only {
    ($call:literal) => {
        concat!(
            ":",
            $call,
            "(flags & (O_ACCMODE|O_CREAT|O_TRUNC|O_TMPFILE&~O_DIRECTORY) == O_RDONLY)"
        )
    };
}

macro_rules! write_only {
    ($call:literal) => {
        concat!(
            ":",
            $call,
            "(in(flags & (O_ACCMODE|O_CREAT|O_TMPFILE&~O_DIRECTORY), O_WRONLY, O_RDWR))"
        )
    };
}

// As in the original, whatever the access mode: with O_CREAT, `cpath` alone opens what exists, too.
macro_rules! create_only {
    ($call:literal) => {
        concat!(
            ":",
            $call,
            "((flags &? O_CREAT || flags &? O_TMPFILE) && mode & 07000 == 0)"
        )
    };
}

// No set-user-ID, set-group-ID or sticky bit.
macro_rules! no_bits {
    ($call:literal) => {
        concat!(":", $call, "(mode & 07000 == 0)")
    };
}

macro_rules! flags_of_mmap {
    () => {
        "flags & (MAP_LOCKED|MAP_NONBLOCK|MAP_HUGETLB) == 0"
    };
}

macro_rules! no_exec {
    () => {
        "prot & ~(PROT_READ|PROT_WRITE) == 0"
    };
}

// No new namespace: the original refuses that of mounts only and so hands the kernel's user
// namespaces to whoever may fork. From CLONE_NEWCGROUP up there are but namespaces and CLONE_IO.
macro_rules! flags_of_clone {
    () => {
        "clone_flags & (CLONE_NEWNS|CLONE_PTRACE|CLONE_UNTRACED) == 0 && clone_flags < CLONE_NEWCGROUP"
    };
}

macro_rules! socket {
    ($family:literal, $type:literal, $protocol:literal) => {
        concat!(
            "socket(",
            $family,
            " && in(type & ~(SOCK_CLOEXEC|SOCK_NONBLOCK), ",
            $type,
            ") && ",
            $protocol,
            ")"
        )
    };
}

macro_rules! inet_socket {
    () => {
        socket!(
            "in(family, AF_INET, AF_INET6)",
            "SOCK_STREAM, SOCK_DGRAM",
            "in(protocol, 0, IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP)"
        )
    };
}

// The original allows each of its option numbers on each of its levels, and thereby SO_ATTACH_FILTER
// (IPV6_V6ONLY's number) and TCP_REPAIR. Here a number counts on the levels where it is harmless and
// in use, IP_TOS and TCP_KEEPCNT for example. IPV6_RECVERR is ours: glibc's resolver gives up on
// servers with an IPv6 address without it.
macro_rules! set_option {
    () => {
        ":setsockopt(level == SOL_SOCKET && in(optname, SO_REUSEADDR, SO_DONTROUTE, SO_BROADCAST, \
            SO_KEEPALIVE, SO_REUSEPORT, SO_RCVTIMEO, SO_SNDTIMEO) || \
            level == SOL_TCP && in(optname, TCP_NODELAY, TCP_CORK, TCP_KEEPIDLE, TCP_KEEPINTVL, \
            TCP_KEEPCNT, TCP_DEFER_ACCEPT, TCP_QUICKACK, TCP_FASTOPEN, TCP_FASTOPEN_CONNECT) || \
            level == SOL_IP && in(optname, IP_TOS, IP_TTL, IP_RECVERR, IP_RECVTTL) || \
            level == SOL_IPV6 && in(optname, IPV6_RECVERR, IPV6_V6ONLY))"
    };
}

macro_rules! options {
    () => {
        concat!(
            ":getsockopt(level == SOL_SOCKET && in(optname, SO_REUSEADDR, SO_TYPE, SO_ERROR, \
                SO_KEEPALIVE, SO_REUSEPORT, SO_RCVTIMEO, SO_SNDTIMEO) || \
                level == SOL_TCP && in(optname, TCP_MAXSEG, TCP_CORK, TCP_KEEPIDLE, TCP_DEFER_ACCEPT))",
            set_option!()
        )
    };
}

/// What every promise contains, and the empty one. Libcs fall back from the two calls whose arguments
/// no filter can follow, if they hear ENOSYS.
pub(crate) const ALWAYS: &str = "exit:arch_prctl:clone3=ENOSYS:openat2=ENOSYS";

/// The promises, sorted, one a line: its name, a blank and its list without [`ALWAYS`]. One string,
/// so that the preloaded object needs no relocation for it.
#[rustfmt::skip]
pub(crate) const PROMISES: &str = concat!(
    // No sendto but that of stdio, without an address: with MSG_FASTOPEN and an address it connects,
    // and accepting is all that this promises. No IPPROTO_ICMP: there is no stream of it.
    "anet ", socket!("in(family, AF_INET, AF_INET6)", "SOCK_STREAM", "in(protocol, 0, IPPROTO_TCP)"),
    ":listen:bind:accept:accept4:ioctl(cmd == SIOCATMARK):getpeername:getsockname",
    options!(), "\n",

    "chown chown:fchown:lchown:fchownat\n",

    "cpath rename:renameat:renameat2:link:linkat:symlink:symlinkat:rmdir:unlink:unlinkat:mkdir:mkdirat",
    create_only!("open"), create_only!("openat"), no_bits!("creat"), "\n",

    "dns ", inet_socket!(), ":bind:sendto:connect:recvfrom:newfstatat:read:close:recvmsg:sendmsg",
    read_only!("openat"), set_option!(), "\n",

    "dpath mknod:mknodat\n",

    "exec execve:execveat\n",

    "fattr utime:utimes:futimesat:utimensat",
    no_bits!("chmod"), no_bits!("fchmod"), no_bits!("fchmodat"), "\n",

    "flock flock:\
        fcntl(in(cmd, F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW))\n",

    "id setuid:setreuid:setresuid:setgid:setregid:setresgid:setgroups:prlimit64:setrlimit:\
        getpriority:setpriority:setfsuid:setfsgid\n",

    "inet ", inet_socket!(),
    ":listen:bind:sendto:connect:accept:accept4:ioctl(cmd == SIOCATMARK):getpeername:getsockname",
    options!(), "\n",

    // tkill is here and not in stdio; see there.
    "proc fork:vfork:clone(", flags_of_clone!(), "):kill:tkill:tgkill:setsid:setpgid:prlimit64:\
        setrlimit:getpriority:setpriority:ioprio_get:ioprio_set:sched_getscheduler:\
        sched_setscheduler:sched_get_priority_min:sched_get_priority_max:sched_getparam:\
        sched_setparam\n",

    "prot_exec mprotect:mmap(", flags_of_mmap!(), ")\n",

    "recvfd recvmsg:recvmmsg\n",

    "rpath chdir:getcwd:stat:lstat:fstat:newfstatat:statx:access:faccessat:faccessat2:readlink:\
        readlinkat:statfs:fstatfs:getdents64:getdents",
    read_only!("open"), read_only!("openat"), "\n",

    "sendfd sendmsg:sendmmsg\n",

    "settime settimeofday:clock_adjtime\n",

    // No kill, tkill or tgkill, by which raise and abort work. The original lets a process signal
    // itself by the first and the last; its number is not known here. It lets tkill signal any
    // thread of the user's, and thereby every process. With EPERM a C program that aborts still
    // dies, by SIGSEGV, but raise, pthread_kill and pthread_cancel fail, and Go cannot preempt;
    // where refusals kill, these programs die by SIGSYS. Who needs them and minds no other process
    // adds `tgkill` (musl: `tkill`) or `@pledge-proc`.
    //
    // No TCGETS either, by which programs find out that they write to a terminal: `@pledge-tty`.
    "stdio rt_sigreturn:restart_syscall:exit_group:sched_yield:sched_getaffinity:clock_getres:\
        clock_gettime:clock_nanosleep:close_range:close:write:writev:pwrite64:pwritev:pwritev2:read:\
        readv:pread64:preadv:preadv2:dup:dup2:dup3:fchdir:fstat:fsync:sysinfo:fdatasync:ftruncate:\
        getrandom:getgroups:getpgid:getpgrp:getpid:gettid:getuid:getgid:getsid:getppid:geteuid:\
        getegid:getrlimit:getresgid:getresuid:getitimer:setitimer:timerfd_create:timerfd_settime:\
        timerfd_gettime:copy_file_range:gettimeofday:sendfile:vmsplice:splice:lseek:tee:brk:msync:\
        mlock:mlock2:munlock:mremap:munmap:mincore:madvise:fadvise64:arch_prctl:migrate_pages:\
        sync_file_range:set_tid_address:membarrier:nanosleep:pipe:pipe2:poll:ppoll:select:pselect6:\
        epoll_create:epoll_create1:epoll_ctl:epoll_wait:epoll_pwait:epoll_pwait2:recvfrom:alarm:\
        pause:shutdown:eventfd:eventfd2:signalfd:signalfd4:rt_sigaction:sigaltstack:rt_sigprocmask:\
        rt_sigsuspend:rt_sigpending:socketpair:getrusage:times:umask:wait4:uname:futex:\
        set_robust_list:get_robust_list:sched_setaffinity:rt_sigtimedwait:getcpu:rseq:\
        fcntl(in(cmd, F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL)):\
        mmap(", no_exec!(), " && ", flags_of_mmap!(), "):mprotect(", no_exec!(), "):\
        sendto(addr == 0):ioctl(in(cmd, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX)):\
        prctl(in(option, PR_SET_NAME, PR_GET_NAME, PR_GET_SECCOMP, PR_SET_SECCOMP, \
        PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS)):\
        clone(clone_flags &? (CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD) && ",
    flags_of_clone!(), "):prlimit64(new_rlim == 0)\n",

    "tmppath lstat:unlink:unlinkat\n",

    // TCGETS2 and the like are TCGETS and the like for any speed; newer C libraries use them.
    "tty ioctl(in(cmd, TCGETS, TCSETS, TCSETSW, TCSETSF, TCGETS2, TCSETS2, TCSETSW2, TCSETSF2, \
        TIOCGWINSZ, TIOCSWINSZ, TIOCGPGRP, TIOCSPGRP, TCFLSH, TCXONC, TCSBRK, TIOCSBRK))\n",

    "unix ", socket!("family == AF_UNIX", "SOCK_STREAM, SOCK_DGRAM", "protocol == 0"),
    ":listen:bind:connect:sendto:accept:accept4:getpeername:getsockname", options!(), "\n",

    "unveil landlock_create_ruleset:landlock_add_rule:landlock_restrict_self\n",

    "vminfo sched_yield\n",

    "wpath getcwd:stat:fstat:lstat:newfstatat:statx:access:truncate:faccessat:faccessat2:readlinkat",
    write_only!("open"), write_only!("openat"),
    no_bits!("chmod"), no_bits!("fchmod"), no_bits!("fchmodat"), "\n",
);

/// The list of a promise, without `ALWAYS`.
pub fn promise(name: &str) -> Option<&'static str> {
    let mut lists = lists();
    lists.find_map(|(known, list)| (known == name).then_some(list))
}

/// The names of all promises, sorted.
pub fn promises() -> impl Iterator<Item = &'static str> {
    lists().map(|(name, _)| name)
}

fn lists() -> impl Iterator<Item = (&'static str, &'static str)> {
    PROMISES.lines().filter_map(|line| line.split_once(' '))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::*;
    use crate::{List, Target, Verb};

    /// Calls that take behind a pointer what others take as arguments.
    const BLIND: [&str; 3] = ["clone3", "openat2", "io_uring_setup"];

    /// Every item of every promise and of [`ALWAYS`]: the call, and what is written of it.
    fn items() -> Vec<(&'static str, &'static str)> {
        let mut items = Vec::new();
        for text in lists().map(|(_, list)| list).chain([ALWAYS]) {
            for item in List::parse("PROMISE", text.as_bytes()).unwrap().items {
                // What a libc may hear ENOSYS for is refused, not promised.
                if item.verb != Verb::Add {
                    assert!(
                        text == ALWAYS
                            && BLIND.contains(&item.to_string().trim_end_matches("=ENOSYS")),
                        "{item}"
                    );
                    continue;
                }
                let Target::Name(call) = item.target else {
                    panic!("{item}");
                };
                items.push((call, core::str::from_utf8(item.written).unwrap()));
            }
        }
        items
    }

    #[test]
    fn names_are_sorted_and_stand_for_one_list_each() {
        assert!(promises().is_sorted_by(|one, next| one < next));
        assert_eq!(promises().count(), PROMISES.lines().count());
        assert_eq!(promises().count(), 23);
        assert_eq!(promise("exec"), Some("execve:execveat"));
        for unknown in ["", "stdi", "stdio ", "error"] {
            assert_eq!(promise(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn every_item_is_a_call_that_conditions_can_judge() {
        for (call, _) in items() {
            assert!(syscalls::exists(call), "{call}");
            assert!(!BLIND.contains(&call), "{call}");
        }
    }

    #[test]
    fn a_condition_names_arguments_of_its_call() {
        for (call, written) in items() {
            let other = |letter: char| !letter.is_ascii_alphanumeric() && letter != '_';
            for word in written[call.len()..].split(other) {
                if word == "in" || !word.starts_with(|first: char| first.is_ascii_lowercase()) {
                    continue;
                }
                let mut arguments = syscalls::arguments(call).unwrap();
                assert!(arguments.any(|one| one.name == word), "{word} of {call}");
            }
        }
    }
}
