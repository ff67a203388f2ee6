//! TONGUES: policies in the formats of other tools.
//!
//! A reader translates a text into a list of our own language ([`Reading`]), so that everything means
//! what lists mean and [`policy::Request::compile`] is the only place that decides it. A writer starts
//! from the meaning, the [`Policy`], and says it in another format, or refuses with the name of the
//! rule that cannot be said there. No I/O.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod calls;
mod capabilities;
mod crd;
mod detect;
mod error;
mod list;
mod losses;
mod minijail;
mod normal;
mod oci;
mod profile;
mod seccomp;
mod source;
mod systemd;

use std::fmt;
use std::str::FromStr;

use policy::{Action, Mode, Policy, Request};
use syscalls::Abi;

pub use capabilities::capabilities;
pub use detect::detect;
pub use error::Error;
pub use source::{Circumstances, Source};

use losses::Losses;

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

/// Reads a text. A `.seccomp` file becomes a list of one path, which `policy` reads; a list and such
/// a file say nothing of mode and default action, so they are those of an allow-list that kills.
///
/// # Errors
/// [`Error::Line`] and [`Error::Value`] for what is wrong in the text, [`Error::Unreadable`] for a
/// file that it includes, [`Error::NotReadable`] for a format that is only written.
pub fn read(format: Format, text: &[u8], context: &Context<'_>) -> Result<Reading, Error> {
    match format {
        Format::List => list::read(text, context),
        Format::Seccomp => Ok(seccomp::read(text, context)),
        Format::Oci => oci::read(text, context),
        Format::Systemd => systemd::read(text, context),
        Format::Minijail => minijail::read(text, context),
        Format::Crd => Err(Error::NotReadable { format }),
    }
}

/// Writes a policy. What a format cannot say is an error; with `lossy` it is written nevertheless,
/// always on the strict side: a call whose conditions cannot be said gets the strictest of its
/// actions for all arguments. The losses stand in the text, as comments or, in JSON, as `comment`;
/// lists have no place for them, so [`losses`](function@losses) has them for all formats.
///
/// # Errors
/// [`Error::Lossy`], which names the first rule that the format cannot say.
pub fn write(format: Format, policy: &Policy, lossy: bool) -> Result<String, Error> {
    write_with(policy, &mut Losses::new(format, lossy))
}

/// What [`write`](function@write) would lose: each an [`Error::Lossy`].
pub fn losses(format: Format, policy: &Policy) -> Vec<Error> {
    let mut losses = Losses::new(format, true);
    match write_with(policy, &mut losses) {
        Ok(_) => losses.all,
        Err(error) => vec![error],
    }
}

fn write_with(policy: &Policy, losses: &mut Losses) -> Result<String, Error> {
    match losses.format {
        Format::List => list::write(policy, losses),
        Format::Seccomp => seccomp::write(policy, losses),
        Format::Oci => oci::write(policy, losses),
        Format::Systemd => systemd::write(policy, losses),
        Format::Minijail => minijail::write(policy, losses),
        Format::Crd => crd::write(policy, losses),
    }
}

/// A list as a word for a POSIX shell: in single quotes, since others expand `!` and `$`.
pub fn shell_quoted(list: &str) -> String {
    list::shell_quoted(list)
}

/// The assignments of variables that make this policy of its list, quoted for a POSIX shell; what
/// [`read`] takes as a list, too.
pub fn assignments(policy: &Policy, list: &str) -> String {
    list::assignments(policy, list)
}

/// Whether a policy is an allow-list or a deny-list, for those who set the variables; the violation's
/// action is [`Policy::default_action`].
pub fn mode(policy: &Policy) -> Mode {
    list::mode(policy)
}
