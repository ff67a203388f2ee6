//! C programs for tests, compiled once and kept in `target/test-programs`.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Compiles a C program with `cc`.
pub fn compile(source: &str, flags: &[&str]) -> PathBuf {
    compile_with("cc", source, flags)
}

/// Compiles a C program with another compiler, such as `musl-gcc`.
pub fn compile_with(compiler: &str, source: &str, flags: &[&str]) -> PathBuf {
    build(compiler, "c", source, flags)
}

/// Builds a program from assembly that uses no C library.
pub fn assemble_free_standing(source: &str, flags: &[&str]) -> PathBuf {
    let flags: Vec<&str> = flags
        .iter()
        .copied()
        .chain(["-nostdlib", "-nostartfiles"])
        .collect();
    build("cc", "S", source, &flags)
}

fn build(compiler: &str, language: &str, source: &str, flags: &[&str]) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (compiler, language, source, flags).hash(&mut hasher);
    let directory = crate::repository().join("target/test-programs");
    fs::create_dir_all(&directory).expect("target/test-programs");
    let program = directory.join(format!("{:016x}", hasher.finish()));
    if program.exists() {
        return program;
    }
    // Tests run side by side, in processes and in threads: each writes under its own name and moves
    // the result into place.
    static BUILDS: AtomicU32 = AtomicU32::new(0);
    let build = BUILDS.fetch_add(1, Ordering::Relaxed);
    let unique = format!("{:016x}-{}-{build}", hasher.finish(), std::process::id());
    let (input, output) = (
        directory.join(format!("{unique}.{language}")),
        directory.join(&unique),
    );
    fs::write(&input, source).expect("the source");
    let result = Command::new(compiler)
        .arg("-O1")
        .arg("-o")
        .arg(&output)
        .arg(&input)
        .args(flags)
        .output();
    let result =
        result.unwrap_or_else(|error| panic!("{compiler}: {error}; `make test` installs it"));
    assert!(
        result.status.success(),
        "{compiler}: {}",
        String::from_utf8_lossy(&result.stderr)
    );
    fs::rename(&output, &program).expect("move the program into place");
    fs::remove_file(&input).expect("remove the source");
    program
}
