//! Calls as text, against strace: one program, once under each, while it runs. strace's -y shows what
//! descriptors are open on, as we do.

use std::fs;
use std::path::Path;
use std::process::Command;

use sandbox_tests::{Run, compile, skip};
use serde_json::Value;

use crate::workshop::Job;

const MARK: &str = "getppid()";

/// Where strace shows what a call has written, and we what it was given: the call, the argument from 0,
/// and what we show there.
const WRITTEN: [(&str, usize); 6] = [
    ("pipe", 0),
    ("pipe2", 0),
    ("socketpair", 3),
    ("recvmsg", 1),
    ("ioctl", 2),
    ("capget", 0),
];

/// Where we show more than strace 6.1: the call and the argument from 0.
const MORE: [(&str, usize); 1] = [("setsockopt", 3)];

/// Lines between the marks.
fn between(lines: impl Iterator<Item = String>) -> Vec<String> {
    let behind = lines.skip_while(|line| line != MARK).skip(1);
    behind.take_while(|line| line != MARK).collect()
}

/// What strace says, without process and result.
fn theirs(program: &Path, job: &Job) -> Vec<String> {
    let log = job.file("strace.log");
    let run = Run::new("strace")
        .args(["-f", "-y", "-o"])
        .arg(&log)
        .arg(program);
    run.directory(&job.work()).outcome().succeeded();
    let text = fs::read_to_string(&log).expect("the log");
    let calls = text.lines().map(|line| {
        let (_, call) = line.split_once(' ').expect("a process");
        let end = call.rfind(" = ").unwrap_or(call.len());
        call[..end].trim().to_owned()
    });
    between(calls)
}

/// What our report says.
fn ours(job: &Job, place: &str) -> Vec<String> {
    let report = job.file("report.json");
    let _ = fs::remove_file(&report);
    let name = report.display().to_string();
    let options = [
        "-q",
        "--audit",
        "--every",
        "--at",
        place,
        "--report-format",
        "json",
    ];
    let options = options
        .into_iter()
        .chain(["--report", &name, "--allow", ""]);
    job.launched(options).outcome().succeeded();
    let text = fs::read_to_string(&report).expect("the report");
    let rendered = text.lines().filter_map(|line| {
        let object: Value = serde_json::from_str(line).expect("an object");
        object["rendered"].as_str().map(str::to_owned)
    });
    between(rendered)
}

/// A line without what differs from run to run, and without what only strace shows: where a relative
/// path starts. That a file was deleted stands behind its name there.
fn without_files(line: &str) -> String {
    let mut line = line.replace(" (deleted)>", ">").replace(">(deleted)", ">");
    for (before, after) in [("AT_FDCWD<", '>'), ("<pipe:[", ']'), ("<socket:[", ']')] {
        let mut from = 0;
        while let Some(start) = line[from..].find(before) {
            let start = from + start + before.len() - 1;
            let end = line[start..]
                .find(after)
                .map_or(line.len(), |at| start + at + 1);
            line.replace_range(start..end, "");
            from = start;
        }
    }
    line
}

/// A line with one word for all addresses.
fn normal(line: &str) -> String {
    let line = without_files(line);
    let mut pieces = line.split("0x");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(piece.len());
        match digits > 5 {
            true => text += &format!("0xADDRESS{}", &piece[digits..]),
            false => text += &format!("0x{piece}"),
        }
    }
    text
}

/// The name, and the arguments, where commas within brackets, braces and quotes divide nothing.
fn parts(line: &str) -> (&str, Vec<String>) {
    let (name, rest) = line.split_once('(').unwrap_or((line, ""));
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    let mut all = vec![String::new()];
    for letter in rest.strip_suffix(')').unwrap_or(rest).chars() {
        match letter {
            '"' if !escaped => quoted = !quoted,
            '[' | '{' | '(' if !quoted => depth += 1,
            ']' | '}' | ')' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                all.push(String::new());
                continue;
            }
            _ => {}
        }
        escaped = letter == '\\' && !escaped;
        all.last_mut().expect("an argument").push(letter);
    }
    (name, all.iter().map(|one| one.trim().to_owned()).collect())
}

fn agree(ours: &str, theirs: &str) -> bool {
    let (ours, theirs) = (normal(ours), normal(theirs));
    let ((name, own), (other, their)) = (parts(&ours), parts(&theirs));
    let same = |place: usize| {
        own[place] == their[place]
            || WRITTEN.contains(&(name, place)) && own[place] == "0xADDRESS"
            || MORE.contains(&(name, place)) && own[place].starts_with('{')
    };
    name == other && own.len() == their.len() && (0..own.len()).all(same)
}

fn is_known_version() -> bool {
    let output = Command::new("strace").arg("-V").output();
    output.is_ok_and(|output| output.stdout.starts_with(b"strace -- version 6.1\n"))
}

#[test]
fn as_strace_has_it() {
    if !is_known_version() {
        return skip("strace 6.1, whose lines these are, is not on this machine");
    }
    let program = compile(include_str!("calls.c"), &[]);
    let job = Job::new(&program, &[]);
    let theirs = theirs(&program, &job);
    assert!(theirs.len() > 60, "{theirs:#?}");
    for place in ["main", "exec"] {
        let ours = ours(&job, place);
        assert_eq!(ours.len(), theirs.len(), "{ours:#?}\n{theirs:#?}");
        let pairs = ours.iter().zip(&theirs);
        let wrong: Vec<_> = pairs
            .filter(|(ours, theirs)| !agree(ours, theirs))
            .collect();
        assert!(wrong.is_empty(), "{place}: {wrong:#?}");
    }
}
