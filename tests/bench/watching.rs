//! What a watched run costs: a program that makes a call every few microseconds (SQLite with a
//! transaction for each row), and redis.
//!
//! Each round runs every case once; ratios are to the bare run of the same round, and medians over
//! the rounds count.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::cases::Bound;

const ROUNDS: usize = 9;

/// 31,000 calls or more, nearly all of them hot ones.
const SQLITE: &str = "
import os, sqlite3, sys
if os.path.exists(sys.argv[1]): os.unlink(sys.argv[1])
rows = sqlite3.connect(sys.argv[1], isolation_level=None)
rows.execute('create table t(a, b)')
for row in range(1000): rows.execute('insert into t values(?, ?)', (row, 'x' * 50))
";

/// What that program calls most.
const HOT: &str = "read:write:pread64:pwrite64:lseek:fcntl:close:openat:newfstatat:mmap:munmap:brk:unlink:fdatasync:fchown:geteuid:access:getpid";

/// The cases, the bare one first.
pub const CASES: [&str; 6] = [
    "sqlite",
    "sqlite, a filter",
    "sqlite, --audit without violations",
    "sqlite, --learn",
    "sqlite, --learn --assume of what is hot",
    "sqlite, strace -f -c",
];

/// The bounds that the project keeps.
pub fn bounds() -> Vec<Bound> {
    let bound = |case, baseline, at_most| Bound {
        case,
        baseline,
        at_most,
    };
    vec![
        bound(CASES[2], CASES[1], 1.05),
        bound(CASES[3], CASES[0], 4.0),
        bound(CASES[3], CASES[5], 0.2),
        bound(CASES[4], CASES[0], 1.6),
    ]
}

/// A directory in memory where there is one: the disk's time is not what is measured.
fn directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() {
        memory.to_path_buf()
    } else {
        std::env::temp_dir()
    };
    tempfile::tempdir_in(place).expect("a directory")
}

fn command(case: usize, directory: &Path) -> Command {
    let launcher = sandbox_tests::sandboxify();
    let (learned, assumed): (PathBuf, PathBuf) =
        (directory.join("learned"), directory.join("assumed"));
    let words = |words: &[&str]| {
        words
            .iter()
            .map(Into::into)
            .collect::<Vec<std::ffi::OsString>>()
    };
    let mut before = match case {
        0 => Vec::new(),
        1 => words(&["-q", "--method", "ticket", "--deny", "mount"]),
        2 => words(&["-q", "--audit", "--deny", "mount"]),
        3 => [words(&["--learn"]), vec![learned.into()]].concat(),
        4 => [words(&["--assume", HOT, "--learn"]), vec![assumed.into()]].concat(),
        _ => words(&["-f", "-c", "-o", "/dev/null"]),
    };
    let python = "/usr/bin/python3";
    let mut command = match case {
        0 => Command::new(python),
        5 => Command::new("strace"),
        _ => Command::new(launcher),
    };
    if case != 0 {
        before.push(python.into());
    }
    command
        .args(before)
        .args(["-c", SQLITE])
        .arg(directory.join("rows"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Milliseconds of each case in each round.
pub fn measure() -> Vec<Vec<f64>> {
    let directory = directory();
    let mut times = vec![Vec::new(); CASES.len()];
    for _ in 0..ROUNDS {
        for (case, times) in times.iter_mut().enumerate() {
            let start = Instant::now();
            let status = command(case, directory.path()).status();
            assert!(status.expect(CASES[case]).success(), "{}", CASES[case]);
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    times
}

/// The median over the rounds of a bound's ratio.
pub fn ratio(bound: &Bound, times: &[Vec<f64>]) -> f64 {
    let at = |name| CASES.iter().position(|case| *case == name).expect("a case");
    let pairs = times[at(bound.case)].iter().zip(&times[at(bound.baseline)]);
    crate::median(pairs.map(|(case, baseline)| case / baseline).collect())
}
