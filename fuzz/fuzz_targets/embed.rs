//! Any bytes as a program that gets a filter, and as one that has one: what is embedded is found again, and
//! nothing panics.
//!
//! ```text
//! cargo +nightly fuzz run embed -- -max_len=65536
//! ```
#![no_main]

use std::sync::OnceLock;

use embed::Sealed;
use filter::{Checked, Program};
use libfuzzer_sys::fuzz_target;
use policy::{Action, Mode, Request};
use syscalls::Abi;

const TEXT: &str = "SECCOMP_SYSCALL_ALLOW='write:exit_group'\n";

/// The filter is the same for both machines, because nothing here runs it.
fn filter() -> &'static Checked {
    static FILTER: OnceLock<Checked> = OnceLock::new();
    FILTER.get_or_init(|| {
        let list = b"write:exit_group";
        let request = Request::plain(Mode::AllowList, "", list, Action::KillProcess);
        let compiled = request.compile(Abi::NATIVE, &policy::no_files);
        let policy = compiled.expect("a policy").policy;
        let program = Program::compile(&policy, None).expect("a program");
        program.check(&policy, None).expect("a right program")
    })
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(Some(sealed)) = Sealed::find(bytes) {
        assert!(sealed.policy_text().len() <= bytes.len());
        assert!(embed::examine(bytes).is_err());
    }
    let examined = embed::examine(bytes);
    let Ok(file) = embed::embed(bytes, filter(), TEXT) else {
        return;
    };
    let sealed = Sealed::find(&file).expect("it holds").expect("it is found");
    assert_eq!(Ok(sealed.abi()), examined);
    assert_eq!(sealed.policy_text(), TEXT);
    assert_eq!(sealed.instructions(), filter().instructions());
});
