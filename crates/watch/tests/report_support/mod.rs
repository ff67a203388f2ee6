//! Calls, judges and violations for the tests of reports.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::time::{Duration, UNIX_EPOCH};

use policy::{Action, Mode, Request};
use syscalls::Abi;
use watch::{Call, Judge, Outcome, Place, Violation};

/// The ABI of all policies here, whatever machine the tests run on.
pub const ABI: Abi = Abi::X86_64;
/// An option that holds lists.
pub const ALLOW: &str = "--allow";

/// A call of the ABI by name.
pub fn call(name: &str, arguments: &[u64]) -> Call {
    call_of(ABI, name, arguments)
}

/// A call of any ABI by name.
pub fn call_of(abi: Abi, name: &str, arguments: &[u64]) -> Call {
    let number = syscalls::number(abi, name).expect(name);
    let bit = if abi == Abi::X32 { Abi::X32_BIT } else { 0 };
    numbered(abi.audit(), number | bit, arguments)
}

/// A call by its number.
pub fn numbered(audit: u32, number: u32, arguments: &[u64]) -> Call {
    let mut all = [0; 6];
    all[..arguments.len()].copy_from_slice(arguments);
    Call {
        time: UNIX_EPOCH + Duration::from_millis(1_709_164_800_123),
        process: 1234,
        thread: 1234,
        audit,
        number,
        arguments: all,
        instruction: 0x7f00_0010_e1a3,
    }
}

/// Files by path.
pub type Files<'a> = &'a [(&'a str, &'a str)];

/// A judge for a list without files; a violation kills.
pub fn judge(mode: Mode, list: &str) -> Judge {
    judge_of(&plain(mode, list), &[])
}

/// A request with the option that fits.
pub fn plain(mode: Mode, list: &str) -> Request<'_> {
    let origin = match mode {
        Mode::AllowList => ALLOW,
        Mode::DenyList => "--deny",
    };
    Request::plain(mode, origin, list.as_bytes(), Action::KillProcess)
}

/// A judge for a request and some files.
pub fn judge_of(request: &Request<'_>, files: Files<'_>) -> Judge {
    let read = |path: &[u8]| {
        let mut known = files.iter();
        let found = known.find(|(known, _)| known.as_bytes() == path);
        found.map(|(_, text)| text.as_bytes().to_vec()).ok_or(2)
    };
    Judge::new(request, ABI, &read).expect("a policy")
}

/// A violation with everything known.
pub fn violation(judge: &Judge, call: Call, rendered: &str, outcome: Outcome) -> Violation {
    Violation {
        call,
        program: "/usr/bin/python3.11".to_owned(),
        command: b"/usr/bin/python3.11\0-c\0pass\0".to_vec(),
        rendered: rendered.to_owned(),
        generic: None,
        place: Some(Place {
            module: "/usr/lib/x86_64-linux-gnu/libc.so.6".to_owned(),
            offset: 0x10_e1a3,
            symbol: Some(("mkdir".to_owned(), 0xb)),
        }),
        stack: None,
        judgement: judge.judge(&call),
        outcome,
    }
}

/// A mkdir against a list that has only read.
pub fn mkdir(outcome: Outcome) -> Violation {
    let judge = judge(Mode::AllowList, "read");
    let call = call("mkdir", &[0x7fff_1234, 0o777]);
    violation(&judge, call, "mkdir(\"/tmp/x\", 0777)", outcome)
}
