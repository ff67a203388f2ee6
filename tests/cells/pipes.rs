//! Standard descriptors that are no terminal: the program has them, and nobody else.

use std::fs::File;
use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::sys::signal::Signal;
use nix::unistd::pipe2;

use super::House;
use crate::house::{SOON, await_some, program_of, signal};

/// All values of a byte, many times over.
fn every_byte(count: usize) -> Vec<u8> {
    (0..=255).cycle().take(count).collect()
}

#[test]
fn bytes_pass_both_ways_untouched_and_so_does_their_end() {
    let Some(house) = House::new() else { return };
    let sent = every_byte(3_000_001);
    let profile = house.profile("\"path\": \"/bin/cat\"");
    let mut running = house.oz(&profile).input(sent.clone()).start();
    let mut received = Vec::new();
    running.stdout().read_to_end(&mut received).expect("bytes");
    running.outcome_within(SOON).succeeded();
    assert!(received == sent, "{} of {}", received.len(), sent.len());
}

#[test]
fn the_three_descriptors_are_told_apart() {
    let Some(house) = House::new() else { return };
    let script = "read line; echo \"out $line\"; echo err >&2; exit 4";
    let outcome = house.shell(script).input("in\n").outcome();
    outcome.status(4).stdout("out in\n").stderr("err\n");
}

#[test]
fn whoever_writes_to_nobody_dies_of_it() {
    let Some(house) = House::new() else { return };
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC).expect("a pipe");
    let mut run = house.shell("echo one; while :; do echo more || exit 7; done");
    let command = run.command();
    command.stdout(Stdio::from(writer)).stderr(Stdio::null());
    let mut child = command.spawn().expect("oz");
    // The command keeps a copy of the pipe's end.
    drop(run);
    let mut reader = File::from(reader);
    let mut start = [0; 4];
    reader.read_exact(&mut start).expect("a line");
    drop(reader);
    let status = await_some("end", || child.try_wait().expect("wait"));
    assert_eq!(status.code(), Some(141));
    house.assert_empty_within(SOON);
}

#[test]
fn the_end_of_output_is_seen_when_the_program_closes_it() {
    let Some(house) = House::new() else { return };
    let mut running = house.shell("echo all; exec >&-; sleep 600").start();
    let begun = Instant::now();
    let mut all = String::new();
    running.stdout().read_to_string(&mut all).expect("output");
    assert!(all == "all\n" && begun.elapsed() < SOON);
    signal(running.pid(), Signal::SIGTERM);
    running.outcome_within(SOON).status(143);
}

#[test]
fn input_that_the_program_closes_has_no_reader_any_more() {
    let Some(house) = House::new() else { return };
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC).expect("a pipe");
    let mut run = house.shell("exec <&-; sleep 600");
    run.command().stdin(Stdio::from(reader));
    let mut running = run.start();
    drop(running.stdout());
    program_of(running.pid());
    let mut writer = File::from(writer);
    await_some("broken pipe", || writer.write_all(b"x").err());
    signal(running.pid(), Signal::SIGTERM);
    running.outcome_within(SOON).status(143);
}

#[test]
fn output_that_nobody_reads_keeps_no_signal_away() {
    let Some(house) = House::new() else { return };
    let mut running = house.shell("while :; do echo flood; done").start();
    let out = running.stdout();
    program_of(running.pid());
    std::thread::sleep(Duration::from_millis(300));
    signal(running.pid(), Signal::SIGTERM);
    running.outcome_within(SOON).status(143);
    drop(out);
    house.assert_empty_within(Duration::from_secs(2));
}

#[test]
fn directories_and_other_descriptors_of_the_callers_stay_outside() {
    let Some(house) = House::new() else { return };
    let mut run = house.shell("ls -l /proc/self/fd");
    let directory = File::open("/").expect("a directory");
    run.command().stdin(Stdio::from(directory));
    let outcome = run.outcome().status(125);
    outcome.stderr_has("descriptor 0 is a directory, which would lead out of the cell");
    let script = "exec 7</etc/shadow 8</ 9<>/dev/null; exec \"$@\"";
    let profile = house.profile("\"path\": \"/bin/sh\"");
    let run = house.run("sh").args(["-c", script, "sh"]);
    let run = run.arg(house.oz_program());
    let run = run
        .args(["run", "--user", crate::house::NAME])
        .arg(&profile);
    let run = run.args(["--", "-c", "cd /proc/self/fd; for i in *; do echo $i; done"]);
    run.outcome().succeeded().stdout("0\n1\n2\n3\n");
}
