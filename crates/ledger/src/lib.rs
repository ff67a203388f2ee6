//! LEDGER: a policy file that grows by what was seen.
//!
//! The file is read before anything is watched, so that one that cannot be learned into is an error at
//! once, and again when it is written: another run may have learned something meanwhile. It is written
//! whole or not at all, in its own format; a file that cannot take what was learned is left as it is.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod error;
mod place;
mod translate;

use std::path::{Path, PathBuf};

use formats::Format;
use watch::learn::{self, Answers, File, Learned, Observations, Options, Summary};

pub use error::Error;

/// Reads a policy file of any format for this machine.
pub type Open = fn(&str) -> Result<formats::Source, formats::Error>;

/// A policy file that is learned into.
#[derive(Debug, Clone)]
pub struct Ledger {
    path: PathBuf,
    format: Format,
    options: Options,
    open: Open,
    /// What a new file begins with, in the language of `.seccomp` files.
    base: Option<String>,
    /// The mode of a new file, less the umask.
    mode: u32,
    /// What was written already, and what it was made from: one run counts once, however often it is
    /// written.
    written: Option<(String, Option<String>)>,
}

impl Ledger {
    /// The file at a path, which need not be there yet. The end of the name says its format. A link is
    /// followed, so that it stays a link. Nothing is read yet.
    pub fn at(path: &Path, options: Options, open: Open) -> Ledger {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let path = place::followed(path);
        Ledger {
            format: translate::format_of(&path),
            path,
            options,
            open,
            base: None,
            mode: 0o666,
            written: None,
        }
    }

    /// What a file that is not there yet begins with, in the language of `.seccomp` files.
    #[must_use]
    pub fn based_on(mut self, text: String) -> Ledger {
        self.base = Some(text);
        self
    }

    /// Has a file that is not there yet be its owner's alone.
    #[must_use]
    pub fn private(self) -> Ledger {
        Ledger {
            mode: 0o600,
            ..self
        }
    }

    /// Where the file is, links followed.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is learned from now on with other options: losses are known only at the end.
    pub fn set_options(&mut self, options: Options) {
        self.options = options;
    }

    /// The options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Makes sure that the file can be learned into, and gives observations that know its rules.
    ///
    /// # Errors
    /// Whatever would stand against writing it later.
    pub fn begin(&self) -> Result<Observations, Error> {
        // A device or a pipe must not be replaced, nor be waited for.
        if std::fs::metadata(&self.path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(Error::NotRegular);
        }
        let known = self.known()?;
        self.merged(known.as_deref(), &Observations::new())?;
        let observations = self.with_file(known.as_deref(), Observations::beside)?;
        place::try_beside(&self.path)?;
        Ok(observations)
    }

    /// Makes sure that a new file can take the place of this one, whatever it holds.
    ///
    /// # Errors
    /// Whatever would stand against writing it later.
    pub fn begin_anew(&self) -> Result<(), Error> {
        if std::fs::metadata(&self.path).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(Error::NotRegular);
        }
        place::try_beside(&self.path)
    }

    /// Puts a text in the place of the file, whole. A file that was not there is its owner's alone.
    ///
    /// # Errors
    /// [`Error::Unwritable`]; the file is then as it was.
    pub fn write_anew(&mut self, text: &str) -> Result<(), Error> {
        place::replace(&self.path, &self.path, text, 0o600)?;
        self.written = Some((text.into(), None));
        Ok(())
    }

    /// The errors that the file gives already, or that a new one will begin with.
    ///
    /// # Errors
    /// [`Error`] for a file that cannot be read, or is no policy.
    pub fn answers(&self) -> Result<Option<Answers>, Error> {
        let known = self.known()?;
        self.with_file(known.as_deref(), Answers::of)
    }

    /// Whether it was written already.
    pub fn is_written(&self) -> bool {
        self.written.is_some()
    }

    /// Adds what was learned to the file.
    ///
    /// # Errors
    /// [`Error`]; the file is then as it was.
    pub fn grow(&mut self, observations: &Observations) -> Result<Summary, Error> {
        let _alone = place::alone(&self.path);
        let now = self.known()?;
        let known = match self.written.take() {
            Some((written, before)) if now.as_deref() == Some(&written) => before,
            _ => now,
        };
        let learned = self.merged(known.as_deref(), observations)?;
        let text = translate::from_seccomp(&learned.text, self.format)?;
        place::replace(&self.path, &self.path, &text, self.mode)?;
        // One of a format that is only written cannot be grown, but it is written.
        let now = self.known().ok().flatten().unwrap_or_default();
        self.written = Some((now, known));
        Ok(learned.summary)
    }

    /// Where [`Ledger::rescue`] writes.
    pub fn beside(&self) -> PathBuf {
        let mut beside = self.path.clone().into_os_string();
        beside.push(".learned");
        PathBuf::from(beside)
    }

    /// Writes what was learned alone to [`Ledger::beside`]: it must not be lost because the file cannot
    /// take it.
    ///
    /// # Errors
    /// [`Error`]; then it is lost.
    pub fn rescue(&self, observations: &Observations) -> Result<(), Error> {
        let learned = self.merged(None, observations)?;
        place::replace(&self.path, &self.beside(), &learned.text, self.mode)
    }

    /// The file's policy in the language of `.seccomp` files; nothing where there is no file.
    fn known(&self) -> Result<Option<String>, Error> {
        let text = match place::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(self.base.clone());
            }
            Err(error) => return Err(Error::Unreadable(error)),
        };
        if self.format == Format::Seccomp {
            let text = String::from_utf8(text);
            return text.map(Some).map_err(|_| Error::NoText);
        }
        let path = self.path.to_str().ok_or(Error::Path)?;
        translate::to_seccomp(&(self.open)(path)?).map(Some)
    }

    fn merged(&self, known: Option<&str>, seen: &Observations) -> Result<Learned, Error> {
        self.with_file(known, |file| learn::merge(file, seen, &self.options))
    }

    /// Does something with the file as the room `watch` sees it.
    fn with_file<T>(
        &self,
        text: Option<&str>,
        done: impl FnOnce(&File<'_>) -> Result<T, learn::Error>,
    ) -> Result<T, Error> {
        let others = filter::sys::read_policy;
        let file = File {
            path: &self.path.to_string_lossy(),
            text,
            read: &others,
        };
        Ok(done(&file)?)
    }
}
