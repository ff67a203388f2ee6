//! What the tests share: the built programs, small programs compiled on the spot, runs in a known
//! environment, audit records, and skips that are counted.
//!
//! Tests look at what lies in `target/release`, because that is what users get: run `make` first.

mod audit;
mod compiler;
mod go;
mod nginx;
mod report;
mod run;

pub use audit::{AuditListener, Record};
pub use compiler::{assemble_free_standing, compile, compile_with};
pub use go::{GO_PROGRAM, build_go};
pub use nginx::nginx_configuration;
pub use report::{measured, skip};
pub use run::{Outcome, Run, Running, SIGSYS_STATUS, broken_pipe};

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An unprivileged user id; nobody's, on any distribution.
pub const NOBODY: u32 = 65534;

/// The top of the repository.
pub fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("tests/ has a parent").to_path_buf()
}

/// What Oz's tracer saw and wrote; nothing, which is said, where that is not here.
pub fn seen_by_oz(name: &str) -> Option<String> {
    let directory = repository().join("../shared/data/oz/tracer-observed");
    let text = fs::read_to_string(directory.join(name));
    if text.is_err() {
        skip("what Oz's tracer wrote is not here");
    }
    text.ok()
}

/// A built file in `target/release`.
pub fn built(name: &str) -> PathBuf {
    let path = repository().join("target/release").join(name);
    assert!(
        path.exists(),
        "{} is missing: run `make` first",
        path.display()
    );
    path
}

/// The preloaded object.
pub fn libsandbox() -> PathBuf {
    built("libsandbox.so")
}

/// The launcher.
pub fn sandboxify() -> PathBuf {
    built("sandboxify")
}

/// The policy tool.
pub fn sandbox_policy() -> PathBuf {
    built("sandbox-policy")
}

/// A directory that every user can enter and that is gone when the value is dropped.
pub fn public_directory() -> tempfile::TempDir {
    let directory = tempfile::Builder::new()
        .prefix("sandbox-test-")
        .tempdir_in("/tmp")
        .expect("a directory");
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).expect("chmod");
    directory
}

/// Copies a file into a directory, readable and executable for everyone.
pub fn publish(file: &Path, directory: &Path) -> PathBuf {
    let copy = directory.join(file.file_name().expect("a file name"));
    // By another process: a program that this one has open for writing could not be executed, nor
    // while a child forked meanwhile by another test has it open.
    let status = Command::new("install")
        .args(["-m", "755"])
        .args([file, &copy])
        .status()
        .expect("install");
    assert!(status.success(), "copy {}", file.display());
    copy
}

/// Whether the tests run as root, as they do in continuous integration.
pub fn root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// The absolute path of an installed program.
pub fn installed(program: &str) -> Option<PathBuf> {
    let places = [
        "/usr/local/sbin",
        "/usr/local/bin",
        "/usr/sbin",
        "/usr/bin",
        "/sbin",
        "/bin",
    ];
    places
        .iter()
        .map(|place| Path::new(place).join(program))
        .find(|path| path.exists())
}

/// How often to repeat a probabilistic test: `full` under `make test-all`, else a tenth of it.
pub fn rounds(full: u32) -> u32 {
    match std::env::var_os("SANDBOX_FULL_TESTS") {
        Some(_) => full,
        None => full.div_ceil(10),
    }
}
