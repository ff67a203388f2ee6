//! /dev, /proc and /sys (oz.md §3.1, steps 7, 9 and 19), with what Oz meant to take away there.

use confine::plan::{Owner, Step};

use super::Draft;

/// Name, major, minor and mode. Terminals of the host are there and nobody's but root's.
const DEVICES: [(&str, u32, u32, u32); 13] = [
    ("full", 1, 7, 0o666),
    ("null", 1, 3, 0o666),
    ("random", 1, 8, 0o666),
    ("urandom", 1, 9, 0o666),
    ("zero", 1, 5, 0o666),
    ("console", 5, 1, 0o600),
    ("tty", 5, 0, 0o666),
    ("tty0", 4, 0, 0o600),
    ("tty1", 4, 1, 0o600),
    ("tty2", 4, 2, 0o600),
    ("tty3", 4, 3, 0o600),
    ("tty4", 4, 4, 0o600),
    ("tty5", 4, 5, 0o600),
];

const LINKS: [(&str, &str); 6] = [
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
    ("/dev/ptmx", "/dev/pts/ptmx"),
    ("/run/shm", "/dev/shm"),
];

/// What tells of the host, or changes it: nobody may look.
const MASKED: [&str; 14] = [
    "/proc/acpi",
    "/proc/kallsyms",
    "/proc/kcore",
    "/proc/keys",
    "/proc/key-users",
    "/proc/kmsg",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/sysrq-trigger",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/firmware",
    "/sys/fs/cgroup",
];

/// What may be looked at.
const SEALED: [&str; 5] = [
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/sys",
    "/proc/tty",
];

pub(super) fn add(draft: &mut Draft<'_>) {
    let path = "/dev";
    if draft.request.config.use_full_dev {
        draft.steps.push(Step::AllDevices { path: path.into() });
    } else {
        draft.steps.push(memory(path, 0o755, true));
        for (name, major, minor, mode) in DEVICES {
            draft.steps.push(Step::Device {
                path: format!("/dev/{name}").into(),
                major,
                minor,
                mode,
                group: if major == 5 && minor == 0 { TTY } else { 0 },
            });
        }
    }
    draft.steps.push(memory("/dev/shm", 0o1777, false));
    draft.steps.push(Step::Queues {
        path: "/dev/mqueue".into(),
    });
    draft.steps.push(Step::Terminals {
        path: "/dev/pts".into(),
    });
    for (path, target) in LINKS {
        // A file system of all devices has these already.
        if draft.request.config.use_full_dev && path.starts_with("/dev/") {
            continue;
        }
        draft.steps.push(Step::Symlink {
            path: path.into(),
            target: target.into(),
            owner: Owner::Root,
        });
    }
}

/// The group of terminals (Debian's base-passwd).
const TTY: u32 = 5;

fn memory(path: &str, mode: u32, devices: bool) -> Step {
    Step::Memory {
        path: path.into(),
        mode,
        owner: Owner::Root,
        executable: false,
        devices,
        size: None,
    }
}

/// The kernel's views, last: nothing that a profile shows can stand in their way.
pub(super) fn add_kernel(draft: &mut Draft<'_>) {
    if draft.request.profile.no_sys_proc {
        return;
    }
    draft.steps.push(Step::Processes {
        path: "/proc".into(),
    });
    draft.steps.push(Step::Hardware {
        path: "/sys".into(),
    });
    for path in SEALED {
        draft.steps.push(Step::Seal { path: path.into() });
    }
    for path in MASKED {
        draft.steps.push(Step::Mask { path: path.into() });
    }
}
