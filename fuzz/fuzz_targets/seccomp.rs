//! Any bytes as `.seccomp` files that include each other: an error or a policy, whose program then
//! says the same as the policy.
//!
//! ```text
//! cargo +nightly fuzz run seccomp
//! ```
#![no_main]

use filter::{Error, Program};
use libfuzzer_sys::fuzz_target;
use policy::{Action, Mode, Request};
use syscalls::Abi;

fuzz_target!(|bytes: &[u8]| {
    // Files are apart by NULs; the first is `/a`, which may include `b`, `c` and so on.
    let files: Vec<&[u8]> = bytes.split(|&byte| byte == 0).take(4).collect();
    let read = |path: &[u8]| {
        let place = match path {
            [b'/', name @ b'a'..=b'd'] => usize::from(name - b'a'),
            _ => return Err(2),
        };
        files.get(place).map(|file| file.to_vec()).ok_or(2)
    };
    let definitions: [&[u8]; 1] = [b"{inline}LOCAL = AF_UNIX\nodd(x) = x & 1 == 1"];
    for mode in [Mode::AllowList, Mode::DenyList] {
        for besides in [None, Some(Abi::X86)] {
            let request = Request {
                besides,
                definitions: &definitions,
                ..Request::plain(mode, "LIST", b"/a", Action::KillProcess)
            };
            let compiled = match request.compile(Abi::X86_64, &read) {
                Ok(compiled) => compiled,
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    continue;
                }
            };
            for line in compiled.remarks() {
                assert!(!line.is_empty());
            }
            let policy = &compiled.policy;
            match Program::compile(policy, None) {
                Ok(program) => {
                    if let Err(error) = program.check(policy, None) {
                        panic!("{error}");
                    }
                }
                Err(Error::TooLong { .. } | Error::TooComplicated { .. }) => {}
                Err(other) => panic!("{other}"),
            }
        }
    }
});
