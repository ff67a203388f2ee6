//! A cell whose processes are killed, whichever and whenever: nothing of it is left.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;
use sandbox_tests::rounds;

use super::House;
use crate::house::{await_oz, cgroups_of, first_of, program_of, signal};

/// A number below another one; not the same in every run.
fn any(below: u64) -> u64 {
    RandomState::new().build_hasher().finish() % below
}

#[test]
fn nothing_is_left_of_a_cell_with_a_process_killed_at_any_moment() {
    let Some(house) = House::new() else { return };
    let profile = house.profile(
        "\"path\": \"/bin/sh\", \"limits\": {\"pids\": 50}, \
         \"whitelist\": [{\"path\": \"${HOME}/made\", \"can_create\": true}]",
    );
    let mut launched = Vec::new();
    let (mut of_oz, mut of_first, mut of_program) = (0, 0, 0);
    for round in 0..rounds(200) {
        let script = "setsid sleep 600 & sleep 600 | cat";
        let running = house.oz(&profile).args(["-c", script]).start();
        await_oz(running.pid());
        launched.push(running.pid());
        // Up to when the program runs, and a little longer.
        sleep(Duration::from_micros(any(40_000)));
        let oz = running.pid();
        let (victim, count) = match round % 3 {
            1 => (first_of(oz), &mut of_first),
            2 => (program_of(oz), &mut of_program),
            _ => (oz, &mut of_oz),
        };
        *count += 1;
        signal(victim, Signal::SIGKILL);
        let outcome = running.outcome_within(Duration::from_secs(30));
        assert!(outcome.status > 124, "{outcome:#?}");
        house.assert_empty_within(Duration::from_secs(2));
    }
    assert!(
        of_oz * of_first * of_program > 0,
        "{of_oz} {of_first} {of_program}"
    );
    sandbox_tests::measured(&format!(
        "killed: oz {of_oz}, oz-init {of_first}, program {of_program}"
    ));
    house.shell("true").outcome().succeeded();
    assert!(launched.into_iter().all(|oz| cgroups_of(oz).is_empty()));
}
