//! TONGUES: policies in the formats of other tools.
//!
//! A reader translates a text into a list of our own language ([`Reading`]), so that everything means
//! what lists mean and [`policy::Request::compile`] is the only place that decides it. A writer starts
//! from the meaning, the [`Policy`], and says it in another format, or refuses with the name of the
//! rule that cannot be said there. No I/O.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod error;

use std::fmt;
use std::str::FromStr;

use policy::{Action, Mode, Policy, Request};
use syscalls::Abi;

pub use error::Error;

/// A format for policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// What stands in an environment variable.
    List,
    /// Oz's policy files.
    Seccomp,
    /// The runtime's JSON: Docker, Podman, Kubernetes.
    Oci,
    /// Lines of a systemd unit.
    Systemd,
    /// Minijail's policy files.
    Minijail,
    /// A SeccompProfile of the security-profiles-operator; only written.
    Crd,
}

/// All formats with their names.
const FORMATS: [(Format, &str); 6] = [
    (Format::List, "list"),
    (Format::Seccomp, "seccomp"),
    (Format::Oci, "oci"),
    (Format::Systemd, "systemd"),
    (Format::Minijail, "minijail"),
    (Format::Crd, "crd"),
];

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = FORMATS.iter().find(|(format, _)| format == self);
        f.write_str(named.map_or("", |(_, name)| name))
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(word: &str) -> Result<Format, Error> {
        let named = FORMATS.iter().find(|(_, name)| *name == word);
        named
            .map(|&(format, _)| format)
            .ok_or_else(|| Error::UnknownFormat { word: word.into() })
    }
}

/// What a text comes to: a list of our language, and how to read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Whether the list allows or denies.
    pub mode: Mode,
    /// What a violation does.
    pub default: Action,
    /// The list.
    pub list: String,
    /// An ABI besides the native one.
    pub besides: Option<Abi>,
    /// What the user should know but did not get wrong.
    pub notes: Vec<String>,
}

impl Reading {
    /// The request that the text makes; `origin` stands for the list in messages.
    pub fn request(&self, origin: &'static str) -> Request<'_> {
        Request {
            besides: self.besides,
            // The texts say what they compare, and the kernel's view of a type is not theirs.
            whole_registers: true,
            ..Request::plain(self.mode, origin, self.list.as_bytes(), self.default)
        }
    }
}

/// Circumstances that a text may depend on.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The file that the text is from, for messages and for what it includes.
    pub path: &'a str,
    /// Reads files that the text includes.
    pub read: &'a policy::Read<'a>,
    /// The native ABI.
    pub abi: Abi,
    /// The kernel's version: major and minor.
    pub kernel: (u32, u32),
    /// The capabilities that the program will have, as `CAP_SYS_ADMIN`.
    pub capabilities: &'a [&'a str],
}
