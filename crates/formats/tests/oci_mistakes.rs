//! What is wrong with profiles of container engines is named by its place.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

mod decisions;
mod profiles;

use profiles::{denying, error, reading, rule};

#[test]
fn what_is_wrong_with_a_profile_is_named_by_its_place() {
    for (text, expected) in [
        ("{\n  \"defaultAction\": }", "p.json:2:20: expected value"),
        ("[]", "p.json: the document: not an object"),
        ("{}", "p.json: the document: \"defaultAction\" is missing"),
        (
            r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["amd64"]}"#,
            "p.json: architectures[0]: \"amd64\" is no architecture (SCMP_ARCH_...)",
        ),
    ] {
        assert_eq!(error(text), expected);
    }
}

#[test]
fn what_is_wrong_with_a_rule_is_named_by_its_place() {
    for (rule, expected) in [
        (
            rule("NOTIFY", ""),
            "syscalls[0].action: another process would have to decide; that is no denial",
        ),
        (
            r#"{"names": ["read"], "name": "read", "action": "SCMP_ACT_ALLOW"}"#.into(),
            "syscalls[0]: both \"name\" and \"names\"; engines take one of them",
        ),
        (
            r#"{"names": [""], "action": "SCMP_ACT_ALLOW"}"#.into(),
            "syscalls[0]: a rule without the name of a system call",
        ),
        (
            r#"{"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0}"#.into(),
            "syscalls[0].errnoRet: 0 is no error; errors go from 1 to 4095",
        ),
    ] {
        assert_eq!(error(&denying(&rule)), format!("p.json: {expected}"));
    }
}

#[test]
fn what_is_wrong_with_a_test_is_named_by_its_place() {
    for (argument, expected) in [
        (
            r#"{"index": 0, "value": 1, "op": "SCMP_CMP_LIKE"}"#,
            ".op: \"SCMP_CMP_LIKE\" is no comparison (SCMP_CMP_...)",
        ),
        (
            r#"{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}"#,
            ".index: not an argument; arguments go from 0 to 5",
        ),
        (
            r#"{"index": 0, "value": -1, "op": "SCMP_CMP_EQ"}"#,
            ".value: not a number from 0 to 18446744073709551615",
        ),
        (
            r#"{"value": 1, "op": "SCMP_CMP_EQ"}"#,
            ": \"index\" is missing",
        ),
    ] {
        let message = error(&denying(&rule("ALLOW", argument)));
        assert_eq!(message, format!("p.json: syscalls[0].args[0]{expected}"));
    }
}

#[test]
fn a_member_that_means_nothing_is_noted_outside_of_rules() {
    let text = r#"{"defaultAction": "SCMP_ACT_ERRNO", "comment": "", "author": "me", "archMap": [
        {"architecture": "SCMP_ARCH_X86_64", "since": 1}]}"#;
    assert_eq!(
        reading(text).notes,
        [
            r#""author" means nothing here and is ignored"#,
            r#"archMap[0]: "since" means nothing here and is ignored"#
        ]
    );
}

#[test]
fn a_member_of_a_rule_that_means_nothing_is_refused() {
    for (member, place) in [
        (r#""arg": []"#, "arg"),
        (
            r#""args": [{"index": 0, "op": "SCMP_CMP_EQ", "mask": 7}]"#,
            "args[0].mask",
        ),
        (r#""includes": {"cap": ["CAP_BPF"]}"#, "includes.cap"),
        (r#""excludes": {"kernel": "6.1"}"#, "excludes.kernel"),
        // Here it does not hold, but elsewhere it may.
        (r#""includes": {"arches": ["arm64"]}, "arg": []"#, "arg"),
        (
            r#""includes": {"arches": ["arm64"]}, "excludes": {"cap": []}"#,
            "excludes.cap",
        ),
    ] {
        let rule = format!(r#"{{"names": ["read"], "action": "SCMP_ACT_ALLOW", {member}}}"#);
        let expected = format!("p.json: syscalls[0].{place}: means nothing here");
        assert_eq!(error(&denying(&rule)), expected);
    }
    let commented = r#"{"names": ["read"], "action": "SCMP_ACT_ALLOW", "comment": "",
        "args": [{"index": 0, "op": "SCMP_CMP_EQ", "comment": "none"}]}"#;
    assert_eq!(reading(&denying(commented)).notes, [""; 0]);
}

/// A document, a place in it and the name that is meant there.
fn assert_misspelt(text: &str, place: &str, meant: &str) {
    let expected = format!("p.json: {place}: write it as \"{meant}\"");
    assert_eq!(error(text), expected, "{text}");
}

#[test]
fn a_name_in_a_rule_in_other_case_is_refused_for_engines_would_take_it() {
    for (member, place, meant) in [
        (r#""Args": []"#, "Args", "args"),
        (r#""args": [], "ARGS": []"#, "ARGS", "args"),
        (r#""args": [{"Index": 0}]"#, "args[0].Index", "index"),
        (
            r#""includes": {"minkernel": "9"}"#,
            "includes.minkernel",
            "minKernel",
        ),
        (r#""excludes": {"Caps": []}"#, "excludes.Caps", "caps"),
    ] {
        let rule = format!(r#"{{"names": ["read"], "action": "SCMP_ACT_ALLOW", {member}}}"#);
        assert_misspelt(&denying(&rule), &format!("syscalls[0].{place}"), meant);
    }
}

#[test]
fn a_name_in_a_profile_in_other_case_is_refused_for_engines_would_take_it() {
    for (member, place, meant) in [
        (r#""Syscalls": []"#, "Syscalls", "syscalls"),
        ("\"\u{17f}yscalls\": []", "\u{17f}yscalls", "syscalls"),
        (
            r#""defaultaction": "SCMP_ACT_ALLOW""#,
            "defaultaction",
            "defaultAction",
        ),
        (
            r#""archMap": [{"Architecture": ""}]"#,
            "archMap[0].Architecture",
            "architecture",
        ),
    ] {
        let profile = format!(r#"{{"defaultAction": "SCMP_ACT_KILL", {member}}}"#);
        assert_misspelt(&profile, place, meant);
    }
    for (text, place, meant) in [
        (
            r#"{"DefaultAction": "SCMP_ACT_KILL"}"#,
            "DefaultAction",
            "defaultAction",
        ),
        (r#"{"Linux": {}}"#, "Linux", "linux"),
        (
            r#"{"linux": {"seccomp": {}, "Seccomp": {}}}"#,
            "linux.Seccomp",
            "seccomp",
        ),
        (
            r#"{"linux": {"seccomp": {"Flags": []}}}"#,
            "linux.seccomp.Flags",
            "flags",
        ),
    ] {
        assert_misspelt(text, place, meant);
    }
}
