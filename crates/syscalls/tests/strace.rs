//! Lines of the renderer against those of strace, live: a program makes calls whose arguments lie in
//! its static memory, and strace shows them twice, as registers and as text. We make the text from
//! the registers and the program's file.
#![cfg(target_arch = "x86_64")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use report::{measured, skip};
use syscalls::render::{Memory, Style, call};
use syscalls::{Abi, number};

#[path = "../../../tests/support/report.rs"]
mod report;

/// The call in front of the ones to compare and behind them.
const MARK: [&str; 2] = ["getpgid(0x7ffffffe)", "getpgid(2147483646)"];

/// How many calls of different names are compared, at least.
const LEAST_NAMES: usize = 300;

/// Where we write something else on purpose: what our line has, what strace's has, and why.
const DIFFERENT: &[(&str, &str, &str)] = &[
    (
        "0x1080 /* FUTEX_??? */, 1, 0x2, 0x3, 0x4)",
        "0x1080 /* FUTEX_??? */, 1, 0x2)",
        "an operation with a stray bit is not the operation without it",
    ),
    (
        "recvmsg(-1, 0x",
        "recvmsg(-1, {msg_namelen=0}, MSG_",
        NOTHING_YET,
    ),
    (
        "recvmsg(-1, 0x",
        "recvmsg(-1, {msg_namelen=0}, 0)",
        NOTHING_YET,
    ),
    (
        "fcntl(-1, F_SET_RW_HINT,",
        "fcntl(-1, 0x40c /* F_??? */",
        YOUNGER,
    ),
    (
        "LANDLOCK_CREATE_RULESET_ERRATA",
        "0x2 /* LANDLOCK_CREATE_RULESET_??? */",
        YOUNGER,
    ),
    (
        "landlock_restrict_self(5</etc/passwd>, LANDLOCK_",
        "0x1)",
        YOUNGER,
    ),
    ("PIDFD_SIGNAL_THREAD", "0x5)", YOUNGER),
    ("RSEQ_FLAG_UNREGISTER|0x2", "0x3, 0x1)", YOUNGER),
    (
        "KEXEC_FILE_DEBUG|0x40",
        "0x48 /* KEXEC_FILE_??? */",
        YOUNGER,
    ),
    (
        "PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN",
        "0x41 /* PR_??? */, 0x7",
        YOUNGER,
    ),
    (
        "SO_RCVTIMEO_OLD, {tv_sec=3, tv_usec=5}",
        "SO_RCVTIMEO_OLD, \"\\3",
        MORE,
    ),
    (
        "SO_SNDTIMEO_OLD, {tv_sec=3, tv_usec=5}",
        "SO_SNDTIMEO_OLD, \"\\3",
        MORE,
    ),
    ("FICLONE, 5</etc/passwd>", "FICLONE, 5)", MORE),
    ("FICLONE, 6</>", "FICLONE, 6)", MORE),
    (
        "PR_SET_MM_EXE_FILE, 5</etc/passwd>",
        "PR_SET_MM_EXE_FILE, 0x5",
        MORE,
    ),
    ("memfd_secret(0x5 /* O_??? */)", "memfd_secret(0x5)", MORE),
    ("sysfs(0x1, \"nosuchfs\")", "sysfs(0x1, 0x", MORE),
    (
        "sysfs(0x3)",
        "sysfs(0x3, 0, 0)",
        "that option has no arguments",
    ),
    ("{modes=ADJ_NANO|ADJ_TICK, ...}", "clock_adjtime(0x63", MORE),
    (
        "epoll_pwait(5</etc/passwd>, 0x8, 5, 6, [INT], 8)",
        "5, 6, 0x",
        MORE,
    ),
    (
        "epoll_pwait2(-1, 0x8, 5, {tv_sec=1,",
        "epoll_pwait2(-1, 0x8, 5, 0x",
        MORE,
    ),
    (
        "cq_entries=64, flags=IORING_SETUP_CQSIZE",
        "{flags=IORING_SETUP_CQSIZE",
        MORE,
    ),
    (
        "FSCONFIG_SET_BINARY, \"blob\", \"key m\"",
        "\"\\x6b\\x65",
        "bytes are shown as elsewhere",
    ),
    (
        "timerfd_create(CLOCK_BOOTTIME, 0x4d /* TFD_??? */)",
        "TFD_TIMER_ABSTIME|0x4c",
        "that name is timerfd_settime's",
    ),
    (
        "mr_ifindex=1,",
        "mr_ifindex=if_nametoindex(\"lo\"),",
        "names are not looked up",
    ),
    (
        "setsockopt(-1, SOL_RAW, 1, [7], 4)",
        "ICMP_FILTER",
        "that is what it is for one protocol only",
    ),
    (
        "{map_type=BPF_MAP_TYPE_ARRAY, key_size=4}, 8)",
        "key_size=4, value_size=0, max_entries=0}",
        NOT_GIVEN,
    ),
    (
        "log_size=0}, 32)",
        "log_size=0, log_buf=NULL}, 32)",
        NOT_GIVEN,
    ),
    (
        "1<<41|1<<42",
        "|0xfffffe00",
        "bits of the upper half stand where they are in the set",
    ),
    ("open(\"aaaa", "open(\"aaaa", LONG_PATH),
    ("chdir(\"aaaa", "chdir(\"aaaa", LONG_PATH),
    (
        "ptrace(PTRACE_PEEKUSER, 99999999, 0x8, 0x8)",
        "8*R14",
        "registers of one machine have no names here",
    ),
    (
        "4, MAP_NONBLOCK)",
        "4, MAP_FILE|MAP_NONBLOCK)",
        "MAP_FILE is nothing",
    ),
    (
        "_IOC(_IOC_NONE, 0x53, 0x1, 0), 0)",
        "CDROMPAUSE",
        "these numbers are other devices' too",
    ),
];

const NOTHING_YET: &str = "nothing is there before the call";
const YOUNGER: &str = "strace 6.1 has no name for it";
const MORE: &str = "strace 6.1 shows less";
const NOT_GIVEN: &str = "what is not given is not shown";
const LONG_PATH: &str = "paths are shortened";

/// Calls whose structures strace shortens where they hold a filter, which we show.
const WHOLE: &str = "abbrev=!seccomp,prctl,setsockopt";

/// The memory of a program at rest, from the segments of its static file.
struct Segments(Vec<(u64, Vec<u8>)>);

impl Segments {
    fn of(file: &[u8]) -> Segments {
        let word = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap());
        let short = |at: usize| usize::from(u16::from_le_bytes([file[at], file[at + 1]]));
        let (table, size, count) = (word(32) as usize, short(54), short(56));
        let headers = (0..count).map(|place| table + place * size);
        let loaded = headers.filter(|&at| word(at) as u32 == 1);
        Segments(
            loaded
                .map(|at| {
                    let start = word(at + 8) as usize;
                    let mut bytes = file[start..start + word(at + 32) as usize].to_vec();
                    bytes.resize(word(at + 40) as usize, 0);
                    (word(at + 16), bytes)
                })
                .collect(),
        )
    }
}

impl Memory for Segments {
    fn read(&self, address: u64, bytes: &mut [u8]) -> usize {
        let found = self.0.iter().find_map(|(start, segment)| {
            let offset = usize::try_from(address.checked_sub(*start)?).ok()?;
            segment.get(offset..).filter(|rest| !rest.is_empty())
        });
        let rest = found.unwrap_or_default();
        let count = rest.len().min(bytes.len());
        bytes[..count].copy_from_slice(&rest[..count]);
        count
    }

    /// What the program has opened before its first mark, and what it was started with.
    fn descriptor(&self, number: i32) -> Option<Vec<u8>> {
        let target = match number {
            0 | 1 => "/dev/null",
            3 | 5 => "/etc/passwd",
            4 | 6 => "/",
            7 => "/a<b>\n\"c\\",
            _ => return None,
        };
        Some(target.into())
    }
}

/// Other versions know other names.
fn is_known_version() -> bool {
    let output = Command::new("strace").arg("-V").output();
    output.is_ok_and(|output| output.stdout.starts_with(b"strace -- version 6.1\n"))
}

fn compiled() -> Option<PathBuf> {
    let parts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exercise");
    let parts = fs::read_dir(parts).ok()?.map(|part| part.unwrap().path());
    let sources = parts.filter(|path| path.extension().is_some_and(|ending| ending == "c"));
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exercise");
    let mut cc = Command::new("cc");
    cc.args(["-w", "-static", "-no-pie", "-fno-stack-protector", "-o"]);
    let status = cc.arg(&program).args(sources).status().ok()?;
    status.success().then_some(program)
}

/// The lines between the marks, each without its result. Without address randomization, two runs
/// have the same registers.
fn traced(program: &Path, options: &[&str]) -> Option<Vec<String>> {
    let mut setarch = Command::new("setarch");
    setarch.arg("-R").arg("strace").args(options).arg(program);
    setarch.stdin(Stdio::null()).stdout(Stdio::null());
    let output = setarch
        .stderr(Stdio::piped())
        .current_dir("/")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stderr).unwrap();
    let lines = text.lines().map(|line| match line.rfind(" = ") {
        Some(end) => line[..end].trim_end().to_string(),
        None => line.to_string(),
    });
    let from = lines.skip_while(|line| !MARK.contains(&line.as_str()));
    let until: Vec<String> = from
        .skip(1)
        .take_while(|line| !MARK.contains(&line.as_str()))
        .collect();
    (!until.is_empty()).then_some(until)
}

/// Our line for registers as strace shows them: `close(0xffffffff)`.
fn ours(raw: &str, memory: &Segments) -> String {
    let (name, rest) = raw.split_once('(').unwrap();
    let mut registers = [0; 6];
    let values = rest
        .trim_end_matches(')')
        .split(", ")
        .filter(|text| !text.is_empty());
    for (register, value) in registers.iter_mut().zip(values) {
        *register = u64::from_str_radix(value.trim_start_matches("0x"), 16).unwrap();
    }
    let number = number(Abi::NATIVE, name).unwrap();
    call(Abi::NATIVE, number, &registers, memory, Style::Plain)
}

/// strace's line without what we leave out: where a relative path starts, and the date of a time.
fn without_places_and_dates(line: &str) -> String {
    let mut line = line.replace("AT_FDCWD</>", "AT_FDCWD");
    while let Some(start) = line.find(" /* 19") {
        let length = line[start..].find("*/").unwrap() + 2;
        line.replace_range(start..start + length, "");
    }
    line
}

/// One of several names that strace has for the same request.
fn one_name(line: &str) -> String {
    let line = &without_places_and_dates(line);
    match line.split_once(" or ") {
        Some((before, after)) if line.starts_with("ioctl") => {
            let start = before.rfind(", ").unwrap() + 2;
            format!("{}{after}", &before[..start])
        }
        _ => line.to_string(),
    }
}

/// Our lines against strace's: each the same, or different on purpose.
fn compare(program: &Path, raw: &[String], theirs: &[String]) {
    let memory = Segments::of(&fs::read(program).unwrap());
    let mut wrong = Vec::new();
    let mut unused: Vec<_> = DIFFERENT.iter().collect();
    for (raw, theirs) in raw.iter().zip(theirs) {
        let (ours, theirs) = (ours(raw, &memory), one_name(theirs));
        if ours == theirs {
            continue;
        }
        let known =
            |known: &&(&str, &str, &str)| ours.contains(known.0) && theirs.contains(known.1);
        match unused.iter().position(known) {
            Some(place) => drop(unused.remove(place)),
            None => wrong.push(format!("{raw}\n  ours {ours}\n  strace {theirs}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(unused.is_empty(), "no longer different: {unused:?}");
}

#[test]
fn lines_are_those_of_strace() {
    if !is_known_version() {
        return skip("strace 6.1, whose lines these are, is not on this machine");
    }
    let Some(program) = compiled() else {
        return skip("no C compiler with a static library");
    };
    let options = ["-y", "-X", "abbrev", "-e", "signal=none", "-e", WHOLE];
    let raw = traced(&program, &[&options[..], &["-e", "raw=all"]].concat());
    let (Some(raw), Some(theirs)) = (raw, traced(&program, &options)) else {
        return skip("strace may not trace here, or setarch is not there");
    };
    assert_eq!(raw.len(), theirs.len());
    compare(&program, &raw, &theirs);
    let names: BTreeSet<&str> = raw
        .iter()
        .filter_map(|line| line.split('(').next())
        .collect();
    assert!(names.len() >= LEAST_NAMES, "{} calls", names.len());
    measured(&format!(
        "{} calls, {} different ones, as strace shows them, {} on purpose not",
        raw.len(),
        names.len(),
        DIFFERENT.len()
    ));
}
