//! Oz's own policies against what Oz's compiler made of them, call by call.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use policy::{Action, Mode, Policy, Request};
use support::{ask, shared};
use syscalls::Abi;

/// The last call that Oz's table has; newer ones cannot be compared.
const NEWEST: &str = "execveat";

/// Where the tables name files by the collection that they came from.
const FOLDERS: [(&str, &str); 2] = [
    ("oz-sources-etc/", "etc/"),
    ("subgraph-oz-profiles-master/", "profiles/"),
];

/// What we decide otherwise with all arguments zero: the policy, the call, ours, and why.
const DIFFERENCES: [(&str, &str, &str, &str); 1] = [(
    "profiles/pidgin-whitelist.seccomp",
    "restart_syscall",
    "allow",
    "it comes with nanosleep, poll and futex, which the policy allows",
)];

fn path_of(name: &str) -> String {
    let folder = FOLDERS.iter().find(|(prefix, _)| name.starts_with(prefix));
    let (prefix, folder) = folder.unwrap();
    format!("{folder}{}", &name[prefix.len()..])
}

fn mode_of(word: &str) -> Mode {
    match word {
        "whitelist" => Mode::AllowList,
        "blacklist" => Mode::DenyList,
        other => panic!("{other}"),
    }
}

/// Reads a policy from the disk, as the only item of a list.
fn load(oz: &Path, name: &str, mode: Mode) -> Policy {
    let path = oz.join(path_of(name));
    let list = path.to_str().unwrap().replace(':', "\\:");
    let request = Request::plain(mode, "LIST", list.as_bytes(), Action::KillProcess);
    let read = |path: &[u8]| {
        let path = std::str::from_utf8(path).unwrap();
        fs::read(path).map_err(|error: io::Error| error.raw_os_error().unwrap())
    };
    match request.compile(Abi::X86_64, &read) {
        Ok(compiled) => compiled.policy,
        Err(error) => panic!("{error}"),
    }
}

/// All policies of the table, by the name that the tables give them.
fn load_all(oz: &Path) -> BTreeMap<String, Policy> {
    let table = fs::read_to_string(oz.join("policy-language/policy-compile.tsv")).unwrap();
    let rows = table.lines().map(|row| {
        let fields: Vec<&str> = row.split('\t').collect();
        let [name, mode, "OK", _instructions, _hash] = fields[..] else {
            panic!("{row}");
        };
        (name.to_owned(), load(oz, name, mode_of(mode)))
    });
    rows.collect()
}

/// An action in the words of the table, which knows one `kill`.
fn in_words(action: Action) -> String {
    match action {
        Action::Allow => "allow".into(),
        Action::KillProcess | Action::KillThread => "kill".into(),
        Action::Errno(errno) => format!("errno({})", errno.number()),
        other => other.to_string(),
    }
}

#[test]
fn every_policy_loads_unchanged() {
    let Some(oz) = shared("oz") else { return };
    let policies = load_all(&oz);
    let named: BTreeSet<String> = policies.keys().map(|name| path_of(name)).collect();
    let mut present = BTreeSet::new();
    for folder in ["profiles", "etc"] {
        for entry in fs::read_dir(oz.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".seccomp") {
                present.insert(format!("{folder}/{name}"));
            }
        }
    }
    assert_eq!(present, named);
    assert_eq!(present.len(), 18);
}

/// The decisions of a row for arguments that are all zero: what each call of Oz's table gets.
fn zeros<'a>(default: &'a str, listed: &'a str) -> BTreeMap<&'static str, &'a str> {
    let newest = syscalls::number(Abi::X86_64, NEWEST).unwrap();
    let all = (0..=newest).map(|number| syscalls::name(Abi::X86_64, number).unwrap());
    let mut zeros: BTreeMap<&str, &str> = all.map(|call| (call, default)).collect();
    for (call, action) in listed.split(' ').filter_map(|word| word.split_once('=')) {
        *zeros.get_mut(call).unwrap() = action;
    }
    zeros
}

/// Where a policy decides otherwise than the table, with all arguments zero.
fn differences(policy: &Policy, zeros: &BTreeMap<&'static str, &str>) -> Vec<(String, String)> {
    let decided = zeros.iter().map(|(&call, &theirs)| {
        let ours = in_words(ask(policy, call, &[]));
        (call.to_owned(), ours.clone(), ours != theirs)
    });
    decided
        .filter_map(|(call, ours, differs)| differs.then_some((call, ours)))
        .collect()
}

#[test]
fn calls_without_arguments_get_what_oz_gave_them() {
    let Some(oz) = shared("oz") else { return };
    let policies = load_all(&oz);
    let table = fs::read_to_string(oz.join("policy-language/policy-decisions.tsv")).unwrap();
    let (mut rows, mut decisions, mut found) = (0, 0, Vec::new());
    for row in table.lines().filter(|row| row.starts_with("ZERO\t")) {
        let fields: Vec<&str> = row.split('\t').collect();
        let (name, default) = (fields[1], fields[3].strip_prefix("default=").unwrap());
        // A policy of bindings alone has no fifth field.
        let zeros = zeros(default, fields.get(4).copied().unwrap_or_default());
        rows += 1;
        decisions += zeros.len();
        for (call, ours) in differences(&policies[name], &zeros) {
            found.push((path_of(name), call, ours));
        }
    }
    assert_eq!((rows, decisions), (18, 18 * 323));
    let expected = DIFFERENCES.map(|(path, call, ours, _why)| {
        let words = [path, call, ours];
        let [path, call, ours] = words.map(str::to_owned);
        (path, call, ours)
    });
    assert_eq!(found, expected);
}

#[test]
fn calls_with_arguments_get_what_oz_gave_them() {
    let Some(oz) = shared("oz") else { return };
    let policies = load_all(&oz);
    let table = fs::read_to_string(oz.join("policy-language/policy-decisions.tsv")).unwrap();
    let mut decisions = 0;
    for row in table.lines().filter(|row| row.starts_with("ARGS\t")) {
        let fields: Vec<&str> = row.split('\t').collect();
        let [_, name, call, arguments, theirs] = fields[..] else {
            panic!("{row}");
        };
        let arguments = arguments.split(',').map(|number| number.parse().unwrap());
        let arguments: Vec<u64> = arguments.collect();
        let ours = in_words(ask(&policies[name], call, &arguments));
        assert_eq!(ours, theirs, "{row}");
        decisions += 1;
    }
    // All rows of the table are compared, here and above.
    assert_eq!((decisions, decisions + 18), (2746, table.lines().count()));
}

#[test]
fn what_oz_did_not_know_is_a_call_like_any_unlisted_one_and_other_abis_are_killed() {
    let Some(oz) = shared("oz") else { return };
    let newest = syscalls::number(Abi::X86_64, NEWEST).unwrap();
    for (name, policy) in load_all(&oz) {
        let default = policy.native().unlisted_action();
        for number in newest + 1..=syscalls::newest(Abi::X86_64) {
            let given = policy.decide(Abi::X86_64.audit(), number, &[0; 6]);
            assert_eq!(given, default, "{number} in {name}");
        }
        // Oz let calls of x32 through where it meant to kill; other ABIs it killed.
        for (audit, number) in [(Abi::X86_64.audit(), 0x4000_0000), (Abi::X86.audit(), 3)] {
            let given = policy.decide(audit, number, &[0; 6]);
            assert_eq!(given, Action::KillProcess, "{number:#x} in {name}");
        }
    }
}
