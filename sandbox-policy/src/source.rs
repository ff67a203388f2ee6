//! The policy to look at, from options or variables.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use policy::{Compiled, Mode, Request};
use syscalls::Abi;

use crate::arguments::PolicyArguments;
use crate::failure::Failure;

/// A policy with the list it comes from.
pub(crate) struct Source {
    origin: &'static str,
    list: Vec<u8>,
    mode: Mode,
    default: policy::Action,
}

impl Source {
    pub(crate) fn read(arguments: &PolicyArguments) -> Result<Source, Failure> {
        let variables: HashMap<&str, OsString> = policy::VARIABLES
            .iter()
            .filter_map(|name| Some((*name, std::env::var_os(name)?)))
            .collect();
        let get = |name: &str| variables.get(name).map(|value| value.as_bytes());
        let list = match (&arguments.list_allow, &arguments.list_deny) {
            (Some(list), _) => Some((Mode::AllowList, "--list-allow", list.as_bytes())),
            (None, Some(list)) => Some((Mode::DenyList, "--list-deny", list.as_bytes())),
            (None, None) => None,
        };
        let default = arguments
            .default_action
            .as_ref()
            .map(|action| action.as_bytes());
        let request = Request::from_options(list, default, get)?.ok_or(Failure::NoPolicy)?;
        Ok(Source {
            origin: request.origin,
            list: request.list.to_vec(),
            mode: request.mode,
            default: request.default,
        })
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// What the list comes to on an ABI.
    pub(crate) fn compile(&self, abi: Abi) -> Result<Compiled, Failure> {
        let request = Request::plain(self.mode, self.origin, &self.list, self.default);
        Ok(request.compile(abi, &filter::sys::read_policy)?)
    }
}
