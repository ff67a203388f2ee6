//! What no policy in profiles/ allows, whatever its program is for.

use std::fs;

use sandbox_tests::{Outcome, Run, repository, sandbox_policy};

use crate::paper::{Paper, directory, names};

/// Calls that lead out of a process or deep into the kernel, and that no program here has a use for.
const NEVER: [&str; 50] = [
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "pidfd_getfd",
    "kcmp",
    "bpf",
    "mount",
    "umount2",
    "mount_setattr",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "pivot_root",
    "chroot",
    "setns",
    "unshare",
    "keyctl",
    "add_key",
    "request_key",
    "perf_event_open",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "io_setup",
    "open_by_handle_at",
    "name_to_handle_at",
    "fanotify_init",
    "quotactl",
    "acct",
    "swapon",
    "swapoff",
    "reboot",
    "syslog",
    "iopl",
    "ioperm",
    "modify_ldt",
    "settimeofday",
    "clock_settime",
    "vmsplice",
    "uselib",
];

/// Flags of clone(2) that make namespaces.
const NAMESPACES: [&str; 7] = [
    "CLONE_NEWNS",
    "CLONE_NEWCGROUP",
    "CLONE_NEWUTS",
    "CLONE_NEWIPC",
    "CLONE_NEWUSER",
    "CLONE_NEWPID",
    "CLONE_NEWNET",
];

/// `sandbox-policy test` of a profile's policy, one line a call.
fn tested(name: &str, calls: &[String]) -> Vec<String> {
    let run = Run::new(sandbox_policy())
        .arg("test")
        .arg(Paper::of(name).policy());
    let outcome: Outcome = run.args(calls).outcome();
    let lines: Vec<String> = outcome.stdout.lines().map(String::from).collect();
    assert_eq!(lines.len(), calls.len(), "{name}: {outcome:#?}");
    lines
}

#[test]
fn no_policy_allows_a_way_out_of_the_process_or_into_the_kernel() {
    let mut calls: Vec<String> = NEVER.iter().map(|name| (*name).to_string()).collect();
    for flag in NAMESPACES {
        calls.push(format!("clone({flag}|SIGCHLD)"));
        calls.push(format!("clone(CLONE_VM|CLONE_VFORK|SIGCHLD|{flag})"));
        let thread = "CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD";
        calls.push(format!("clone({thread}|{flag})"));
    }
    for descriptor in 0..4 {
        calls.push(format!("ioctl({descriptor}, TIOCSTI)"));
        calls.push(format!("ioctl({descriptor}, 0xabcdef00000000 | TIOCSTI)"));
        calls.push(format!("ioctl({descriptor}, TIOCLINUX)"));
    }
    for name in names() {
        for line in tested(&name, &calls) {
            // "For some arguments" would hide that others are allowed.
            let denied = !line.contains(": allow") && !line.contains("for some arguments");
            assert!(denied, "{name}: {line}");
        }
    }
}

#[test]
fn calls_whose_flags_no_filter_sees_are_answered_as_unknown() {
    let calls = ["clone3", "openat2"].map(String::from);
    for name in names() {
        for line in tested(&name, &calls) {
            assert!(line.contains(": ENOSYS"), "{name}: {line}");
        }
    }
}

#[test]
fn calls_of_other_abis_kill() {
    // x32's read and clone.
    let calls = ["0x40000000", "0x40000038"].map(String::from);
    for name in names() {
        for line in tested(&name, &calls) {
            assert!(line.contains(": kill_process"), "{name}: {line}");
        }
    }
}

#[test]
fn threads_and_processes_are_made_where_the_program_needs_them() {
    let fork = "clone(SIGCHLD)".to_string();
    let thread = "CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD";
    let calls = [fork, format!("clone({thread})"), "execve".into()];
    let forks_threads_starts = |name: &str| match name {
        "pdftotext" => [false; 3],
        "imagemagick" => [false, true, false],
        "nginx" | "redis" => [true, true, false],
        _ => [true; 3],
    };
    for name in names() {
        let allowed: Vec<bool> = tested(&name, &calls)
            .iter()
            .map(|line| line.contains(": allow"))
            .collect();
        assert_eq!(allowed, forks_threads_starts(&name), "{name}");
    }
}

#[test]
fn the_server_that_has_a_network_cannot_make_a_connection() {
    let calls = [
        "connect",
        "sendmmsg",
        "sendto(3, \"x\", 1, MSG_FASTOPEN, ...)",
        "sendmsg(3, ..., MSG_FASTOPEN|MSG_NOSIGNAL)",
        "socket(AF_INET, SOCK_DGRAM, 0)",
        "socket(AF_INET, SOCK_RAW, 0)",
        "socket(AF_UNIX, SOCK_DGRAM, 0)",
        "socketpair(AF_UNIX, SOCK_DGRAM, 0)",
        "socketpair(AF_UNIX, SOCK_SEQPACKET|SOCK_CLOEXEC, 0)",
        "socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP)",
        "socket(AF_NETLINK, SOCK_RAW, 0)",
        "socket(AF_PACKET, SOCK_RAW, 0)",
        "execve",
    ];
    for line in tested("nginx", &calls.map(String::from)) {
        let denied = !line.contains(": allow") && !line.contains("for some arguments");
        assert!(denied, "{line}");
    }
}

#[test]
fn the_others_have_no_sockets_but_local_ones() {
    let families = ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"];
    let calls = families.map(|family| format!("socket({family}, *, *)"));
    for name in names().iter().filter(|name| *name != "nginx") {
        for line in tested(name, &calls) {
            assert!(!line.contains(": allow"), "{name}: {line}");
        }
    }
}

#[test]
fn the_readme_says_how_many_calls_each_policy_allows() {
    let readme = fs::read_to_string(repository().join("README.md")).expect("README.md");
    for name in names() {
        let run = Run::new(sandbox_policy())
            .arg("show")
            .arg(Paper::of(&name).policy());
        let shown = run.outcome().succeeded().stdout;
        let allowed = shown.lines().filter(|line| line.contains(" allow")).count();
        let row = readme.lines().find(|line| {
            let first = line
                .strip_prefix("| `")
                .and_then(|rest| rest.strip_prefix(&name));
            first.is_some_and(|rest| rest.starts_with(['`', ' ']))
        });
        let row = row.unwrap_or_else(|| panic!("no row for {name}"));
        let count = format!("| {allowed} |");
        assert!(row.ends_with(&count), "{name}: {count} in {row}");
    }
}

#[test]
fn nothing_is_found_in_any_policy() {
    for name in names() {
        let run = Run::new(sandbox_policy())
            .arg("check")
            .arg(Paper::of(&name).policy());
        run.outcome().status(0).stdout("nothing found\n");
    }
    // What is no policy of a profile is a part of some, but for the one of the machine's settings.
    for entry in fs::read_dir(directory()).expect("profiles").flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        let Some(part) = file.strip_suffix(".seccomp") else {
            continue;
        };
        if part == "blacklist-generic" || names().iter().any(|name| name == part) {
            continue;
        }
        let line = format!("include \"{part}.seccomp\"");
        let includes = |name: &String| {
            let text = fs::read_to_string(Paper::of(name).policy());
            text.is_ok_and(|text| text.lines().any(|other| other == line))
        };
        assert!(names().iter().any(includes), "nobody includes {file}");
    }
}
