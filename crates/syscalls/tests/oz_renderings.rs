//! Our lines in the style of Oz's tracer against its own, call by call: what it printed for a
//! program with every kind of call that it knew.
#![cfg(target_arch = "x86_64")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use report::{measured, skip};
use support::Pieces;
use syscalls::render::{Style, call};
use syscalls::{Abi, number};

#[path = "../../../tests/support/report.rs"]
mod report;
mod support;

/// Its line, ours, and why ours is another.
const DEVIATIONS: [(&str, &str, &str); 3] = [
    (
        r#"open("/tmp/oztd/x", O_RDONLY|O_TRUNC|O_CREAT, 0644)"#,
        r#"open("/tmp/oztd/x", O_RDWR|O_CREAT|O_TRUNC, 0644)"#,
        "the access mode was always O_RDONLY",
    ),
    (
        r#"openat(AT_FDCWD, "/tmp/oztd/y", O_RDONLY|O_EXCL|O_CREAT, 0600)"#,
        r#"openat(AT_FDCWD, "/tmp/oztd/y", O_WRONLY|O_CREAT|O_EXCL, 0600)"#,
        "the access mode was always O_RDONLY",
    ),
    (
        "prctl(PR_SET_NO_NEW_PRIVS, %!n(uint64=1))",
        "prctl(PR_SET_NO_NEW_PRIVS, 1)",
        "a mistake in its format",
    ),
];

/// What the kernel has in a register for an int: a negative one has zeros above.
const AT_FDCWD: u64 = 0xffff_ff9c;
const NONE: u64 = 0xffff_ffff;
/// Addresses of which only the look counts.
const SOMEWHERE: u64 = 0x7F15_894E_4000;

type Row = (&'static str, Vec<u64>);

/// The calls of train-t-input.c.txt on a machine with glibc, in their order: first what the C
/// library does before main.
fn start(memory: &mut Pieces) -> Vec<Row> {
    let exe = memory.text("/proc/self/exe");
    vec![
        ("brk", vec![0]),
        ("brk", vec![499_440_896]),
        ("arch_prctl", vec![0x1002, SOMEWHERE]),
        ("set_tid_address", vec![SOMEWHERE]),
        ("set_robust_list", vec![SOMEWHERE, 24]),
        ("prlimit64", vec![0, 3, 0, SOMEWHERE]),
        ("readlink", vec![exe, SOMEWHERE, 4096]),
        ("getrandom", vec![SOMEWHERE, 8, 1]),
        ("brk", vec![0]),
        ("brk", vec![499_576_064]),
        ("brk", vec![499_576_832]),
        ("mprotect", vec![SOMEWHERE, 16384, 1]),
    ]
}

fn sockets(memory: &mut Pieces) -> Vec<Row> {
    let inet = memory.put([2, 0, 0x23, 0x5a, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    let path = memory.put(b"\x01\0/tmp/nosock\0\0\0\0\0\0");
    let hidden = memory.put(b"\x01\0\0abstract-name\0\0\0\0");
    let pair = memory.put([0; 8]);
    vec![
        ("socket", vec![2, 0o200_0001, 0]),
        ("connect", vec![3, inet, 16]),
        ("setsockopt", vec![3, 1, 2, SOMEWHERE, 4]),
        ("setsockopt", vec![3, 6, 1, SOMEWHERE, 4]),
        ("setsockopt", vec![3, 0, 2, SOMEWHERE, 4]),
        ("socket", vec![1, 0o4001, 0]),
        ("connect", vec![4, path, 14]),
        ("connect", vec![4, hidden, 16]),
        ("socket", vec![10, 2, 17]),
        ("socket", vec![16, 3, 0]),
        ("socket", vec![99, 1, 0]),
        ("pipe", vec![pair]),
        ("socketpair", vec![1, 1, 0, SOMEWHERE]),
    ]
}

fn process(memory: &mut Pieces) -> Vec<Row> {
    let name = memory.text("hello");
    vec![
        ("prctl", vec![15, name]),
        ("prctl", vec![38, 1, 0, 0, 0]),
        ("prctl", vec![3, 0, 0, 0, 0]),
        ("prctl", vec![99, 1, 2, 3, 4]),
        ("mmap", vec![0, 4096, 3, 0x22, NONE, 0]),
        ("mprotect", vec![SOMEWHERE, 4096, 0]),
        ("madvise", vec![SOMEWHERE, 4096, 4]),
        ("mremap", vec![SOMEWHERE, 4096, 8192, 1, 0]),
        ("munmap", vec![SOMEWHERE, 8192]),
    ]
}

fn controls(memory: &mut Pieces) -> Vec<Row> {
    let lock = memory.longs(&[0, 1, 2, 0]);
    let soon = memory.longs(&[1, 2]);
    vec![
        ("fcntl", vec![0, 3, 0]),
        ("fcntl", vec![0, 2, 1]),
        ("fcntl", vec![0, 4, 0o4000]),
        ("fcntl", vec![0, 6, lock]),
        ("fcntl", vec![0, 0, 9]),
        ("ioctl", vec![0, 0x5401, SOMEWHERE]),
        ("ioctl", vec![0, 0x541b, SOMEWHERE]),
        ("ioctl", vec![0, 0x8004_5430, SOMEWHERE]),
        ("futex", vec![SOMEWHERE, 129, 1]),
        ("futex", vec![SOMEWHERE, 0, 5, 0]),
        ("futex", vec![SOMEWHERE, 133, 1, 1, SOMEWHERE, 0x0400_0001]),
        ("futex", vec![SOMEWHERE, 9 | 256, 5, soon, 0, NONE]),
    ]
}

fn files(memory: &mut Pieces) -> Vec<Row> {
    let mut text = |text: &str| memory.text(text);
    let [directory, x, y, z] = ["", "/x", "/y", "/z"].map(|end| text(&format!("/tmp/oztd{end}")));
    let [host, relative, users] = ["/etc/hostname", "rel", "/etc/passwd"].map(&mut text);
    let header = memory.longs(&[0x2008_0522]);
    let [out, error] = [&b"out\tline\x01\n\0"[..], b"err\n\0"].map(|text| memory.put(text));
    vec![
        ("mkdir", vec![directory, 0o755]),
        ("open", vec![x, 0o1102, 0o644]),
        ("open", vec![host, 0]),
        ("openat", vec![AT_FDCWD, y, 0o301, 0o600]),
        ("openat", vec![5, relative, 0o20_0000]),
        ("access", vec![users, 6]),
        ("access", vec![users, 0]),
        ("capget", vec![header, 0]),
        ("recvmsg", vec![4, SOMEWHERE, 0x4000_0040]),
        ("write", vec![1, out, 11]),
        ("write", vec![2, error, 4]),
        ("write", vec![9, SOMEWHERE, 1]),
        ("rename", vec![y, z]),
        ("unlink", vec![z]),
        ("unlink", vec![x]),
        ("rmdir", vec![directory]),
        ("getpid", vec![]),
        ("kill", vec![17910, 0]),
        ("exit_group", vec![0]),
    ]
}

fn ours(row: &Row, memory: &Pieces) -> String {
    let (name, values) = row;
    let mut registers = [0; 6];
    registers[..values.len()].copy_from_slice(values);
    let number = number(Abi::X86_64, name).unwrap();
    call(Abi::X86_64, number, &registers, memory, Style::Oz)
}

#[test]
fn without_a_family_a_call_is_strings_numbers_and_addresses() {
    let mut memory = Pieces::default();
    let (path, out) = (memory.text("/etc/hostname"), memory.text("hi\n"));
    let generic = |name: &str, values: &[u64]| {
        let mut registers = [0; 6];
        registers[..values.len()].copy_from_slice(values);
        let number = number(Abi::X86_64, name).unwrap();
        call(Abi::X86_64, number, &registers, &memory, Style::OzGeneric)
    };
    let rows: [(&str, &[u64], &str); 6] = [
        ("access", &[path, 6], "access(\"/etc/hostname\",6)"),
        ("socket", &[1, 2049, 0], "socket(1,2049,0)"),
        ("futex", &[SOMEWHERE, 129, 1], "futex("),
        ("madvise", &[SOMEWHERE, 4096, 4], "madvise("),
        ("write", &[1, out, 3], "write(1,\"hi\\n\",3)"),
        ("exit_group", &[0], "exit_group(0)"),
    ];
    for (name, values, expected) in rows {
        let line = generic(name, values);
        assert!(line.starts_with(expected), "{line}");
        assert!(!line.contains(", ") && !line.contains('|'), "{line}");
    }
}

/// The renderings of the hits of one program, in order.
fn theirs(report: &str, program: &str) -> Vec<String> {
    let of_program = format!("({program} ) syscall ");
    let pairs = report.lines().zip(report.lines().skip(1));
    let hits = pairs.filter(|(hit, _)| hit.contains(&of_program));
    hits.map(|(_, line)| line.trim_start().to_string())
        .collect()
}

/// A line without the addresses of one run, and with its flags in the order of the alphabet.
fn normal(line: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '|';
    let mut words = Vec::new();
    for piece in line.split_inclusive(|c| !is_word(c)) {
        let word = piece.trim_end_matches(|c| !is_word(c));
        let mut flags: Vec<&str> = word.split('|').collect();
        flags.sort_unstable();
        let is_address = word.starts_with("0x") && word.len() > 6;
        words.push(if is_address {
            "0xADDRESS".into()
        } else {
            flags.join("|")
        });
        words.push(piece[word.len()..].to_string());
    }
    words.concat()
}

#[test]
fn lines_are_those_of_ozs_tracer() {
    let observed = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/oz/tracer-observed/train-t.stderr");
    let Ok(report) = fs::read_to_string(observed) else {
        return skip("what Oz's tracer printed is not on this machine");
    };
    let mut memory = Pieces::default();
    memory.descriptors.push((0, "/dev/null"));
    let parts = [start, sockets, process, controls, files];
    let rows: Vec<Row> = parts.iter().flat_map(|part| part(&mut memory)).collect();
    let theirs = theirs(&report, "/scratch/t");
    assert_eq!(theirs.len(), rows.len());
    let mut deviations = DEVIATIONS.to_vec();
    for (row, theirs) in rows.iter().zip(&theirs) {
        let ours = ours(row, &memory);
        if normal(&ours) != normal(theirs) {
            let known = |(oz, own, _): &(&str, &str, &str)| oz == theirs && *own == ours;
            let place = deviations.iter().position(known);
            deviations.remove(place.unwrap_or_else(|| panic!("ours {ours}\ntheirs {theirs}")));
        }
    }
    assert!(deviations.is_empty(), "no longer different: {deviations:?}");
    measured(&format!(
        "{} of {} lines are Oz's",
        rows.len() - DEVIATIONS.len(),
        rows.len()
    ));
}

/// What Oz's tracer crashed on, called something else, or printed in another run.
fn others(memory: &mut Pieces) -> Vec<(Row, &'static str)> {
    let short = memory.put([2, 0, 0x23]);
    let mut ip6 = vec![10, 0, 0x23, 0x5a, 0, 0, 0, 0];
    ip6.extend([0; 15]);
    ip6.extend([1, 0, 0, 0, 0]);
    let ip6 = memory.put(ip6);
    let quotes = memory.put(b"say \"hi\"\r\0.\x7f");
    vec![
        (
            ("connect", vec![3, short, 3]),
            "connect(3, {sa_family=AF_INET}, 3)",
        ),
        (("connect", vec![3, 8, 3]), "connect(3, 0x8, 3)"),
        (
            ("connect", vec![3, ip6, 28]),
            "connect(3, {sin6_family=AF_INET6, sin6_port=9050, sin6_addr=::1}, 28)",
        ),
        (
            ("write", vec![1, quotes, 12]),
            r#"write(1,"say \"hi\"\r\0..",12)"#,
        ),
        (("write", vec![1, 8, 12]), "write(1,0x8,12)"),
        (
            ("nanosleep", vec![SOMEWHERE, 0]),
            "nanosleep(0x7F15894E4000,0x0)",
        ),
        (("pread64", vec![3, 8, 784, 64]), "pread64(3,0x8,784,64)"),
        (
            ("newfstatat", vec![3, 8, 9, 4096]),
            "newfstatat(3,0x8,0x9,4096)",
        ),
        (
            ("mmap", vec![8, 9, 5, 0x12, 3, 155_648]),
            "mmap(0x8, 9, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_FILE, 3, 155648)",
        ),
        (("open", vec![8, 0]), "open(0x8, O_RDONLY)"),
        (("rseq", vec![8, 32, 0, 5]), "rseq(0x8,32,0,5)"),
    ]
}

#[test]
fn other_lines_are_true() {
    let mut memory = Pieces::default();
    for (row, line) in others(&mut memory) {
        assert_eq!(ours(&row, &memory), line);
    }
}
