//! The filter of a profile, read without the rest (oz.md §7.1).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use profile::{ExtraDefinitions, Seccomp, SeccompMode, Uid, read_filter};

fn read(text: &str) -> (Option<Seccomp>, Vec<String>) {
    let (seccomp, problems) = Seccomp::read("p.json", text.as_bytes());
    (seccomp, problems.iter().map(ToString::to_string).collect())
}

#[test]
fn an_object_that_has_a_filter_alone_is_enough() {
    let text = r#"{"Seccomp": {"Mode": "whitelist", "Enforce": true, "Whitelist": "/w.seccomp",
        "ExtraDefs": ["{inline}A=1"]}}"#;
    let wanted = Seccomp {
        mode: SeccompMode::Whitelist,
        enforce: true,
        whitelist: Some("/w.seccomp".into()),
        extra_definitions: vec![ExtraDefinitions::Inline("A=1".into())],
        ..Seccomp::default()
    };
    assert_eq!(read(text), (Some(wanted), vec![]));
}

#[test]
fn what_is_wrong_with_the_rest_of_a_profile_does_not_matter() {
    let text = r#"{"path": 7, "whitelist": "no list", "seccomp": {"mode": "disabled"}}"#;
    assert_eq!(read(text), (Some(Seccomp::default()), vec![]));
    assert_eq!(read("{}"), (Some(Seccomp::default()), vec![]));
}

#[test]
fn what_is_wrong_with_the_filter_is_told_and_there_is_none() {
    let (seccomp, problems) = read(r#"{"seccomp": {"mode": "whitelst", "wihtelist": "x"}}"#);
    assert_eq!(seccomp, None);
    let [unknown, mode, ..] = problems.as_slice() else {
        panic!("{problems:?}");
    };
    let both = format!("{unknown}{mode}");
    assert!(
        both.contains("seccomp.mode: \"whitelst\" is none of"),
        "{problems:?}"
    );
    assert!(
        both.contains("seccomp.wihtelist: unknown key"),
        "{problems:?}"
    );
    for broken in [
        "",
        "{",
        "[]",
        "{\"seccomp\": 1}",
        "{\"seccomp\": {}, \"Seccomp\": {}}",
    ] {
        let (seccomp, problems) = read(broken);
        assert!(
            seccomp.is_none() && !problems.is_empty(),
            "{broken}: {problems:?}"
        );
    }
}

#[test]
fn a_file_that_others_can_write_is_not_trusted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("p.json");
    fs::write(&path, r#"{"seccomp": {"mode": "train"}}"#).unwrap();
    let owner = Uid(std::os::unix::fs::MetadataExt::uid(
        &fs::metadata(&path).unwrap(),
    ));
    let (seccomp, problems) = read_filter(&path, owner);
    assert_eq!(
        seccomp.map(|seccomp| seccomp.mode),
        Some(SeccompMode::Train),
        "{problems:?}"
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let (seccomp, problems) = read_filter(&path, owner);
    assert_eq!(seccomp, None);
    assert!(
        problems[0].to_string().contains("writable by everyone"),
        "{problems:?}"
    );
}
