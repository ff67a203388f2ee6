//! `show`: every call with what it gets.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use policy::MINUS_ONE;
use syscalls::Abi;

use crate::Output;
use crate::arguments::PolicyArguments;
use crate::failure::Failure;
use crate::source::Source;

pub(crate) fn run(arguments: &PolicyArguments, json: bool) -> Result<Output, Failure> {
    let compiled = Source::read(arguments)?.compile(Abi::NATIVE)?;
    let policy = &compiled.policy;
    let audit = policy.abi().audit();
    let word = |audit, number| policy.decide(audit, number, &[0; 6]).to_string();
    let calls: BTreeMap<&str, String> = syscalls::names(policy.abi())
        .map(|(name, number)| (name, word(audit, number)))
        .collect();
    let others = [
        (
            "numbers above the newest known",
            word(audit, syscalls::newest(policy.abi()) + 1),
        ),
        ("number -1", word(audit, MINUS_ONE)),
        ("calls of other ABIs", word(0, 0)),
    ];
    let notes: Vec<String> = compiled.notes.iter().map(ToString::to_string).collect();
    if json {
        let others: BTreeMap<&str, &String> = others
            .iter()
            .map(|(what, action)| (*what, action))
            .collect();
        let value = serde_json::json!({
            "abi": policy.abi().name(), "calls": calls, "others": others, "notes": notes,
        });
        return Ok(Output::text(format!("{value:#}\n")));
    }
    let mut text = String::new();
    let rows = calls.iter().map(|(name, action)| (*name, action));
    for (name, action) in rows.chain(others.iter().map(|(what, action)| (*what, action))) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name:<32} {action}");
    }
    for note in notes {
        let _ = writeln!(text, "note: {note}");
    }
    Ok(Output::text(text))
}
