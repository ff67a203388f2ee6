//! `verify`: whether every thread of a process has a filter, as the kernel tells it, or whether a
//! program has one inside.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use crate::Output;
use crate::disassemble::disassemble;
use crate::failure::Failure;
use crate::filters;
use crate::sealed;
use crate::sys;

/// What `/proc/PID/task/TID/status` says of a thread (proc_pid_status(5)).
struct Thread {
    id: u32,
    name: String,
    /// 0 none, 1 strict, 2 filtered.
    mode: u32,
    /// How many filters; nothing before Linux 5.9.
    filters: Option<u32>,
    no_new_privileges: bool,
}

const FILTERED: u32 = 2;

/// A word of digits is a process, every other one a file.
pub(crate) fn run(subject: &OsStr, json: bool) -> Result<Output, Failure> {
    let word = subject.to_str().unwrap_or_default();
    if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return sealed::run(Path::new(subject), json);
    }
    let pid = word.parse().map_err(|_| Failure::Unknown {
        kind: "process",
        word: word.to_string(),
        hint: "; a file of that name is ./NAME",
    })?;
    process(pid, json)
}

fn process(pid: u32, json: bool) -> Result<Output, Failure> {
    let threads = threads(pid)?;
    let all = threads.iter().all(|thread| thread.mode == FILTERED);
    let programs = programs(&threads);
    if json {
        let rows: Vec<_> = threads.iter().map(row).collect();
        let lines = |program: &String| program.lines().map(String::from).collect::<Vec<_>>();
        let (filters, note) = match &programs {
            Ok(programs) => (programs.iter().map(lines).collect(), None),
            Err(why) => (Vec::new(), Some(why)),
        };
        let value = serde_json::json!({
            "pid": pid, "filtered": all, "threads": rows, "filters": filters, "note": note,
        });
        return Ok(Output::answer(format!("{value:#}\n"), all));
    }
    let mut text = table(&threads);
    match programs {
        Ok(programs) => {
            for (at, program) in programs.iter().enumerate() {
                let _ = write!(
                    text,
                    "\nfilter {} of {}:\n{program}",
                    at + 1,
                    programs.len()
                );
            }
        }
        Err(why) => {
            let _ = writeln!(text, "note: {why}");
        }
    }
    Ok(Output::answer(text, all))
}

fn table(threads: &[Thread]) -> String {
    let mut text = format!(
        "{:>8} {:<16} {:<10} {:>7} no_new_privs\n",
        "thread", "name", "seccomp", "filters"
    );
    for thread in threads {
        let mode = ["none", "strict", "filtered"]
            .get(thread.mode as usize)
            .unwrap_or(&"unknown");
        let filters = thread
            .filters
            .map_or_else(|| "?".to_string(), |count| count.to_string());
        let privileges = if thread.no_new_privileges {
            "yes"
        } else {
            "no"
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:>8} {:<16} {mode:<10} {filters:>7} {privileges}",
            thread.id, thread.name
        );
    }
    text
}

/// The filters of the first thread that has any, in words, the oldest first. Why there are none is
/// worth a note only to who could have had them.
fn programs(threads: &[Thread]) -> Result<Vec<String>, String> {
    let filtered = threads.iter().find(|thread| thread.mode == FILTERED);
    let Some(thread) = filtered.filter(|_| sys::is_root()) else {
        return Ok(Vec::new());
    };
    match filters::of_thread(thread.id) {
        Ok(filters) => Ok(filters.iter().map(|filter| disassemble(filter)).collect()),
        Err(errno) => Err(format!(
            "the filters of thread {} cannot be read: {errno}",
            thread.id
        )),
    }
}

fn row(thread: &Thread) -> serde_json::Value {
    serde_json::json!({
        "thread": thread.id, "name": thread.name, "seccomp": thread.mode,
        "filters": thread.filters, "no_new_privs": thread.no_new_privileges,
    })
}

fn threads(pid: u32) -> Result<Vec<Thread>, Failure> {
    let directory = PathBuf::from(format!("/proc/{pid}/task"));
    let failure = |source| Failure::Io {
        what: directory.display().to_string(),
        source,
    };
    let mut threads = Vec::new();
    for entry in std::fs::read_dir(&directory).map_err(failure)? {
        let path = entry.map_err(failure)?.path();
        threads.extend(thread(&path).map_err(failure)?);
    }
    if threads.is_empty() {
        // No thread is not "every thread".
        return Err(failure(ErrorKind::NotFound.into()));
    }
    threads.sort_by_key(|thread| thread.id);
    Ok(threads)
}

/// What one thread says; nothing for one that ended since the directory was read.
fn thread(path: &Path) -> Result<Option<Thread>, Error> {
    let status = match std::fs::read(path.join("status")) {
        Ok(status) => status,
        Err(error) if ended(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    // A name may be any bytes; a thread must not hide behind one.
    let status = String::from_utf8_lossy(&status);
    match parse(path, &status) {
        Some(thread) => Ok(Some(thread)),
        None => Err(ErrorKind::InvalidData.into()),
    }
}

fn ended(error: &Error) -> bool {
    const ESRCH: i32 = 3;
    error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(ESRCH)
}

fn parse(path: &Path, status: &str) -> Option<Thread> {
    let field = |name: &str| {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        Some(line.trim())
    };
    Some(Thread {
        id: path.file_name()?.to_str()?.parse().ok()?,
        // A thread names itself: what it chose must not reach a terminal as it is.
        name: field("Name")?.escape_debug().to_string(),
        mode: field("Seccomp")?.parse().ok()?,
        filters: field("Seccomp_filters").and_then(|count| count.parse().ok()),
        no_new_privileges: field("NoNewPrivs") == Some("1"),
    })
}
