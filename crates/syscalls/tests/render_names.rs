//! The names that the renderer has for numbers: the generated file is what the list gives, and values
//! are those of this machine's headers.
#![cfg(target_arch = "x86_64")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use report::{measured, skip};

#[path = "../../../tests/support/report.rs"]
mod report;

/// The headers of the C library that have what the kernel's have, or go along with them; each of the
/// two programs has those that can stand together.
const HEADERS: [&str; 2] = [
    "fcntl.h sys/socket.h netinet/in.h netinet/tcp.h netinet/udp.h sys/mman.h sys/epoll.h poll.h \
     sys/eventfd.h sys/signalfd.h sys/timerfd.h sys/inotify.h sys/wait.h signal.h sched.h unistd.h \
     sys/resource.h sys/shm.h sys/msg.h sys/sem.h sys/ptrace.h sys/random.h sys/klog.h sys/swap.h \
     sys/stat.h sys/ioctl.h termios.h sys/quota.h sys/xattr.h net/if.h elf.h time.h sys/timex.h \
     linux/capability.h linux/seccomp.h linux/securebits.h linux/prctl.h asm/prctl.h linux/bpf.h \
     linux/bpf_common.h linux/filter.h linux/futex.h linux/landlock.h linux/keyctl.h linux/reboot.h \
     linux/io_uring.h linux/membarrier.h linux/fanotify.h linux/perf_event.h linux/kcmp.h \
     linux/mempolicy.h linux/userfaultfd.h linux/vm_sockets.h linux/if_packet.h linux/if_alg.h \
     linux/netlink.h linux/close_range.h linux/rseq.h linux/module.h linux/kexec.h linux/openat2.h \
     linux/aio_abi.h linux/personality.h linux/if_ether.h linux/if_arp.h linux/memfd.h linux/input.h \
     linux/falloc.h linux/pidfd.h linux/if_tun.h linux/sockios.h linux/can.h",
    "sys/ioctl.h linux/types.h linux/fs.h linux/mount.h linux/stat.h linux/loop.h linux/rtc.h \
     linux/kvm.h linux/nsfs.h linux/uinput.h linux/random.h linux/watchdog.h linux/dm-ioctl.h \
     linux/fsverity.h linux/hidraw.h linux/fuse.h linux/vt.h linux/kd.h linux/hdreg.h \
     linux/dqblk_xfs.h linux/ioprio.h linux/sched.h linux/xattr.h linux/net.h linux/tiocl.h",
];

/// Full names and values of the list.
fn all() -> Vec<(String, String)> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("render_names.tsv");
    let text = fs::read_to_string(list).unwrap();
    let mut prefix = "";
    let mut names = Vec::new();
    for line in text.lines() {
        let (value, name) = line.split_once('\t').unwrap();
        match value.strip_prefix('@') {
            Some(_) => prefix = name.split('\t').next().unwrap(),
            None => names.push((format!("{prefix}{name}"), value.to_owned())),
        }
    }
    names
}

#[test]
fn the_names_are_what_the_generator_gives() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let arguments = ["run", "-q", "-p", "syscalls", "--example", "generate_names"];
    let mut generator = Command::new(cargo);
    generator.args(arguments).args(["--", "--check"]);
    let output = generator.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// What a compiler says of assertions that the names have these values: those that are wrong, and those
/// that it does not know.
fn checked(headers: &str, names: &[(String, String)]) -> Option<[BTreeSet<String>; 2]> {
    let (said, first) = compiled(headers, names)?;
    let (mut wrong, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for line in said.lines() {
        let at = line
            .split(':')
            .nth(1)
            .and_then(|at| at.parse::<usize>().ok());
        let at = at.and_then(|at| at.checked_sub(first + 1));
        let Some((name, _)) = at.and_then(|at| names.get(at)) else {
            continue;
        };
        match line.contains("static assertion failed") {
            true => wrong.insert(name.clone()),
            false => unknown.insert(name.clone()),
        };
    }
    Some([wrong, unknown])
}

/// The compiler's words, and in which line the first assertion stands, from 0.
fn compiled(headers: &str, names: &[(String, String)]) -> Option<(String, usize)> {
    let mut source = String::from("#define _GNU_SOURCE\n");
    for header in headers.split_ascii_whitespace() {
        let _ = writeln!(
            source,
            "#if __has_include(<{header}>)\n#include <{header}>\n#endif"
        );
    }
    let first = source.lines().count();
    for (name, value) in names {
        let _ = writeln!(
            source,
            "_Static_assert((unsigned)({name}) == (unsigned){value}, \"value\");"
        );
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("render_names.c");
    fs::write(&path, source).unwrap();
    let mut cc = Command::new("cc");
    cc.args([
        "-w",
        "-fsyntax-only",
        "-fmax-errors=0",
        "-fno-diagnostics-show-caret",
    ]);
    let output = cc.arg(&path).env("LC_ALL", "C").output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Some((said, first))
}

#[test]
fn values_are_those_of_the_headers() {
    let names = all();
    // C has no name with anything else in it.
    let is_name = |name: &str| {
        name.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let names: Vec<_> = names
        .into_iter()
        .filter(|(name, _)| is_name(name))
        .collect();
    let mut wrong = BTreeSet::new();
    let mut unknown: BTreeSet<_> = names.iter().map(|(name, _)| name.clone()).collect();
    for headers in HEADERS {
        let Some([here, missing]) = checked(headers, &names) else {
            return skip("no C compiler");
        };
        wrong.extend(here);
        unknown.retain(|name| missing.contains(name));
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    let known = names.len() - unknown.len();
    assert!(known > 1500, "{unknown:?}");
    let all = names.len();
    measured(&format!(
        "{known} of {all} values compared with this machine's headers"
    ));
}
