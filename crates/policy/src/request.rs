//! The environment contract: which variables there are and what they ask for.

use syscalls::Abi;

use crate::action::Action;
use crate::error::{Error, Problem, quoted};
use crate::nearest::hint;

/// Whether a list says what may be called or what may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What is not listed is a violation.
    AllowList,
    /// What is listed is a violation.
    DenyList,
}

/// The allow-list.
pub const ALLOW: &str = "SECCOMP_SYSCALL_ALLOW";
/// The deny-list, read only when there is no allow-list.
pub const DENY: &str = "SECCOMP_SYSCALL_DENY";
/// What a violation does; `kill_process` when not defined.
pub const DEFAULT_ACTION: &str = "SECCOMP_DEFAULT_ACTION";
/// ABIs besides the native one.
pub const ARCH: &str = "SECCOMP_ARCH";
/// `1`: denials with an error reach the kernel log, too.
pub const LOG: &str = "SECCOMP_LOG";
/// `1`: print nothing unless something fails.
pub const QUIET: &str = "SECCOMP_QUIET";

/// All variables of the contract; none of them reaches the program.
pub const VARIABLES: [&str; 6] = [ALLOW, DENY, DEFAULT_ACTION, ARCH, LOG, QUIET];

/// What a user asked for, before any name is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// Whether the list allows or denies.
    pub mode: Mode,
    /// The variable or option that holds the list, for messages.
    pub origin: &'static str,
    /// The list as written.
    pub list: &'a [u8],
    /// What a violation does.
    pub default: Action,
    /// Paths of files, or texts behind `{inline}`, whose bindings every rule may use.
    pub definitions: &'a [&'a [u8]],
    /// An ABI besides the native one.
    pub besides: Option<Abi>,
    /// Whether rules come from a language that compares whole registers whatever the kernel reads of
    /// them: then they are taken as they are, where ours would refuse a rule that garbage passes.
    pub whole_registers: bool,
    /// Whether the kernel is asked to log denials with an error.
    pub log: bool,
    /// Whether to print only failures.
    pub quiet: bool,
}

impl<'a> Request<'a> {
    /// Reads the variables through `get`; nothing when neither list is defined.
    ///
    /// # Errors
    /// [`Error::Value`] for a default action that is unknown or `allow`, a switch that is neither
    /// `1` nor `0`, and an ABI that cannot be added.
    pub fn from_variables(
        get: impl Fn(&str) -> Option<&'a [u8]>,
    ) -> Result<Option<Request<'a>>, Error> {
        let (mode, origin, list) = match (get(ALLOW), get(DENY)) {
            (Some(list), _) => (Mode::AllowList, ALLOW, list),
            (None, Some(list)) => (Mode::DenyList, DENY, list),
            (None, None) => return Ok(None),
        };
        Request::new(mode, origin, list, get).map(Some)
    }

    /// What options and variables come to together: a list option stands in for both list
    /// variables, `--default-action` for its variable, which is then not looked at. Nothing when no
    /// list is defined.
    ///
    /// # Errors
    /// As [`Request::from_variables`].
    pub fn from_options(
        list: Option<(Mode, &'static str, &'a [u8])>,
        default: Option<&'a [u8]>,
        get: impl Fn(&str) -> Option<&'a [u8]>,
    ) -> Result<Option<Request<'a>>, Error> {
        let get = |name: &str| match name {
            DEFAULT_ACTION if default.is_some() => None,
            name => get(name),
        };
        let request = match list {
            Some((mode, origin, list)) => Some(Request::new(mode, origin, list, get)?),
            None => Request::from_variables(get)?,
        };
        let Some(mut request) = request else {
            return Ok(None);
        };
        if let Some(action) = default {
            request.set_default("--default-action", action)?;
        }
        Ok(Some(request))
    }

    /// A request with a list from elsewhere; the other variables come through `get`.
    ///
    /// # Errors
    /// As [`Request::from_variables`].
    pub fn new(
        mode: Mode,
        origin: &'static str,
        list: &'a [u8],
        get: impl Fn(&str) -> Option<&'a [u8]>,
    ) -> Result<Request<'a>, Error> {
        let default = get(DEFAULT_ACTION).map_or(Ok(Action::KillProcess), |text| {
            default_action(DEFAULT_ACTION, text)
        })?;
        Ok(Request {
            besides: abis(ARCH, get(ARCH))?,
            log: switch(LOG, get(LOG))?,
            quiet: switch(QUIET, get(QUIET))?,
            ..Request::plain(mode, origin, list, default)
        })
    }

    /// A list and nothing else: no other ABI, no definitions, no switches.
    pub fn plain(mode: Mode, origin: &'static str, list: &'a [u8], default: Action) -> Request<'a> {
        Request {
            mode,
            origin,
            list,
            default,
            definitions: &[],
            besides: None,
            whole_registers: false,
            log: false,
            quiet: false,
        }
    }

    /// Replaces the default action by one from an option.
    ///
    /// # Errors
    /// [`Error::Value`] when it is unknown or `allow`.
    pub fn set_default(&mut self, origin: &'static str, text: &[u8]) -> Result<(), Error> {
        self.default = default_action(origin, text)?;
        Ok(())
    }

    /// Replaces the ABIs besides the native one by those of an option.
    ///
    /// # Errors
    /// [`Error::Value`] for an ABI that cannot be added.
    pub fn set_besides(&mut self, origin: &'static str, text: &[u8]) -> Result<(), Error> {
        self.besides = abis(origin, Some(text))?;
        Ok(())
    }
}

/// Reads a violation's action.
fn default_action(origin: &'static str, text: &[u8]) -> Result<Action, Error> {
    let action = core::str::from_utf8(text)
        .map_err(|_| Problem::UnknownAction)
        .and_then(Action::parse);
    match action {
        Ok(Action::Allow) => Err(value_error(origin, text, Problem::AllowAsDefault)),
        Ok(action) => Ok(action),
        Err(problem) => Err(value_error(origin, text, problem)),
    }
}

fn switch(origin: &'static str, text: Option<&[u8]>) -> Result<bool, Error> {
    match text {
        None | Some(b"" | b"0") => Ok(false),
        Some(b"1") => Ok(true),
        Some(text) => Err(value_error(origin, text, Problem::BadSwitch)),
    }
}

/// The other ABI that the kernel may run programs of beside the native one.
pub(crate) const OTHER: Abi = match Abi::NATIVE {
    Abi::Aarch64 => Abi::Arm,
    _ => Abi::X86,
};

/// Reads a list of ABIs. The native one may be named and changes nothing.
fn abis(origin: &'static str, text: Option<&[u8]>) -> Result<Option<Abi>, Error> {
    let mut besides = None;
    let names = text.unwrap_or_default().split(|&byte| byte == b':');
    for name in names.map(<[u8]>::trim_ascii) {
        if name == OTHER.name().as_bytes() {
            besides = Some(OTHER);
        } else if !name.is_empty() && name != Abi::NATIVE.name().as_bytes() {
            return Err(value_error(origin, name, Problem::BadAbi));
        }
    }
    Ok(besides)
}

fn value_error(origin: &'static str, text: &[u8], problem: Problem) -> Error {
    Error::Value {
        origin,
        value: quoted(text),
        problem,
        hint: hint(problem, text, "", &[Abi::NATIVE]),
    }
}
