//! Minijail's policy files, in both dialects.

#![allow(clippy::unwrap_used, clippy::panic)]

mod decisions;

use decisions::{action, compile, gets};
use formats::{Context, Error, Format, Reading, read};
use policy::{Action, Mode, Policy};
use syscalls::Abi;

const KILL: Action = Action::KillProcess;

/// Files that policies may include.
const FILES: [(&str, &str); 8] = [
    (
        "/policies/common.policy",
        "close: 1\nprctl: arg0 == PR_SET_NAME\n",
    ),
    ("dir/base.policy", "read: 1\n@include ./deep/more.policy\n"),
    ("dir/deep/more.policy", "write: 1\n"),
    ("dir/loop.policy", "@include ./loop.policy\n"),
    ("dir/broken.policy", "read: 1\nwrite: arg6 == 1\n"),
    ("dir/kills.policy", "@default kill-thread\n"),
    ("dir/denies.policy", "@denylist\nopen: return ENOENT\n"),
    ("dir/plain.policy", "open: return ENOENT\n"),
];

fn open(path: &[u8]) -> Result<Vec<u8>, i32> {
    let known = FILES.iter().find(|(name, _)| name.as_bytes() == path);
    known.map(|(_, text)| text.as_bytes().to_vec()).ok_or(2)
}

fn try_read(text: &str) -> Result<Reading, Error> {
    let context = Context {
        path: "dir/a.policy",
        read: &open,
        abi: Abi::X86_64,
        kernel: (6, 1),
        capabilities: &[],
    };
    read(Format::Minijail, text.as_bytes(), &context)
}

fn reading(text: &str) -> Reading {
    try_read(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn policy(text: &str) -> Policy {
    compile(&reading(text).request("POLICY"))
}

/// What `read` gets for each value of its first argument.
fn assert_decides(text: &str, expected: &[(u64, Action)]) {
    let policy = policy(text);
    for (value, action) in expected {
        assert_eq!(
            gets(&policy, "read", &[*value]),
            *action,
            "{value:#x} with {text}"
        );
    }
}

fn refused(text: &str) -> String {
    match try_read(text) {
        Err(error) => error.to_string(),
        Ok(reading) => panic!("{text} reads as {}", reading.list),
    }
}

const YES: Action = Action::Allow;
const HIGH: u64 = 1 << 32;

#[test]
fn operators_compare_whole_registers_without_sign() {
    for (condition, expected) in [
        ("arg0 == 2", [(2, YES), (3, KILL), (2 | HIGH, KILL)]),
        ("arg0 != 2", [(2, KILL), (3, YES), (2 | HIGH, YES)]),
        ("arg0 < 2", [(1, YES), (2, KILL), (HIGH, KILL)]),
        ("arg0 <= 2", [(2, YES), (3, KILL), (u64::MAX, KILL)]),
        ("arg0 > 2", [(3, YES), (2, KILL), (u64::MAX, YES)]),
        ("arg0 >= 2", [(2, YES), (1, KILL), (HIGH, YES)]),
        (
            "arg0 == -1",
            [(u64::MAX, YES), (0xffff_ffff, KILL), (1, KILL)],
        ),
        (
            "arg0 == 0x8000000000000000",
            [(1 << 63, YES), (0, KILL), (1, KILL)],
        ),
    ] {
        assert_decides(&format!("read: {condition}"), &expected);
    }
}

#[test]
fn and_is_any_bit_and_in_is_no_other() {
    let any = [
        (0, KILL),
        (1, YES),
        (2, YES),
        (3, YES),
        (4, KILL),
        (5, YES),
        (HIGH, KILL),
    ];
    assert_decides("read: arg0 & 0x3", &any);
    let subset = [
        (0, YES),
        (1, YES),
        (3, YES),
        (4, KILL),
        (5, KILL),
        (HIGH, KILL),
        (HIGH | 1, KILL),
    ];
    assert_decides("read: arg0 in 0x3", &subset);
    assert_decides("read: arg0 & 0", &[(0, KILL), (u64::MAX, KILL)]);
    assert_decides("read: arg0 in ~0", &[(0, YES), (u64::MAX, YES)]);
    assert_decides(
        "read: arg0 in ~4",
        &[(0, YES), (4, KILL), (u64::MAX, KILL), (HIGH | 3, YES)],
    );
    // Write or execute, not both.
    let text = "read: arg0 in ~PROT_EXEC || arg0 in ~PROT_WRITE";
    assert_decides(
        text,
        &[(0, YES), (1, YES), (3, YES), (5, YES), (6, KILL), (7, KILL)],
    );
}

#[test]
fn and_binds_tighter_than_or() {
    let policy = policy("read: arg0 == 0 && arg1 == 0 || arg0==1&&arg5 != 7||arg2 == 9");
    for (arguments, expected) in [
        ([0, 0, 0, 0, 0, 0], YES),
        ([0, 1, 0, 0, 0, 0], KILL),
        ([1, 1, 0, 0, 0, 0], YES),
        ([1, 0, 0, 0, 0, 7], KILL),
        ([5, 5, 9, 0, 0, 7], YES),
    ] {
        assert_eq!(gets(&policy, "read", &arguments), expected, "{arguments:?}");
    }
}

#[test]
fn constants_are_or_ed_complemented_and_in_parentheses() {
    for (constant, value) in [
        ("3", 3),
        ("0x1F", 31),
        ("0X1f", 31),
        ("017", 15),
        ("0", 0),
        ("-2", u64::MAX - 1),
        ("-0x8000000000000000", 1 << 63),
        ("O_WRONLY", 1),
        ("PROT_READ|PROT_WRITE", 3),
        ("PROT_READ | (PROT_WRITE|4)", 7),
        ("~0", u64::MAX),
        ("~(1|2)", u64::MAX - 3),
        ("~1|1", u64::MAX),
        ("((3))", 3),
        ("ENOSYS", 38),
    ] {
        let text = format!("read: arg0 == {constant}");
        assert_decides(
            &text,
            &[(value, YES), (value ^ 1, KILL), (value ^ HIGH, KILL)],
        );
    }
}

#[test]
fn what_is_no_constant_is_refused() {
    for constant in [
        "",
        "()",
        "(1",
        "1)",
        "1|",
        "|1",
        "~~0",
        "~",
        "foo",
        "o_wronly",
        "0x",
        "08",
        "1a",
        "1 2",
        "0x10000000000000000",
        "18446744073709551616",
        "-0x8000000000000001",
        "arg1",
        "1(0)",
    ] {
        refused(&format!("read: arg0 == {constant}"));
    }
}

#[test]
fn calls_get_actions() {
    for (written, expected) in [
        ("1", YES),
        ("allow", YES),
        ("return EPERM", action("EPERM")),
        ("return 4095", action("errno(4095)")),
        ("return", KILL),
        ("kill", KILL),
        ("kill-process", KILL),
        ("kill-thread", Action::KillThread),
        ("trap", Action::Trap),
        ("log", Action::Log),
    ] {
        assert_decides(&format!("read: {written}"), &[(0, expected)]);
    }
    for written in [
        "",
        "0",
        "2",
        "deny",
        "trace",
        "user-notify",
        "return 0",
        "return 4096",
        "return -1",
        "return foo",
        "! allow",
        "1 1",
        "read",
    ] {
        refused(&format!("read: {written}"));
    }
}

#[test]
fn an_error_behind_a_condition_is_for_the_others() {
    let eperm = action("EPERM");
    let text = "read: arg0 == 1 || arg0 == 2; return EPERM";
    assert_decides(text, &[(1, YES), (2, YES), (3, eperm)]);
    let notes = reading(text).notes;
    assert!(
        notes[0].starts_with("dir/a.policy:1:31: the error is for arguments"),
        "{notes:?}"
    );
    assert_decides("read: arg0 == 1; return", &[(1, YES), (2, KILL)]);
    // What only the compiler reads means what the compiler makes of it.
    assert_decides("read: arg0 == 1; trap", &[(1, Action::Trap), (2, KILL)]);
    assert_decides("read: arg0 == 1; log", &[(1, Action::Log), (2, KILL)]);
    let text = "read: {arg0 == 1; return EPERM, arg0 < 3, arg0 == 4; allow, trap}";
    assert_decides(
        text,
        &[(1, eperm), (2, YES), (0, YES), (3, Action::Trap), (4, YES)],
    );
    assert_decides("read: {arg0 == 1; return EPERM}", &[(1, eperm), (2, KILL)]);
    refused("read: {allow, trap}");
    refused("read: {arg0 == 1; return EPERM");
    refused("read: {}");
    refused("read: arg0 == 1; return EPERM; return EIO");
}

#[test]
fn statements_about_one_call_add_up_until_one_is_unconditional() {
    let text = "read: arg0 == 1\nwrite: 1\nread: arg0 == 2\nread: return EIO";
    assert_decides(text, &[(1, YES), (2, YES), (3, action("EIO"))]);
    assert_eq!(
        refused("read: 1\nread: 1"),
        "dir/a.policy:2:5: read already has something for all arguments"
    );
    refused("read: 1\nread: arg0 == 1");
    refused("read: arg0 == 1; return EPERM\nread: arg0 == 2");
    refused("read: 1\n0: 1");
}

#[test]
fn calls_have_names_numbers_lists_and_architectures() {
    assert_decides("0: 1", &[(0, YES)]);
    let several = policy("{read, write,close}: arg0 == 1\nkill: 1");
    for name in ["read", "write", "close"] {
        assert_eq!(gets(&several, name, &[1]), YES);
        assert_eq!(gets(&several, name, &[2]), KILL);
    }
    assert_eq!(gets(&several, "kill", &[]), YES);
    assert_decides("read[arch=x86_64]: 1", &[(0, YES)]);
    assert_decides("read[arch=arm,x86_64]: 1", &[(0, YES)]);
    assert_decides("read[arch=arm64]: 1", &[(0, KILL)]);
    // What is for others need not exist here.
    assert_eq!(reading("{mmap2[arch=arm], read}: 1").list, "read=allow");
    assert_eq!(
        refused("opennat: 1"),
        "dir/a.policy:1:1: unknown system call; did you mean \"openat\"?"
    );
    assert_eq!(
        refused("mmap2: 1"),
        "dir/a.policy:1:1: not a system call of x86_64"
    );
}

#[test]
fn what_is_no_statement_is_refused() {
    for text in [
        "Read: 1",
        "read",
        "read 1",
        ": 1",
        "read[arch]: 1",
        "read[arch=]: 1",
        "read[arch=x86: 1",
        "{read: 1",
        "{}: 1",
        "read@libc: 1",
        "1073741824: 1",
        "-1: 1",
        "arg0: 1",
        "read: 1 \u{1f600}",
        "%read: 1",
        "read: arg6 == 1",
        "read: arg10 == 1",
        "read: arg == 1",
        "read: argX == 1",
        "read: argnn ==",
        "read: arg0",
        "read: arg0 = 1",
        "read: arg0 ==",
        "read: arg0 == 1 &&",
        "read: arg0 == 1 ||",
        "read: arg0 == 1 & 2",
        "read: 1 == arg0",
        "read: (arg0 == 1)",
    ] {
        refused(text);
    }
}

#[test]
fn lines_are_continued_and_commented() {
    let text = "# comment\n  read: \\\n arg0 == 1 || \\\r\n\targ0 == 2 # more\r\n\n#end";
    assert_decides(text, &[(1, YES), (2, YES), (3, KILL)]);
    assert_decides("read: arg0 == 1 \\", &[(1, YES)]);
    refused("# comment \\\nread: 1");
    assert_eq!(
        refused("read: arg0 == 1 || \\\n  arg9 == 2"),
        "dir/a.policy:2:3: expected an argument, arg0 to arg5"
    );
    let context = Context {
        path: "a",
        read: &open,
        abi: Abi::X86_64,
        kernel: (6, 1),
        capabilities: &[],
    };
    let error = read(Format::Minijail, b"read: 1\n# \xff", &context).unwrap_err();
    assert_eq!(error.to_string(), "a:2:3: not text");
}

#[test]
fn files_are_included_relative_to_the_one_that_includes() {
    let policy = policy("@include ./base.policy\n@include /policies/common.policy\nopen: 1");
    for name in ["read", "write", "close", "open"] {
        assert_eq!(gets(&policy, name, &[]), YES, "{name}");
    }
    assert_eq!(gets(&policy, "prctl", &[15]), YES);
    assert_eq!(gets(&policy, "prctl", &[4]), KILL);
    assert_eq!(
        refused("\n@include ./gone.policy"),
        "dir/a.policy:2:10: dir/gone.policy cannot be read: ENOENT"
    );
    assert_eq!(
        refused("@include ./broken.policy"),
        "dir/broken.policy:2:8: expected an argument, arg0 to arg5"
    );
    assert!(refused("@include ./loop.policy").contains("includes go too deep"));
    for text in [
        "@include",
        "@include base.policy",
        "@include ../x",
        "@include ./base.policy x",
        "@include ./base.policy\nread: 1",
        "@unknown",
        "@include@",
    ] {
        refused(text);
    }
    // Frequencies say nothing about meaning, so nobody looks for the file.
    assert_decides("@frequency ./gone.frequency\nread: 1", &[(0, YES)]);
    refused("@frequency");
}

#[test]
fn the_default_can_be_chosen_but_not_permissive() {
    for (text, expected) in [
        ("", KILL),
        ("@default kill", KILL),
        ("@default kill-process", KILL),
        ("@default kill-thread", Action::KillThread),
        ("@default trap", Action::Trap),
        ("@default trap\n@default kill", KILL),
        ("@include ./kills.policy", Action::KillThread),
    ] {
        let text = format!("{text}\nread: arg0 == 1");
        assert_eq!(gets(&policy(&text), "mount", &[]), expected, "{text}");
        assert_decides(&text, &[(1, YES), (2, expected)]);
    }
    for word in [
        "",
        "allow",
        "log",
        "trace",
        "user-notify",
        "1",
        "return EPERM",
        "kill 1",
    ] {
        refused(&format!("@default {word}"));
    }
    assert_eq!(reading("read: 1").notes.len(), 1, "which kill it is");
    assert_eq!(reading("@default kill-process\nread: 1").notes, [""; 0]);
}

#[test]
fn a_deny_list_returns_errors_and_nothing_else() {
    let text = "# first\n@denylist\nread: return EPERM\nwrite: {arg0 == 1; return EIO}\nclose: {arg0 == 1, return EIO}\n@include ./denies.policy";
    let policy = policy(text);
    assert_eq!(reading(text).mode, Mode::DenyList);
    assert_eq!(gets(&policy, "read", &[]), action("EPERM"));
    assert_eq!(gets(&policy, "write", &[1]), action("EIO"));
    assert_eq!(gets(&policy, "write", &[2]), YES);
    assert_eq!(gets(&policy, "close", &[1]), YES);
    assert_eq!(gets(&policy, "close", &[2]), action("EIO"));
    assert_eq!(gets(&policy, "open", &[]), action("ENOENT"));
    assert_eq!(gets(&policy, "mount", &[]), YES);
    assert_eq!(reading(text).notes, [""; 0]);
    reading("@denylist\n@include ./plain.policy");
    for text in [
        "@denylist\nread: 1",
        "@denylist\nread: kill",
        "@denylist\nread: return",
        "@denylist\nread: arg0 == 1",
        "@denylist\nread: arg0 == 1; kill",
        "@denylist\n@default kill",
        "read: 1\n@denylist",
        "@include ./denies.policy",
        "@denylist read: 1",
    ] {
        refused(text);
    }
    assert!(refused("@denylist\nread: arg0 == 1; return EPERM").contains("disagree"));
}
