//! What surrounds a job: terminals, signals, errors and what does not fit into a pipe. None of it may meet the
//! filter.

use std::fs;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::bench::{Bench, house_for};
use crate::house::{SOON, await_some, child_of, name_of, processes, signal};
use crate::paper::Paper;
use crate::terminal::Terminal;

#[test]
fn a_shell_at_a_terminal_has_jobs_and_editing() {
    let paper = Paper::of("bash");
    let Some(house) = house_for(&paper) else {
        return;
    };
    let run = house.oz_at_terminal(&paper.path);
    let mut terminal = Terminal::new(run, 24, 80);
    terminal.await_text("$ ");
    terminal.type_in("sleep 60\n");
    terminal.await_text("sleep 60\r\n");
    std::thread::sleep(Duration::from_millis(300));
    terminal.type_in("\x1a");
    terminal.await_text("Stopped");
    terminal.type_in("bg; jobs\n");
    terminal.await_text("Running");
    terminal.type_in("fg\n");
    terminal.await_text("\rsleep 60\r\n");
    std::thread::sleep(Duration::from_millis(300));
    terminal.type_in("\x03");
    // Written another way than it is shown.
    terminal.type_in("echo a''fterwards $?\n");
    terminal.await_text("afterwards 130");
    terminal.type_in("stty size; seq 3 | less -X\n");
    terminal.await_text("24 80");
    terminal.await_text("(END)");
    terminal.type_in("q");
    terminal.type_in("exit 3\n");
    assert_eq!(terminal.end(), 3);
    house.assert_empty_within(SOON);
}

#[test]
fn a_pager_and_a_colour_at_a_terminal_are_gits() {
    let paper = Paper::of("git");
    let Some(house) = house_for(&paper) else {
        return;
    };
    house.file(".gitconfig", "[user]\nname = T\nemail = t@example.org\n");
    let bench = Bench::shipped(&house, &paper);
    let at = "/home/tester/src/one";
    bench.run(["init", "-q", at]).outcome().succeeded();
    for number in 0..30 {
        let text = format!("commit {number}");
        let words = ["-C", at, "commit", "-q", "--allow-empty", "-m", &text];
        bench.run(words).outcome().succeeded();
    }
    let run = house.oz_at_terminal(&paper.path).args(["-C", at, "log"]);
    let mut terminal = Terminal::new(run, 24, 80);
    terminal.await_text("commit 29");
    terminal.type_in("Gq");
    assert_eq!(terminal.end(), 0);
    house.assert_empty_within(SOON);
}

#[test]
fn signals_end_programs_as_outside() {
    for (name, script, wanted) in [
        (
            "python3",
            "import time; print('up', flush=True); time.sleep(60)",
            Signal::SIGTERM,
        ),
        (
            "python3",
            "import time; print('up', flush=True); time.sleep(60)",
            Signal::SIGINT,
        ),
        ("bash", "echo up; sleep 60", Signal::SIGTERM),
        (
            "bash",
            "trap 'exit 9' HUP; echo up; sleep 60 & wait",
            Signal::SIGHUP,
        ),
    ] {
        let paper = Paper::of(name);
        let Some(house) = house_for(&paper) else {
            continue;
        };
        let mut running = Bench::shipped(&house, &paper).run(["-c", script]).start();
        let mut first = [0; 3];
        std::io::Read::read_exact(&mut running.stdout(), &mut first).expect("a line");
        signal(running.pid(), wanted);
        let outcome = running.outcome_within(SOON);
        let killed = outcome.stderr.contains("killed by the filter");
        assert!(!killed, "{name}, {wanted}: {outcome:#?}");
        let status = match (name, wanted) {
            ("bash", Signal::SIGHUP) => 9,
            _ => 128 + wanted as i32,
        };
        assert_eq!(outcome.status, status, "{name}, {wanted}: {outcome:#?}");
        house.assert_empty_within(SOON);
    }
}

/// The user's processes that are called nginx, the oldest first.
fn servers_of(uid: u32) -> Vec<u32> {
    let is_his = |process: &u32| {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        status.contains(&format!("\nUid:\t{uid}\t"))
    };
    let mut found: Vec<u32> = processes().into_iter().filter(is_his).collect();
    found.retain(|process| name_of(*process) == "nginx");
    found.sort_unstable();
    found
}

#[test]
fn a_server_whose_worker_is_killed_starts_another_and_reads_its_settings_again() {
    let paper = Paper::of("nginx");
    let Some(house) = house_for(&paper) else {
        return;
    };
    let bench = Bench::shipped(&house, &paper);
    let (server, page) = crate::servers::one_page(&bench);
    let ask = || crate::servers::body(&server, "/index.html");
    assert_eq!(ask(), Some(page.clone()));
    let master = *servers_of(house.uid).first().expect("a master");
    let worker = || child_of(master);
    let first = await_some("worker", worker);
    signal(first, Signal::SIGKILL);
    await_some("another worker", || worker().filter(|next| *next != first));
    assert_eq!(ask(), Some(page.clone()));
    let second = await_some("worker", worker);
    signal(master, Signal::SIGHUP);
    await_some("worker with the new settings", || {
        worker().filter(|next| *next != second)
    });
    assert_eq!(ask(), Some(page));
    server.signal(Signal::SIGTERM);
    let outcome = server.outcome().succeeded();
    // One was killed, by us; a filter would have done it with signal 31.
    assert!(!outcome.stderr.contains("signal 31"), "{outcome:#?}");
    house.assert_empty_within(SOON);
}
