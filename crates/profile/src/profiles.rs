//! The profiles of a directory: what came of each file, and which one a program has (oz.md §1.4, §2.1).
//!
//! A file that is wrong hides no other. It still answers for the name and the programs that can be read
//! of it, so that a program does not get the next best profile because its own has a mistake.

use crate::diagnostic::{Diagnostic, Place, Problem, Severity};
use crate::profile::{self, Profile};

/// What came of a file.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The file.
    pub file: String,
    /// Its profile, if it can be used.
    pub profile: Result<Profile, Broken>,
    /// What is wrong with it: without a profile errors and warnings, else warnings.
    pub diagnostics: Vec<Diagnostic>,
}

/// What a profile that cannot be used was for, as far as can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Its name; that of the file if it has none.
    pub name: String,
    /// Its programs.
    pub programs: Vec<String>,
}

impl Loaded {
    /// Reads a profile; `file` is its name for messages.
    pub fn read(file: &str, bytes: &[u8]) -> Loaded {
        let reading = profile::read(file, bytes);
        let profile = match reading.draft {
            Some(profile) if !reading.failed => Ok(profile),
            draft => Err(broken(file, draft)),
        };
        Loaded {
            file: file.into(),
            profile,
            diagnostics: reading.diagnostics,
        }
    }

    /// A file that could not be read.
    pub(crate) fn unreadable(file: &str, problem: Problem) -> Loaded {
        Loaded {
            file: file.into(),
            profile: Err(broken(file, None)),
            diagnostics: vec![whole(file, Severity::Error, problem)],
        }
    }

    fn name(&self) -> &str {
        match &self.profile {
            Ok(profile) => &profile.name,
            Err(broken) => &broken.name,
        }
    }

    fn programs(&self) -> Vec<&str> {
        match &self.profile {
            Ok(profile) => profile.programs().collect(),
            Err(broken) => broken.programs.iter().map(String::as_str).collect(),
        }
    }
}

/// A problem of a file as a whole.
pub(crate) fn whole(file: &str, severity: Severity, problem: Problem) -> Diagnostic {
    Diagnostic {
        file: file.into(),
        place: Place::default(),
        severity,
        key: String::new(),
        problem,
        hint: String::new(),
    }
}

fn broken(file: &str, draft: Option<Profile>) -> Broken {
    let draft = draft.unwrap_or_default();
    let last = file.rsplit('/').next().unwrap_or(file);
    let stem = last.strip_suffix(".json").unwrap_or(last);
    Broken {
        programs: draft.programs().map(String::from).collect(),
        name: match draft.name.as_str() {
            "" => stem.into(),
            name => name.into(),
        },
    }
}

/// The profiles of a directory, in the order of their files' names, usable or not.
#[derive(Debug, Clone, Default)]
pub struct Profiles {
    entries: Vec<Loaded>,
}

impl Profiles {
    /// Puts files in their order, and warns of names and programs that an earlier one has, too: they are
    /// the earlier one's.
    pub fn new(mut entries: Vec<Loaded>) -> Profiles {
        entries.sort_by(|one, other| one.file.as_bytes().cmp(other.file.as_bytes()));
        for at in 1..entries.len() {
            let (earlier, later) = entries.split_at_mut(at);
            if let Some(entry) = later.first_mut() {
                let shadowed = shadowed(earlier, entry);
                entry.diagnostics.extend(shadowed);
            }
        }
        Profiles { entries }
    }

    /// All of them.
    pub fn entries(&self) -> &[Loaded] {
        &self.entries
    }

    /// The one with a number, from 1. Files that are wrong count, so that mending one moves no other.
    pub fn by_index(&self, index: usize) -> Option<&Loaded> {
        self.entries.get(index.checked_sub(1)?)
    }

    /// The first with a name.
    pub fn by_name(&self, name: &str) -> Option<&Loaded> {
        self.entries.iter().find(|entry| entry.name() == name)
    }

    /// The first that has a program, by the path that the user calls it by.
    pub fn by_path(&self, path: &str) -> Option<&Loaded> {
        let mut entries = self.entries.iter();
        entries.find(|entry| entry.programs().contains(&path))
    }
}

fn shadowed(earlier: &[Loaded], entry: &Loaded) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut warn = |key: &str, text: &str, first: &Loaded| {
        let mut diagnostic = whole(
            &entry.file,
            Severity::Warning,
            Problem::Shadowed {
                text: text.into(),
                file: first.file.clone(),
            },
        );
        diagnostic.key = key.into();
        found.push(diagnostic);
    };
    if let Some(first) = earlier.iter().find(|first| first.name() == entry.name()) {
        warn("name", entry.name(), first);
    }
    for program in entry.programs() {
        let mut earlier = earlier.iter();
        if let Some(first) = earlier.find(|first| first.programs().contains(&program)) {
            warn("path", program, first);
        }
    }
    found
}
