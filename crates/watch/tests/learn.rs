//! What learning writes for a program, to the letter.
#![allow(clippy::unwrap_used)]

#[path = "support/learning.rs"]
mod learning;

use learning::{call, learn, learned, line, observed, options, value};
use watch::learn::{Error, Facts, Generalise, Options};

fn typical() -> Vec<watch::Call> {
    let stream = value("SOCK_STREAM|SOCK_CLOEXEC");
    vec![
        call("write", &[1, 0x1000, 5]),
        call("write", &[2, 0x2000, 7]),
        call("fcntl", &[3, value("F_SETFD"), 1]),
        call("fcntl", &[3, value("F_GETFL"), 0]),
        call("fcntl", &[4, value("F_GETFL"), 0]),
        call("socket", &[value("AF_UNIX"), stream, 0]),
        call("socket", &[value("AF_INET"), value("SOCK_DGRAM"), 17]),
        call("openat", &[0xffff_ff9c, 0x30, value("O_RDONLY|O_CLOEXEC")]),
        call("mprotect", &[0x1000, 4096, value("PROT_READ|PROT_EXEC")]),
        call("kill", &[100, 15]),
        call("kill", &[7, 0]),
    ]
}

#[test]
fn a_new_file_says_where_it_comes_from_what_was_seen_and_what_is_assumed() {
    let expected = r#"# Learned by sandboxify --learn from: prog -x
# "seen" counts the calls of all runs; "assumed" is allowed unseen, for the reason given.
# learned: 1 run, nothing new in the last 0

fcntl: cmd == F_SETFD || cmd == F_GETFL  # seen 3
kill: sig == 0 || sig == SIGTERM  # seen 2; targets: self, others
mprotect: prot == PROT_READ|PROT_EXEC  # seen 1
openat: flags == O_RDONLY|O_CLOEXEC  # seen 1
socket: (family == AF_UNIX && type == SOCK_STREAM|SOCK_CLOEXEC && protocol == 0) || (family == AF_INET && type == SOCK_DGRAM && protocol == IPPROTO_UDP)  # seen 2
write: 1  # seen 2
clock_getres: 1  # assumed: the vDSO may fall back to it
clock_gettime: 1  # assumed: the vDSO may fall back to it
exit_group: 1  # assumed: every program ends
getcpu: 1  # assumed: the vDSO may fall back to it
getrandom: 1  # assumed: the vDSO may fall back to it
gettimeofday: 1  # assumed: the vDSO may fall back to it
restart_syscall: 1  # assumed: a stopped call resumes
rt_sigreturn: 1  # assumed: a signal handler returns
"#;
    let text = learned(None, &typical()).text;
    // Not every machine has time(2).
    let rest: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("time:"))
        .collect();
    assert_eq!(rest, expected.lines().collect::<Vec<_>>());
    assert!(text.ends_with('\n') && !text.ends_with("\n\n"));
}

#[test]
fn the_summary_counts_and_names_what_was_new() {
    let first = learned(None, &typical());
    let text = first.summary.to_string();
    assert!(
        text.starts_with("learned 6 calls (11 seen), all new\nmost often: fcntl 3, kill 2,"),
        "{text}"
    );
    let mut calls = typical();
    calls.push(call("fcntl", &[3, value("F_DUPFD"), 0]));
    calls.push(call("getpid", &[]));
    let second = learned(Some(&first.text), &calls).summary;
    assert_eq!(second.new, ["fcntl(cmd == F_DUPFD)", "getpid"]);
    let text = second.to_string();
    let expected = "learned 7 calls (13 seen), 2 new: fcntl(cmd == F_DUPFD), getpid\n";
    assert!(text.starts_with(expected), "{text}");
    let fcntl = &second.calls[0];
    assert_eq!(
        (fcntl.name.as_str(), fcntl.seen, fcntl.total),
        ("fcntl", 4, 7)
    );
    assert_eq!(second.json()["calls"][0]["total"], 7);
    assert_eq!(second.json()["new"][1], "getpid");
    assert_eq!(second.json()["runs"], 2);
    assert!(second.counts().starts_with("4  fcntl\n2  kill\n"));
}

#[test]
fn runs_without_news_are_counted() {
    let mut text = learned(None, &typical()).text;
    for run in 2..5 {
        let learned = learned(Some(&text), &typical());
        assert_eq!(learned.summary.new, Vec::<String>::new());
        assert_eq!(learned.summary.runs_without_news, run - 1);
        text = learned.text;
    }
    assert_eq!(
        line(&text, "# learned"),
        "# learned: 4 runs, nothing new in the last 3"
    );
    assert!(line(&text, "write:").ends_with("# seen 8"));
    let last = learned(Some(&text), &typical()[..1]).summary.to_string();
    assert!(last.starts_with("learned 1 call (1 seen), nothing new in the last 4 runs"));
    let news = learned(Some(&text), &[call("getpid", &[])]).text;
    assert_eq!(
        line(&news, "# learned"),
        "# learned: 5 runs, nothing new in the last 0"
    );
}

/// Calls, the place of the argument, and how it is written.
const WRITTEN: [(&str, usize, &str); 15] = [
    ("ioctl", 1, "cmd == TCGETS"),
    ("ioctl", 1, "cmd == 0xabcdef"),
    ("prctl", 0, "option == PR_SET_NAME"),
    (
        "futex",
        1,
        "op == FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME",
    ),
    ("madvise", 2, "behavior == MADV_DONTNEED"),
    ("madvise", 2, "behavior == 99"),
    ("mprotect", 2, "prot == PROT_NONE"),
    ("openat", 2, "flags == O_RDWR|O_TMPFILE|O_CLOEXEC"),
    ("openat", 2, "flags == O_WRONLY|O_SYNC|O_CREAT"),
    ("unshare", 0, "unshare_flags == CLONE_NEWNS|CLONE_NEWUSER"),
    ("personality", 0, "personality == 0xffffffff"),
    (
        "personality",
        0,
        "personality == PER_LINUX|ADDR_NO_RANDOMIZE",
    ),
    ("seccomp", 0, "op == SECCOMP_SET_MODE_FILTER"),
    ("bpf", 0, "cmd == BPF_PROG_LOAD"),
    ("clone", 0, "clone_flags == SIGCHLD|CLONE_VM|CLONE_VFORK"),
];

/// The condition in the rule for one call.
fn written(name: &str, arguments: &[u64]) -> String {
    let text = learned(None, &[call(name, arguments)]).text;
    let line = line(&text, &format!("{name}: ")).to_owned();
    let body = line.split("  #").next().unwrap();
    body.split_once(": ").unwrap().1.to_owned()
}

#[test]
fn values_are_written_as_constants_where_there_are_any() {
    for (name, place, text) in WRITTEN {
        let mut arguments = [0; 6];
        arguments[place] = value(text.split_once("== ").unwrap().1);
        assert_eq!(written(name, &arguments), text, "{name}");
    }
}

#[test]
fn values_that_belong_together_are_written_together() {
    let netlink = value("AF_NETLINK");
    let raw = value("SOCK_RAW");
    let text = "(family == AF_NETLINK && type == SOCK_RAW && protocol == NETLINK_ROUTE)";
    assert_eq!(written("socket", &[netlink, raw, 0]), text);
    let text = "(level == SOL_SOCKET && optname == SO_KEEPALIVE)";
    assert_eq!(written("setsockopt", &[3, 1, 9]), text);
    let text = "(level == SOL_TCP && optname == TCP_NODELAY)";
    assert_eq!(written("getsockopt", &[3, 6, 1]), text);
    let flags = value("MAP_PRIVATE|MAP_ANONYMOUS");
    let text = "(prot == PROT_READ|PROT_WRITE && flags == MAP_PRIVATE|MAP_ANONYMOUS)";
    assert_eq!(written("mmap", &[0, 4096, 3, flags, 0xffff_ffff]), text);
}

#[test]
fn bits_that_the_kernel_does_not_read_do_not_count() {
    let getfl = value("F_GETFL");
    let calls = [
        call("fcntl", &[3, getfl]),
        call("fcntl", &[3, 0xdead_0000_0000 | getfl]),
    ];
    let mut observations = watch::learn::Observations::new();
    assert!(observations.record(&calls[0]));
    assert!(!observations.record(&calls[1]));
    assert_eq!((observations.total(), observations.distinct()), (2, 1));
}

#[test]
fn what_one_sees_and_another_adds_up() {
    let mut one = observed(&typical()[..4]);
    one.merge(&observed(&typical()[2..]));
    assert_eq!(one.total(), 13);
    assert_eq!(one.distinct(), observed(&typical()).distinct());
    let calls: Vec<(String, u64)> = one.calls().collect();
    assert_eq!(calls[0], ("fcntl".into(), 5));
    assert!(!one.is_empty() && observed(&[]).is_empty());
}

#[test]
fn rules_are_as_wide_as_asked() {
    let calls = [
        call("socket", &[1, 1, 0]),
        call("socket", &[2, 2, 17]),
        call("fcntl", &[0, 3]),
        call("fcntl", &[0, 4]),
    ];
    let text = |generalise| {
        let options = Options {
            generalise,
            ..options()
        };
        learn(None, &calls, &options).unwrap().text
    };
    let values = text(Generalise::Values);
    assert_eq!(
        line(&values, "socket"),
        "socket: ((family == AF_UNIX || family == AF_INET) && (type == SOCK_STREAM || type == SOCK_DGRAM) && (protocol == 0 || protocol == 17))  # seen 2"
    );
    assert!(line(&values, "fcntl").starts_with("fcntl: cmd == F_GETFL || cmd == F_SETFL  #"));
    let all = text(Generalise::Calls);
    assert_eq!(line(&all, "socket"), "socket: 1  # seen 2");
    assert_eq!(line(&all, "fcntl"), "fcntl: 1  # seen 2");
}

#[test]
fn calls_may_be_assumed_by_the_user() {
    let assume = ["read", "fcntl"].map(String::from).to_vec();
    let asking = Options {
        assume,
        ..options()
    };
    let calls = [call("fcntl", &[0, 3])];
    let text = learn(None, &calls, &asking).unwrap().text;
    assert_eq!(line(&text, "read"), "read: 1  # assumed: by --assume");
    assert_eq!(
        line(&text, "fcntl"),
        "fcntl: 1  # seen 1; assumed: any use (by --assume)"
    );
    let later = learned(Some(&text), &[call("read", &[0])]).text;
    assert_eq!(line(&later, "read"), "read: 1  # seen 1");
    let narrow = "fcntl: cmd == F_SETFL  # seen 4\nread: fd == 0 # mine\n";
    let text = learn(Some(narrow), &[], &asking).unwrap().text;
    assert_eq!(
        line(&text, "fcntl"),
        "fcntl: 1  # seen 4; assumed: any use (by --assume)"
    );
    assert_eq!(
        line(&text, "read"),
        "read: fd == 0 || true # mine; assumed: any use (by --assume)"
    );
    let assume = vec!["raed".into()];
    let wrong = learn(
        None,
        &[],
        &Options {
            assume,
            ..options()
        },
    );
    let name = "raed".into();
    assert_eq!(wrong, Err(Error::Unknown { name }));
}

#[test]
fn threads_bring_what_depends_on_their_timing() {
    let flags = value("CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD");
    let calls = [
        call("clone", &[flags]),
        call("futex", &[0, value("FUTEX_WAKE_PRIVATE")]),
        call("futex", &[0, value("FUTEX_LOCK_PI")]),
    ];
    let text = learned(None, &calls).text;
    let futex = line(&text, "futex");
    assert!(
        futex.starts_with(
            "futex: op == FUTEX_LOCK_PI || op == FUTEX_WAKE_PRIVATE || op == FUTEX_WAIT_PRIVATE || "
        ),
        "{futex}"
    );
    assert!(
        futex.contains(
            "  # seen 2; assumed: op == FUTEX_WAIT_PRIVATE, op == FUTEX_WAIT_BITSET_PRIVATE, "
        ),
        "{futex}"
    );
    assert!(futex.ends_with(" (locks depend on timing)"), "{futex}");
    let madvise = line(&text, "madvise");
    assert_eq!(
        madvise,
        "madvise: behavior == MADV_DONTNEED || behavior == MADV_FREE || behavior == MADV_GUARD_INSTALL  # assumed: malloc and threads depend on timing"
    );
    assert!(line(&text, "sched_yield").ends_with("# assumed: locks depend on timing"));
    let none = learned(None, &[call("getpid", &[])]).text;
    assert!(!none.contains("futex"));
}

#[test]
fn the_summary_names_what_is_assumed() {
    let summary = learned(None, &[call("clone3", &[])]).summary;
    let said = summary.to_string();
    let said = line(&said, "assumed");
    assert!(
        said.contains("exit_group, uses of futex, getcpu, "),
        "{said}"
    );
    let json = summary.json();
    let mut assumed = json["assumed"].as_array().unwrap().iter();
    let madvise = assumed.find(|one| one["call"] == "madvise").unwrap();
    assert_eq!(madvise["why"], "malloc and threads depend on timing");
}

#[test]
fn what_was_assumed_and_then_seen_is_marked_no_more() {
    let text = learned(None, &[call("clone3", &[])]).text;
    let calls = [call("madvise", &[0, 0, 4]), call("futex", &[0, 128])];
    let later = learned(Some(&text), &calls);
    assert_eq!(later.summary.new, Vec::<String>::new());
    let madvise = line(&later.text, "madvise");
    assert!(madvise.ends_with("  # seen 1; assumed: behavior == MADV_FREE, behavior == MADV_GUARD_INSTALL (malloc and threads depend on timing)"), "{madvise}");
    let futex = line(&later.text, "futex");
    assert!(
        futex.contains("# seen 1; assumed: op == FUTEX_WAKE_PRIVATE, "),
        "{futex}"
    );
}

#[test]
fn the_go_runtime_brings_what_depends_on_its_timing() {
    let facts = Facts {
        go: true,
        threads: true,
    };
    let text = learn(None, &[], &Options { facts, ..options() })
        .unwrap()
        .text;
    assert_eq!(
        line(&text, "tgkill"),
        "tgkill: sig == SIGURG  # assumed: the Go runtime depends on timing"
    );
    assert!(
        line(&text, "mmap").contains("MAP_NORESERVE"),
        "both sets are there"
    );
    let later = learned(Some(&text), &[call("futex", &[0, 128])]).text;
    let futex = line(&later, "futex");
    assert!(
        futex.contains("# seen 1; assumed: op == FUTEX_WAKE_PRIVATE, "),
        "{futex}"
    );
    assert!(futex.contains("FUTEX_WAIT_BITSET_PRIVATE, "), "{futex}");
}
