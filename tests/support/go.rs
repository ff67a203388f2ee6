//! Static Go programs for tests, built once and kept in `target/test-programs`.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::process::Command;

/// Goroutines, a file, and a server with its client; with an argument, another program.
pub const GO_PROGRAM: &str = include_str!("program.go");

/// Builds a Go program of one file without cgo, from nothing but the installed standard library.
pub fn build_go(source: &str) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    ("go", source).hash(&mut hasher);
    let directory = crate::repository().join("target/test-programs");
    fs::create_dir_all(&directory).expect("target/test-programs");
    let program = directory.join(format!("{:016x}", hasher.finish()));
    if program.exists() {
        return program;
    }
    // Tests run side by side: each builds in a directory of its own, cache included, and moves the
    // result into place.
    let workshop = tempfile::tempdir_in(&directory).expect("a directory");
    let output = workshop.path().join("program");
    fs::write(workshop.path().join("main.go"), source).expect("the source");
    let result = Command::new("go")
        .args(["build", "-o"])
        .arg(&output)
        .arg("main.go")
        .current_dir(workshop.path())
        .env("HOME", workshop.path())
        .env("GOCACHE", workshop.path().join("cache"))
        .env("GOFLAGS", "-mod=mod")
        .env("GOPROXY", "off")
        .env("GO111MODULE", "off")
        .env("CGO_ENABLED", "0")
        .output()
        .unwrap_or_else(|error| panic!("go: {error}; `make test` installs it"));
    assert!(
        result.status.success(),
        "go: {}",
        String::from_utf8_lossy(&result.stderr)
    );
    fs::rename(&output, &program).expect("move the program into place");
    program
}
