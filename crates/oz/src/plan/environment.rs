//! What the program is told by its environment (oz.md §4.4): what the configuration and the profile name,
//! and nothing else of the caller's.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use confine::plan::Bytes;
use profile::EnvironmentVariable;

use super::Request;

/// The variables of the program, each once: a later one replaces an earlier one.
pub(super) fn of(request: &Request<'_>) -> Vec<Bytes> {
    let mut variables: Vec<(OsString, OsString)> = Vec::new();
    let user = &request.person.user;
    let named = request.config.environment_vars.iter();
    for variable in named.chain(&request.profile.environment) {
        if let Some(value) = value(variable, request) {
            set(&mut variables, variable.name.as_str().into(), value);
        }
    }
    set(&mut variables, "PATH".into(), "/usr/bin:/bin".into());
    set(&mut variables, "HOME".into(), user.home.as_str().into());
    if request.terminal.contains(&true) {
        let term = of_caller("TERM", request).unwrap_or_else(|| "dumb".into());
        set(&mut variables, "TERM".into(), term);
    }
    let texts = variables.into_iter().map(|(name, value)| {
        let mut text = name.into_vec();
        text.push(b'=');
        text.extend_from_slice(value.as_bytes());
        Bytes(text)
    });
    texts.collect()
}

fn set(variables: &mut Vec<(OsString, OsString)>, name: OsString, value: OsString) {
    match variables.iter_mut().find(|(known, _)| *known == name) {
        Some((_, old)) => *old = value,
        None => variables.push((name, value)),
    }
}

/// A value of its own, or the caller's. What says who somebody is says it of the user, who need not be
/// the caller.
fn value(variable: &EnvironmentVariable, request: &Request<'_>) -> Option<OsString> {
    if let Some(value) = &variable.value {
        return Some(value.into());
    }
    let copied = of_caller(&variable.name, request)?;
    let user = &request.person.user;
    Some(match variable.name.as_str() {
        "USER" | "USERNAME" | "LOGNAME" => user.name.as_str().into(),
        "XDG_RUNTIME_DIR" => format!("/run/user/{}", user.uid.0).into(),
        _ => copied,
    })
}

fn of_caller(name: &str, request: &Request<'_>) -> Option<OsString> {
    let known = request.environment.iter().find(|(known, _)| known == name);
    known.map(|(_, value)| value.clone())
}
