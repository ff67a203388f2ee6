//! One program, learned and then confined by what was learned, in a directory of its own.
//!
//! Every run finds the directory as the first one did, so that a difference is the policy's.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use sandbox_tests::{Outcome, Run, libsandbox, public_directory};
use tempfile::TempDir;

/// Where a filter can begin, as `--at` has it.
pub const PLACES: [&str; 3] = ["exec", "entry", "main"];

/// The ways to enforce a policy that was learned from exec on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// sandboxify, choosing its method itself.
    Launcher,
    Ticket,
    /// sandboxify, preloading libsandbox.so.
    LauncherPreload,
    /// libsandbox.so, preloaded by the user.
    Preload,
}

impl Door {
    pub const ALL: [Door; 4] = [
        Door::Launcher,
        Door::Ticket,
        Door::LauncherPreload,
        Door::Preload,
    ];
    /// Those of a static program, which no loader preloads anything into.
    pub const STATIC: [Door; 2] = [Door::Launcher, Door::Ticket];
}

/// A program with its arguments, and where it works.
pub struct Job {
    directory: TempDir,
    program: PathBuf,
    arguments: Vec<String>,
    prepare: fn(&Path),
    starts_others: bool,
}

impl Job {
    pub fn new(program: impl Into<PathBuf>, arguments: &[&str]) -> Job {
        Job {
            directory: public_directory(),
            program: program.into(),
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
            prepare: |_| {},
            starts_others: false,
        }
    }

    /// The program starts dynamic programs, which inherit the preload: their loader maps the object under
    /// the filter, so that one learns with it.
    pub fn starting_others(mut self) -> Job {
        self.starts_others = true;
        self
    }

    /// What the program is to find in its directory.
    pub fn prepared(mut self, prepare: fn(&Path)) -> Job {
        self.prepare = prepare;
        self
    }

    /// The file that is learned into, unless a test names another.
    pub fn policy(&self) -> PathBuf {
        self.file("learned.seccomp")
    }

    /// A file beside the work.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The text of the learned policy.
    #[track_caller]
    pub fn learned(&self) -> String {
        fs::read_to_string(self.policy()).expect("the learned policy")
    }

    /// The directory that the program works in, new.
    pub fn work(&self) -> PathBuf {
        let work = self.file("work");
        let _ = fs::remove_dir_all(&work);
        fs::create_dir(&work).expect("a directory for the work");
        (self.prepare)(&work);
        work
    }

    /// A run that needs the program and its arguments only.
    pub fn plain(&self) -> Run {
        self.finish(Run::new(&self.program))
    }

    /// A run under sandboxify with options.
    pub fn launched<A: AsRef<OsStr>>(&self, options: impl IntoIterator<Item = A>) -> Run {
        self.finish(Run::launched(options, &self.program))
    }

    fn finish(&self, run: Run) -> Run {
        let work = self.work();
        // As the programs' own tests have it: git and shells look at these.
        let run = run.env("HOME", &work).env("SHELL", "/bin/sh");
        let run = run.env("GIT_CONFIG_NOSYSTEM", "1").directory(&work);
        run.args(&self.arguments)
    }

    /// A learning run with the filter at a place.
    pub fn learn(&self, place: &str) -> Outcome {
        self.learn_into(&self.policy(), &["--at", place])
    }

    /// A learning run into some file, with more options.
    pub fn learn_into(&self, file: &Path, options: &[&str]) -> Outcome {
        let options = options.iter().map(OsStr::new);
        let learn = [OsStr::new("--learn"), file.as_os_str()].into_iter();
        self.launched(learn.chain(options)).outcome()
    }

    fn learn_with_object(&self) {
        let options = [OsStr::new("--learn"), self.policy().as_os_str()].map(OsStr::to_owned);
        let run = self.launched(options).env("LD_PRELOAD", libsandbox());
        run.outcome().stderr_has(": learned ");
    }

    /// A run under a policy file, with the filter at a place.
    pub fn enforce_at(&self, place: &str, policy: &Path) -> Outcome {
        let options = ["-q", "--at", place, "--policy"].map(OsStr::new);
        let options = options.into_iter().chain([policy.as_os_str()]);
        self.launched(options).outcome()
    }

    /// A run under a policy file through a door.
    pub fn enforce(&self, door: Door, policy: &Path) -> Outcome {
        let method = match door {
            Door::Launcher => "auto",
            Door::Ticket => "ticket",
            Door::LauncherPreload => "preload",
            Door::Preload => return self.preloaded(policy),
        };
        let options = ["-q", "--method", method, "--policy"].map(OsStr::new);
        let options = options.into_iter().chain([policy.as_os_str()]);
        self.launched(options).outcome()
    }

    fn preloaded(&self, policy: &Path) -> Outcome {
        let run = self.plain().env("LD_PRELOAD", libsandbox());
        run.env("SECCOMP_QUIET", "1").allow(policy).outcome()
    }

    /// Asserts that a run ends and prints as it does without a policy.
    #[track_caller]
    pub fn same(&self, what: &str, outcome: &Outcome) {
        let plain = self.plain().outcome();
        assert_eq!(plain.status, outcome.status, "{what}: {outcome:#?}");
        assert_eq!(plain.stdout, outcome.stdout, "{what}: {outcome:#?}");
        assert_eq!(plain.stderr, outcome.stderr, "{what}: {outcome:#?}");
    }

    /// Learns at a place, and asserts that the run is as one without.
    #[track_caller]
    pub fn learn_unseen(&self, place: &str) {
        let plain = self.plain().outcome();
        let learned = self.learn(place);
        assert_eq!(plain.status, learned.status, "{place}: {learned:#?}");
        assert_eq!(plain.stdout, learned.stdout, "{place}: {learned:#?}");
        let said = format!("sandboxify: {}: learned ", self.policy().display());
        let outcome = learned.stderr_has(&said);
        assert!(outcome.stderr.contains(&plain.stderr), "{outcome:#?}");
    }

    /// Learns at every place, and asserts that the program works under what was learned there; from exec
    /// on through these doors.
    #[track_caller]
    pub fn replays(&self, doors: &[Door]) {
        for place in PLACES {
            let _ = fs::remove_file(self.policy());
            self.learn_unseen(place);
            self.same(place, &self.enforce_at(place, &self.policy()));
            if place == "exec" {
                for &door in doors {
                    if self.starts_others && matches!(door, Door::LauncherPreload | Door::Preload) {
                        self.learn_with_object();
                    }
                    let outcome = self.enforce(door, &self.policy());
                    self.same(&format!("{door:?}"), &outcome);
                }
            }
        }
    }
}
