//! Profiles for tests, and what they come to.
#![allow(dead_code, reason = "each test uses a part of this")]

use super::decisions::compile;
use formats::{Context, Format, Reading, read};
use policy::{Action, Errno, Policy};
use syscalls::Abi;

pub fn errno(number: u32) -> Action {
    Action::Errno(Errno::new(number).unwrap())
}

pub fn context() -> Context<'static> {
    Context {
        path: "p.json",
        read: &policy::no_files,
        abi: Abi::X86_64,
        kernel: (6, 1),
        capabilities: &[],
    }
}

pub fn reading(text: &str) -> Reading {
    let read = read(Format::Oci, text.as_bytes(), &context());
    read.unwrap_or_else(|error| panic!("{error}\n{text}"))
}

pub fn error(text: &str) -> String {
    let read = read(Format::Oci, text.as_bytes(), &context());
    read.unwrap_err().to_string()
}

/// A profile that denies with EPERM, with these rules.
pub fn denying(rules: &str) -> String {
    format!(r#"{{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{rules}]}}"#)
}

/// A rule for read.
pub fn rule(action: &str, arguments: &str) -> String {
    format!(r#"{{"names": ["read"], "action": "SCMP_ACT_{action}", "args": [{arguments}]}}"#)
}

pub fn argument(index: u8, op: &str, value: u64, second: u64) -> String {
    format!(
        r#"{{"index": {index}, "op": "SCMP_CMP_{op}", "value": {value}, "valueTwo": {second}}}"#
    )
}

pub fn policy(text: &str) -> Policy {
    compile(&reading(text).request("PROFILE"))
}

pub fn noted(reading: &Reading, part: &str) -> bool {
    reading.notes.iter().any(|note| note.contains(part))
}
