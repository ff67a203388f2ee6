//! `groups`: which there are, and what is in them.

use std::fmt::Write as _;

use syscalls::{Abi, Group};

use crate::Output;
use crate::failure::Failure;

pub(crate) fn run(name: Option<&str>, json: bool) -> Result<Output, Failure> {
    let text = match name {
        Some(name) => one(name, json)?,
        None => all(json)?,
    };
    Ok(Output::text(text))
}

fn members(group: Group) -> Vec<&'static str> {
    let numbers = group.numbers(Abi::NATIVE);
    numbers
        .into_iter()
        .filter_map(|number| syscalls::name(Abi::NATIVE, number))
        .collect()
}

/// The items of a promise's list: between colons outside parentheses, with conditions.
fn items(promise: &str) -> Result<Vec<String>, Failure> {
    let list = policy::List::parse("the promise", promise.as_bytes())?;
    Ok(list.items.iter().map(ToString::to_string).collect())
}

fn one(name: &str, json: bool) -> Result<String, Failure> {
    let plain = name.trim_start_matches('@');
    if let Some(promise) = plain.strip_prefix("pledge-").and_then(policy::pledge) {
        let items = items(promise)?;
        return Ok(match json {
            true => format!(
                "{:#}\n",
                serde_json::json!({"group": plain, "calls": items})
            ),
            false => items.iter().map(|item| format!("{item}\n")).collect(),
        });
    }
    let group = syscalls::group(name.trim_start_matches('@')).ok_or_else(|| Failure::Unknown {
        kind: "group",
        word: name.to_string(),
        hint: "; sandbox-policy groups lists them",
    })?;
    let members = members(group);
    if json {
        return Ok(format!(
            "{:#}\n",
            serde_json::json!({"group": group.name(), "calls": members})
        ));
    }
    Ok(members.iter().map(|name| format!("{name}\n")).collect())
}

/// The names of all groups and promises, with how many calls they have.
fn counts() -> Result<Vec<(String, usize)>, Failure> {
    let groups = syscalls::groups();
    let mut counts: Vec<(String, usize)> = groups
        .map(|group| (group.name().to_string(), members(group).len()))
        .collect();
    for name in policy::pledges() {
        let promise = policy::pledge(name).unwrap_or_default();
        counts.push((format!("pledge-{name}"), items(promise)?.len()));
    }
    Ok(counts)
}

fn all(json: bool) -> Result<String, Failure> {
    let counts = counts()?;
    if json {
        let groups = counts.iter();
        let groups: Vec<_> = groups
            .map(|(name, count)| serde_json::json!({"group": name, "calls": count}))
            .collect();
        return Ok(format!("{:#}\n", serde_json::Value::from(groups)));
    }
    let mut text = String::new();
    for (name, count) in counts {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "@{name:<18} {count:4} calls");
    }
    Ok(text)
}
