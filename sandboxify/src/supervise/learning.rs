//! `--learn`: observations become a policy file.
//!
//! The file is read before the run, so that a file that cannot be learned into is an error at once,
//! and again when it is written: another run may have learned something meanwhile. It is written whole.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use formats::Format;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use policy::{Action, Mode, Request};
use syscalls::Abi;
use trace::process_of;
use watch::Call;
use watch::learn::{self, Generalise, Observations};

use super::sink::Progress;
use crate::circumstances;
use crate::failure::Failure;

/// A policy that is being learned.
pub(crate) struct Learning {
    path: PathBuf,
    format: Format,
    options: learn::Options,
    observations: Observations,
    progress: Arc<Seen>,
    /// What this run has written already, and what it was made from: what the program leaves behind may
    /// be seen after its end, and one run counts once.
    written: Option<(String, Option<String>)>,
    /// How the counts of all calls are reported, if they are.
    counts: Option<watch::Format>,
}

/// What a progress line tells, for another thread.
#[derive(Default)]
struct Seen {
    calls: AtomicU64,
    distinct: AtomicU64,
}

/// The formats by the ends of file names.
const ENDS: [(&str, Format); 8] = [
    ("seccomp", Format::Seccomp),
    ("json", Format::Oci),
    ("service", Format::Systemd),
    ("conf", Format::Systemd),
    ("policy", Format::Minijail),
    ("yaml", Format::Crd),
    ("yml", Format::Crd),
    ("list", Format::List),
];

/// The format of a file to learn into, by its name.
fn format_of(path: &Path) -> Format {
    let end = path.extension().unwrap_or_default();
    let known = ENDS.iter().find(|(known, _)| *known == end);
    known.map_or(Format::Seccomp, |(_, format)| *format)
}

/// Where a path leads: a link stays a link, and what it points to is replaced, or made.
fn followed(mut path: PathBuf) -> PathBuf {
    // As many as the kernel follows (path_resolution(7)).
    const MOST_LINKS: usize = 40;
    for _ in 0..MOST_LINKS {
        let Ok(target) = fs::read_link(&path) else {
            break;
        };
        path.pop();
        path.push(target);
    }
    fs::canonicalize(&path).unwrap_or(path)
}

impl Learning {
    /// Prepares to learn into a file, which may be there already.
    pub(crate) fn new(
        path: &Path,
        options: learn::Options,
        counts: Option<watch::Format>,
    ) -> Result<Learning, Failure> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let path = followed(path);
        let mut learning = Learning {
            format: format_of(&path),
            path,
            options,
            observations: Observations::new(),
            progress: Arc::default(),
            written: None,
            counts,
        };
        // A device or a pipe must not be replaced, nor be waited for.
        if fs::metadata(&learning.path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(learning.failure("is no regular file".into()));
        }
        let failed = |why| learning.failure(why);
        let known = learning.known().map_err(failed)?;
        learning
            .merged(known.as_deref(), &Observations::new())
            .map_err(failed)?;
        let others = filter::sys::read_policy;
        let name = learning.name();
        let file = learn::File {
            path: &name,
            text: known.as_deref(),
            read: &others,
        };
        let observations = Observations::beside(&file);
        learning.observations =
            observations.map_err(|error| learning.failure(error.to_string()))?;
        learning.try_directory()?;
        Ok(learning)
    }

    fn failure(&self, why: String) -> Failure {
        Failure::Learn {
            path: self.path.clone(),
            why,
        }
    }

    /// The file will be replaced by one beside it.
    fn try_directory(&self) -> Result<(), Failure> {
        let temporary = self.temporary();
        let tried = create(&temporary, 0o600);
        let _ = fs::remove_file(&temporary);
        tried
            .map(drop)
            .map_err(|error| self.failure(format!("cannot be written: {error}")))
    }

    /// Takes up a call that ran.
    pub(crate) fn record(&mut self, call: &mut Call) {
        // Whose the process is matters for signals alone, and costs a look at /proc.
        if i64::from(call.number) == libc::SYS_kill {
            call.process = process_of(call.thread).unwrap_or(call.thread);
        }
        let new = self.observations.record(call);
        self.progress.calls.fetch_add(1, Ordering::Relaxed);
        if new {
            self.progress.distinct.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many calls were seen.
    pub(crate) fn total(&self) -> u64 {
        self.progress.calls.load(Ordering::Relaxed)
    }

    /// What is shown on a terminal while the program runs.
    pub(crate) fn progress(&self) -> Progress {
        let seen = Arc::clone(&self.progress);
        let start = Instant::now();
        let mut before = 0;
        Box::new(move || {
            let calls = seen.calls.load(Ordering::Relaxed);
            let distinct = seen.distinct.load(Ordering::Relaxed);
            let new = distinct - std::mem::replace(&mut before, distinct);
            let seconds = start.elapsed().as_secs();
            Some(format!(
                "learning: {calls} calls seen, {distinct} kinds, {new} new, {seconds} s"
            ))
        })
    }

    /// Writes what was learned, and says what that is: to the user, and for the report, where that is
    /// a file or for programs.
    pub(crate) fn write(&mut self) -> (String, Option<String>) {
        if self.observations.is_empty() {
            let path = self.path.display();
            let said = format!("sandboxify: no call was seen; {path} was not written\n");
            return (said, None);
        }
        let again = self.written.is_some();
        match self.grow() {
            Ok(summary) if again && summary.new.is_empty() => (String::new(), None),
            Ok(summary) => self.said(&summary),
            Err(why) => (self.rescue(&why), None),
        }
    }

    fn said(&self, summary: &learn::Summary) -> (String, Option<String>) {
        let text = format!("sandboxify: {}: {summary}\n", self.path.display());
        match self.counts {
            None => (text, None),
            Some(watch::Format::Json) => (String::new(), Some(format!("{}\n", summary.json()))),
            Some(_) => (text, Some(summary.counts())),
        }
    }

    /// Adds what was learned to the file.
    fn grow(&mut self) -> Result<learn::Summary, String> {
        let _alone = self.alone();
        let now = self.known()?;
        let known = match self.written.take() {
            Some((written, before)) if now.as_deref() == Some(&written) => before,
            _ => now,
        };
        let learned = self.merged(known.as_deref(), &self.observations)?;
        self.replace(&self.path, &self.in_format(&learned.text)?)?;
        self.written = self.known()?.map(|written| (written, known));
        Ok(learned.summary)
    }

    /// Keeps other runs from the directory between reading and writing: neither must lose what the other
    /// has learned. Not for ever, and not where it cannot be locked.
    fn alone(&self) -> Option<Flock<fs::File>> {
        const PATIENCE: Duration = Duration::from_secs(5);
        let deadline = Instant::now() + PATIENCE;
        let mut directory = fs::File::open(self.path.parent()?).ok()?;
        loop {
            match Flock::lock(directory, FlockArg::LockExclusiveNonblock) {
                Ok(lock) => return Some(lock),
                Err((back, Errno::EWOULDBLOCK)) if Instant::now() < deadline => directory = back,
                Err(_) => return None,
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What was learned must not be lost because the file cannot take it.
    fn rescue(&self, why: &str) -> String {
        let mut beside = self.path.clone().into_os_string();
        beside.push(".learned");
        let beside = PathBuf::from(beside);
        let saved = self
            .merged(None, &self.observations)
            .and_then(|learned| self.replace(&beside, &learned.text));
        let path = self.path.display();
        match saved {
            Ok(()) => format!(
                "sandboxify: {path}: {why}; it was left as it is, and what was learned is in {}\n",
                beside.display()
            ),
            Err(other) => format!("sandboxify: {path}: {why}; {}: {other}\n", beside.display()),
        }
    }

    /// The path as the policy reader takes it.
    fn name(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    /// The file's policy in the language of `.seccomp` files; nothing where there is no file.
    fn known(&self) -> Result<Option<String>, String> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        if self.format == Format::Seccomp {
            let text = String::from_utf8(text);
            return text.map(Some).map_err(|_| "is no text".into());
        }
        let source = circumstances::open(self.path.as_os_str()).map_err(|e| e.to_string())?;
        let others = filter::sys::read_policy;
        let request = source.reading.request("--learn");
        let compiled = request.compile(Abi::NATIVE, &source.files(&others));
        let policy = compiled.map_err(|error| error.to_string())?.policy;
        let text = formats::write(Format::Seccomp, &policy, false);
        text.map(Some).map_err(|error| error.to_string())
    }

    fn merged(
        &self,
        known: Option<&str>,
        observations: &Observations,
    ) -> Result<learn::Learned, String> {
        let others = filter::sys::read_policy;
        let file = learn::File {
            path: &self.name(),
            text: known,
            read: &others,
        };
        learn::merge(&file, observations, &self.options).map_err(|error| error.to_string())
    }

    /// A `.seccomp` text in the format of the file.
    fn in_format(&self, text: &str) -> Result<String, String> {
        if self.format == Format::Seccomp {
            return Ok(text.to_owned());
        }
        let own = |path: &[u8]| match path {
            b"/learned" => Ok(text.as_bytes().to_vec()),
            other => filter::sys::read_policy(other),
        };
        let request = Request::plain(Mode::AllowList, "--learn", b"/learned", Action::KillProcess);
        let compiled = request
            .compile(Abi::NATIVE, &own)
            .map_err(|error| error.to_string())?;
        formats::write(self.format, &compiled.policy, false).map_err(|error| error.to_string())
    }

    fn temporary(&self) -> PathBuf {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let process = std::process::id();
        self.path.with_file_name(format!(".{name}.{process}.new"))
    }

    /// Puts a text in the place of a file, whole or not at all.
    fn replace(&self, path: &Path, text: &str) -> Result<(), String> {
        let temporary = self.temporary();
        let before = fs::metadata(path).ok();
        let mode = before.as_ref().map_or(0o666, |_| 0o600);
        let written = create(&temporary, mode)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                if let Some(before) = &before {
                    // Where it cannot be given back, it is ours.
                    let _ = fchown(&file, Some(before.uid()), Some(before.gid()));
                    file.set_permissions(before.permissions())?;
                }
                file.sync_all()
            })
            .and_then(|()| fs::rename(&temporary, path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written.map_err(|error| format!("cannot be written: {error}"))
    }
}

fn create(path: &Path, mode: u32) -> std::io::Result<fs::File> {
    let _ = fs::remove_file(path);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
}

/// Reads `--generalise`.
pub(crate) fn generalise(word: &[u8]) -> Option<Generalise> {
    match word {
        b"none" => Some(Generalise::None),
        b"values" => Some(Generalise::Values),
        b"calls" => Some(Generalise::Calls),
        _ => None,
    }
}
