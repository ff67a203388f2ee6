//! `groups`: which there are, and what is in them.

use syscalls::Abi;

use crate::{json, tool};

/// The native calls of a group, by the syscalls crate.
fn members(group: syscalls::Group) -> Vec<&'static str> {
    let numbers = group.numbers(Abi::NATIVE).into_iter();
    numbers
        .filter_map(|number| syscalls::name(Abi::NATIVE, number))
        .collect()
}

/// The promises with how many items they have, by the policy crate.
fn promises() -> impl Iterator<Item = (String, String)> {
    policy::pledges().map(|name| {
        let text = policy::pledge(name).expect("a promise").as_bytes();
        let list = policy::List::parse("promise", text).expect("a list");
        (format!("@pledge-{name}"), list.items.len().to_string())
    })
}

#[test]
fn the_list_has_every_group_with_its_size() {
    let outcome = tool(["groups"]).outcome().succeeded();
    let rows: Vec<Vec<&str>> = outcome
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let expected = syscalls::groups().map(|group| {
        let size = members(group).len().to_string();
        (format!("@{}", group.name()), size)
    });
    let expected: Vec<_> = expected.chain(promises()).collect();
    assert!(expected.len() > 40, "{expected:?}");
    assert_eq!(rows.len(), expected.len());
    for (row, (name, size)) in rows.iter().zip(&expected) {
        assert_eq!(row, &[name, size, "calls"]);
    }
    let value = json(&tool(["groups", "--json"]).outcome().succeeded());
    let json: Vec<(String, String)> = value
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| {
            let name = row["group"].as_str().expect("a name");
            (format!("@{name}"), row["calls"].to_string())
        })
        .collect();
    assert_eq!(json, expected);
}

#[test]
fn a_group_is_listed_with_or_without_its_sign() {
    let group = syscalls::group("basic-io").expect("a group");
    let expected: String = members(group)
        .iter()
        .map(|name| format!("{name}\n"))
        .collect();
    assert!(expected.contains("read\n"), "{expected}");
    for name in ["basic-io", "@basic-io"] {
        tool(["groups", name])
            .outcome()
            .succeeded()
            .stdout(&expected);
    }
    let value = json(&tool(["groups", "--json", "@basic-io"]).outcome());
    assert_eq!(
        value,
        serde_json::json!({"group": "basic-io", "calls": members(group)})
    );
}

#[test]
fn a_promise_is_listed_with_its_conditions() {
    let outcome = tool(["groups", "@pledge-tty"]).outcome().succeeded();
    assert!(outcome.stdout.starts_with("ioctl("), "{outcome:?}");
    let value = json(&tool(["groups", "--json", "pledge-tty"]).outcome());
    let item = outcome.stdout.trim_end();
    assert_eq!(
        value,
        serde_json::json!({"group": "pledge-tty", "calls": [item]})
    );
    // What is listed is an item of a list.
    for (name, _) in promises() {
        let items = tool(["groups", &name]).outcome().succeeded().stdout;
        let list = items.trim_end().replace('\n', ":");
        tool(["show", "--list-allow", &list]).outcome().succeeded();
    }
}

#[test]
fn a_group_that_there_is_not_is_an_error() {
    tool(["groups", "@nosuch"])
        .outcome()
        .status(2)
        .stdout("")
        .stderr("sandbox-policy: \"@nosuch\" is no group; sandbox-policy groups lists them\n");
}
