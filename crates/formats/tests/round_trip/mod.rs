//! Random policies, written and read back.

use std::cell::Cell;

use formats::{Error, Format, write};
use policy::Policy;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::decisions::{assert_same, compile};
use crate::policies::said;

/// Writes random policies and reads them back; asserts that what can be said comes back the same, and
/// that the rest can be written with losses. Gives how many could be said, and how many not.
pub fn come_back(format: Format, cases: u32, read: impl Fn(&str, &Policy) -> Policy) -> (u32, u32) {
    let (whole, lost) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let result = runner.run(&said(), |list| {
        let policy = compile(&list.request());
        match write(format, &policy, false) {
            Ok(text) => {
                whole.set(whole.get() + 1);
                let note = format!("{list:?}\n{text}");
                assert_same(&policy, &read(&text, &policy), &note);
            }
            Err(Error::Lossy { .. }) => {
                lost.set(lost.get() + 1);
                read(&write(format, &policy, true).unwrap(), &policy);
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    (whole.get(), lost.get())
}
