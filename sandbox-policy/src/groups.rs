//! `groups`: which there are, and what is in them.

use std::fmt::Write as _;

use syscalls::{Abi, Group};

use crate::Output;
use crate::failure::Failure;

pub(crate) fn run(name: Option<&str>, json: bool) -> Result<Output, Failure> {
    let text = match name {
        Some(name) => one(name, json)?,
        None => all(json),
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

fn one(name: &str, json: bool) -> Result<String, Failure> {
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

fn all(json: bool) -> String {
    if json {
        let groups: Vec<_> = syscalls::groups()
            .map(|group| serde_json::json!({"group": group.name(), "calls": members(group).len()}))
            .collect();
        return format!("{:#}\n", serde_json::Value::from(groups));
    }
    let mut text = String::new();
    for group in syscalls::groups() {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "@{:<18} {:4} calls",
            group.name(),
            members(group).len()
        );
    }
    text
}
