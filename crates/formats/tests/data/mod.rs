//! Files that other projects wrote, which are not ours to keep: without them a test is skipped.
#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test takes what it needs")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The text of a file; nothing, and a skip that is counted, when it is not on this machine.
pub fn text(path: &str) -> Option<String> {
    let text = fs::read_to_string(directory().join(path));
    if text.is_err() {
        skip(&format!("{path} is not on this machine"));
    }
    text.ok()
}

/// A folder of files; nothing, and a skip that is counted, when it is not on this machine.
pub fn folder(path: &str) -> Option<PathBuf> {
    let folder = directory().join(path);
    if !folder.is_dir() {
        skip(&format!("{path} is not on this machine"));
        return None;
    }
    Some(folder)
}

/// The files below a directory whose names end so.
pub fn files(path: &str, suffix: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![directory().join(path)];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                directories.push(path);
            } else if path.to_string_lossy().ends_with(suffix) {
                found.push(path);
            }
        }
    }
    if found.is_empty() {
        skip(&format!("{path} is not on this machine"));
    }
    found
}

/// Says that a test does not run here and why, where `make test` prints and counts these.
fn skip(reason: &str) {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    fs::create_dir_all(&target).unwrap();
    let list = target.join("skipped.txt");
    let mut file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(list)
        .unwrap();
    let test = std::thread::current().name().unwrap_or("?").to_string();
    writeln!(file, "{test}: {reason}").unwrap();
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data")
}
