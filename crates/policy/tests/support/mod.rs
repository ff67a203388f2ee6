//! What the tests of the language share: policies from text, and calls to ask them about.
// Each test file has this module to itself and uses a part of it.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

#[path = "../../../../tests/support/report.rs"]
mod report;

use std::path::{Path, PathBuf};

use policy::{Action, Compiled, Error, Mode, Policy, Request};
use report::skip;
use syscalls::Abi;

const ENOENT: i32 = 2;

/// A file of the data that this project was made from, or nothing, with a word on why, on machines
/// without them.
pub fn shared(path: &str) -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let found = data.join(path);
    if !found.exists() {
        skip(&format!("{path} is not on this machine"));
        return None;
    }
    Some(found)
}

/// What a list comes to on x86_64, with the files that it may name.
pub fn compile(mode: Mode, list: &str, files: &[(&str, &str)]) -> Result<Compiled, Error> {
    let request = Request::plain(mode, "LIST", list.as_bytes(), Action::KillProcess);
    compile_request(&request, files)
}

/// What a request comes to on x86_64, with the files that it may name.
pub fn compile_request(request: &Request<'_>, files: &[(&str, &str)]) -> Result<Compiled, Error> {
    request.compile(Abi::X86_64, &|path| {
        let found = files.iter().find(|(name, _)| name.as_bytes() == path);
        found
            .map(|(_, text)| text.as_bytes().to_vec())
            .ok_or(ENOENT)
    })
}

/// An allow-list that is this one file.
pub fn file(text: &str) -> Result<Compiled, Error> {
    compile(Mode::AllowList, "/p", &[("/p", text)])
}

/// The policy of an allow-list that is this one file.
#[track_caller]
pub fn policy_of(text: &str) -> Policy {
    match file(text) {
        Ok(compiled) => compiled.policy,
        Err(error) => panic!("{text}: {error}"),
    }
}

/// The policy of a list.
#[track_caller]
pub fn list(mode: Mode, list: &str) -> Policy {
    match compile(mode, list, &[]) {
        Ok(compiled) => compiled.policy,
        Err(error) => panic!("{list}: {error}"),
    }
}

/// The policy of an allow-list.
#[track_caller]
pub fn allow(text: &str) -> Policy {
    list(Mode::AllowList, text)
}

/// The policy of a deny-list.
#[track_caller]
pub fn deny(text: &str) -> Policy {
    list(Mode::DenyList, text)
}

/// The message that a list or file is refused with.
#[track_caller]
pub fn message(compiled: Result<Compiled, Error>) -> String {
    match compiled {
        Ok(_) => panic!("nothing wrong was found"),
        Err(error) => error.to_string(),
    }
}

/// What a policy gives a native call by name; arguments that are not given are 0.
#[track_caller]
pub fn ask(policy: &Policy, call: &str, arguments: &[u64]) -> Action {
    ask_on(policy, policy.abi(), call, arguments)
}

/// As [`ask`], on another ABI.
#[track_caller]
pub fn ask_on(policy: &Policy, abi: Abi, call: &str, arguments: &[u64]) -> Action {
    let mut registers = [0; 6];
    registers[..arguments.len()].copy_from_slice(arguments);
    let number = syscalls::number(abi, call).unwrap();
    policy.decide(abi.audit(), number, &registers)
}

/// Whether a policy lets a native call through.
#[track_caller]
pub fn allows(policy: &Policy, call: &str, arguments: &[u64]) -> bool {
    ask(policy, call, arguments) == Action::Allow
}

/// An error as an action.
pub fn errno(name: &str) -> Action {
    Action::parse(name).unwrap()
}
