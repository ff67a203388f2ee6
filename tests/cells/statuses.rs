//! What `oz run` ends with.

use std::fs;

use sandbox_tests::Run;

use super::House;
use crate::house::{NAME, SOON};

#[test]
fn the_status_is_the_programs_own_or_128_and_its_signal() {
    let Some(house) = House::new() else { return };
    house.shell("exit 0").outcome().status(0);
    house.shell("exit 77").outcome().status(77);
    house.shell("kill -KILL $$").outcome().status(137);
    house.shell("kill -SEGV $$").outcome().status(139);
    house.assert_empty_within(SOON);
}

#[test]
fn a_program_that_is_not_there_is_127_and_one_that_cannot_be_executed_126() {
    let Some(house) = House::new() else { return };
    let missing = house.profile("\"path\": \"/usr/bin/there-is-no-such-program\"");
    let outcome = house.oz(&missing).outcome().status(127);
    let outcome = outcome.stderr_has("while the program was started: ");
    outcome.stderr_has("/usr/bin/there-is-no-such-program: cannot be executed: No such file");
    for path in ["/etc/passwd", "/usr/share", "/home/tester/plain"] {
        house.file("plain", "#!/bin/sh\n");
        let more =
            format!("\"path\": \"{path}\", \"whitelist\": [{{\"path\": \"${{HOME}}/plain\"}}]");
        let profile = house.profile(&more);
        let outcome = house.oz(&profile).outcome().status(126);
        outcome.stderr_has("cannot be executed: Permission denied");
    }
    house.assert_empty_within(SOON);
}

#[test]
fn what_goes_wrong_before_the_program_is_125() {
    let Some(house) = House::new() else { return };
    let missing = house
        .profile("\"path\": \"/bin/true\", \"whitelist\": [{\"path\": \"${HOME}/nothing-here\"}]");
    let outcome = house.oz(&missing).outcome().status(125);
    outcome.stderr_has("oz: while the tree was made: /home/tester/nothing-here: is not there");
    let broken = house.path("broken.json");
    fs::write(&broken, "{").expect("a profile");
    house.oz(&broken).outcome().status(125);
    let cannot = Run::new(house.oz_program())
        .args(["run", "--user", NAME])
        .arg(house.profile("\"path\": \"/bin/true\""));
    cannot.outcome().status(125).stderr_has("there is no user");
    house.assert_empty_within(SOON);
}
