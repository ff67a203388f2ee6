//! sandbox-policy: each subcommand, as users run it.

mod check;
mod command_line;
mod export;
mod groups;
mod judge;
mod judge_abis;
mod show;
mod syscalls_command;
mod verify;

use std::ffi::OsStr;

use policy::{Compiled, Mode, Request};
use sandbox_tests::{Outcome, Run, sandbox_policy};
use serde_json::Value;
use syscalls::Abi;

/// The tool with arguments.
fn tool<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Run {
    Run::new(sandbox_policy()).args(arguments)
}

/// What it prints as JSON.
#[track_caller]
fn json(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:#?}"))
}

/// What the policy crate makes of a list.
fn compiled(mode: Mode, list: &str) -> Compiled {
    let request = Request::new(mode, "list", list.as_bytes(), |_| None).expect("a request");
    request
        .compile(Abi::NATIVE, &filter::sys::read_policy)
        .expect("a policy")
}
