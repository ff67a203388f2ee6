//! Any text as a file that is learned into, and any calls as what was seen: an error, or a file that
//! allows what was seen and takes the same calls again without another word. A file in the form of Oz's tracer
//! does, too.
//!
//! ```text
//! cargo +nightly fuzz run learn
//! ```
#![no_main]

use std::time::UNIX_EPOCH;

use libfuzzer_sys::fuzz_target;
use syscalls::Abi;
use watch::Call;
use watch::learn::oz::{self, Detail};
use watch::learn::{File, Observations, Options, merge};

fuzz_target!(|bytes: &[u8]| {
    let (calls, text) = bytes.split_at(bytes.len().min(60));
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let known = (!text.is_empty()).then_some(text);
    let Ok(mut seen) = Observations::beside(&file(known)) else {
        return;
    };
    for call in calls.chunks_exact(12) {
        seen.record(&observed(call));
    }
    if let Ok(trained) = oz::text(&seen, &Options::default(), Detail::Raw) {
        // Where a rule of the known file made other arguments count, this one need not look at them.
        let all = merge(&file(Some(&trained.text)), &seen, &Options::default());
        let all = all.expect("what was trained can be grown");
        assert_eq!(all.summary.new, Vec::<String>::new(), "{}", trained.text);
    }
    let Ok(learned) = merge(&file(known), &seen, &Options::default()) else {
        return;
    };
    let again = merge(&file(Some(&learned.text)), &seen, &Options::default());
    let again = again.expect("what was written can be grown");
    assert_eq!(again.summary.new, Vec::<String>::new(), "{}", learned.text);
});

fn file(text: Option<&str>) -> File<'_> {
    File {
        path: "a.seccomp",
        text,
        read: &policy::no_files,
    }
}

fn observed(bytes: &[u8]) -> Call {
    let number = u32::from(u16::from_le_bytes([bytes[0], bytes[1]]) % 480);
    let mut arguments = [0; 6];
    for (argument, &byte) in arguments.iter_mut().zip(&bytes[2..8]) {
        *argument = u64::from(byte);
    }
    arguments[1] |= u64::from(bytes[8]) << 16;
    Call {
        time: UNIX_EPOCH,
        process: 1,
        thread: 1,
        audit: Abi::NATIVE.audit(),
        number,
        arguments,
        instruction: 0,
    }
}
