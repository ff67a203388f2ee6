//! What the tests of learning share: calls by name, and files in memory.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::time::SystemTime;

use policy::{Action, Mode, Policy, Request, no_files};
use syscalls::Abi;
use watch::Call;
use watch::learn::{Error, File, Learned, Observations, Options, merge};

/// The watched process.
pub const PROCESS: i32 = 100;

/// A call of the native ABI by its name; a name in `arguments` is a constant.
pub fn call(name: &str, arguments: &[u64]) -> Call {
    call_on(Abi::NATIVE, name, arguments)
}

pub fn call_on(abi: Abi, name: &str, arguments: &[u64]) -> Call {
    let mut registers = [0; 6];
    registers[..arguments.len()].copy_from_slice(arguments);
    Call {
        time: SystemTime::UNIX_EPOCH,
        process: PROCESS,
        thread: PROCESS + 1,
        audit: abi.audit(),
        number: syscalls::number(abi, name).unwrap(),
        arguments: registers,
        instruction: 0,
    }
}

/// The value of constants.
#[track_caller]
pub fn value(text: &str) -> u64 {
    policy::evaluate("test", text).unwrap()
}

pub fn observed(calls: &[Call]) -> Observations {
    let mut observations = Observations::new();
    for call in calls {
        observations.record(call);
    }
    observations
}

pub fn options() -> Options {
    Options {
        program: "prog -x".into(),
        ..Options::default()
    }
}

pub fn file(text: Option<&str>) -> File<'_> {
    File {
        path: "learned.seccomp",
        text,
        read: &no_files,
    }
}

pub fn learn(text: Option<&str>, calls: &[Call], options: &Options) -> Result<Learned, Error> {
    merge(&file(text), &observed(calls), options)
}

/// What is learned, with the file's rules known while watching.
pub fn learn_beside(text: &str, calls: &[Call]) -> Result<Learned, Error> {
    let file = file(Some(text));
    let mut observations = Observations::beside(&file)?;
    for call in calls {
        observations.record(call);
    }
    merge(&file, &observations, &options())
}

#[track_caller]
pub fn learned(text: Option<&str>, calls: &[Call]) -> Learned {
    match learn(text, calls, &options()) {
        Ok(learned) => learned,
        Err(error) => panic!("{error}"),
    }
}

/// The line of a text that begins with this.
#[track_caller]
pub fn line<'a>(text: &'a str, start: &str) -> &'a str {
    let found = text.lines().find(|line| line.starts_with(start));
    found.unwrap_or_else(|| panic!("no {start} in\n{text}"))
}

#[track_caller]
pub fn compiled(text: &str) -> Policy {
    let read = |_: &[u8]| Ok(text.as_bytes().to_vec());
    let request = Request::plain(Mode::AllowList, "test", b"/p", Action::KillProcess);
    match request.compile(Abi::NATIVE, &read) {
        Ok(compiled) => compiled.policy,
        Err(error) => panic!("{error}\n{text}"),
    }
}

pub fn allows(policy: &Policy, call: &Call) -> bool {
    policy.decide(call.audit, call.number, &call.arguments) == Action::Allow
}
