//! Units at random, read by us and by systemd itself: which groups can be called.
#![allow(clippy::unwrap_used, clippy::panic)]

mod decisions;
#[path = "../../../tests/support/report.rs"]
mod report;

use std::collections::BTreeMap;
use std::process::Command;

use decisions::{compile, gets};
use formats::{Context, Format, read};
use policy::Policy;
use proptest::prelude::*;
use proptest::sample::select;
use syscalls::Abi;

/// The groups that `systemd-analyze security` looks at, by the end of its name for them.
const GROUPS: [(&str, &str); 9] = [
    ("clock", "clock"),
    ("debug", "debug"),
    ("module", "module"),
    ("mount", "mount"),
    ("privileged", "privileged"),
    ("raw_io", "raw-io"),
    ("reboot", "reboot"),
    ("resources", "resources"),
    ("swap", "swap"),
];

/// What it says of a unit: for each group, whether none of it is allowed, and a call that is.
fn judged(text: &str) -> Option<BTreeMap<String, (bool, Option<String>)>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.service");
    std::fs::write(&path, format!("[Service]\nExecStart=/bin/true\n{text}")).unwrap();
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--json=short"])
        .arg(&path)
        .output()
        .ok()?;
    let entries: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).ok()?;
    let groups = entries.iter().filter_map(|entry| {
        let group = entry["json_field"]
            .as_str()?
            .strip_prefix("SystemCallFilter_")?;
        let said = entry["description"].as_str()?;
        let example = said
            .split_once("(e.g. ")
            .and_then(|(_, rest)| rest.split_once(' '));
        let example = example.map(|(name, _)| String::from(name));
        Some((String::from(group), (entry["set"].as_bool()?, example)))
    });
    Some(groups.collect())
}

fn policy(text: &str) -> Policy {
    let context = Context {
        path: "a.service",
        read: &policy::no_files,
        abi: Abi::X86_64,
        kernel: (6, 1),
        capabilities: &[],
    };
    let reading = read(Format::Systemd, text.as_bytes(), &context).unwrap();
    compile(&reading.request("UNIT"))
}

fn word() -> impl Strategy<Value = String> {
    // Not @known, of which systemd and we have our own lists.
    const TARGETS: [&str; 14] = [
        "@clock",
        "@debug",
        "@module",
        "@mount",
        "@privileged",
        "@reboot",
        "@resources",
        "@swap",
        "@system-service",
        "@default",
        "@file-system",
        "mount",
        "settimeofday",
        "ptrace",
    ];
    (
        select(&TARGETS[..]),
        select(&["", "", "", ":EPERM", ":kill", ":x"][..]),
    )
        .prop_map(|(target, number)| format!("{target}{number}"))
}

fn line() -> impl Strategy<Value = String> {
    let words = prop::collection::vec(word(), 1..4).prop_map(|words| words.join(" "));
    let start = select(&["", "", "~", "~", "~ "][..]);
    prop_oneof![
        9 => (start, words).prop_map(|(start, words)| format!("SystemCallFilter={start}{words}")),
        1 => Just(String::from("SystemCallFilter=")),
    ]
}

#[test]
fn systemd_agrees() {
    if judged("SystemCallFilter=~bpf\n").is_none() {
        return report::skip("there is no systemd-analyze that judges units");
    }
    let config = ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(lines in prop::collection::vec(line(), 1..6))| {
        // At the end, so that there is a filter.
        agrees(&format!("{}\nSystemCallFilter=~bpf\n", lines.join("\n")))?;
    });
}

/// Asserts of each group that we let of it run what systemd does.
fn agrees(text: &str) -> Result<(), TestCaseError> {
    let Some(judged) = judged(text) else {
        return Err(TestCaseError::fail(format!("no judgement of\n{text}")));
    };
    let policy = policy(text);
    let mut looked_at = 0;
    for (field, group) in GROUPS {
        let Some((none, example)) = judged.get(field) else {
            continue;
        };
        looked_at += 1;
        let numbers = syscalls::group(group).unwrap().numbers(Abi::X86_64);
        let runs = |number: &u32| policy.decide(Abi::X86_64.audit(), *number, &[0; 6]).runs();
        // Groups grow; what its own group lacks, systemd does not look at.
        let all = numbers.iter().all(runs);
        prop_assert!(!(*none && all), "@{group} is refused by systemd\n{text}");
        let some = numbers.iter().any(runs);
        prop_assert!(*none || some, "@{group} is allowed by systemd\n{text}");
        if let Some(name) = example {
            let runs = gets(&policy, name, &[]).runs();
            prop_assert!(runs, "{name} is allowed by systemd\n{text}");
        }
    }
    prop_assert!(looked_at > 0, "systemd says nothing of\n{text}");
    Ok(())
}
