//! `syscalls`: names, numbers and arguments.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use syscalls::Abi;

use crate::Output;
use crate::asked::number;
use crate::failure::Failure;

const ABIS: [Abi; 5] = [Abi::X86_64, Abi::Aarch64, Abi::X86, Abi::X32, Abi::Arm];

pub(crate) fn run(call: Option<&str>, json: bool) -> Result<Output, Failure> {
    let text = match call {
        Some(call) => one(call, json)?,
        None => all(json),
    };
    Ok(Output::text(text))
}

fn numbers(name: &str) -> BTreeMap<&'static str, u32> {
    let number = |abi: Abi| Some((abi.name(), syscalls::number(abi, name)?));
    ABIS.into_iter().filter_map(number).collect()
}

/// The call that a word means: a name of any ABI, or a native number.
fn named(word: &str) -> Option<&str> {
    if syscalls::exists(word) {
        return Some(word);
    }
    syscalls::name(Abi::NATIVE, number(Abi::NATIVE, word)?)
}

/// `type name` for each argument; nothing where the prototype is not known.
fn arguments(name: &str) -> Option<Vec<String>> {
    let arguments = syscalls::arguments(name)?.enumerate();
    Some(
        arguments
            .map(|(at, argument)| {
                let c_type = syscalls::c_type(name, at).unwrap_or("?");
                let blank = if c_type.ends_with('*') { "" } else { " " };
                format!("{c_type}{blank}{}", argument.name)
            })
            .collect(),
    )
}

fn one(word: &str, json: bool) -> Result<String, Failure> {
    let name = named(word).ok_or_else(|| Failure::Unknown {
        kind: "system call",
        word: word.to_string(),
        hint: "; sandbox-policy syscalls lists them",
    })?;
    let (numbers, arguments) = (numbers(name), arguments(name));
    let native = syscalls::number(Abi::NATIVE, name);
    let holds =
        |group: &syscalls::Group| native.is_some_and(|n| group.numbers(Abi::NATIVE).contains(&n));
    let groups: Vec<&str> = syscalls::groups()
        .filter(holds)
        .map(syscalls::Group::name)
        .collect();
    if json {
        let value = serde_json::json!({
            "name": name, "numbers": numbers, "arguments": arguments, "groups": groups,
        });
        return Ok(format!("{value:#}\n"));
    }
    let mut text = match arguments {
        Some(arguments) => format!("{name}({})\n", arguments.join(", ")),
        None => format!("{name}\n"),
    };
    for (abi, number) in numbers {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {abi:<8} {number}");
    }
    if !groups.is_empty() {
        let groups: Vec<String> = groups.iter().map(|group| format!("@{group}")).collect();
        let _ = writeln!(text, "  in {}", groups.join(" "));
    }
    Ok(text)
}

fn all(json: bool) -> String {
    let names: Vec<&str> = syscalls::names(Abi::NATIVE).map(|(name, _)| name).collect();
    if json {
        let calls: BTreeMap<&str, _> = names.iter().map(|name| (*name, numbers(name))).collect();
        return format!("{:#}\n", serde_json::json!(calls));
    }
    let mut text = format!("{:<26}", "name");
    for abi in ABIS {
        // Writing to a String cannot fail.
        let _ = write!(text, "{:>9}", abi.name());
    }
    text.push('\n');
    for name in names {
        let numbers = numbers(name);
        let _ = write!(text, "{name:<26}");
        for abi in ABIS {
            let number = numbers
                .get(abi.name())
                .map_or_else(|| "-".to_string(), u32::to_string);
            let _ = write!(text, "{number:>9}");
        }
        text.push('\n');
    }
    text
}
