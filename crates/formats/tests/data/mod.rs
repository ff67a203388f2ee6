//! Files that other projects wrote, which are not ours to keep: without them a test is skipped.
#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test takes what it needs")]

#[path = "../../../../tests/support/report.rs"]
mod report;

use std::fs;
use std::path::{Path, PathBuf};

use report::skip;

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

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data")
}
