//! A policy file of any format, as a door or a tool gets it: a path.

use policy::{Mode, Read};
use syscalls::Abi;

use crate::{Context, Error, Format, Reading, detect, read};

/// A policy file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What it was taken for.
    pub format: Format,
    /// What it says.
    pub reading: Reading,
    complete: bool,
    path: String,
    text: Vec<u8>,
}

impl Source {
    /// Reads a policy file. One of Oz's becomes a list of one path. `mode` is for files that do not
    /// say whether they allow or deny.
    ///
    /// # Errors
    /// [`Error::Unreadable`], or what [`read`] says.
    pub fn open(
        path: &str,
        mode: Option<Mode>,
        files: &Read<'_>,
        circumstances: &Circumstances<'_>,
    ) -> Result<Source, Error> {
        let text = files(path.as_bytes()).map_err(|errno| Error::Unreadable {
            path: path.into(),
            errno,
        })?;
        let format = circumstances.format.unwrap_or_else(|| detect(path, &text));
        let context = Context {
            path,
            read: files,
            abi: circumstances.abi,
            kernel: circumstances.kernel,
            capabilities: circumstances.capabilities,
        };
        let mut reading = read(format, &text, &context)?;
        let complete = match format {
            Format::List => crate::list::is_assigned(&text),
            Format::Seccomp => false,
            _ => true,
        };
        if let Some(mode) = mode.filter(|_| !complete) {
            reading.mode = mode;
        }
        Ok(Source {
            format,
            reading,
            complete,
            path: path.into(),
            text,
        })
    }

    /// A way to read files that gives this one as it was read: what a file is taken for and what its
    /// rules are must come from the same bytes.
    pub fn files<'a>(
        &'a self,
        others: &'a Read<'a>,
    ) -> impl Fn(&[u8]) -> Result<Vec<u8>, i32> + 'a {
        move |path| {
            let plain = path.strip_prefix(b"./").unwrap_or(path);
            let own = self.path.strip_prefix("./").unwrap_or(&self.path);
            match plain == own.as_bytes() {
                true => Ok(self.text.clone()),
                false => others(path),
            }
        }
    }

    /// Whether the file itself says what it allows or denies and what a violation does.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether it compares whole registers, as foreign formats do.
    pub fn is_foreign(&self) -> bool {
        !matches!(self.format, Format::List | Format::Seccomp)
    }
}

/// What a file's meaning may depend on besides its text.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The format, where it is not to be guessed.
    pub format: Option<Format>,
    /// The native ABI.
    pub abi: Abi,
    /// The kernel's version: major and minor.
    pub kernel: (u32, u32),
    /// The capabilities that the program will have, as `CAP_SYS_ADMIN`.
    pub capabilities: &'a [&'a str],
}
