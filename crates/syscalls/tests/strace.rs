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

/// Where we write something else on purpose: what our line has, what strace's has, and why.
const DIFFERENT: [(&str, &str, &str); 5] = [
    (
        "0x1080 /* FUTEX_??? */, 1, 0x2, 0x3, 0x4)",
        "0x1080 /* FUTEX_??? */, 1, 0x2)",
        "an operation with a stray bit is not the operation without it",
    ),
    (
        "recvmsg(-1, 0x",
        "recvmsg(-1, {msg_namelen=0}, MSG_",
        "nothing is there before the call",
    ),
    (
        "recvmsg(-1, 0x",
        "recvmsg(-1, {msg_namelen=0}, 0)",
        "the same",
    ),
    (
        "fcntl(-1, F_SET_RW_HINT,",
        "fcntl(-1, 0x40c /* F_??? */",
        "strace 6.1 has no name for it",
    ),
    (
        "LANDLOCK_CREATE_RULESET_ERRATA",
        "0x2 /* LANDLOCK_CREATE_RULESET_??? */",
        "strace 6.1 has no name for it",
    ),
];

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

    fn descriptor(&self, _: i32) -> Option<Vec<u8>> {
        None
    }
}

/// Other versions know other names.
fn is_known_version() -> bool {
    let output = Command::new("strace").arg("-V").output();
    output.is_ok_and(|output| output.stdout.starts_with(b"strace -- version 6.1\n"))
}

fn compiled() -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exercise.c");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exercise");
    let mut cc = Command::new("cc");
    cc.args(["-w", "-static", "-no-pie", "-fno-stack-protector", "-o"]);
    let status = cc.arg(&program).arg(source).status().ok()?;
    status.success().then_some(program)
}

/// The lines between the marks, each without its result. Without address randomization, two runs
/// have the same registers.
fn traced(program: &Path, options: &[&str]) -> Option<Vec<String>> {
    let mut setarch = Command::new("setarch");
    setarch.arg("-R").arg("strace").args(options).arg(program);
    let output = setarch.stdin(Stdio::null()).output().ok()?;
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

/// One of several names that strace has for the same request.
fn one_name(line: &str) -> String {
    match line.split_once(" or ") {
        Some((before, after)) if line.starts_with("ioctl") => {
            let start = before.rfind(", ").unwrap() + 2;
            format!("{}{after}", &before[..start])
        }
        _ => line.to_string(),
    }
}

#[test]
fn lines_are_those_of_strace() {
    if !is_known_version() {
        return skip("strace 6.1, whose lines these are, is not on this machine");
    }
    let Some(program) = compiled() else {
        return skip("no C compiler with a static library");
    };
    let options = ["-X", "abbrev", "-e", "signal=none"];
    let raw = traced(&program, &[&options[..], &["-e", "raw=all"]].concat());
    let (Some(raw), Some(theirs)) = (raw, traced(&program, &options)) else {
        return skip("strace may not trace here, or setarch is not there");
    };
    assert_eq!(raw.len(), theirs.len());
    let memory = Segments::of(&fs::read(&program).unwrap());
    let mut wrong = Vec::new();
    let mut unused: Vec<_> = DIFFERENT.iter().collect();
    for (raw, theirs) in raw.iter().zip(&theirs) {
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
    measured(&format!(
        "{} calls as strace shows them, {} on purpose not",
        raw.len(),
        DIFFERENT.len()
    ));
}
