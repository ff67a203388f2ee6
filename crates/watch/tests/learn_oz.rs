//! The text of Oz's tracer: how it looks, and that it says what was seen and nothing else.
#![allow(clippy::unwrap_used)]

#[path = "support/learning.rs"]
mod learning;

use learning::{allows, call, call_on, compiled, file, line, observed, options, value};
use policy::{Action, Mode, Request};
use syscalls::Abi;
use watch::Call;
use watch::learn::oz::{Detail, counts, text};
use watch::learn::{Error, Facts, Generalise, Learned, Observations, Options, Recorder, merge};

fn trained(calls: &[Call]) -> Learned {
    text(&observed(calls), &options(), Detail::Rules).unwrap()
}

/// What stands above what is assumed, without comments.
fn rules(text: &str) -> Vec<&str> {
    let seen = text
        .lines()
        .take_while(|line| !line.starts_with("# Assumed, "));
    seen.filter(|line| !line.starts_with('#')).collect()
}

fn open(flags: &str) -> Call {
    call("openat", &[0, 0, value(flags)])
}

#[test]
fn rules_stand_by_falling_count_and_then_by_name() {
    let calls = [
        call("write", &[1]),
        call("getuid", &[]),
        call("read", &[0]),
        call("read", &[1]),
        call("read", &[2]),
        call("brk", &[]),
        call("write", &[2]),
    ];
    assert_eq!(
        rules(&trained(&calls).text),
        ["read:1", "write:1", "brk:1", "getuid:1"]
    );
}

#[test]
fn execve_stands_last_where_it_was_seen_and_nowhere_else() {
    let seen = [call("execve", &[]), call("execve", &[]), call("read", &[0])];
    assert_eq!(rules(&trained(&seen).text), ["read:1", "execve:1"]);
    let text = trained(&[call("read", &[0])]).text;
    assert!(!text.contains("execve"), "{text}");
}

#[test]
fn one_use_needs_no_parentheses_and_several_have_them() {
    let calls = [
        call("fcntl", &[0, value("F_GETFL")]),
        call("socketpair", &[value("AF_UNIX"), value("SOCK_STREAM"), 0]),
        call(
            "socket",
            &[value("AF_INET"), value("SOCK_STREAM|SOCK_CLOEXEC"), 6],
        ),
        call("socket", &[99, 1, 7]),
        call("prctl", &[value("PR_SET_NAME")]),
        call("prctl", &[99]),
    ];
    let text = trained(&calls).text;
    assert_eq!(
        rules(&text),
        [
            "prctl: (argL0 == PR_SET_NAME) || (argL0 == 99)",
            "socket: (argL0 == AF_INET && argL1 == SOCK_STREAM|SOCK_CLOEXEC && argL2 == IPPROTO_TCP) \
             || (argL0 == 99 && argL1 == SOCK_STREAM && argL2 == 7)",
            "fcntl: argL1 == F_GETFL",
            "socketpair: argL0 == AF_UNIX && argL1 == SOCK_STREAM && argL2 == 0",
        ]
    );
}

fn mmap(prot: &str) -> Call {
    let flags = value("MAP_PRIVATE|MAP_ANONYMOUS");
    call("mmap", &[0, 0, value(prot), flags])
}

fn mprotect(prot: &str) -> Call {
    call("mprotect", &[0, 0, value(prot)])
}

fn futex(operation: &str) -> Call {
    call("futex", &[0, value(operation)])
}

#[test]
fn flags_are_compared_with_all_their_bits() {
    let seen = [
        mmap("PROT_READ|PROT_WRITE"),
        mprotect("PROT_READ"),
        futex("FUTEX_WAKE_OP_PRIVATE"),
        futex("FUTEX_WAIT_BITSET|FUTEX_CLOCK_REALTIME"),
    ];
    let text = trained(&seen).text;
    assert_eq!(
        rules(&text),
        [
            "futex: (argL1 == FUTEX_WAKE_OP_PRIVATE) || (argL1 == FUTEX_WAIT_BITSET|FUTEX_CLOCK_REALTIME)",
            "mmap: arg2 == PROT_READ|PROT_WRITE && arg3 == MAP_PRIVATE|MAP_ANONYMOUS",
            "mprotect: arg2 == PROT_READ",
        ]
    );
    let policy = compiled(&text);
    let others = [
        mmap("PROT_WRITE"),
        mmap("PROT_READ|PROT_WRITE|PROT_EXEC"),
        mprotect("PROT_READ|PROT_EXEC"),
        mprotect("PROT_NONE"),
        futex("FUTEX_WAKE_OP"),
    ];
    assert!(seen.iter().all(|one| allows(&policy, one)));
    assert!(!others.iter().any(|one| allows(&policy, one)));
}

#[test]
fn garbage_above_an_int_changes_nothing_for_the_kernel_nor_for_the_policy() {
    let plain = call("ioctl", &[0, 0x8004_5430]);
    let extended = call("ioctl", &[0, 0xffff_ffff_8004_5430]);
    for seen in [plain, extended] {
        let text = trained(&[seen]).text;
        assert_eq!(line(&text, "ioctl"), "ioctl: argL1 == TIOCGPTN");
        let policy = compiled(&text);
        assert!(allows(&policy, &plain) && allows(&policy, &extended));
    }
    // mprotect reads the whole register.
    let wide = call("mprotect", &[0, 0, 0x1_0000_0001]);
    let policy = compiled(&trained(&[wide]).text);
    assert!(allows(&policy, &wide));
    assert!(!allows(&policy, &call("mprotect", &[0, 0, 1])));
}

#[test]
fn numbers_without_a_name_are_decimal() {
    let text = trained(&[call("ioctl", &[0, 0x1234_5678]), open("O_CREAT|0x40000000")]).text;
    assert_eq!(line(&text, "ioctl"), "ioctl: argL1 == 305419896");
    assert_eq!(
        line(&text, "openat"),
        "openat: argL2 == O_RDONLY|O_CREAT|1073741824"
    );
}

#[test]
fn what_no_run_need_show_stands_below_its_reason_and_is_allowed() {
    let text = trained(&[call("read", &[0])]).text;
    let (_, assumed) = text.split_once("read:1\n").unwrap();
    let expected = "\
# Assumed, not seen: a signal handler returns.
rt_sigreturn:1
# Assumed, not seen: a stopped call resumes.
restart_syscall:1
# Assumed, not seen: every program ends.
exit_group:1
# Assumed, not seen: the vDSO may fall back to it.
clock_getres:1
clock_gettime:1
getcpu:1
getrandom:1
gettimeofday:1
time:1
";
    assert_eq!(assumed, expected);
    let learned = trained(&[call("exit_group", &[]), call("rt_sigreturn", &[])]);
    assert_eq!(rules(&learned.text), ["exit_group:1", "rt_sigreturn:1"]);
    assert!(!learned.text.contains("every program ends"));
    let assumed = learned.summary.assumed.iter();
    assert!(!assumed.into_iter().any(|one| one.call == "exit_group"));
}

#[test]
fn uses_that_threads_may_need_are_told_above_their_rule() {
    let calls = [
        call("clone", &[value("CLONE_VM|CLONE_THREAD|CLONE_SIGHAND")]),
        call("futex", &[0, value("FUTEX_WAIT_PRIVATE")]),
    ];
    let text = trained(&calls).text;
    let above = text.lines().zip(text.lines().skip(1));
    let (comment, _) = above
        .into_iter()
        .find(|(_, rule)| rule.starts_with("futex: "))
        .unwrap();
    assert!(
        comment.starts_with("# Assumed of futex, not seen (locks depend on timing): argL1 == "),
        "{comment}"
    );
    assert!(!comment.contains("== FUTEX_WAIT_PRIVATE"), "{comment}");
    let policy = compiled(&text);
    let needed = [
        call("futex", &[0, value("FUTEX_WAKE_PRIVATE")]),
        call("madvise", &[0, 0, value("MADV_DONTNEED")]),
        call("sched_yield", &[]),
    ];
    assert!(needed.iter().all(|one| allows(&policy, one)), "{text}");
    assert!(!allows(
        &policy,
        &call("madvise", &[0, 0, value("MADV_HWPOISON")])
    ));
}

#[test]
fn no_line_has_a_comment_behind_its_rule() {
    let calls = [
        call("clone3", &[]),
        call("kill", &[100, 0]),
        call("futex", &[0, 128]),
        call("execve", &[]),
    ];
    let options = Options {
        facts: Facts {
            go: true,
            threads: true,
        },
        assume: vec!["ptrace".into()],
        ..options()
    };
    let text = text(&observed(&calls), &options, Detail::Raw).unwrap().text;
    for line in text.lines().filter(|line| line.contains('#')) {
        assert!(line.starts_with("# "), "{line}");
    }
    assert!(
        text.contains("# Assumed, not seen: by --assume.\nptrace:1\n"),
        "{text}"
    );
    let rules = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    for rule in rules {
        let (_, body) = rule.split_once(':').unwrap();
        assert!(!body.trim().is_empty() && !body.ends_with("||"), "{rule}");
    }
    compiled(&text);
}

#[test]
fn the_raw_data_has_each_combination_with_its_count() {
    let calls = [
        call("read", &[0]),
        call("futex", &[0, 1]),
        call("futex", &[0, 133]),
        call("socket", &[1, 2049, 0]),
        call("futex", &[0, 133]),
        call("futex", &[0, 0]),
        call("mmap", &[0, 0, 3, 34]),
    ];
    let with = text(&observed(&calls), &options(), Detail::Raw)
        .unwrap()
        .text;
    let plain = trained(&calls).text;
    let raw = with.strip_prefix(&plain).unwrap();
    let expected = "
# Raw system call data:
# There were 5 complex syscalls tracked in total.
# mmap [1]:    arg2 == 3[PROT_READ|PROT_WRITE]   arg3 == 34[MAP_PRIVATE|MAP_ANONYMOUS]
# socket [1]:    arg0 == 1[AF_UNIX]   arg1 == 2049[SOCK_STREAM|SOCK_NONBLOCK]   arg2 == 0[0]
# futex [1]:    arg1 == 0[FUTEX_WAIT]
# futex [1]:    arg1 == 1[FUTEX_WAKE]
# futex [2]:    arg1 == 133[FUTEX_WAKE_OP_PRIVATE]
";
    assert_eq!(raw, expected);
    compiled(&with);
}

#[test]
fn counts_are_listed_as_the_rules_are() {
    let calls = [
        call("brk", &[0]),
        call("write", &[1]),
        call("brk", &[1]),
        call("access", &[]),
    ];
    assert_eq!(
        counts(&trained(&calls).summary),
        "Invocation counts for observed system calls:\n\nbrk calls: 2\naccess calls: 1\nwrite calls: 1\n"
    );
}

#[test]
fn the_head_says_by_whom_from_what_and_what_was_lost() {
    let options = Options {
        program: "/bin/x\n-y".into(),
        recorder: Recorder::Tracer,
        losses: Some("3 calls came too fast".into()),
        ..Options::default()
    };
    let text = text(&Observations::new(), &options, Detail::Rules)
        .unwrap()
        .text;
    let head = "# INCOMPLETE: 3 calls came too fast\n# Learned by oz-seccomp-tracer from: /bin/x?-y\n# Assumed";
    assert!(text.starts_with(head), "{text}");
    compiled(&text);
}

#[test]
fn calls_without_a_name_are_told_and_those_of_the_other_abi_are_allowed_there() {
    let mut nameless = call("read", &[]);
    nameless.number = 9999;
    let mut x32 = call("read", &[]);
    x32.number |= Abi::X32_BIT;
    let foreign = call_on(Abi::X86, "read", &[0]);
    let learned = trained(&[nameless, x32, foreign]);
    let audit = Abi::NATIVE.audit();
    let line = format!("# no rule can allow call 9999 of the ABI {audit:#x}, which was seen\n");
    assert!(learned.text.contains(&line), "{}", learned.text);
    assert_eq!(learned.summary.unnamed.len(), 2);
    assert_eq!(learned.summary.foreign, Some(Abi::X86.name()));
    let read = |_: &[u8]| Ok(learned.text.as_bytes().to_vec());
    let request = Request {
        besides: Some(Abi::X86),
        ..Request::plain(Mode::AllowList, "test", b"/p", Action::KillProcess)
    };
    let policy = request.compile(Abi::NATIVE, &read).unwrap().policy;
    assert!(allows(&policy, &foreign));
    assert!(!allows(&policy, &x32) && !allows(&policy, &nameless));
}

#[test]
fn arguments_that_a_log_left_out_are_any() {
    let mut observations = Observations::new();
    observations.record_partly(&call("socket", &[]), 0b10);
    let learned = text(&observations, &options(), Detail::Raw).unwrap();
    let rule = "# Of socket some arguments are not known, so any use is allowed.\nsocket:1\n";
    assert!(learned.text.contains(rule), "{}", learned.text);
    assert!(
        learned
            .text
            .contains("# socket [1]:    arguments unknown\n")
    );
    assert_eq!(learned.summary.unknown, ["socket"]);
}

#[test]
fn wider_rules_are_as_wide_as_was_asked() {
    let calls = [call("socket", &[1, 1, 0]), call("socket", &[2, 2, 0])];
    let wide = |generalise| {
        let options = Options {
            generalise,
            ..options()
        };
        let learned = text(&observed(&calls), &options, Detail::Rules).unwrap();
        line(&learned.text, "socket").to_owned()
    };
    assert_eq!(
        wide(Generalise::Values),
        "socket: (argL0 == AF_UNIX || argL0 == AF_INET) && (argL1 == SOCK_STREAM || argL1 == SOCK_DGRAM) && argL2 == 0"
    );
    assert_eq!(wide(Generalise::Calls), "socket:1");
}

#[test]
fn more_values_than_a_rule_can_name_are_an_error() {
    let calls: Vec<Call> = (0..2000).map(|value| call("ioctl", &[0, value])).collect();
    let result = text(&observed(&calls), &options(), Detail::Rules);
    assert!(matches!(result, Err(Error::TooMany { call }) if call == "ioctl"));
}

#[test]
fn an_unknown_name_to_assume_is_an_error() {
    let options = Options {
        assume: vec!["raed".into()],
        ..options()
    };
    let result = text(&Observations::new(), &options, Detail::Rules);
    assert!(matches!(result, Err(Error::Unknown { name }) if name == "raed"));
}

#[test]
fn a_text_grows_by_another_run() {
    let first = trained(&[
        call("fcntl", &[0, value("F_GETFL")]),
        call("prctl", &[15]),
        call("prctl", &[4]),
    ]);
    let known = file(Some(&first.text));
    let mut observations = Observations::beside(&known).unwrap();
    let more = [
        call("fcntl", &[0, value("F_SETFL")]),
        call("prctl", &[38]),
        call("getuid", &[]),
    ];
    for call in &more {
        observations.record(call);
    }
    let grown = merge(&known, &observations, &options()).unwrap().text;
    let rule = "fcntl: argL1 == F_GETFL || cmd == F_SETFL";
    assert!(line(&grown, "fcntl").starts_with(rule), "{grown}");
    let policy = compiled(&grown);
    assert!(more.iter().all(|one| allows(&policy, one)));
    assert!(allows(&policy, &call("prctl", &[15])));
    assert!(!allows(&policy, &call("prctl", &[1])));
}
