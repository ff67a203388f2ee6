//! `@pledge-…` in lists: what each allows, with which arguments, and how they add up.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use policy::{Action, Mode, Request};
use support::{allow, allows, ask, ask_on, compile, compile_request, errno, message};
use syscalls::Abi;

const KILL: Action = Action::KillProcess;
const RWX: u64 = 7;

/// Asserts of an allow-list what it allows and what not.
#[track_caller]
fn assert_list(list: &str, allowed: &[(&str, &[u64])], denied: &[(&str, &[u64])]) {
    let policy = allow(list);
    for (call, arguments) in allowed {
        assert!(
            allows(&policy, call, arguments),
            "{list}: {call} {arguments:x?}"
        );
    }
    for (call, arguments) in denied {
        assert_eq!(
            ask(&policy, call, arguments),
            KILL,
            "{list}: {call} {arguments:x?}"
        );
    }
}

#[test]
fn each_promise_compiles_alone_and_beside_any_other() {
    for abi in [Abi::X86_64, Abi::Aarch64] {
        for first in policy::pledges() {
            for second in policy::pledges() {
                let list = format!("@pledge-{first}:@pledge-{second}");
                let request = Request::plain(Mode::AllowList, "LIST", list.as_bytes(), KILL);
                let policy = request.compile(abi, &policy::no_files);
                let policy = policy
                    .unwrap_or_else(|error| panic!("{list}: {error}"))
                    .policy;
                assert_eq!(ask(&policy, "exit", &[]), Action::Allow, "{list} on {abi}");
            }
        }
    }
}

type Calls = &'static [(&'static str, &'static [u64])];

/// The flags of clone for a thread.
const THREAD: u64 = 0x10000 | 0x100 | 0x200 | 0x400 | 0x800;
const NEW_USER: u64 = 0x1000_0000;

const ALLOWED_BY_STDIO: Calls = &[
    ("read", &[]),
    ("write", &[1]),
    ("exit_group", &[]),
    ("mmap", &[0, 4096, 3, 0x22]),
    ("mprotect", &[0, 4096, 1]),
    ("ioctl", &[0, 0x541b]),
    ("ioctl", &[0, 0xdead_0000_0000 | 0x541b]),
    ("fcntl", &[0, 3]),
    ("sendto", &[3, 1, 1, 0, 0]),
    ("prctl", &[15]),
    ("clone", &[THREAD]),
    ("prlimit64", &[0, 7, 0]),
];

const DENIED_BY_STDIO: Calls = &[
    ("open", &[]),
    ("openat", &[]),
    ("execve", &[]),
    ("fork", &[]),
    ("socket", &[1, 1]),
    ("mmap", &[0, 4096, RWX, 0x22]),
    ("mmap", &[0, 4096, 3, 0x2022]),
    ("mmap", &[0, 4096, 1 << 32, 0x22]),
    ("mprotect", &[0, 4096, 4]),
    ("ioctl", &[0, 0x5412]),
    ("ioctl", &[0, 0x5401]),
    ("fcntl", &[0, 1030 + 1]),
    ("sendto", &[3, 1, 1, 0, 0x1000]),
    ("prctl", &[22 + 10]),
    ("clone", &[17]),
    ("clone", &[THREAD | NEW_USER]),
    ("prlimit64", &[0, 7, 0x1000]),
    ("kill", &[]),
    ("io_uring_setup", &[]),
];

/// Promises, calls that they allow, and calls that they do not.
const OTHERS: &[(&str, Calls, Calls)] = &[
    (
        "@pledge-stdio:@pledge-rpath",
        &[
            ("openat", &[0, 0, 0]),
            ("openat", &[0, 0, 0o200_000]),
            ("stat", &[]),
        ],
        &[
            ("openat", &[0, 0, 1]),
            ("openat", &[0, 0, 0o100]),
            ("openat", &[0, 0, 0o1000]),
            ("unlink", &[]),
        ],
    ),
    (
        "@pledge-wpath",
        &[
            ("openat", &[0, 0, 1]),
            ("openat", &[0, 0, 2 | 0o2000]),
            ("chmod", &[0, 0o755]),
        ],
        &[
            ("openat", &[0, 0, 0]),
            ("openat", &[0, 0, 0o101]),
            ("chmod", &[0, 0o4755]),
        ],
    ),
    (
        "@pledge-cpath",
        &[("mkdir", &[]), ("openat", &[0, 0, 0o101, 0o644])],
        &[("openat", &[0, 0, 0o101, 0o4755]), ("openat", &[0, 0, 1])],
    ),
    (
        "@pledge-inet",
        &[
            ("socket", &[2, 1, 6]),
            ("socket", &[10, 2 | 0o2_000_000, 0]),
            ("setsockopt", &[0, 6, 1]),
        ],
        &[
            ("socket", &[1, 1, 0]),
            ("socket", &[2, 3, 255]),
            ("setsockopt", &[0, 1, 26]),
        ],
    ),
    (
        "@pledge-unix",
        &[("socket", &[1, 1, 0]), ("connect", &[])],
        &[("socket", &[2, 1, 0]), ("socket", &[16, 3, 0])],
    ),
    (
        "@pledge-tty",
        &[("ioctl", &[0, 0x5413])],
        &[("ioctl", &[0, 0x5412])],
    ),
    (
        "@pledge-proc",
        &[("fork", &[]), ("kill", &[])],
        &[("clone", &[0x1000_0000])],
    ),
    (
        "@pledge-exec",
        &[("execve", &[]), ("execveat", &[])],
        &[("read", &[])],
    ),
];

#[test]
fn stdio_computes_and_talks_to_what_is_open() {
    assert_list("@pledge-stdio", ALLOWED_BY_STDIO, DENIED_BY_STDIO);
}

#[test]
fn other_promises_allow_what_their_names_say() {
    for (list, allowed, denied) in OTHERS {
        assert_list(list, allowed, denied);
    }
}

#[test]
fn the_order_of_promises_does_not_matter() {
    for list in [
        "@pledge-prot_exec:@pledge-stdio",
        "@pledge-stdio:@pledge-prot_exec",
    ] {
        assert_list(
            list,
            &[
                ("mprotect", &[0, 0, RWX]),
                ("mmap", &[0, 1, RWX, 0x22]),
                ("read", &[]),
            ],
            &[("mmap", &[0, 1, RWX, 0x2022])],
        );
    }
    let names: Vec<&str> = policy::pledges().collect();
    let joined = |names: &mut dyn Iterator<Item = &&str>| {
        let items: Vec<String> = names.map(|name| format!("@pledge-{name}")).collect();
        allow(&items.join(":"))
    };
    let (forwards, backwards) = (joined(&mut names.iter()), joined(&mut names.iter().rev()));
    for (call, number) in syscalls::names(Abi::X86_64) {
        for arguments in [
            [0; 6],
            [1; 6],
            [2, 0o101, 6, 0, 1, 0],
            [7; 6],
            [u64::MAX; 6],
        ] {
            let audit = Abi::X86_64.audit();
            let [one, other] =
                [&forwards, &backwards].map(|policy| policy.decide(audit, number, &arguments));
            assert_eq!(one, other, "{call} {arguments:x?}");
        }
    }
}

#[test]
fn calls_that_hide_their_arguments_do_not_exist_unless_listed() {
    let enosys = errno("ENOSYS");
    for (list, clone3) in [
        ("@pledge-stdio", enosys),
        ("clone3:@pledge-stdio", Action::Allow),
        ("clone3=EPERM:@pledge-stdio", errno("EPERM")),
        ("@pledge-stdio:clone3", Action::Allow),
        ("@pledge-stdio:clone3=EPERM", errno("EPERM")),
        ("@process:@pledge-stdio", Action::Allow),
        ("@pledge-stdio:!clone3", KILL),
    ] {
        assert_eq!(ask(&allow(list), "clone3", &[]), clone3, "{list}");
    }
    let policy = allow("clone3:@pledge-rpath");
    assert_eq!(ask(&policy, "openat2", &[]), enosys);
}

#[test]
fn a_promise_can_be_taken_out_again_and_items_work_around_it() {
    assert_list(
        "@pledge-stdio:@pledge-inet:!@pledge-inet:socket(family == AF_UNIX)",
        &[("read", &[]), ("socket", &[1])],
        &[("socket", &[2, 1, 6]), ("connect", &[]), ("exit", &[])],
    );
    assert_list(
        "!@pledge-stdio",
        &[],
        &[("read", &[]), ("exit", &[]), ("clone3", &[])],
    );
    assert_list("@pledge-stdio:!write", &[("read", &[])], &[("write", &[])]);
    let policy = allow("@pledge-stdio:ioctl(cmd == FIONREAD)=EPERM:mprotect=EACCES");
    assert_eq!(ask(&policy, "ioctl", &[0, 0x541b]), errno("EPERM"));
    assert!(allows(&policy, "ioctl", &[0, 0x5421]));
    assert_eq!(ask(&policy, "mprotect", &[0, 0, 1]), errno("EACCES"));
    // What was listed without a condition before keeps none, what had an action loses it.
    assert_list("ioctl:@pledge-stdio", &[("ioctl", &[0, 0x5412])], &[]);
    assert_list("read=EPERM:@pledge-stdio", &[("read", &[])], &[]);
}

#[test]
fn a_promise_is_an_item_of_an_allow_list_for_64_bits() {
    const WORDS: &str =
        "a promise can be added to an allow-list or taken out again, and nothing else";
    for (mode, list) in [
        (Mode::AllowList, "@pledge-stdio=EPERM"),
        (Mode::AllowList, "@pledge-stdio=allow"),
        (Mode::AllowList, "@pledge-stdio(arg0 == 1)"),
        (Mode::DenyList, "@pledge-stdio"),
        (Mode::DenyList, "read:@pledge-stdio=EPERM"),
    ] {
        assert!(message(compile(mode, list, &[])).ends_with(WORDS), "{list}");
    }
    let plain = Request::plain(Mode::AllowList, "LIST", b"read:@pledge-stdio", KILL);
    let request = Request {
        besides: Some(Abi::X86),
        ..plain
    };
    assert_eq!(
        message(compile_request(&request, &[])),
        "LIST: item \"@pledge-stdio\" (column 6): \
         promises speak of 64-bit calls; leave the other ABI out"
    );
    assert_eq!(
        message(compile(Mode::AllowList, "@pledge-stdoi", &[])),
        "LIST: item \"@pledge-stdoi\" (column 1): unknown group; did you mean \"pledge-stdio\"?"
    );
    let policy = allow("@pledge-stdio");
    assert_eq!(ask_on(&policy, Abi::X86, "read", &[]), KILL);
}
