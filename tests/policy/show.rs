//! `show`: every call with what it gets.

use std::collections::BTreeMap;

use policy::Mode;
use serde_json::Value;
use syscalls::Abi;

use crate::{compiled, json, tool};

const LISTS: [(Mode, &str, &str); 3] = [
    (Mode::AllowList, "--list-allow", "read:write=EPERM:@process"),
    (
        Mode::AllowList,
        "--list-allow",
        "@system-service:!@mount:socket=EACCES",
    ),
    (
        Mode::DenyList,
        "--list-deny",
        "execve:@mount=log:mkdir=trap",
    ),
];

/// What each native call gets, by the policy crate.
fn decisions(mode: Mode, list: &str) -> BTreeMap<String, String> {
    let policy = compiled(mode, list).policy;
    let decide = |number| {
        policy
            .decide(Abi::NATIVE.audit(), number, &[0; 6])
            .to_string()
    };
    syscalls::names(Abi::NATIVE)
        .map(|(name, number)| (name.to_string(), decide(number)))
        .collect()
}

#[test]
fn the_table_says_what_the_policy_decides_for_each_call() {
    for (mode, option, list) in LISTS {
        let outcome = tool(["show", option, list]).outcome().succeeded();
        let rows = outcome.stdout.lines().filter_map(|line| {
            let (name, action) = line.rsplit_once(' ')?;
            Some((name.trim().to_string(), action.to_string()))
        });
        let mut rows: BTreeMap<String, String> = rows.collect();
        for other in [
            "numbers above the newest known",
            "number -1",
            "calls of other ABIs",
        ] {
            assert!(rows.remove(other).is_some(), "{other} with {list}");
        }
        rows.retain(|name, _| !name.starts_with("note: "));
        assert_eq!(rows, decisions(mode, list), "{list}");
    }
}

#[test]
fn the_json_holds_the_same_decisions() {
    for (mode, option, list) in LISTS {
        let value = json(&tool(["show", "--json", option, list]).outcome().succeeded());
        assert_eq!(value["abi"], Abi::NATIVE.name());
        let calls: BTreeMap<String, String> =
            serde_json::from_value(value["calls"].clone()).expect("calls");
        assert_eq!(calls, decisions(mode, list), "{list}");
    }
}

#[test]
fn what_no_name_stands_for_is_shown_too() {
    for (option, above, minus_one) in [
        ("--list-allow", "kill_process", "kill_process"),
        ("--list-deny", "allow", "allow"),
    ] {
        let value = json(&tool(["show", "--json", option, "execve"]).outcome());
        let others = &value["others"];
        assert_eq!(others["numbers above the newest known"], above, "{option}");
        assert_eq!(others["number -1"], minus_one, "{option}");
        assert_eq!(others["calls of other ABIs"], "kill_process", "{option}");
    }
}

#[test]
fn the_default_action_is_in_the_table() {
    tool([
        "show",
        "--list-allow",
        "read",
        "--default-action",
        "errno(1)",
    ])
    .outcome()
    .succeeded()
    .stdout_has(&format!("\n{:<32} EPERM\n", "write"));
}

#[test]
fn notes_come_behind_the_table() {
    let list = "@system-service:!openat:io_uring_setup";
    let note = compiled(Mode::AllowList, list).notes[0].to_string();
    tool(["show", "--list-allow", list])
        .outcome()
        .succeeded()
        .stdout_has(&format!("\nnote: {note}\n"));
    let value = json(&tool(["show", "--json", "--list-allow", list]).outcome());
    assert_eq!(value["notes"], serde_json::json!([note]));
}

#[test]
fn conditions_are_shown_in_words_that_a_list_understands() {
    let list = "read(fd == 0):write:write(fd == 1)=EPERM:write(fd >= 5)=log:\
                lseek(offset == 1):lseek(argH1 != 0 && whence &? 2)";
    let expected = [
        ("read", "allow if fd == 0, else kill_process"),
        ("write", "log if fd >= 0x5, EPERM if fd == 1, else allow"),
        ("mkdir", "kill_process"),
    ];
    let outcome = tool(["show", "--list-allow", list]).outcome().succeeded();
    let value = json(&tool(["show", "--json", "--list-allow", list]).outcome());
    for (call, words) in expected {
        let shown = value["calls"][call].as_str().expect("words");
        assert_eq!(shown.replace("0x", ""), words.replace("0x", ""), "{call}");
        let row = format!("\n{call:<32} {shown}\n");
        assert!(outcome.stdout.contains(&row), "no {row} in {outcome:?}");
    }
    // Shown conditions are items again.
    let shown = value["calls"]["lseek"].as_str().expect("words");
    let conditions: Vec<&str> = shown
        .split(", ")
        .filter_map(|part| part.strip_prefix("allow if "))
        .collect();
    assert!(!conditions.is_empty(), "{shown}");
    let again: Vec<String> = conditions
        .iter()
        .map(|condition| format!("lseek({condition})"))
        .collect();
    let value = json(&tool(["show", "--json", "--list-allow", &again.join(":")]).outcome());
    assert_eq!(value["calls"]["lseek"], shown);
}

#[test]
fn an_abi_besides_has_a_table_of_its_own() {
    let arguments = [
        "show",
        "--add-arch",
        "x86",
        "--list-allow",
        "read(fd == 0):socketcall",
    ];
    let outcome = tool(arguments).outcome().succeeded();
    let (native, besides) = outcome.stdout.split_once("# x86\n").expect("two tables");
    assert!(native.starts_with("# x86_64\n"), "{native}");
    let read = format!("{:<32} allow if fd == 0, else kill_process\n", "read");
    let socketcall = format!("{:<32} allow\n", "socketcall");
    assert!(
        native.contains(&read) && !native.contains("\nsocketcall "),
        "{native}"
    );
    assert!(
        besides.contains(&read) && besides.contains(&socketcall),
        "{besides}"
    );
    let value = json(&tool(arguments).arg("--json").outcome().succeeded());
    assert_eq!(value["abi"], "x86_64");
    assert_eq!(value["calls"]["socketcall"], Value::Null);
    assert_eq!(value["besides"]["x86"]["socketcall"], "allow");
    // A name of the one ABI alone is still none of the other.
    let without = tool(["show", "--json", "--list-allow", "read"]).outcome();
    assert_eq!(json(&without)["besides"], serde_json::json!({}));
}
