//! One run of a program in a known environment, and what came of it.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;

use crate::audit::{AuditListener, Record};

/// What a shell reports for a program that died of SIGSYS ("Bad system call"): 128 + 31.
pub const SIGSYS_STATUS: i32 = 159;

/// A program about to be run, with nothing in its environment but `PATH` and `LC_ALL=C`.
pub struct Run {
    command: Command,
    input: Option<Vec<u8>>,
    stderr: Option<Stdio>,
}

/// A program that runs; dropped, it is killed.
pub struct Running {
    child: Option<Child>,
}

/// How a run ended and what it printed.
#[derive(Debug)]
pub struct Outcome {
    /// The exit status as a shell shows it: 128 + n for death by signal n.
    pub status: i32,
    /// Standard output, lossily as text.
    pub stdout: String,
    /// Standard error, lossily as text.
    pub stderr: String,
}

impl Run {
    /// A program by path or by name.
    pub fn new(program: impl AsRef<OsStr>) -> Run {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C");
        command.stdin(Stdio::null());
        Run {
            command,
            input: None,
            stderr: None,
        }
    }

    /// A program with libsandbox.so preloaded.
    pub fn preloaded(program: impl AsRef<OsStr>) -> Run {
        Run::new(program).env("LD_PRELOAD", crate::libsandbox())
    }

    /// A program under sandboxify; options go in before the program.
    pub fn launched<A: AsRef<OsStr>>(
        options: impl IntoIterator<Item = A>,
        program: impl AsRef<OsStr>,
    ) -> Run {
        Run::new(crate::sandboxify()).args(options).arg(program)
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Run {
        self.command.env(name, value);
        self
    }

    /// Sets SECCOMP_SYSCALL_ALLOW.
    pub fn allow(self, list: impl AsRef<OsStr>) -> Run {
        self.env("SECCOMP_SYSCALL_ALLOW", list)
    }

    /// Sets SECCOMP_SYSCALL_DENY.
    pub fn deny(self, list: impl AsRef<OsStr>) -> Run {
        self.env("SECCOMP_SYSCALL_DENY", list)
    }

    /// Sets SECCOMP_DEFAULT_ACTION.
    pub fn default_action(self, action: &str) -> Run {
        self.env("SECCOMP_DEFAULT_ACTION", action)
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Run {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Run {
        self.command.args(arguments);
        self
    }

    /// Runs in a directory.
    pub fn directory(mut self, directory: &Path) -> Run {
        self.command.current_dir(directory);
        self
    }

    /// Feeds standard input.
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Run {
        self.input = Some(bytes.into());
        self
    }

    /// Runs as an ordinary user with no capability. What is run must lie where that user can read it.
    pub fn as_nobody(mut self) -> Run {
        self.command.uid(crate::NOBODY).gid(crate::NOBODY);
        self
    }

    /// The command itself, for what has no method here.
    pub fn command(&mut self) -> &mut Command {
        &mut self.command
    }

    /// Sends standard error elsewhere; the outcome then shows none of it.
    pub fn stderr_to(mut self, place: impl Into<Stdio>) -> Run {
        self.stderr = Some(place.into());
        self
    }

    /// Starts the program and waits for its end.
    pub fn outcome(self) -> Outcome {
        self.start().outcome()
    }

    /// The outcome together with the process's audit records, of which `count` are expected;
    /// nothing when this user may not read them.
    pub fn audited(self, count: usize) -> Option<(Outcome, Vec<Record>)> {
        let mut listener = AuditListener::new()?;
        let running = self.start();
        let pid = running.pid();
        let outcome = running.outcome();
        Some((outcome, listener.records(pid, count)))
    }

    /// Starts the program.
    pub fn start(mut self) -> Running {
        self.command.stdout(Stdio::piped());
        self.command
            .stderr(self.stderr.take().unwrap_or_else(Stdio::piped));
        if self.input.is_some() {
            self.command.stdin(Stdio::piped());
        }
        let program: OsString = self.command.get_program().into();
        let mut child = self
            .command
            .spawn()
            .unwrap_or_else(|error| panic!("start {}: {error}", PathBuf::from(program).display()));
        if let (Some(bytes), Some(mut stdin)) = (self.input.take(), child.stdin.take()) {
            // A program that dies early reads none of it.
            std::thread::spawn(move || drop(stdin.write_all(&bytes)));
        }
        Running { child: Some(child) }
    }
}

impl Running {
    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("a running program").id()
    }

    /// Standard output, to be read while the program runs; the outcome then shows none of it.
    pub fn stdout(&mut self) -> ChildStdout {
        let child = self.child.as_mut().expect("a running program");
        child.stdout.take().expect("standard output")
    }

    /// Waits for the program's end; one that takes longer is killed, and the test fails.
    #[track_caller]
    pub fn outcome_within(mut self, limit: Duration) -> Outcome {
        let deadline = Instant::now() + limit;
        let child = self.child.as_mut().expect("a running program");
        // A short report fits into the pipes, so nothing needs to read them meanwhile.
        while child.try_wait().expect("wait").is_none() {
            assert!(Instant::now() < deadline, "still running after {limit:?}");
            sleep(Duration::from_millis(1));
        }
        self.outcome()
    }

    /// Waits for the program's end.
    pub fn outcome(mut self) -> Outcome {
        let child = self.child.take().expect("a running program");
        Outcome::of(child.wait_with_output().expect("wait"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The write end of a pipe that nobody reads, nor any process that another test starts meanwhile.
pub fn broken_pipe() -> OwnedFd {
    let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC).expect("a pipe");
    drop(reader);
    writer
}

impl Outcome {
    /// What a finished process left.
    pub fn of(output: std::process::Output) -> Outcome {
        let status = match output.status.signal() {
            Some(signal) => 128 + signal,
            None => output.status.code().expect("a code or a signal"),
        };
        Outcome {
            status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts that the program ended with status 0.
    #[track_caller]
    pub fn succeeded(self) -> Outcome {
        assert_eq!(self.status, 0, "{self:#?}");
        self
    }

    /// Asserts that the program died of SIGSYS.
    #[track_caller]
    pub fn killed(self) -> Outcome {
        assert_eq!(self.status, SIGSYS_STATUS, "{self:#?}");
        self
    }

    /// Asserts an exit status.
    #[track_caller]
    pub fn status(self, status: i32) -> Outcome {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }

    /// Asserts the whole of standard output.
    #[track_caller]
    pub fn stdout(self, text: &str) -> Outcome {
        assert_eq!(self.stdout, text, "{self:#?}");
        self
    }

    /// Asserts the whole of standard error.
    #[track_caller]
    pub fn stderr(self, text: &str) -> Outcome {
        assert_eq!(self.stderr, text, "{self:#?}");
        self
    }

    /// Asserts that standard error holds a text.
    #[track_caller]
    pub fn stderr_has(self, text: &str) -> Outcome {
        assert!(self.stderr.contains(text), "no {text:?} in {self:#?}");
        self
    }

    /// Asserts that standard output holds a text.
    #[track_caller]
    pub fn stdout_has(self, text: &str) -> Outcome {
        assert!(self.stdout.contains(text), "no {text:?} in {self:#?}");
        self
    }
}
