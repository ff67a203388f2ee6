//! What a user is told: one line per item that adds something, and notes.
#![allow(clippy::unwrap_used, clippy::panic)]

use policy::{Action, Compiled, Mode, Note, Request};
use syscalls::Abi;

fn compile(mode: Mode, list: &str, default: &str, abi: Abi) -> Compiled {
    let request = Request::plain(
        mode,
        "LIST",
        list.as_bytes(),
        Action::parse(default).unwrap(),
    );
    request.compile(abi, &policy::no_files).unwrap()
}

fn allow(list: &str) -> Compiled {
    compile(Mode::AllowList, list, "kill_process", Abi::X86_64)
}

fn deny(list: &str) -> Compiled {
    compile(Mode::DenyList, list, "kill_process", Abi::X86_64)
}

#[test]
fn each_item_that_adds_something_is_one_line_in_list_order() {
    for (list, text) in [
        ("", ""),
        ("::", ""),
        (
            "write:read",
            "adding write to the process seccomp filter\nadding read to the process seccomp filter\n",
        ),
        ("!read", ""),
        ("read:!read", "adding read to the process seccomp filter\n"),
        ("0", "adding read to the process seccomp filter\n"),
        ("0x3e8", "adding 1000 to the process seccomp filter\n"),
        (
            "read=EPERM",
            "adding read to the process seccomp filter (errno EPERM)\n",
        ),
        (
            "read=errno(4000)",
            "adding read to the process seccomp filter (errno 4000)\n",
        ),
        (
            "read=kill",
            "adding read to the process seccomp filter (kill_process)\n",
        ),
        (
            "read=log",
            "adding read to the process seccomp filter (log)\n",
        ),
        ("read=allow", "adding read to the process seccomp filter\n"),
        ("mmap2", ""),
    ] {
        assert_eq!(allow(list).announcement, text, "{list:?}");
    }
}

#[test]
fn a_deny_list_announces_its_own_action_bare() {
    for (list, text) in [
        ("read", "adding read to the process seccomp filter\n"),
        ("read=kill", "adding read to the process seccomp filter\n"),
        (
            "read=allow",
            "adding read to the process seccomp filter (allow)\n",
        ),
        (
            "read=EPERM",
            "adding read to the process seccomp filter (errno EPERM)\n",
        ),
    ] {
        assert_eq!(deny(list).announcement, text, "{list:?}");
    }
    let eperm = compile(Mode::DenyList, "read:write=EPERM", "EPERM", Abi::X86_64);
    let text =
        "adding read to the process seccomp filter\nadding write to the process seccomp filter\n";
    assert_eq!(eperm.announcement, text);
}

#[test]
fn a_group_is_one_line_with_the_count_of_its_calls() {
    for abi in [Abi::X86_64, Abi::Aarch64] {
        for name in ["mount", "known", "system-service", "raw-io"] {
            let count = syscalls::group(name).unwrap().numbers(abi).len();
            let line =
                format!("adding @{name} ({count} system calls) to the process seccomp filter");
            let plain = compile(Mode::AllowList, &format!("@{name}:!@{name}"), "kill", abi);
            assert_eq!(plain.announcement, format!("{line}\n"));
            let acting = compile(Mode::AllowList, &format!("@{name}=EPERM"), "kill", abi);
            assert_eq!(acting.announcement, format!("{line} (errno EPERM)\n"));
        }
    }
}

#[test]
fn what_was_announced_is_not_announced_again() {
    let lines = |list| allow(list).announcement.lines().count();
    for (list, count) in [
        ("read:read", 1),
        ("read:0:read", 1),
        ("read:!read:read", 1),
        ("read:read=EPERM:read", 2),
        ("read:write:read", 2),
        ("@mount:@mount", 1),
        ("@mount:mount", 2),
        ("1000:0x3e8", 1),
    ] {
        assert_eq!(lines(list), count, "{list:?}");
    }
}

#[test]
fn numbers_are_announced_by_their_names_on_the_abi_in_question() {
    let arm = compile(Mode::AllowList, "63", "kill", Abi::Aarch64);
    assert_eq!(
        arm.announcement,
        "adding read to the process seccomp filter\n"
    );
    let intel = compile(Mode::AllowList, "63", "kill", Abi::X86_64);
    assert_eq!(
        intel.announcement,
        "adding uname to the process seccomp filter\n"
    );
}

#[test]
fn a_name_of_another_architecture_is_skipped_with_a_note() {
    for (abi, list, note) in [
        (
            Abi::X86_64,
            "mmap2:read",
            "mmap2 is not a system call of x86_64; skipped",
        ),
        (
            Abi::X86_64,
            "riscv_hwprobe",
            "riscv_hwprobe is not a system call of x86_64; skipped",
        ),
        (
            Abi::Aarch64,
            "open",
            "open is not a system call of aarch64; skipped",
        ),
        (
            Abi::Aarch64,
            "!open",
            "open is not a system call of aarch64; skipped",
        ),
    ] {
        for mode in [Mode::AllowList, Mode::DenyList] {
            let notes = compile(mode, list, "kill", abi).notes;
            assert_eq!(notes.len(), 1, "{notes:?}");
            assert_eq!(notes[0].to_string(), note);
        }
    }
    let compiled = allow("mmap2:read");
    assert_eq!(
        compiled.announcement,
        "adding read to the process seccomp filter\n"
    );
    let without = allow("read").policy;
    assert_eq!(compiled.policy.native().ranges(), without.native().ranges());
}

fn restricted(compiled: &Compiled) -> Option<&'static str> {
    match compiled.notes[..] {
        [] => None,
        [Note::IoUring { restricted }] => Some(restricted),
        ref others => panic!("{others:?}"),
    }
}

#[test]
fn io_uring_is_noted_where_it_undoes_a_restriction() {
    for list in [
        "read:io_uring_setup",
        "@system-service:io_uring_setup:!openat",
        "@known:connect=EPERM",
        "@known:!unlinkat",
        "@known:!accept4",
    ] {
        assert!(restricted(&allow(list)).is_some(), "{list:?}");
    }
    for (list, call) in [
        ("openat", "openat"),
        ("openat2", "openat2"),
        ("open", "open"),
        ("connect", "connect"),
        ("socket=EPERM", "socket"),
        ("accept", "accept"),
        ("accept4:@mount", "accept4"),
        ("unlink", "unlink"),
        ("unlinkat", "unlinkat"),
    ] {
        assert_eq!(restricted(&deny(list)), Some(call), "{list:?}");
    }
    assert_eq!(
        deny("connect").notes[0].to_string(),
        "io_uring_setup is allowed, and io_uring does connect without a system call that a filter sees; deny io_uring_setup too"
    );
}

#[test]
fn io_uring_is_not_noted_where_it_adds_nothing() {
    for list in [
        "read",
        "openat",
        "@known",
        "@known:!io_uring_setup:!openat",
        "io_uring_setup=EPERM",
    ] {
        assert_eq!(restricted(&allow(list)), None, "{list:?}");
    }
    for list in [
        "",
        "ptrace",
        "@mount",
        "openat:io_uring_setup",
        "connect=allow",
        "read:write",
    ] {
        assert_eq!(restricted(&deny(list)), None, "{list:?}");
    }
    let arm = compile(Mode::AllowList, "@known", "kill", Abi::Aarch64);
    assert_eq!(restricted(&arm), None, "open and unlink are no calls there");
}

#[test]
fn denying_a_call_that_no_filter_sees_is_noted() {
    for (list, name) in [
        ("uretprobe", "uretprobe"),
        ("336", "uprobe"),
        ("uprobe=EPERM", "uprobe"),
    ] {
        let notes = deny(list).notes;
        assert_eq!(notes, [Note::Unfilterable { name }], "{list:?}");
        let text = format!("the kernel runs {name} before any filter; denying it has no effect");
        assert_eq!(notes[0].to_string(), text);
    }
    let both = deny("@known:io_uring_setup").notes;
    assert_eq!(both.len(), 2, "{both:?}");
    for list in ["read", "uretprobe=allow", "uprobe:!uprobe"] {
        assert_eq!(deny(list).notes, [], "{list:?}");
    }
    assert_eq!(allow("uretprobe").notes, []);
    let arm = compile(Mode::DenyList, "@known", "kill", Abi::Aarch64);
    assert_eq!(arm.notes, [], "Arm has no such call");
}
