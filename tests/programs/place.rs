//! Where a test lets a program work: one door, one user, one directory.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

use sandbox_tests::{NOBODY, Run, libsandbox, public_directory, publish, root, sandboxify};
use tempfile::TempDir;

use crate::lists::example;

/// The way a program gets its filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// libsandbox.so, preloaded.
    Preload,
    /// sandboxify, choosing its method itself.
    Launcher,
    /// sandboxify, preloading libsandbox.so.
    LauncherPreload,
}

impl Door {
    /// All of them; a static program has only the launcher.
    pub const ALL: [Door; 3] = [Door::Preload, Door::Launcher, Door::LauncherPreload];
}

/// Who runs the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// Whoever runs the tests.
    Own,
    /// An ordinary user without capabilities; only root can become that.
    Nobody,
}

/// A door and a user, with copies of what the user needs and a directory for the work.
#[derive(Debug)]
pub struct Place {
    directory: TempDir,
    pub door: Door,
    pub user: User,
    around: Vec<OsString>,
}

impl Place {
    pub fn new(door: Door, user: User) -> Place {
        let directory = public_directory();
        publish(&libsandbox(), directory.path());
        publish(&sandboxify(), directory.path());
        let work = directory.path().join("work");
        fs::create_dir(&work).expect("a directory for the work");
        if user == User::Nobody {
            chown(&work, Some(NOBODY), Some(NOBODY)).expect("chown");
        }
        Place {
            directory,
            door,
            user,
            around: Vec::new(),
        }
    }

    /// Every door for every user.
    pub fn all() -> impl Iterator<Item = Place> {
        let doors = Door::ALL.into_iter();
        doors.flat_map(|door| users().map(move |user| Place::new(door, user)))
    }

    /// The launcher for every user: the places of static programs.
    pub fn launchers() -> impl Iterator<Item = Place> {
        users().map(|user| Place::new(Door::Launcher, user))
    }

    /// Puts words before the command: another program that runs it.
    pub fn around<A: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = A>) -> Place {
        self.around = words.into_iter().map(|word| word.as_ref().into()).collect();
        self
    }

    /// The directory that the program works in.
    pub fn work(&self) -> PathBuf {
        self.directory.path().join("work")
    }

    /// Copies a program here, so that every user can run it.
    pub fn bring(&self, program: &Path) -> PathBuf {
        publish(program, self.directory.path())
    }

    /// A dynamic program under an allow-list made for libsandbox.so: the launcher, whose filter
    /// starts earlier, gets what the loader calls in front of it.
    pub fn allow(&self, list: &str, program: impl AsRef<OsStr>) -> Run {
        match self.door {
            Door::Preload | Door::LauncherPreload => self.allow_exactly(list, program),
            Door::Launcher => {
                let list = format!("{}:{list}", example("loader", "LOADER"));
                self.allow_exactly(&list, program)
            }
        }
    }

    /// A program under an allow-list.
    pub fn allow_exactly(&self, list: &str, program: impl AsRef<OsStr>) -> Run {
        self.filtered("allow", list, program.as_ref())
    }

    /// A program under a deny-list.
    pub fn deny(&self, list: &str, program: impl AsRef<OsStr>) -> Run {
        self.filtered("deny", list, program.as_ref())
    }

    /// A program without a filter of its own.
    pub fn plain(&self, program: impl AsRef<OsStr>) -> Run {
        let mut words = self.around.clone();
        words.push(program.as_ref().into());
        self.run(words)
    }

    /// The launcher, as the user finds it.
    pub fn launcher(&self) -> PathBuf {
        self.directory.path().join("sandboxify")
    }

    fn filtered(&self, mode: &str, list: &str, program: &OsStr) -> Run {
        let mut words = self.around.clone();
        match self.door {
            Door::Preload => {
                let object = self.directory.path().join("libsandbox.so");
                let variable = mode.to_uppercase();
                words.push("env".into());
                words.push(format!("LD_PRELOAD={}", object.display()).into());
                words.push(format!("SECCOMP_SYSCALL_{variable}={list}").into());
                words.push("SECCOMP_QUIET=1".into());
            }
            Door::Launcher | Door::LauncherPreload => {
                let method = match self.door {
                    Door::LauncherPreload => "preload",
                    _ => "auto",
                };
                words.push(self.launcher().into());
                words.extend(["-q", "--method", method].map(OsString::from));
                words.extend([format!("--{mode}").into(), list.into()]);
            }
        }
        words.push(program.into());
        self.run(words)
    }

    fn run(&self, words: Vec<OsString>) -> Run {
        // HOME and SHELL spare shells a look into the user database, and git needs the first.
        let run = Run::new(&words[0])
            .args(&words[1..])
            .env("HOME", self.work())
            .env("SHELL", "/bin/sh")
            // As most users have it; the conversions that come with it take locks.
            .env("LC_ALL", "C.UTF-8")
            .directory(&self.work());
        match self.user {
            User::Own => run,
            User::Nobody => run.as_nobody(),
        }
    }
}

/// Tests run by an ordinary user are run by the second kind already.
fn users() -> impl Iterator<Item = User> {
    [User::Own, User::Nobody]
        .into_iter()
        .filter(|&user| user == User::Own || root())
}
