//! What a passing test has to say: why it did not run here, and what it measured. `make test` prints
//! and counts both (tests/run). A file of its own, so that the tests of every room can include it.
#![allow(
    dead_code,
    clippy::expect_used,
    reason = "for tests, each of which says one of the two"
)]

use std::io::Write;
use std::path::Path;

/// Says that a test does not run here and why. Use as `return skip("…")`.
pub fn skip(reason: &str) {
    let test = std::thread::current().name().unwrap_or("?").to_string();
    append("skipped.txt", &format!("{test}: {reason}"));
}

/// Keeps what a test measured.
pub fn measured(what: &str) {
    let test = std::thread::current().name().unwrap_or("?").to_string();
    append("measured.txt", &format!("{test}: {what}"));
}

fn append(file: &str, line: &str) {
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = room
        .ancestors()
        .find(|place| place.join("Cargo.lock").exists());
    let target = root.expect("the repository").join("target");
    std::fs::create_dir_all(&target).expect("target");
    let mut options = std::fs::OpenOptions::new();
    let file = options.create(true).append(true).open(target.join(file));
    // In one write: tests run side by side.
    let line = format!("{line}\n");
    file.expect("target")
        .write_all(line.as_bytes())
        .expect("target");
}
