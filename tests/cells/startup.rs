//! A start that hangs ends, says where, and leaves nothing.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use sandbox_tests::{Running, built, skip};

use super::House;
use crate::house::{NAME, SOON, await_some, child_of, first_of, signal};

/// More than the time-out of one step.
const LATE: Duration = Duration::from_secs(50);

/// Mounts a file system at `home/tester/hangs` that never answers, then runs the arguments.
const NEVER_ANSWERS: &str = "
import ctypes, os, sys
place = '/home/tester/hangs'
os.makedirs(place, exist_ok=True)
device = os.open('/dev/fuse', os.O_RDWR)
os.set_inheritable(device, True)
options = f'fd={device},rootmode=40000,user_id=0,group_id=0,allow_other'.encode()
mount = ctypes.CDLL(None, use_errno=True).mount
if mount(b'none', place.encode(), b'fuse', 0, options) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
os.execv(sys.argv[1], sys.argv[1:])
";

#[test]
fn a_source_that_never_answers_ends_the_start_with_its_name() {
    let Some(house) = House::new() else { return };
    if !std::path::Path::new("/dev/fuse").exists() {
        return skip("no /dev/fuse");
    }
    let profile = house
        .profile("\"path\": \"/bin/true\", \"whitelist\": [{\"path\": \"${HOME}/hangs/file\"}]");
    let run = house.run("python3").args(["-c", NEVER_ANSWERS]);
    let run = run
        .arg(built("oz"))
        .args(["run", "--user", NAME])
        .arg(&profile);
    let begun = Instant::now();
    let outcome = run.start().outcome_within(LATE).status(125);
    outcome.stderr_has("oz: while the plan was made: ");
    assert!(begun.elapsed() > Duration::from_secs(5));
    house.assert_empty_within(Duration::from_secs(2));
}

/// A start whose first process was stopped before it had made another.
fn stopped(house: &House) -> Option<Running> {
    let profile = house.profile("\"path\": \"/bin/sleep\"");
    for _ in 0..50 {
        let running = house.oz(&profile).arg("600").start();
        let first = first_of(running.pid());
        signal(first, Signal::SIGSTOP);
        await_some("stop", || (state_of(first) == Some('T')).then_some(()));
        if child_of(first).is_none() {
            return Some(running);
        }
        signal(running.pid(), Signal::SIGKILL);
        running.outcome();
    }
    skip("the program was always there first");
    None
}

fn state_of(process: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, behind_name) = stat.rsplit_once(") ")?;
    behind_name.chars().next()
}

#[test]
fn a_first_process_that_does_not_answer_ends_the_start() {
    let Some(house) = House::new() else { return };
    let begun = Instant::now();
    let Some(running) = stopped(&house) else {
        return;
    };
    let outcome = running.outcome_within(LATE).status(125);
    let says = [
        "oz: the cell's first process, while ",
        "oz: cannot hear of the new process",
    ];
    assert!(
        says.iter().any(|text| outcome.stderr.starts_with(text)),
        "{outcome:#?}"
    );
    assert!(begun.elapsed() > Duration::from_secs(5));
    house.assert_empty_within(Duration::from_secs(2));
}

#[test]
fn a_start_can_be_ended() {
    let Some(house) = House::new() else { return };
    let Some(running) = stopped(&house) else {
        return;
    };
    signal(running.pid(), Signal::SIGINT);
    let begun = Instant::now();
    let outcome = running.outcome_within(SOON);
    // Before the first process is one, nobody is asked.
    assert!([125, 130].contains(&outcome.status), "{outcome:#?}");
    assert!(begun.elapsed() < Duration::from_secs(25));
    house.assert_empty_within(Duration::from_secs(2));
}
