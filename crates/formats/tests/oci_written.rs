//! Profiles that we write: valid, and read back to the same policy.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

mod data;
mod decisions;
mod policies;
mod round_trip;
mod schema;

use decisions::{assert_same, compile};
use formats::{Context, Error, Format, losses, read, write};
use policy::{Action, Mode, Policy, Request};
use schema::Schemas;
use serde_json::Value;
use syscalls::Abi;

const EVERYTHING: [&str; 3] = ["CAP_SYS_ADMIN", "CAP_SYSLOG", "CAP_PERFMON"];

fn read_back(text: &str, capabilities: &[&str], abi: Abi) -> Policy {
    let context = Context {
        path: "p.json",
        read: &policy::no_files,
        abi,
        kernel: (6, 1),
        capabilities,
    };
    let reading = read(Format::Oci, text.as_bytes(), &context);
    let reading = reading.unwrap_or_else(|error| panic!("{error}\n{text}"));
    let compiled = reading.request("PROFILE").compile(abi, &policy::no_files);
    compiled
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
        .policy
}

fn allow_list(list: &str) -> Policy {
    let default = Action::parse("EPERM").unwrap();
    compile(&Request::plain(
        Mode::AllowList,
        "LIST",
        list.as_bytes(),
        default,
    ))
}

fn written(policy: &Policy) -> Value {
    let text = write(Format::Oci, policy, false).unwrap();
    assert_same(policy, &read_back(&text, &[], Abi::X86_64), &text);
    serde_json::from_str(&text).unwrap()
}

/// The tests in all rules for a call.
fn tests_of(policy: &Policy, name: &str) -> Vec<String> {
    let document = written(policy);
    let rules = document["syscalls"].as_array().unwrap();
    let of = rules
        .iter()
        .filter(|rule| rule["names"].as_array().unwrap().contains(&name.into()));
    let text = |test: &Value| {
        let op = test["op"].as_str().unwrap().trim_start_matches("SCMP_CMP_");
        let second = test
            .get("valueTwo")
            .map_or(String::new(), |second| format!(" {second}"));
        format!("{} {op} {}{second}", test["index"], test["value"])
    };
    of.map(|rule| {
        let tests = rule["args"].as_array().into_iter().flatten().map(text);
        tests.collect::<Vec<String>>().join(", ")
    })
    .collect()
}

#[test]
fn dockers_profile_comes_back_the_same() {
    let Some(text) = data::text("formats/oci/moby-default.json") else {
        return;
    };
    for abi in [Abi::X86_64, Abi::Aarch64] {
        for capabilities in [&EVERYTHING[..], &[]] {
            let policy = read_back(&text, capabilities, abi);
            let again = write(Format::Oci, &policy, false).unwrap();
            assert_same(&policy, &read_back(&again, &[], abi), &again);
        }
    }
}

#[test]
fn dockers_own_examples_come_back_the_same() {
    for path in data::files("formats/oci/moby-fixtures", ".json") {
        let text = std::fs::read_to_string(&path).unwrap();
        let policy = read_back(&text, &[], Abi::X86_64);
        let again = write(Format::Oci, &policy, false).unwrap();
        assert_same(&policy, &read_back(&again, &[], Abi::X86_64), &again);
    }
}

fn schemas() -> Option<Schemas> {
    let mut schemas = Schemas(std::collections::BTreeMap::new());
    for name in ["config-linux.json", "defs-linux.json", "defs.json"] {
        let text = data::text(&format!("formats/oci/runtime-spec-schema/{name}"))?;
        schemas
            .0
            .insert(name.into(), serde_json::from_str(&text).unwrap());
    }
    Some(schemas)
}

#[test]
fn what_is_written_is_valid() {
    let (Some(schemas), Some(docker)) = (schemas(), data::text("formats/oci/moby-default.json"))
    else {
        return;
    };
    let file = "config-linux.json";
    let schema = &schemas.0[file]["linux"]["properties"]["seccomp"];
    for policy in [
        read_back(&docker, &[], Abi::X86_64),
        allow_list(""),
        allow_list("read:write(fd < 3)=trap:openat=errno(4000):socket(arg0 == arg1)"),
    ] {
        let text = write(Format::Oci, &policy, true).unwrap();
        schemas.check(
            file,
            schema,
            &serde_json::from_str(&text).unwrap(),
            "profile",
        );
    }
}

#[test]
fn tests_of_bits_are_masks() {
    for (condition, tests) in [
        ("arg0 == 5", &["0 EQ 5"][..]),
        ("fd == 5", &["0 MASKED_EQ 4294967295 5"]),
        (
            "argH0 == 1",
            &["0 MASKED_EQ 18446744069414584320 4294967296"],
        ),
        ("arg1 &? 6", &["1 MASKED_EQ 6 6"]),
        ("6 == arg1 & 7", &["1 MASKED_EQ 7 6"]),
        ("arg1 <= 5", &["1 LT 6"]),
        ("arg1 >= 5 && arg2 != 3", &["1 GT 4, 2 NE 3"]),
        ("arg0 == 1 || arg1 == 2", &["0 EQ 1", "1 EQ 2"]),
        (
            "arg0 == 1 && (arg1 == 2 || arg1 == 3)",
            &["0 EQ 1, 1 EQ 2", "0 EQ 1, 1 EQ 3"],
        ),
    ] {
        assert_eq!(
            tests_of(&allow_list(&format!("read({condition})")), "read"),
            tests,
            "{condition}"
        );
    }
}

#[test]
fn an_order_of_some_bits_is_split_into_blocks() {
    // 38 is 100110: below it are 0-31, 32-35 and 36-37.
    assert_eq!(
        tests_of(&allow_list("socket(family < 38)"), "socket"),
        [
            "0 MASKED_EQ 4294967264 0",
            "0 MASKED_EQ 4294967292 32",
            "0 MASKED_EQ 4294967294 36"
        ]
    );
    assert_eq!(tests_of(&allow_list("read(fd != 3)"), "read").len(), 32);
}

#[test]
fn two_tests_of_one_argument_become_one() {
    for (condition, tests) in [
        ("arg0 > 2 && arg0 < 5", &["0 EQ 3", "0 EQ 4"][..]),
        ("notIn(arg0, 1, 2)", &["0 GT 2", "0 LT 1"]),
        ("arg0 & 1 == 1 && arg0 & 2 == 0", &["0 MASKED_EQ 3 1"]),
        ("arg0 == 5 && arg0 < 9", &["0 EQ 5"]),
        ("arg0 == 5 && arg0 > 9 || arg1 == 1", &["1 EQ 1"]),
    ] {
        let mut found = tests_of(&allow_list(&format!("read({condition})")), "read");
        found.sort();
        assert_eq!(found, tests, "{condition}");
    }
}

#[test]
fn an_exception_becomes_what_is_left() {
    let policy = allow_list("lseek:lseek(arg1 == 5)=trap");
    let mut tests = tests_of(&policy, "lseek");
    tests.sort();
    assert_eq!(tests, ["1 EQ 5", "1 NE 5"]);
    // The exception has the default action: it needs no rule of its own.
    let policy = allow_list("mprotect:mprotect(prot &? PROT_EXEC)=EPERM");
    assert_eq!(tests_of(&policy, "mprotect"), ["2 MASKED_EQ 4 0"]);
}

#[test]
fn rules_without_tests_share_a_list_of_names() {
    let document = written(&allow_list("read:write:mount=ENOENT:close"));
    assert_eq!(document["defaultAction"], "SCMP_ACT_ERRNO");
    assert_eq!(document["defaultErrnoRet"], 1);
    assert_eq!(
        document["architectures"],
        serde_json::json!(["SCMP_ARCH_X86_64"])
    );
    let names: Vec<&Value> = document["syscalls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| &rule["names"])
        .collect();
    assert!(
        names.contains(&&serde_json::json!(["read", "write", "close"])),
        "{document:#}"
    );
}

#[test]
fn what_a_profile_cannot_say_is_refused_and_lost_on_the_strict_side() {
    let policy = allow_list("write:read(arg0 == arg1):close(argL0 + 1 == 5):1000");
    let error = write(Format::Oci, &policy, false).unwrap_err();
    assert_eq!(
        error.to_string(),
        "read: oci cannot say this: it compares two arguments"
    );
    let lost: Vec<String> = losses(Format::Oci, &policy)
        .iter()
        .map(Error::to_string)
        .collect();
    assert_eq!(
        lost,
        [
            "read: oci cannot say this: it compares two arguments",
            "close: oci cannot say this: it calculates with an argument",
            "1000: oci cannot say this: the call has no name",
        ]
    );
    let text = write(Format::Oci, &policy, true).unwrap();
    assert!(text.contains("lost: read: oci cannot"), "{text}");
    assert_same(
        &allow_list("write"),
        &read_back(&text, &[], Abi::X86_64),
        &text,
    );
    let many = allow_list("read(argL0 != 5 && argL1 != 5 && argL2 != 5)");
    let error = write(Format::Oci, &many, false).unwrap_err().to_string();
    assert_eq!(error, "read: oci cannot say this: it takes too many rules");
}

#[test]
fn the_abis_of_a_policy_must_agree() {
    let request = Request {
        besides: Some(Abi::X86),
        ..Request::plain(Mode::AllowList, "LIST", b"read:socketcall", Action::Trap)
    };
    let policy = compile(&request);
    let document = written(&policy);
    assert_eq!(
        document["architectures"],
        serde_json::json!(["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"])
    );
    let number = Request {
        list: b"read:0=EPERM",
        ..request
    };
    let error = write(Format::Oci, &compile(&number), false)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "read: oci cannot say this: the ABIs have different answers"
    );
}

#[test]
fn random_policies_come_back_the_same() {
    let read = |text: &str, _: &Policy| read_back(text, &[], Abi::X86_64);
    let (said, lost) = round_trip::come_back(Format::Oci, 500, read);
    assert!(said > lost, "{said} written, {lost} refused");
}
