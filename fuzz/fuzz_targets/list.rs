//! Any bytes as a list: an error or a policy, whose program then says the same as the policy.
//!
//! ```text
//! cargo +nightly fuzz run list
//! ```
#![no_main]

use filter::{Error, Program, Ticket};
use libfuzzer_sys::fuzz_target;
use policy::{Action, Compiled, List, Mode, Request};
use syscalls::Abi;

fuzz_target!(|bytes: &[u8]| {
    // The first byte chooses among the settings, so that one list meets several of them.
    let Some((&setting, list)) = bytes.split_first() else {
        return;
    };
    prints_and_reads_back(list);
    for mode in [Mode::AllowList, Mode::DenyList] {
        for abi in [Abi::X86_64, Abi::Aarch64] {
            let request = Request::plain(mode, "LIST", list, violation(setting));
            match request.compile(abi, &policy::no_files) {
                Ok(compiled) => has_a_program(&compiled, setting),
                Err(policy::Error::Item { column, .. }) => {
                    assert!((1..=list.len() + 1).contains(&column), "column {column}");
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
});

fn violation(setting: u8) -> Action {
    const DEFAULTS: [&str; 5] = ["kill_process", "kill_thread", "trap", "log", "EPERM"];
    let text = DEFAULTS[usize::from(setting >> 1) % DEFAULTS.len()];
    Action::parse(text).expect("an action")
}

fn prints_and_reads_back(list: &[u8]) {
    if let Ok(list) = List::parse("LIST", list) {
        // A path or a condition that is no text is printed for a reader, not for the parser.
        if list.items.iter().any(|item| std::str::from_utf8(item.written).is_err()) {
            return;
        }
        let printed = list.to_string();
        let again = List::parse("LIST", printed.as_bytes()).expect("what was printed");
        assert_eq!(list.items.len(), again.items.len(), "{printed:?}");
        for (before, after) in list.items.iter().zip(&again.items) {
            assert_eq!((&before.target, before.verb), (&after.target, after.verb));
        }
    }
}

fn has_a_program(compiled: &Compiled, setting: u8) {
    const WORDS: [u64; 3] = [1, 1 << 63, u64::MAX];
    let ticket = (setting & 1 == 1).then(|| Ticket::new(WORDS));
    let policy = &compiled.policy;
    let program = match Program::compile(policy, ticket.as_ref()) {
        Ok(program) => program,
        Err(Error::TooLong { .. } | Error::TooComplicated { .. }) => return,
        Err(other) => panic!("{other}"),
    };
    if let Err(error) = program.check(policy, ticket.as_ref()) {
        panic!("{error}");
    }
}
