//! Any bytes as unit lines: an error or a policy, which is written and read back the same.
//!
//! ```text
//! cargo +nightly fuzz run systemd
//! ```
#![no_main]

use formats::{Context, Error, Format, read, write};
use libfuzzer_sys::fuzz_target;
use policy::Policy;
use syscalls::Abi;

fuzz_target!(|bytes: &[u8]| {
    let Some(policy) = policy(bytes) else {
        return;
    };
    // A unit says no more than units can say.
    let text = write(Format::Systemd, &policy, false).expect("what was read");
    let again = policy_of(text.as_bytes()).expect("what was written");
    for table in policy.tables() {
        let abi = table.abi();
        for number in 0..=syscalls::newest(abi) {
            let [before, after] =
                [&policy, &again].map(|policy| policy.decide(abi.audit(), number, &[0; 6]));
            assert_eq!(before, after, "{number} on {abi}\n{text}");
        }
    }
});

fn policy(bytes: &[u8]) -> Option<Policy> {
    match policy_of(bytes) {
        Ok(policy) => Some(policy),
        Err(Error::Line { line, column, .. }) => {
            let lines = bytes.split(|&byte| byte == b'\n').count();
            assert!((1..=lines).contains(&line) && column > 0, "{line}:{column}");
            None
        }
        Err(other) => panic!("{other}"),
    }
}

fn policy_of(bytes: &[u8]) -> Result<Policy, Error> {
    let context = Context {
        path: "a.service",
        read: &policy::no_files,
        abi: Abi::X86_64,
        kernel: (6, 1),
        capabilities: &[],
    };
    let reading = read(Format::Systemd, bytes, &context)?;
    let request = reading.request("UNIT");
    let compiled = request.compile(Abi::X86_64, &policy::no_files);
    Ok(compiled.expect("a list").policy)
}
