//! How much of the making of a filter goes into its check.

use std::time::Instant;

use filter::Program;
use policy::{Action, Mode, Request};
use syscalls::Abi;

/// The most that the check may take of the whole.
pub const MOST: f64 = 0.5;

/// The check's share of the time from a list of 400 conditional rules to a filter that may be
/// loaded: the median of many rounds.
pub fn share_of_the_check() -> f64 {
    const ROUNDS: usize = 101;
    let list = crate::cases::four_hundred_conditions();
    let request = Request::plain(
        Mode::AllowList,
        "LIST",
        list.as_bytes(),
        Action::KillProcess,
    );
    let shares = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        let compiled = request.compile(Abi::NATIVE, &policy::no_files);
        let compiled = compiled.expect("a list in the grammar");
        let program = Program::compile(&compiled.policy, None).expect("a short program");
        let made = start.elapsed();
        let checked = program.check(&compiled.policy, None);
        let whole = start.elapsed();
        assert!(checked.is_ok());
        1.0 - made.as_secs_f64() / whole.as_secs_f64()
    });
    crate::median(shares.collect())
}
