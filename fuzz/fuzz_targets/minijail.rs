//! Any bytes as a policy file of minijail: an error or a policy, which, if it is not too long, is
//! written and read back the same.
//!
//! ```text
//! cargo +nightly fuzz run minijail
//! ```
#![no_main]

use formats::{Context, Error, Format, read, write};
use libfuzzer_sys::fuzz_target;
use policy::Policy;
use syscalls::Abi;

fuzz_target!(|bytes: &[u8]| {
    let policy = match policy_of(bytes) {
        Ok(Some(policy)) => policy,
        Ok(None) => return,
        Err(Error::Line { line, column, .. }) => {
            let lines = bytes.split(|&byte| byte == b'\n').count();
            assert!((1..=lines).contains(&line) && column > 0, "{line}:{column}");
            return;
        }
        Err(other) => panic!("{other}"),
    };
    if let Ok(text) = write(Format::Minijail, &policy, false) {
        let again = policy_of(text.as_bytes()).expect("what was written");
        says_the_same(&policy, &again.expect("as many conditions"), &text);
    }
});

/// Compares decisions for numbers that policies like to mention, in all registers.
fn says_the_same(policy: &Policy, again: &Policy, text: &str) {
    const VALUES: [u64; 9] = [0, 1, 2, 3, 8, 0x10000, 0xffff_ffff, 1 << 32, u64::MAX];
    let audit = Abi::X86_64.audit();
    for number in 0..=syscalls::newest(Abi::X86_64) {
        for value in VALUES {
            let [before, after] =
                [policy, again].map(|policy| policy.decide(audit, number, &[value; 6]));
            assert_eq!(before, after, "{number} with {value:#x}\n{text}");
        }
    }
}

/// Nothing where there are more conditions than a policy can hold.
fn policy_of(bytes: &[u8]) -> Result<Option<Policy>, Error> {
    let context = Context {
        path: "a.policy",
        read: &policy::no_files,
        abi: Abi::X86_64,
        kernel: (6, 1),
        capabilities: &[],
    };
    let reading = read(Format::Minijail, bytes, &context)?;
    let request = reading.request("POLICY");
    match request.compile(Abi::X86_64, &policy::no_files) {
        Ok(compiled) => Ok(Some(compiled.policy)),
        Err(policy::Error::Item {
            problem: policy::Problem::TooDeep,
            ..
        }) => Ok(None),
        Err(other) => panic!("{other}"),
    }
}
