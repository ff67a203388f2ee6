//! Signals that arrive during a launch reach the process as they would without one.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use sandbox_tests::{Outcome, Run, Running, compile, rounds};

use crate::paused::{Going, Paused, status_of};
use crate::programs::{STATIC_CALLS, hello_static, methods};

const LIMIT: Duration = Duration::from_secs(30);

/// Sends its first argument the signal SIGRTMIN + 4 three times, with the values 11, 12 and 13.
const SENDER: &str = r#"
#include <signal.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	for (int value = 11; value < 14; value++)
		if (sigqueue(atoi(argv[1]), SIGRTMIN + 4, (union sigval){.sival_int = value}))
			return 1;
	return 0;
}
"#;

/// Blocks SIGRTMIN + 4 and executes its arguments.
const BLOCKER: &str = r#"
#include <signal.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 4);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	execv(argv[1], argv + 1);
	return 99;
}
"#;

/// Takes what is pending of SIGRTMIN + 4 and SIGTERM and prints it.
const TAKER: &str = r#"
#include <signal.h>
#include <stdio.h>
#include <time.h>

int main(void)
{
	sigset_t set;
	siginfo_t information;
	struct timespec at_once = {0, 0};
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 4);
	sigaddset(&set, SIGTERM);
	while (sigtimedwait(&set, &information, &at_once) > 0)
		printf("%s %d\n", information.si_signo == SIGTERM ? "TERM" : "RT",
		       information.si_value.sival_int);
	return 0;
}
"#;

/// Waits for a signal, for good.
const WAITER: &str = "#include <unistd.h>\nint main(void) { for (;;) pause(); }\n";

fn waiter() -> PathBuf {
    compile(WAITER, &["-static"])
}

fn kill(signal: &str, process: u32) {
    // The process may have ended, which is for the test to see.
    Run::new("kill")
        .args([signal, &process.to_string()])
        .outcome();
}

fn paused(method: &str, program: PathBuf) -> Paused {
    Paused::start(Run::launched(
        ["--method", method, "--deny", "acct"],
        program,
    ))
}

/// Waits for one of some states (proc_pid_stat(5)).
fn wait_for_state(process: u32, states: &[char]) {
    let deadline = Instant::now() + LIMIT;
    loop {
        let state = status_of(process, "State").chars().next();
        if state.is_some_and(|state| states.contains(&state)) {
            return;
        }
        assert!(Instant::now() < deadline, "{state:?} is none of {states:?}");
        sleep(Duration::from_millis(1));
    }
}

fn program_of(process: u32) -> PathBuf {
    fs::read_link(format!("/proc/{process}/exe")).unwrap_or_default()
}

#[test]
fn a_terminating_signal_during_the_launch_terminates() {
    for method in methods() {
        for (signal, number) in [("-TERM", 15), ("-INT", 2), ("-QUIT", 3), ("-KILL", 9)] {
            let paused = paused(method, waiter());
            kill(signal, paused.pid());
            let outcome = paused.go_on().outcome();
            assert_eq!(outcome.status, 128 + number, "{method}: {outcome:#?}");
        }
    }
}

#[test]
fn an_ignored_signal_during_the_launch_is_ignored() {
    for method in methods() {
        let launcher = sandbox_tests::sandboxify();
        let run = Run::new("sh")
            .args(["-c", "trap '' TERM INT; exec \"$@\"", "sh"])
            .arg(launcher)
            .args(["--method", method, "--deny", "acct"])
            .arg(hello_static());
        let paused = Paused::start(run);
        kill("-TERM", paused.pid());
        kill("-INT", paused.pid());
        let outcome = paused.go_on().outcome();
        outcome.succeeded().stdout("Hello, world!\n");
    }
}

#[test]
fn blocked_signals_stay_pending_in_their_order_and_with_their_values() {
    for method in methods() {
        let run = Run::new(compile(BLOCKER, &["-static"]))
            .arg(sandbox_tests::sandboxify())
            .args(["--method", method, "--deny", "acct"])
            .arg(compile(TAKER, &["-static"]));
        let paused = Paused::start(run);
        send_three(paused.pid());
        kill("-TERM", paused.pid());
        let outcome = paused.go_on().outcome();
        outcome.succeeded().stdout("TERM 0\nRT 11\nRT 12\nRT 13\n");
    }
}

fn send_three(process: u32) {
    Run::new(compile(SENDER, &["-static"]))
        .arg(process.to_string())
        .outcome()
        .succeeded();
}

#[test]
fn a_real_time_signal_during_the_launch_is_not_lost() {
    /// SIGRTMIN of the C library (signal(7)) and four.
    const NUMBER: i32 = 34 + 4;
    for method in methods() {
        let paused = paused(method, waiter());
        send_three(paused.pid());
        let outcome = paused.go_on().outcome();
        assert_eq!(outcome.status, 128 + NUMBER, "{method}: {outcome:#?}");
    }
}

#[test]
fn a_stopped_launch_stops_until_it_is_continued() {
    for method in methods() {
        let paused = paused(method, hello_static());
        let launcher = program_of(paused.pid());
        kill("-STOP", paused.pid());
        wait_for_state(paused.pid(), &['T', 't']);
        let going: Going = paused.go_on();
        // Long enough for a launch that would not keep still.
        sleep(Duration::from_millis(50));
        assert_eq!(program_of(going.pid()), launcher, "{method}");
        kill("-CONT", going.pid());
        let outcome = going.outcome().succeeded();
        outcome.stdout("Hello, world!\n");
    }
}

#[test]
fn a_stopped_launch_still_dies_of_a_kill() {
    for method in methods() {
        let paused = paused(method, waiter());
        kill("-STOP", paused.pid());
        wait_for_state(paused.pid(), &['T', 't']);
        kill("-KILL", paused.pid());
        let outcome = paused.go_on().outcome();
        assert_eq!(outcome.status, 128 + 9, "{method}: {outcome:#?}");
    }
}

/// Starts a launch and leaves it alone for a time that differs from round to round.
fn started(method: &str, program: PathBuf, round: u32) -> Running {
    let options = ["--method", method, "-q", "--allow", STATIC_CALLS];
    let options: Vec<&str> = if program == hello_static() {
        options.to_vec()
    } else {
        vec!["--method", method, "-q", "--deny", "acct"]
    };
    let running = Run::launched(options, program).start();
    sleep(Duration::from_micros(u64::from(round) * 137 % 3000));
    running
}

#[test]
fn stopping_and_continuing_at_any_moment_does_no_harm() {
    for method in methods() {
        for round in 0..rounds(200) {
            let running = started(method, hello_static(), round);
            kill("-STOP", running.pid());
            kill("-CONT", running.pid());
            let outcome: Outcome = running.outcome_within(LIMIT);
            outcome.succeeded().stdout("Hello, world!\n");
        }
    }
}

#[test]
fn a_terminating_signal_at_any_moment_terminates() {
    for method in methods() {
        for round in 0..rounds(200) {
            let running = started(method, waiter(), round);
            kill("-TERM", running.pid());
            let outcome = running.outcome_within(LIMIT);
            assert_eq!(outcome.status, 128 + 15, "{method}: {outcome:#?}");
        }
    }
}
