//! A cell at a terminal: it has one of its own, which does what the caller's would.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use sandbox_tests::Run;

use super::House;
use crate::house::{NAME, SOON, await_some, child_of, program_of, signal};
use crate::terminal::Terminal;

fn shell_at(house: &House, options: &str) -> Run {
    let profile = house.profile(&format!(
        "\"path\": \"/bin/bash\", \"default_params\": [{options}], \
         \"environment\": [{{\"name\": \"PS1\", \"value\": \"here> \"}}]"
    ));
    house.oz_at_terminal(&profile)
}

fn bash(house: &House) -> Terminal {
    let mut terminal = Terminal::new(
        shell_at(house, "\"--norc\", \"--noediting\", \"-i\""),
        24,
        80,
    );
    terminal.await_text("here> ");
    terminal
}

fn quit(terminal: &mut Terminal, house: &House) {
    terminal.type_in("exit 21\n");
    assert_eq!(terminal.end(), 21);
    assert!(terminal.is_cooked());
    house.assert_empty_within(Duration::from_secs(2));
}

#[test]
fn a_shell_in_a_cell_controls_jobs() {
    let Some(house) = House::new() else { return };
    let mut terminal = bash(&house);
    terminal.type_in("sleep 600\n");
    terminal.await_text("sleep 600\r\n");
    sleep(Duration::from_millis(300));
    terminal.type_in("\u{1a}");
    terminal.await_text("Stopped");
    terminal.await_text("here> ");
    terminal.type_in("jobs -s; fg\n");
    terminal.await_text("Stopped");
    terminal.await_text("sleep 600\r\n");
    sleep(Duration::from_millis(300));
    terminal.type_in("\u{3}");
    terminal.await_text("here> ");
    terminal.type_in("echo status $?\n");
    terminal.await_text("status 130\r\n");
    terminal.await_text("here> ");
    terminal.type_in("cat\n\u{4}echo cat $?\n");
    terminal.await_text("cat 0\r\n");
    quit(&mut terminal, &house);
}

#[test]
fn the_terminal_inside_is_the_cells_own_and_no_other_is_there() {
    let Some(house) = House::new() else { return };
    let mut terminal = bash(&house);
    terminal.type_in("tty; ls -m /dev/pts; ls -l /proc/self/fd | grep -c pts/; echo over\n");
    terminal.await_text("echo over\r\n");
    let said = terminal.await_text("over\r\n");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines, ["/dev/pts/0", "0, ptmx", "2"]);
    // Output and errors are the terminal's; ls has a pipe for the one.
    terminal.await_text("here> ");
    terminal.type_in("ps -o tty= -p $$; (echo typed >/dev/tty) && echo mine\n");
    terminal.await_text("pts/0");
    terminal.await_text("typed\r\n");
    terminal.await_text("mine\r\n");
    quit(&mut terminal, &house);
}

#[test]
fn the_size_is_the_callers_from_the_start_and_follows_it() {
    let Some(house) = House::new() else { return };
    let profile = house.profile("\"path\": \"/bin/stty\"");
    let mut terminal = Terminal::new(house.oz_at_terminal(&profile).arg("size"), 31, 113);
    terminal.await_text("31 113\r\n");
    assert_eq!(terminal.end(), 0);
    let mut terminal = bash(&house);
    terminal.type_in("trap 'stty size' WINCH; echo set\n");
    terminal.await_text("set\r\n");
    terminal.await_text("set\r\n");
    terminal.resize(40, 132);
    terminal.type_in("\n");
    terminal.await_text("40 132\r\n");
    quit(&mut terminal, &house);
}

#[test]
fn every_byte_passes_in_raw_mode() {
    let Some(house) = House::new() else { return };
    let profile = house.profile("\"path\": \"/bin/sh\"");
    let script = "stty raw -echo; echo ready; head -c 5 | od -An -tx1; stty sane";
    let run = house.oz_at_terminal(&profile).args(["-c", script]);
    let mut terminal = Terminal::new(run, 24, 80);
    terminal.await_text("ready\n");
    terminal.type_in("\u{3}\u{1a}\u{1c}\u{4}\r");
    terminal.await_text("03 1a 1c 04 0d");
    assert_eq!(terminal.end(), 0);
    assert!(terminal.is_cooked());
}

#[test]
fn all_that_was_written_before_the_end_is_shown() {
    let Some(house) = House::new() else { return };
    let profile = house.profile("\"path\": \"/bin/sh\"");
    for _ in 0..5 {
        let run = house.oz_at_terminal(&profile);
        let run = run.args(["-c", "seq 1 20000; printf last"]);
        let mut terminal = Terminal::new(run, 24, 80);
        assert_eq!(terminal.end(), 0);
        let shown = String::from_utf8(terminal.rest()).expect("text");
        assert_eq!(shown.lines().count(), 20001);
        assert!(shown.starts_with("1\r\n2\r\n") && shown.ends_with("\r\n20000\r\nlast"));
    }
}

#[test]
fn the_terminal_is_given_back_when_oz_is_told_to_end() {
    let Some(house) = House::new() else { return };
    for name in [Signal::SIGTERM, Signal::SIGHUP] {
        let profile = house.profile("\"path\": \"/bin/sleep\"");
        let mut terminal = Terminal::new(house.oz_at_terminal(&profile).arg("600"), 24, 80);
        program_of(terminal.child.id());
        await_some("raw mode", || (!terminal.is_cooked()).then_some(()));
        signal(terminal.child.id(), name);
        assert_eq!(terminal.end(), 128 + name as i32);
        assert!(terminal.is_cooked());
        house.assert_empty_within(Duration::from_secs(2));
    }
}

#[test]
fn oz_stops_for_a_shell_of_the_callers_and_goes_on_where_it_was() {
    let Some(house) = House::new() else { return };
    let profile = house.profile("\"path\": \"/bin/cat\"");
    let run = house
        .run_at_terminal("bash")
        .args(["--norc", "--noediting", "-i"]);
    let run = run.env("PS1", "outside> ").env("HISTFILE", "");
    let mut terminal = Terminal::new(run, 24, 80);
    terminal.await_text("outside> ");
    let oz = house.oz_program();
    terminal.type_in(&format!(
        "{} run --user {NAME} {} & wait -n; echo; fg\n",
        oz.display(),
        profile.display()
    ));
    // In the background it leaves the terminal alone, and stops when it wants to read.
    sleep(Duration::from_secs(1));
    terminal.type_in("mirrored\n");
    terminal.await_text("mirrored\r\n");
    terminal.await_text("mirrored\r\n");
    let oz = await_some("oz", || child_of(terminal.child.id()));
    assert!(!terminal.is_cooked());
    signal(oz, Signal::SIGTSTP);
    terminal.await_text("Stopped");
    terminal.await_text("outside> ");
    terminal.type_in("stty -a | grep -o ' icanon'; fg\n");
    terminal.await_text(" icanon");
    terminal.await_text(".json\r\n");
    await_some("raw mode", || (!terminal.is_cooked()).then_some(()));
    terminal.type_in("again\n");
    terminal.await_text("again\r\n");
    terminal.await_text("again\r\n");
    terminal.type_in("\u{4}");
    terminal.await_text("outside> ");
    terminal.type_in("exit 0\n");
    assert_eq!(terminal.end(), 0);
    house.assert_empty_within(Duration::from_secs(2));
}

#[test]
fn a_terminal_that_takes_nothing_keeps_no_signal_away() {
    let Some(house) = House::new() else { return };
    let profile = house.profile("\"path\": \"/bin/sh\"");
    let run = house.oz_at_terminal(&profile);
    let run = run.args(["-c", "while :; do echo flood; done"]);
    let mut terminal = Terminal::with(run, 24, 80, [true; 3], false);
    program_of(terminal.child.id());
    sleep(Duration::from_secs(1));
    signal(terminal.child.id(), Signal::SIGTERM);
    let begun = Instant::now();
    assert_eq!(terminal.end(), 143);
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(terminal.is_cooked());
    house.assert_empty_within(Duration::from_secs(2));
}

#[test]
fn a_terminal_that_goes_away_takes_the_cell_with_it() {
    let Some(house) = House::new() else { return };
    let profile = house.profile("\"path\": \"/bin/cat\"");
    let terminal = Terminal::with(house.oz_at_terminal(&profile), 24, 80, [true; 3], false);
    program_of(terminal.child.id());
    await_some("raw mode", || (!terminal.is_cooked()).then_some(()));
    let mut child = terminal.hang_up();
    let status = await_some("end", || child.try_wait().expect("wait"));
    assert_eq!(status.code().or(status.signal()), Some(129));
    house.assert_empty_within(Duration::from_secs(2));
}

#[test]
fn pipes_and_a_terminal_go_together() {
    let Some(house) = House::new() else { return };
    let profile = house.profile("\"path\": \"/bin/sh\"");
    let look = "for fd in 0 1 2; do [ -t $fd ] && echo tty $fd >&9 || echo other $fd >&9; done";
    let script = format!("exec 9>/dev/tty; {look}; echo over >&9");
    for at in [
        [true, true, false],
        [false, true, true],
        [true, false, true],
        [false, false, true],
        [true, false, false],
    ] {
        let run = house.oz_at_terminal_with(&profile, at);
        let run = run.args(["-c", &script]);
        let mut terminal = Terminal::with(run, 24, 80, at, true);
        for (number, is_at) in at.into_iter().enumerate() {
            let word = if is_at { "tty" } else { "other" };
            terminal.await_text(&format!("{word} {number}\r"));
        }
        terminal.await_text("over\r");
        assert_eq!(terminal.end(), 0);
    }
    // What is shown on the terminal inside does not get into the caller's output.
    let run = house.oz_at_terminal(&profile);
    let mut run = run.args(["-c", "echo shown >/dev/tty; echo written"]);
    let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).expect("a pipe");
    run.command().stdout(std::process::Stdio::from(writer));
    let mut terminal = Terminal::with_output_elsewhere(run);
    terminal.await_text("shown\r\n");
    assert_eq!(terminal.end(), 0);
    let mut written = String::new();
    std::fs::File::from(reader)
        .read_to_string(&mut written)
        .expect("output");
    assert_eq!(written, "written\n");
    house.assert_empty_within(SOON);
}
