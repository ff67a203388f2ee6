//! Tracers, watchers and guards that are killed: no program goes on without what it was started with.

use std::path::{Path, PathBuf};
use std::process::ChildStdout;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;
use sandbox_tests::{Outcome, Run, Running, SIGSYS_STATUS, compile, public_directory, rounds};

use crate::programs::{FILTERED, LIMIT, others_of, own_launcher, send, status_of, wait_until};

const KILLED: i32 = 128 + 9;

/// Makes a watched call every millisecond until it is ended, or for some seconds.
const CALLER: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	puts("runs");
	fflush(stdout);
	for (int i = 0; i < atoi(argv[1]); i++) {
		getppid();
		usleep(1000);
	}
	puts("done");
	return 7;
}
"#;

/// Kills all that belongs to a launch but the program's own process at moments that differ. What came
/// of each run is given to a function.
fn kill_companions(options: &[&str], count: u32, check: impl Fn(&Outcome)) -> (u32, u32) {
    let directory = public_directory();
    let launcher = own_launcher(directory.path());
    let program = compile(FILTERED, &[]);
    let (mut killed, mut died) = (0, 0);
    for round in 0..rounds(count) {
        let running = Run::new(&launcher).args(options).arg(&program).start();
        sleep(Duration::from_micros(u64::from(round) * 173 % 9000));
        for companion in others_of(&launcher, running.pid()) {
            send(companion, Signal::SIGKILL);
            killed += 1;
        }
        let outcome = running.outcome_within(LIMIT);
        assert!(!outcome.stdout.contains("bare"), "{outcome:#?}");
        assert!(!outcome.stdout.contains("not stopped"), "{outcome:#?}");
        died += u32::from(outcome.status == KILLED);
        check(&outcome);
    }
    wait_until("companions end", || others_of(&launcher, 0).is_empty());
    (killed, died)
}

#[test]
fn a_tracer_killed_at_any_moment_leaves_no_program_without_a_filter() {
    for place in ["exec", "entry", "main"] {
        let options = [
            "-q", "--method", "inject", "--at", place, "--deny", "getppid",
        ];
        let (killed, died) = kill_companions(&options, 600, |outcome| {
            let ended = [KILLED, SIGSYS_STATUS, 125].contains(&outcome.status);
            assert!(ended, "{outcome:#?}");
        });
        assert!(killed > 0 && died > 0, "{killed} killed, {died} died");
    }
}

#[test]
fn a_watcher_killed_at_any_moment_leaves_no_program_without_enforcement() {
    for method in ["ticket", "inject"] {
        let options = ["-q", "--explain", "--method", method, "--deny", "getppid"];
        let (killed, _) = kill_companions(&options, 600, |outcome| {
            let ended = [KILLED, SIGSYS_STATUS, 125].contains(&outcome.status);
            assert!(ended, "{outcome:#?}");
        });
        assert!(killed > 0);
    }
}

/// A supervised run that makes calls for some milliseconds, with its watcher and its guard.
fn supervised(
    directory: &Path,
    options: &[&str],
    length: &str,
) -> (Running, u32, u32, ChildStdout) {
    let launcher: PathBuf = own_launcher(directory);
    let run = Run::new(&launcher).args(options);
    let run = run.arg(compile(CALLER, &[])).arg(length);
    let mut running = run.start();
    let mut pair = None;
    wait_until("a watcher and its guard", || {
        pair = watcher_and_guard(&others_of(&launcher, running.pid()));
        pair.is_some() && status_of(running.pid(), "Name") != "sandboxify"
    });
    let (watcher, guard) = pair.expect("both");
    // The program has said that it runs: its first calls have been answered.
    let mut stdout = running.stdout();
    let mut word = [0; 5];
    std::io::Read::read_exact(&mut stdout, &mut word).expect("the program runs");
    (running, watcher, guard, stdout)
}

/// Of two companions the one that is the other's child is the guard. Others are on their way.
fn watcher_and_guard(companions: &[u32]) -> Option<(u32, u32)> {
    let &[one, other] = companions else {
        return None;
    };
    let is_child = |process, parent: u32| status_of(process, "PPid") == parent.to_string();
    match (is_child(other, one), is_child(one, other)) {
        (true, _) => Some((one, other)),
        (_, true) => Some((other, one)),
        _ => None,
    }
}

fn purposes(directory: &Path) -> Vec<Vec<String>> {
    let learned = directory.join("learned");
    let learned = learned.to_str().expect("UTF-8").to_owned();
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut all = Vec::new();
    for method in ["ticket", "inject"] {
        for purpose in ["--audit --deny getppid", "--explain --deny getppid=EPERM"] {
            all.push(words(&format!("-q --method {method} {purpose}")));
        }
        all.push(words(&format!("-q --method {method} --learn {learned}")));
    }
    // Without a tracer the guard alone ends the program.
    let launcher = directory.join("sandboxify");
    let launcher = launcher.to_str().expect("UTF-8");
    let outer = format!("-q --method ticket --deny ptrace=EPERM {launcher}");
    all.push(words(&format!("{outer} -q --audit --deny getppid")));
    all
}

#[test]
fn a_killed_watcher_takes_the_program_with_it_and_the_guard_says_so() {
    let directory = public_directory();
    for options in purposes(directory.path()) {
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let (running, watcher, _, _stdout) = supervised(directory.path(), &options, "20000");
        send(watcher, Signal::SIGKILL);
        let outcome = running.outcome_within(LIMIT).status(KILLED);
        outcome.stderr_has("sandboxify: the watcher died; the program was killed\n");
    }
}

#[test]
fn a_run_goes_on_without_its_guard() {
    let directory = public_directory();
    for options in purposes(directory.path()) {
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let (running, _, guard, _stdout) = supervised(directory.path(), &options, "300");
        send(guard, Signal::SIGKILL);
        running.outcome_within(LIMIT).status(7);
    }
}

#[test]
fn a_killed_program_ends_its_watcher() {
    let directory = public_directory();
    for options in purposes(directory.path()) {
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let (running, watcher, guard, _stdout) = supervised(directory.path(), &options, "20000");
        send(running.pid(), Signal::SIGKILL);
        running.outcome_within(LIMIT).status(KILLED);
        wait_until("watcher and guard end", || {
            [watcher, guard]
                .iter()
                .all(|&process| status_of(process, "Name").is_empty())
        });
    }
}
