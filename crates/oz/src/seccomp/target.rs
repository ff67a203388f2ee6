//! The program that is run.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use launch::Image;
use watch::learn::{Facts, Options, Recorder};

use super::failure::Failure;

/// A program that was found, and its words.
pub(super) struct Target {
    path: PathBuf,
    words: Vec<OsString>,
}

impl Target {
    /// Finds the program of a command, whose words are not none.
    pub(super) fn find(words: Vec<OsString>) -> Result<Target, Failure> {
        let name = words.first().ok_or(Failure::NoCommand)?;
        let path = launch::find(name)?;
        Ok(Target { path, words })
    }

    /// The last name of its path.
    pub(super) fn name(&self) -> &OsStr {
        self.path.file_name().unwrap_or_default()
    }

    /// What the kernel executes: the words and the environment as they are.
    pub(super) fn image(&self) -> Result<Image, Failure> {
        let text =
            |word: &OsString| CString::new(word.clone().into_vec()).map_err(|_| launch::Error::Nul);
        let arguments: Result<Vec<CString>, _> = self.words.iter().map(text).collect();
        Ok(Image {
            path: text(&self.path.clone().into_os_string())?,
            arguments: arguments?,
            environment: launch::environment(),
        })
    }

    /// What is known of it to learn a policy.
    pub(super) fn options(&self) -> Options {
        let go = std::fs::read(&self.path).is_ok_and(|bytes| trace::image::is_go(&bytes));
        Options {
            program: self.path.to_string_lossy().into_owned(),
            facts: Facts { go, threads: false },
            recorder: Recorder::Tracer,
            ..Options::default()
        }
    }

    /// The line of Oz's tracer.
    pub(super) fn line(&self) -> String {
        let words = self.words.iter().map(|word| {
            let word = word.to_string_lossy();
            word.chars().map(visible).collect::<String>()
        });
        let words: Vec<String> = words.collect();
        let (command, arguments) = words
            .split_first()
            .map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
        let arguments = arguments.join(" ");
        format!("I Tracer running command ({command}) arguments ([{arguments}])\n")
    }
}

/// A letter as it is, unless it would do something to a terminal or begin a line of its own.
fn visible(letter: char) -> String {
    match letter.is_control() {
        true => letter.escape_debug().to_string(),
        false => letter.to_string(),
    }
}
