//! The policy to look at, from options or variables.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use policy::{Compiled, List, Mode, Request, Target, Verb};
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
        let request = Request {
            mode: self.mode,
            origin: self.origin,
            list: &self.list,
            default: self.default,
            log: false,
            quiet: true,
        };
        Ok(request.compile(abi)?)
    }

    /// The item that decided on a call: the last one that says something of it, as the grammar
    /// writes it.
    pub(crate) fn deciding_item(&self, abi: Abi, number: u32) -> Result<Option<String>, Failure> {
        let list = List::parse(self.origin, &self.list)?;
        let names = |target: &Target<'_>| match target {
            Target::Number(listed) => *listed == number,
            Target::Name(name) => syscalls::number(abi, name) == Some(number),
            Target::Group(name) => {
                syscalls::group(name).is_some_and(|group| group.numbers(abi).contains(&number))
            }
        };
        let last = list.items.iter().rev().find(|item| names(&item.target));
        let said = last.filter(|item| item.verb != Verb::Remove);
        Ok(said.map(|item| item.to_string()))
    }
}
