//! A recording that runs during a test.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sandbox_tests::{Outcome, Run, Running, root, sandbox_policy};

/// `from-log` with some words behind it.
pub fn from_log<A: AsRef<OsStr>>(words: impl IntoIterator<Item = A>) -> Run {
    Run::new(sandbox_policy()).arg("from-log").args(words)
}

/// Whether records arrive here: as root, in the initial network namespace.
pub fn can_follow() -> bool {
    let probe = from_log(["--follow", "--all", "--for", "0"]).outcome();
    root() && !probe.stderr.contains("namespace") && probe.stderr.contains("listening")
}

/// A recording.
pub struct Recorder {
    running: Running,
    said: PathBuf,
}

impl Recorder {
    /// Starts one and waits until it listens.
    pub fn start(directory: &Path, run: Run) -> Recorder {
        let said = directory.join("recorder.said");
        let file = File::create(&said).expect("a file");
        let running = run.stderr_to(file).start();
        let recorder = Recorder { running, said };
        let deadline = Instant::now() + Duration::from_secs(20);
        while !recorder.said().contains("listening") {
            assert!(Instant::now() < deadline, "{}", recorder.said());
            sleep(Duration::from_millis(5));
        }
        recorder
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.said).expect("what was said")
    }

    /// Ends the recording, and gives what came of it.
    pub fn stop(self, signal: Signal) -> Outcome {
        let pid = i32::try_from(self.running.pid()).expect("a pid");
        kill(Pid::from_raw(pid), signal).expect("the recorder");
        let mut outcome = self.running.outcome_within(Duration::from_secs(60));
        outcome.stderr = fs::read_to_string(&self.said).expect("what was said");
        outcome
    }
}
