//! Any bytes as a profile of a container engine: an error, or a policy that is the same when it was
//! written as a profile and read back.
//!
//! ```text
//! cargo +nightly fuzz run oci
//! ```
#![no_main]

use formats::{Context, Format};
use libfuzzer_sys::fuzz_target;
use policy::{Answer, Policy};
use syscalls::Abi;

fuzz_target!(|bytes: &[u8]| {
    let Some(policy) = read(bytes) else {
        return;
    };
    let lossy = formats::write(Format::Oci, &policy, true).expect("losses are accepted");
    read(lossy.as_bytes()).expect("what was written with losses");
    if let Ok(text) = formats::write(Format::Oci, &policy, false) {
        let again = read(text.as_bytes()).expect("what was written");
        same(&policy, &again);
    }
});

fn read(bytes: &[u8]) -> Option<Policy> {
    let context = Context {
        path: "PROFILE",
        read: &policy::no_files,
        abi: Abi::X86_64,
        kernel: (6, 1),
        capabilities: &["CAP_SYS_ADMIN"],
    };
    let reading = formats::read(Format::Oci, bytes, &context).ok()?;
    let request = reading.request("PROFILE");
    // A profile may have more conditions than a policy has room for.
    let compiled = request.compile(Abi::X86_64, &policy::no_files).ok()?;
    Some(compiled.policy)
}

fn same(one: &Policy, other: &Policy) {
    const NUMBERS: [u64; 8] = [0, 1, 5, 8, 0x20000, 0x7e02_0000, 1 << 32, u64::MAX];
    let table = one.native();
    for number in 0..=syscalls::newest(Abi::X86_64) + 1 {
        let depends = matches!(table.answer(number), Answer::Decision(_));
        let vectors = if depends { NUMBERS.len() } else { 1 };
        for at in 0..vectors * vectors {
            let mut registers = [NUMBERS[at % vectors]; 6];
            registers[0] = NUMBERS[at / vectors];
            let [left, right] =
                [one, other].map(|policy| policy.decide(Abi::X86_64.audit(), number, &registers));
            assert_eq!(left, right, "{number} with {registers:x?}");
        }
    }
}
