//! Lines of calls of 32-bit programs, whose structures and older calls have smaller fields.

use syscalls::Abi;

use super::{Low, Row, compare, ints};

#[test]
fn programs_of_32_bits_have_times_and_limits_of_their_own() {
    let mut memory = Low::default();
    let time = memory.put(&ints(&[1, 0xffff_ffff]));
    let wide_time = memory.put(&ints(&[1, 0, 2, 0]));
    let limits = memory.put(&ints(&[2048, 0xffff_ffff]));
    let action = memory.put(&ints(&[0x1234, 0x1000_0000, 0, 2, 0]));
    compare(
        Abi::X86,
        &memory,
        &[
            (
                "nanosleep",
                &[time, 0],
                "nanosleep({tv_sec=1, tv_nsec=-1}, NULL)",
            ),
            (
                "clock_nanosleep_time64",
                &[1, 0, wide_time, 0],
                "clock_nanosleep_time64(CLOCK_MONOTONIC, 0, {tv_sec=1, tv_nsec=2}, NULL)",
            ),
            (
                "setrlimit",
                &[7, limits],
                "setrlimit(RLIMIT_NOFILE, {rlim_cur=2*1024, rlim_max=RLIM_INFINITY})",
            ),
            (
                "rt_sigaction",
                &[2, action, 0, 8],
                "rt_sigaction(SIGINT, {sa_handler=0x1234, sa_mask=[INT], sa_flags=SA_RESTART}, \
                 NULL, 8)",
            ),
        ],
    );
}

#[test]
fn programs_of_32_bits_have_pointers_of_their_own() {
    let mut memory = Low::default();
    let path = memory.put(b"/x\0");
    let vector = memory.put(&ints(&[low(path), 2]));
    let mapping = memory.put(&ints(&[0, 4096, 3, 0x22, 0xffff_ffff, 0]));
    let lock = memory.put(&ints(&[1, 5, 6, 0]));
    let wide_lock = memory.put(&ints(&[1, 5, 1, 6, 0, 0]));
    compare(
        Abi::X86,
        &memory,
        &[
            (
                "writev",
                &[1, vector, 1],
                "writev(1, [{iov_base=\"/x\", iov_len=2}], 1)",
            ),
            (
                "mmap",
                &[mapping],
                "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)",
            ),
            (
                "fcntl64",
                &[3, 6, lock],
                "fcntl64(3, F_SETLK, {l_type=F_WRLCK, l_whence=SEEK_SET, l_start=5, l_len=6})",
            ),
            (
                "fcntl64",
                &[3, 14, wide_lock],
                "fcntl64(3, F_SETLKW64, \
                 {l_type=F_WRLCK, l_whence=SEEK_SET, l_start=4294967301, l_len=6})",
            ),
        ],
    );
}

#[test]
fn words_of_a_program_of_32_bits_stand_behind_short_pointers() {
    let mut memory = Low::default();
    let path = memory.put(b"/x\0");
    let words = memory.put(&ints(&[low(path), 0]));
    let expected = "execve(\"/x\", [\"/x\"], NULL)";
    compare(
        Abi::X86,
        &memory,
        &[("execve", &[path, words, 0], expected)],
    );
}

#[test]
fn what_programs_of_32_bits_reach_through_one_call_is_shown() {
    let mut memory = Low::default();
    let address = memory.put(&[2, 0, 0, 80, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    let connect = memory.put(&ints(&[3, low(address), 16]));
    let rights = memory.put(&ints(&[16, 1, 1, 7]));
    let message = memory.put(&ints(&[0, 0, 0, 0, low(rights), 16, 0]));
    compare(
        Abi::X86,
        &memory,
        &[
            (
                "socketcall",
                &[3, connect],
                "socketcall(SYS_CONNECT, connect(3, {sa_family=AF_INET, sin_port=htons(80), \
                 sin_addr=inet_addr(\"127.0.0.1\")}, 16))",
            ),
            (
                "socketcall",
                &[99, 8],
                "socketcall(0x63 /* SYS_??? */, 0x8)",
            ),
            (
                "sendmsg",
                &[3, message, 0],
                "sendmsg(3, {msg_name=NULL, msg_namelen=0, msg_iov=NULL, msg_iovlen=0, \
                 msg_control=[{cmsg_len=16, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, \
                 cmsg_data=[7]}], msg_controllen=16, msg_flags=0}, 0)",
            ),
        ],
    );
}

#[test]
fn calls_of_32_bit_kernels_alone_have_their_arguments() {
    let mut memory = Low::default();
    let path = memory.put(b"/x\0");
    let set = memory.put(&ints(&[2]));
    let action = memory.put(&ints(&[1, 2, 0x1000_0000, 0]));
    let arm: [Row<'_>; 2] = [
        (
            "send",
            &[3, path, 2, 0x4000],
            "send(3, \"/x\", 2, MSG_NOSIGNAL)",
        ),
        ("set_tls", &[0x1000], "set_tls(0x1000)"),
    ];
    compare(Abi::Arm, &memory, &arm);
    let x86: [Row<'_>; 8] = [
        ("signal", &[2, 1], "signal(SIGINT, SIG_IGN)"),
        (
            "sigprocmask",
            &[0, set, 0],
            "sigprocmask(SIG_BLOCK, [INT], NULL)",
        ),
        (
            "sigaction",
            &[2, action, 0],
            "sigaction(SIGINT, {sa_handler=SIG_IGN, sa_mask=[INT], sa_flags=SA_RESTART}, NULL)",
        ),
        (
            "waitpid",
            &[0xffff_ffff, 0, 2],
            "waitpid(-1, NULL, WSTOPPED)",
        ),
        ("nice", &[0xffff_fffe], "nice(-2)"),
        ("stime", &[set], "stime([2])"),
        ("statfs64", &[path, 84, 0], "statfs64(\"/x\", 84, NULL)"),
        ("umount", &[path], "umount(\"/x\")"),
    ];
    compare(Abi::X86, &memory, &x86);
}

#[test]
fn programs_of_32_bits_have_smaller_values_in_older_calls() {
    let mut memory = Low::default();
    let offset = memory.put(&ints(&[77, 7]));
    let groups = memory.put(&ints(&[0xffff_0005, 6]));
    let rows: [Row<'_>; 6] = [
        ("sendfile", &[1, 3, offset, 5], "sendfile(1, 3, [77], 5)"),
        (
            "sendfile64",
            &[1, 3, offset, 5],
            "sendfile64(1, 3, [30064771149], 5)",
        ),
        ("setgroups", &[2, groups], "setgroups(2, [5, -1])"),
        (
            "setgroups32",
            &[2, groups],
            "setgroups32(2, [4294901765, 6])",
        ),
        ("mmap", &[8, 4096, 3], "mmap(0x8)"),
        ("select", &[8, 4096, 3], "select(0x8)"),
    ];
    compare(Abi::X86, &memory, &rows);
}

#[test]
fn programs_of_32_bits_have_times_of_64_in_younger_calls() {
    let mut memory = Low::default();
    // Behind the nanoseconds is padding.
    let time = memory.put(&ints(&[1, 0, 2, 0x5555_5555]));
    let rows: [Row<'_>; 4] = [
        (
            "epoll_pwait2",
            &[3, 8, 5, time, 0, 8],
            "epoll_pwait2(3, 0x8, 5, {tv_sec=1, tv_nsec=2}, NULL, 8)",
        ),
        (
            "futex_waitv",
            &[8, 1, 0, time, 1],
            "futex_waitv(0x8, 1, 0, {tv_sec=1, tv_nsec=2}, CLOCK_MONOTONIC)",
        ),
        (
            "clock_nanosleep_time64",
            &[1, 0, time, 0],
            "clock_nanosleep_time64(CLOCK_MONOTONIC, 0, {tv_sec=1, tv_nsec=2}, NULL)",
        ),
        (
            "io_pgetevents_time64",
            &[0, 0xffff_ffff, 5, 8, 0, 0],
            "io_pgetevents_time64(NULL, -1, 5, 0x8, NULL, NULL)",
        ),
    ];
    compare(Abi::X86, &memory, &rows);
}

#[test]
fn the_oldest_way_to_receive_has_two_arguments_in_memory() {
    let mut memory = Low::default();
    let kludge = memory.put(&ints(&[0x1234, 0xffff_fffb]));
    let rows: [Row<'_>; 3] = [
        (
            "ipc",
            &[12, 3, 4, 0, kludge, 99],
            "ipc(MSGRCV, msgrcv(3, 0x1234, 4, -5, 0))",
        ),
        (
            "ipc",
            &[0x1000c, 3, 4, 0, kludge, 0xffff_fffb],
            &format!("ipc(MSGRCV, msgrcv(3, {kludge:#x}, 4, -5, 0))"),
        ),
        (
            "ipc",
            &[12, 3, 4, 0, 8, 99],
            "ipc(MSGRCV, 0x3, 0x4, 0, 0x8, 0x63)",
        ),
    ];
    compare(Abi::X86, &memory, &rows);
}

/// An address as 32 bits have it.
fn low(address: u64) -> u32 {
    u32::try_from(address).unwrap()
}
