//! strace's output in its many forms.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use logs::{Format, Record};
use support::{calls, losses, read};
use syscalls::Abi;

/// The calls of a trace by their names.
fn names(log: &str) -> Vec<String> {
    let (_, entries) = read(None, log).unwrap();
    calls(&entries).iter().map(|record| name(record)).collect()
}

fn name(record: &Record) -> String {
    let abi = if record.audit == Abi::NATIVE.audit() {
        Abi::NATIVE
    } else {
        Abi::X86
    };
    syscalls::name(abi, record.number).unwrap().to_owned()
}

/// The arguments of the one call of a trace.
fn arguments(line: &str) -> [Option<u64>; 6] {
    let (tally, entries) = read(Some(Format::Strace), format!("close(9) = 0\n{line}\n")).unwrap();
    assert_eq!(tally.broken, [], "{line}");
    calls(&entries)[1].arguments
}

fn value(constants: &str) -> Option<u64> {
    let values = constants
        .split('|')
        .map(|name| syscalls::constant(name).expect(name));
    Some(values.fold(0, |all, one| all | one))
}

#[test]
fn the_call_that_starts_the_program_is_not_the_programs() {
    let log = "7 execve(\"/bin/sh\", [\"sh\"], 0x7ffe /* 9 vars */) = 0\n\
               7 brk(NULL) = 0x5555\n\
               7 execve(\"/bin/true\", [\"true\"], 0x1) = 0\n\
               7 exit_group(0) = ?\n\
               7 +++ exited with 0 +++\n";
    assert_eq!(names(log), ["brk", "execve", "exit_group"]);
    let (tally, entries) = read(None, log).unwrap();
    let all = calls(&entries);
    assert_eq!(all[0].root.as_deref(), Some("/bin/sh"));
    assert_eq!(
        (all[0].exe.as_str(), all[0].comm.as_str()),
        ("/bin/sh", "sh")
    );
    assert_eq!(
        (all[2].exe.as_str(), all[2].root.as_deref()),
        ("/bin/true", Some("/bin/sh"))
    );
    assert_eq!(
        (tally.format, tally.others, all[0].process),
        (Some(Format::Strace), 2, Some(7))
    );
}

#[test]
fn a_call_that_others_interrupt_is_one_call() {
    let log = "close(9) = 0\n\
               [pid 7] openat(AT_FDCWD, \"/a\",  <unfinished ...>\n\
               [pid 8] read(3,  <unfinished ...>\n\
               [pid 7] <... openat resumed>O_RDONLY|O_CLOEXEC) = 3\n\
               [pid 8] <... read resumed> \"x) = 1, \", 9) = 9 <0.000012>\n\
               [pid 9] <... futex resumed>) = 0\n\
               [pid 8] futex(0x7f00, FUTEX_WAIT_PRIVATE, 2, NULL <unfinished ...>\n\
               [pid 8] +++ killed by SIGKILL +++\n";
    let (_, entries) = read(None, log).unwrap();
    let all = calls(&entries);
    let found: Vec<_> = all
        .iter()
        .map(|record| (name(record), record.process))
        .collect();
    let expected = [
        ("close", None),
        ("openat", Some(7)),
        ("read", Some(8)),
        ("futex", Some(9)),
        ("futex", Some(8)),
    ];
    let expected: Vec<_> = expected
        .map(|(name, process)| (name.to_owned(), process))
        .into();
    assert_eq!(found, expected);
    assert_eq!(all[1].arguments[2], value("O_RDONLY|O_CLOEXEC"));
    assert_eq!(
        all[3].arguments, [None; 6],
        "its beginning is not in the trace"
    );
    assert_eq!(all[4].arguments[1], value("FUTEX_WAIT_PRIVATE"));
}

/// What an argument is.
enum Is {
    Constants(&'static str),
    Number(u64),
    Unknown,
}

/// Calls, the places of arguments, and what these are.
#[rustfmt::skip]
const ARGUMENTS: [(&str, usize, Is); 25] = [
    ("socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0) = 3", 1, Is::Constants("SOCK_STREAM|SOCK_CLOEXEC")),
    ("socket(0x1, 0x80001, 0) = 3", 1, Is::Number(0x80001)),
    ("socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) = 3", 2, Is::Unknown),
    ("mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f00", 4, Is::Number(u64::MAX)),
    ("mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|21<<MAP_HUGE_SHIFT, 3, 0) = 0x7f00", 3, Is::Unknown),
    ("mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|21<<MAP_HUGE_SHIFT, 3</a>, 0) = 0x7f00", 5, Is::Number(0)),
    ("mkdir(\"/a, (b)\", 0755) = 0", 1, Is::Number(0o755)),
    ("ioctl(1, TCGETS, {c_iflag=ICRNL, c_cc=\"\\x03\"}) = 0", 1, Is::Constants("TCGETS")),
    ("ioctl(1, _IOC(_IOC_READ, 0x54, 0x1, 0), 0) = -1 ENOTTY (x)", 1, Is::Unknown),
    ("ioctl(3</a, b)=c>, 0x5401 /* TCGETS */, 0) = 0", 1, Is::Number(0x5401)),
    ("fcntl(3<TCP:[127.0.0.1:1->127.0.0.1:2]>, F_SETFD, FD_CLOEXEC) = 0", 1, Is::Constants("F_SETFD")),
    ("setsockopt(3<UNIX:[7,\"/a>, 5) = 0\"]>, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0", 2, Is::Constants("SO_REUSEADDR")),
    ("ioctl(3</a\\\"b>, TCGETS, 0) = 0", 1, Is::Constants("TCGETS")),
    ("openat(AT_FDCWD</root>, \"\\\"a\\\\\", O_RDONLY) = 3</a>", 0, Is::Constants("AT_FDCWD")),
    ("openat(AT_FDCWD, \"a\"..., O_WRONLY|0x10000000 /* O_??? */) = 3", 2, Is::Number(0x1000_0001)),
    ("clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f) = 9", 0, Is::Constants("CLONE_CHILD_CLEARTID|SIGCHLD")),
    ("clone3({flags=CLONE_VM, exit_signal=0}, 88) = 9", 0, Is::Unknown),
    ("clone3({flags=CLONE_VM, exit_signal=0} => {parent_tid=[9]}, 88) = 9", 1, Is::Number(88)),
    ("kill(7, SIGTERM) = 0", 1, Is::Number(15)),
    ("madvise(0x7f00, 4096, 0x7 /* MADV_??? */) = -1 EINVAL (x)", 2, Is::Number(7)),
    ("prctl(PR_SET_NAME, \"worker) = 0\") = 0", 0, Is::Constants("PR_SET_NAME")),
    ("arch_prctl(0x3001 /* ARCH_??? */, 0x7ffd) = -1 EINVAL (Invalid argument)", 0, Is::Number(0x3001)),
    ("openat(AT_FDCWD, \"/x\", NO_SUCH_CONSTANT) = 3", 2, Is::Unknown),
    ("wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 9", 2, Is::Number(0)),
    ("mprotect(0x7f00, 4096, PROT_READ|what) = 0", 2, Is::Unknown),
];

#[test]
fn arguments_are_numbers_where_they_are_understood() {
    for (line, place, expected) in ARGUMENTS {
        let expected = match expected {
            Is::Constants(names) => value(names),
            Is::Number(number) => Some(number),
            Is::Unknown => None,
        };
        assert_eq!(arguments(line)[place], expected, "{line}");
    }
}

#[test]
fn no_beginning_of_a_call_is_lost() {
    let log = "close(9) = 0\n\
               [pid 7] read(3,  <unfinished ...>\n\
               [pid 7] write(3,  <unfinished ...>\n\
               [pid 7] <... futex resumed>) = 0\n\
               [pid 8] mkdir(\"cut <unfinished ...>\n";
    assert_eq!(names(log), ["close", "read", "futex", "write"]);
    let (tally, entries) = read(None, log).unwrap();
    assert_eq!((tally.broken_in_all, losses(&entries).len()), (1, 1));
}

#[test]
fn lines_of_the_traced_program_do_not_count() {
    let record = support::record(1, 39);
    let log = format!(
        "brk(NULL) = 0x1\n{record}type=SECCOMP msg=audit(1.000:2): arch=c000003e syscall=1\nfoo(1) = 2\n"
    );
    let (tally, entries) = read(None, log).unwrap();
    assert_eq!((calls(&entries).len(), tally.others), (1, 3));
}

/// Its name was not in the table, and the line was passed over without a word.
#[test]
fn a_call_of_no_known_name_is_a_loss_where_a_process_stands_before_it() {
    let log = "7 brk(NULL) = 0x1\n7 later_call(3, \"x\") = 0\n7 later_call(3, <unfinished ...>\n\
               7 <... later_call resumed>) = 0\nlater_call(1) = 2\n";
    let (tally, entries) = read(None, log).unwrap();
    assert_eq!(
        tally.broken[0].to_string(),
        "2:3: no system call has this name"
    );
    assert_eq!((tally.broken_in_all, losses(&entries).len()), (2, 1));
}

/// Beginnings of calls were kept for as many threads as a trace may have, each as long as a line.
#[test]
fn beginnings_of_calls_are_kept_up_to_a_limit() {
    let text = "x".repeat(1_000_000);
    let mut log = String::from("1 brk(NULL) = 0\n");
    // What ends makes room for others.
    for process in (1..=35).chain(1..=70) {
        if process == 1 {
            log.extend((1..=35).map(|one| format!("{one} <... chdir resumed>) = 0\n")));
        }
        log.push_str(&format!("{process} chdir(\"{text}\" <unfinished ...>\n"));
    }
    log.extend((1..=70).map(|one| format!("{one} <... chdir resumed>) = 0\n")));
    let (tally, entries) = read(None, log).unwrap();
    // 67 fit into 64 MiB; of the others beginning and end count for themselves. The first 35 ends have none.
    assert_eq!(
        (tally.calls, tally.broken_in_all),
        (1 + 35 + 35 + 70 + 3, 0)
    );
    let shown = |record: &&&Record| record.shown.as_ref().unwrap() == "chdir(?)";
    assert_eq!(calls(&entries).iter().filter(shown).count(), 35 + 3);
}

#[test]
fn a_trace_that_is_cut_says_so() {
    let log = "brk(NULL) = 0x1\nopenat(AT_FDCWD, \"/etc/pas";
    let (tally, entries) = read(None, log).unwrap();
    assert_eq!(tally.broken[0].to_string(), "2:1: the call has no end");
    assert_eq!((calls(&entries).len(), losses(&entries).len()), (1, 1));
}

#[test]
fn calls_that_strace_does_not_know_go_by_their_number() {
    let (_, entries) = read(
        None,
        "brk(NULL) = 0x1\nsyscall_0x1d5(0x1, 0x2) = -1 ENOSYS (x)\n",
    )
    .unwrap();
    assert_eq!(calls(&entries)[1].number, 0x1d5);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn a_process_of_32_bits_has_the_numbers_of_its_abi() {
    let log = "7 brk(NULL) = 0x1\n\
               7 [ Process PID=7 runs in 32 bit mode. ]\n\
               strace: [ Process PID=7 runs in 32 bit mode. ]\n\
               7 mmap2(NULL, 8192, PROT_READ, MAP_PRIVATE, -1, 0) = 0x1\n\
               strace: [ Process PID=7 runs in 64 bit mode. ]\n\
               7 brk(NULL) = 0x1\n";
    let (_, entries) = read(None, log).unwrap();
    let audits: Vec<u32> = calls(&entries).iter().map(|record| record.audit).collect();
    assert_eq!(
        audits,
        [Abi::X86_64.audit(), Abi::X86.audit(), Abi::X86_64.audit()]
    );
    assert_eq!(names(log)[1], "mmap2");
    // Constants are those of this machine's own ABI.
    assert_eq!(calls(&entries)[1].arguments, [None; 6]);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn a_child_has_the_abi_and_the_program_of_its_parent() {
    let log = "7 execve(\"/bin/sh\", [\"sh\"], 0x1) = 0\n\
               7 execve(\"/bin/narrow\", [\"narrow\"], 0x1) = 0\n\
               7 [ Process PID=7 runs in 32 bit mode. ]\n\
               7 fork() = 8\n\
               8 mmap2(NULL, 8192, PROT_READ, MAP_PRIVATE, -1, 0) = 0x1\n\
               8 execve(\"/no/such\", [\"such\"], 0x1) = -1 ENOENT (No such file or directory)\n\
               8 getpid() = 8\n";
    let (_, entries) = read(None, log).unwrap();
    let all = calls(&entries);
    let of_child: Vec<_> = all.iter().filter(|one| one.process == Some(8)).collect();
    assert_eq!(of_child.len(), 3);
    for record in of_child {
        assert_eq!(
            (record.audit, record.exe.as_str()),
            (Abi::X86.audit(), "/bin/narrow")
        );
    }
}

#[test]
fn threads_are_of_their_process() {
    let log = "7 brk(NULL) = 0x1\n\
               7 clone(child_stack=0x1, flags=CLONE_VM|CLONE_THREAD, tls=0x1) = 8\n\
               8 tgkill(7, 8, SIGABRT) = 0\n\
               8 clone(child_stack=NULL, flags=SIGCHLD) = 9\n\
               9 brk(NULL) = 0x1\n";
    let (_, entries) = read(None, log).unwrap();
    let who: Vec<_> = calls(&entries)
        .iter()
        .map(|one| (one.process, one.thread))
        .collect();
    let expected = [(7, 7), (7, 7), (7, 8), (7, 8), (9, 9)];
    assert_eq!(
        who,
        expected.map(|(process, thread)| (Some(process), Some(thread)))
    );
}
