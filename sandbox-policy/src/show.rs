//! `show`: every call with what it gets.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;

use policy::{Policy, Table};
use syscalls::Abi;

use crate::Output;
use crate::arguments::PolicyArguments;
use crate::failure::Failure;
use crate::source::Source;

pub(crate) fn run(
    arguments: &PolicyArguments,
    file: Option<&OsStr>,
    json: bool,
) -> Result<Output, Failure> {
    let source = Source::read(arguments, file)?;
    let compiled = source.compile(Abi::NATIVE)?;
    let policy = &compiled.policy;
    let mut notes: Vec<String> = source.notes().to_vec();
    notes.extend(compiled.notes.iter().map(ToString::to_string));
    let tables: Vec<Shown> = policy
        .tables()
        .iter()
        .map(|table| shown(policy, table))
        .collect();
    let foreign = policy.default_action().to_string();
    if json {
        let besides: BTreeMap<&str, _> = tables
            .iter()
            .skip(1)
            .map(|table| (table.abi, &table.calls))
            .collect();
        let native = &tables[0];
        let value = serde_json::json!({
            "abi": native.abi, "calls": native.calls, "others": native.others(&foreign),
            "besides": besides, "notes": notes,
        });
        return Ok(Output::text(format!("{value:#}\n")));
    }
    Ok(Output::text(as_text(&tables, &foreign, &notes)))
}

fn as_text(tables: &[Shown], foreign: &str, notes: &[String]) -> String {
    let mut text = String::new();
    for table in tables {
        if tables.len() > 1 {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# {}", table.abi);
        }
        let calls = table.calls.iter().map(|(name, words)| (*name, words));
        let others = table.others(foreign);
        let others = others.iter().map(|(what, words)| (*what, words));
        for (name, words) in calls.chain(others) {
            let _ = writeln!(text, "{name:<32} {words}");
        }
    }
    for note in notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}

/// What the calls of an ABI get, in words.
struct Shown {
    abi: &'static str,
    calls: BTreeMap<&'static str, String>,
    beyond: String,
    minus_one: String,
}

impl Shown {
    fn others(&self, foreign: &str) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("numbers above the newest known", self.beyond.clone()),
            ("number -1", self.minus_one.clone()),
            ("calls of other ABIs", foreign.to_string()),
        ])
    }
}

fn shown(policy: &Policy, table: &Table) -> Shown {
    let abi = table.abi();
    let words = |name: &str, number| policy.words(name, table.answer(number));
    Shown {
        abi: abi.name(),
        calls: syscalls::names(abi)
            .map(|(name, number)| (name, words(name, number)))
            .collect(),
        beyond: words("", syscalls::newest(abi) + 1),
        minus_one: table.minus_one_action().to_string(),
    }
}
