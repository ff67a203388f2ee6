//! Seccomp profiles of container engines, as JSON: the runtime specification's `linux.seccomp`, and
//! what Docker, Podman and Kubernetes add to it (`archMap`, `includes`, `excludes`).
//!
//! A profile means what runc and libseccomp make of it; where libseccomp leaves a meaning open, ours
//! is the strictest, with a note.

mod document;
mod rules;
mod value;
mod when;

use policy::Policy;
use serde_json::{Value, json};

use crate::losses::Losses;
use crate::profile::{Profile, Rule, spelled};
use crate::{Context, Error, Reading};

/// Reads a profile.
pub(crate) fn read(text: &[u8], context: &Context<'_>) -> Result<Reading, Error> {
    let value: Value =
        serde_json::from_slice(text).map_err(|error| syntax(context.path, &error))?;
    let document = document::Document::read(&value, context)?;
    rules::reading(document, context)
}

fn syntax(path: &str, error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let problem = text.split(" at line ").next().unwrap_or_default();
    Error::Line {
        path: path.into(),
        line: error.line(),
        column: error.column().max(1),
        problem: problem.into(),
    }
}

/// Writes a profile. JSON has no comments: losses stand in a member `comment`, which engines ignore.
pub(crate) fn write(policy: &Policy, losses: &mut Losses) -> Result<String, Error> {
    let profile = Profile::of(policy, losses)?;
    let (action, errno) = spelled(profile.default);
    let rules: Vec<Value> = profile.rules.iter().map(written).collect();
    let mut document = json!({
        "defaultAction": action,
        "architectures": profile.architectures,
        "syscalls": rules,
    });
    if let Some(errno) = errno {
        document["defaultErrnoRet"] = errno.into();
    }
    if !losses.all.is_empty() {
        let lost = losses.all.iter().map(|loss| format!("lost: {loss}"));
        document["comment"] = lost.collect::<Vec<String>>().join("\n").into();
    }
    Ok(format!("{document:#}\n"))
}

fn written(rule: &Rule) -> Value {
    let (action, errno) = spelled(rule.action);
    let mut written = json!({ "names": rule.names, "action": action });
    if let Some(errno) = errno {
        written["errnoRet"] = errno.into();
    }
    let tests = rule.tests.iter().map(|test| {
        let mut written = json!({ "index": test.index, "value": test.value, "op": test.operator });
        if let Some(second) = test.second {
            written["valueTwo"] = second.into();
        }
        written
    });
    if !rule.tests.is_empty() {
        written["args"] = tests.collect();
    }
    written
}
