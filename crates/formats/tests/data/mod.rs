//! Files that other projects wrote, which are not ours to keep: without them a test is skipped.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::fs;
use std::path::{Path, PathBuf};

/// The text of a file; nothing, and the reason on standard error, when it is not on this machine.
pub fn text(path: &str) -> Option<String> {
    let text = fs::read_to_string(directory().join(path));
    if text.is_err() {
        eprintln!("skipped: {path} is not on this machine");
    }
    text.ok()
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
        eprintln!("skipped: {path} is not on this machine");
    }
    found
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data")
}
