//! A directory on the host for `oz-seccomp` and `oz-seccomp-tracer`, which need neither a cell nor root.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sandbox_tests::{NOBODY, Run, built, compile, public_directory, publish, root};
use tempfile::TempDir;

/// A blacklist that stops one harmless call.
pub const NO_DIRECTORIES: &str = "mkdir:1\nmkdirat:1\n";

/// A directory of somebody's, with the programs in it.
pub struct Host {
    directory: TempDir,
    ordinary: bool,
}

impl Host {
    /// The caller's.
    pub fn new() -> Host {
        Host::of(false)
    }

    /// One of the caller's, and where that is root one of an ordinary user's.
    pub fn all() -> Vec<Host> {
        let ordinary = root().then(|| Host::of(true));
        [Host::new()].into_iter().chain(ordinary).collect()
    }

    fn of(ordinary: bool) -> Host {
        let host = Host {
            directory: public_directory(),
            ordinary,
        };
        if ordinary {
            chown(host.at(""), Some(NOBODY), Some(NOBODY)).expect("chown");
        }
        host
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn mode(&self, name: &str) -> u32 {
        let metadata = fs::metadata(self.at(name)).expect("a file");
        metadata.permissions().mode() & 0o7777
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("chmod");
        if self.ordinary {
            chown(&path, Some(NOBODY), Some(NOBODY)).expect("chown");
        }
        path
    }

    /// Writes a profile with this block, and gives its name.
    pub fn profile(&self, seccomp: &str) -> &'static str {
        self.write("profile.json", &format!("{{\"Seccomp\": {{{seccomp}}}}}\n"));
        "profile.json"
    }

    /// Writes a profile that enforces a whitelist, and gives its name.
    pub fn enforcing(&self, policy: &str) -> &'static str {
        self.profile(&format!(
            r#""Mode": "whitelist", "Enforce": true, "Whitelist": "{policy}""#
        ))
    }

    /// Writes a profile of [`NO_DIRECTORIES`] with more keys, and gives its name.
    pub fn blacklisting(&self, keys: &str) -> &'static str {
        self.write("b.seccomp", NO_DIRECTORIES);
        self.profile(&format!(
            r#""Mode": "blacklist", "Blacklist": "b.seccomp"{keys}"#
        ))
    }

    /// A C program, at a path that everybody can execute.
    pub fn program(&self, source: &str, flags: &[&str]) -> PathBuf {
        publish(&compile(source, flags), self.directory.path())
    }

    /// Anything that is called in the directory, with this as the home.
    pub fn command(&self, program: &Path) -> Run {
        let run = Run::new(program)
            .directory(self.directory.path())
            .env("HOME", self.directory.path())
            .env("SANDBOX_TEST_PLACE", self.directory.path());
        match self.ordinary {
            true => run.as_nobody(),
            false => run,
        }
    }

    /// `oz-seccomp`.
    pub fn seccomp(&self, words: &[&str]) -> Run {
        self.command(&self.door("oz-seccomp")).args(words)
    }

    /// `oz-seccomp-tracer`.
    pub fn tracer(&self, words: &[&str]) -> Run {
        self.command(&self.door("oz-seccomp-tracer")).args(words)
    }

    fn door(&self, name: &str) -> PathBuf {
        match self.at(name).exists() {
            true => self.at(name),
            false => publish(&built(name), self.directory.path()),
        }
    }

    /// Whether no process is left that was started here. Who watches may need a moment to end.
    pub fn is_deserted(&self) -> bool {
        let mark = format!("SANDBOX_TEST_PLACE={}", self.directory.path().display());
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline {
            let processes = fs::read_dir("/proc").expect("/proc").flatten();
            let environments = processes.map(|one| fs::read(one.path().join("environ")));
            let ours = |bytes: &Vec<u8>| {
                bytes
                    .split(|byte| *byte == 0)
                    .any(|one| one == mark.as_bytes())
            };
            if !environments.flatten().any(|bytes| ours(&bytes)) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

/// The calls of a report in Oz's form, in order.
pub fn hits(report: &str) -> Vec<String> {
    let lines = report.lines();
    let hits = lines.filter(|line| line.starts_with("I seccomp hit on sandbox pid "));
    let names = hits.filter_map(|line| line.split_once(") syscall "));
    let names = names.filter_map(|(_, call)| call.split_once(' '));
    names.map(|(name, _)| name.to_owned()).collect()
}
