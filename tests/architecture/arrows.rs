//! Which room may use which, and what ends up in the preloaded object.

use std::collections::BTreeSet;

use crate::metadata::{dependencies, is_macro, list, members, packages, text};

/// Each room and the rooms that it may use; a room that is not here has no place in the house.
const MAY_USE: [(&str, &[&str]); 20] = [
    ("syscalls", &[]),
    ("policy", &["syscalls"]),
    ("filter", &["policy", "syscalls"]),
    ("libsandbox", &["filter", "policy", "syscalls"]),
    ("oracle", &["filter", "policy", "syscalls"]),
    ("formats", &["policy", "syscalls"]),
    ("embed", &["filter", "policy", "syscalls"]),
    ("trace", &["filter"]),
    ("watch", &["trace", "policy", "syscalls", "filter"]),
    (
        "ledger",
        &["formats", "policy", "filter", "syscalls", "watch"],
    ),
    ("logs", &["syscalls"]),
    (
        "supervise",
        &[
            "filter", "formats", "ledger", "policy", "syscalls", "trace", "watch",
        ],
    ),
    (
        "launch",
        &["filter", "policy", "supervise", "syscalls", "trace"],
    ),
    ("sandboxify", DOOR),
    (
        "sandbox-policy",
        &[
            "embed", "filter", "oracle", "policy", "syscalls", "formats", "ledger", "logs",
            "trace", "watch",
        ],
    ),
    ("profile", &["policy"]),
    ("confine", &[]),
    ("wire", &[]),
    (
        "oz",
        &[
            "syscalls",
            "policy",
            "filter",
            "oracle",
            "formats",
            "trace",
            "watch",
            "profile",
            "confine",
            "wire",
            "embed",
            "ledger",
            "supervise",
            "launch",
        ],
    ),
    // Its tests, which are development dependencies, use everything.
    ("sandbox-tests", &[]),
];
const DOOR: &[&str] = &[
    "filter",
    "oracle",
    "policy",
    "syscalls",
    "formats",
    "trace",
    "watch",
    "supervise",
    "launch",
];

/// All that is compiled into libsandbox.so.
const INSIDE: [&str; 7] = [
    "ctor",
    "filter",
    "libc",
    "libsandbox",
    "policy",
    "syscalls",
    "thiserror",
];
/// What generates code for it at build time.
const MACROS: [&str; 1] = ["thiserror-impl"];

#[test]
fn each_room_uses_only_the_rooms_that_it_may_use() {
    let members = members();
    let packages = packages();
    assert!(members.len() >= 6, "{:?}", members.keys());
    for (name, package) in &members {
        let allowed = MAY_USE.iter().find(|(room, _)| room == name);
        let (_, allowed) =
            allowed.unwrap_or_else(|| panic!("{name} is not in the plan of the house"));
        for id in dependencies(text(package, "id")) {
            let used = text(packages[id], "name");
            let ours = packages[id]["source"].is_null();
            assert!(
                !ours || allowed.contains(&used),
                "{name} must not use {used}"
            );
        }
    }
}

/// The names of all packages behind libsandbox: those inside the object, and macros.
fn behind_libsandbox() -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let packages = packages();
    let (mut inside, mut macros) = (BTreeSet::new(), BTreeSet::new());
    let mut open = vec![text(members()["libsandbox"], "id")];
    while let Some(id) = open.pop() {
        let name = text(packages[id], "name");
        if is_macro(packages[id]) {
            macros.insert(name);
        } else if inside.insert(name) {
            open.extend(dependencies(id));
        }
    }
    (inside, macros)
}

#[test]
fn the_preloaded_object_is_made_of_these_crates() {
    let (inside, macros) = behind_libsandbox();
    assert_eq!(inside, BTreeSet::from(INSIDE));
    assert_eq!(macros, BTreeSet::from(MACROS));
}

#[test]
fn the_crates_inside_the_preloaded_object_have_no_features() {
    let members = members();
    let (inside, _) = behind_libsandbox();
    for name in inside.iter().filter_map(|name| members.get_key_value(name)) {
        let (name, package) = name;
        // Cargo unifies features over a workspace: one of a tool would end up in the object.
        let features = package["features"].as_object().expect("features");
        assert!(features.is_empty(), "{name}: {features:?}");
        let optional = list(package, "dependencies")
            .iter()
            .filter(|dependency| dependency["optional"] == true);
        assert_eq!(optional.count(), 0, "{name}");
    }
}

#[test]
fn what_comes_from_elsewhere_is_in_the_preloaded_object_without_std() {
    let (inside, _) = behind_libsandbox();
    let members = members();
    for name in inside.iter().filter_map(|name| members.get(name)) {
        for dependency in list(name, "dependencies")
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
        {
            let ours = dependency["source"].is_null();
            let with_std = dependency["uses_default_features"] == true;
            assert!(
                ours || !with_std,
                "{} with its default features",
                text(dependency, "name")
            );
        }
    }
}
