//! What execve(2) takes: a path and two arrays of strings.

use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStringExt;

use crate::error::Error;
use crate::sys;

/// A program to execute: path, arguments and environment, ready for the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The file; nobody looks for it in PATH.
    pub path: CString,
    /// The arguments from the zeroth on.
    pub arguments: Vec<CString>,
    /// Its entries as they are.
    pub environment: Vec<CString>,
}

impl Image {
    /// An image with the process's environment less the variables of the contract.
    ///
    /// # Errors
    /// [`Error::Nul`].
    pub fn new(path: OsString, arguments: Vec<OsString>) -> Result<Image, Error> {
        Ok(Image {
            path: c_string(path)?,
            arguments: arguments
                .into_iter()
                .map(c_string)
                .collect::<Result<_, _>>()?,
            environment: inherited(),
        })
    }

    /// Sets a variable, or replaces its first definition.
    ///
    /// # Errors
    /// [`Error::Nul`].
    pub fn set(&mut self, name: &str, value: &[u8]) -> Result<(), Error> {
        let mut entry = format!("{name}=").into_bytes();
        let prefix = entry.len();
        entry.extend_from_slice(value);
        let entry = c_string(OsString::from_vec(entry))?;
        let name = entry.as_bytes()[..prefix].to_vec();
        match self
            .environment
            .iter_mut()
            .find(|known| known.as_bytes().starts_with(&name))
        {
            Some(known) => *known = entry,
            None => self.environment.push(entry),
        }
        Ok(())
    }

    /// Executes this image without a ticket; comes back with the error number.
    pub fn execute(&self) -> i32 {
        sys::execute_with(&sys::Strings::new(self), [0; 3])
    }
}

/// The environment, entry for entry; also entries without `=`, which std would drop.
fn inherited() -> Vec<CString> {
    let of_the_contract = |entry: &CString| {
        policy::VARIABLES.iter().any(|name| {
            entry
                .as_bytes()
                .strip_prefix(name.as_bytes())
                .is_some_and(|rest| rest.starts_with(b"="))
        })
    };
    sys::environment()
        .into_iter()
        .filter(|entry| !of_the_contract(entry))
        .collect()
}

fn c_string(text: OsString) -> Result<CString, Error> {
    // Arguments come from execve and hold no NUL; a script's first line may.
    CString::new(text.into_vec()).map_err(|_| Error::Nul)
}
