//! The process's environment, found and edited in place.
//!
//! Never through the host's getenv or unsetenv: bash exports its own, which know only bash's
//! variables. The array is the one that `environ` points to; a program without any C library has
//! none, and there the initial stack holds it.

use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::c_char;

use crate::{stack, sys};

pub(crate) struct Environment {
    array: sys::Strings,
}

/// Values of variables, where the environment has them.
pub(crate) struct Variables<'a> {
    values: Vec<(&'static str, &'a [u8])>,
}

impl Environment {
    pub(crate) fn find() -> Result<Environment, String> {
        let array = match sys::environ() {
            Some(array) => array,
            None => sys::environ_on_stack(stack::start()?),
        };
        Ok(Environment { array })
    }

    /// Whether a variable is defined, be it empty.
    pub(crate) fn defines(&self, name: &str) -> bool {
        self.value_start(name).is_some()
    }

    /// Looks variables up, of several definitions the first, as getenv(3) does.
    pub(crate) fn look_up(&self, names: &[&'static str]) -> Variables<'_> {
        let value = |&name: &&'static str| Some((name, sys::bytes(self.value_start(name)?)));
        Variables {
            values: names.iter().filter_map(value).collect(),
        }
    }

    /// Removes every definition of these variables and wipes their bytes, so that neither the
    /// program nor a child nor `/proc/self/environ` shows them.
    pub(crate) fn remove(self, names: &[&str]) {
        sys::remove(self.array, names);
    }

    fn value_start(&self, name: &str) -> Option<*mut c_char> {
        sys::entries(self.array).find_map(|entry| sys::value_start(entry, name))
    }
}

impl<'a> Variables<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<&'a [u8]> {
        let found = self.values.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| *value)
    }
}
