//! Programs that several tests run, the ways to build them, and where the filter can begin.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sandbox_tests::{Outcome, Run, compile, compile_with, installed, public_directory, sandboxify};

/// Longer than any of these runs takes, also on a busy machine.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Where the filter can begin.
pub const PLACES: [&str; 3] = ["exec", "entry", "main"];

/// Says what PR_GET_SECCOMP says, then makes a call that the tests deny, and says that it ran.
pub const FILTERED: &str = r#"
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(void)
{
	puts(prctl(PR_GET_SECCOMP) == 2 ? "filtered" : "bare");
	fflush(stdout);
	getppid();
	puts("not stopped");
	return 0;
}
"#;

/// Writes down what exec keeps of a process.
pub const REPORTER: &str = include_str!("../sandboxify/report_state.c");
/// Executes a program with such a state.
pub const SETTER: &str = include_str!("../sandboxify/set_state.c");

/// A directory in which everybody may write.
pub fn everybodys_directory() -> tempfile::TempDir {
    let directory = public_directory();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    fs::set_permissions(directory.path(), open).expect("chmod");
    directory
}

/// A source as every kind of program that there is here.
pub fn built_all_ways(source: &str) -> Vec<(&'static str, PathBuf)> {
    let mut built: Vec<(&str, PathBuf)> = [
        ("dynamic", &[][..]),
        ("fixed", &["-no-pie"]),
        ("static", &["-static"]),
        ("static and fixed", &["-static", "-no-pie"]),
        ("static-pie", &["-static-pie"]),
        ("stripped", &["-s"]),
        ("static and stripped", &["-static", "-s"]),
        ("static-pie and stripped", &["-static-pie", "-s"]),
    ]
    .into_iter()
    .map(|(name, flags)| (name, compile(source, flags)))
    .collect();
    if installed("musl-gcc").is_some() {
        built.push(("musl", compile_with("musl-gcc", source, &[])));
        let flags = ["-static", "-s"];
        built.push(("musl static", compile_with("musl-gcc", source, &flags)));
    }
    built
}

/// A run whose filter is injected, which announces nothing.
pub fn injected(place: &str, deny: &str, program: &Path) -> Run {
    let options = ["-q", "--method", "inject", "--at", place, "--deny", deny];
    Run::launched(options, program)
}

/// The outcome of a run that must end by itself.
#[track_caller]
pub fn ended(run: Run) -> Outcome {
    run.start().outcome_within(LIMIT)
}

/// A path as text.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// The processes that execute a file, but for one.
pub fn others_of(file: &Path, known: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let executes = |process: u32| fs::read_link(format!("/proc/{process}/exe")).ok();
    numbers
        .filter(|&process: &u32| process != known && executes(process).as_deref() == Some(file))
        .collect()
}

/// A line of a process's status file; empty where the process is gone.
pub fn status_of(process: u32, key: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(":\t"));
    line.unwrap_or_default().to_owned()
}

/// Sends a signal to a process, which may be gone.
pub fn send(process: u32, signal: nix::sys::signal::Signal) {
    let process = nix::unistd::Pid::from_raw(i32::try_from(process).expect("a process id"));
    let _ = nix::sys::signal::kill(process, signal);
}

/// Waits until something is so.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + LIMIT;
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A copy of the launcher, so that a test finds its own tracers and watchers alone.
pub fn own_launcher(directory: &Path) -> PathBuf {
    sandbox_tests::publish(&sandboxify(), directory)
}
