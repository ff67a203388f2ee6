//! Signals that come while a program starts: each is delivered as it would have been, and none makes a
//! launch hang.

use std::path::PathBuf;
use std::thread::{scope, sleep};
use std::time::Duration;

use nix::sys::signal::Signal;
use sandbox_tests::{SIGSYS_STATUS, compile, public_directory, rounds};

use crate::programs::{
    FILTERED, LIMIT, PLACES, ended, injected, others_of, own_launcher, send, wait_until,
};

/// Has a fast timer and real-time signals to itself before main, and counts what arrives.
const BUSY: &str = r#"
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int ticks, queued, values;
static void tick(int signal) { ticks++; }
static void take(int signal, siginfo_t *information, void *context)
{
	queued++;
	values += information->si_value.sival_int;
}

__attribute__((constructor)) static void start(void)
{
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = tick}, NULL);
	sigaction(SIGRTMIN + 3, &(struct sigaction){.sa_sigaction = take, .sa_flags = SA_SIGINFO}, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){{0, 2000}, {0, 2000}}, NULL);
	if (fork() == 0) {
		for (int value = 1; value <= 100; value++)
			while (sigqueue(getppid(), SIGRTMIN + 3, (union sigval){.sival_int = value}))
				usleep(100);
		_exit(0);
	}
}

int main(void)
{
	struct timespec start, now;
	clock_gettime(CLOCK_MONOTONIC, &start);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while (queued < 100 && now.tv_sec - start.tv_sec < 20);
	int before = ticks;
	while (ticks < before + 3)
		pause();
	printf("%d %d\n", queued, values);
	return 0;
}
"#;

/// Waits for a signal, for good, once it has said that it runs.
const WAITER: &str = r#"
#include <unistd.h>

int main(void)
{
	for (;;)
		pause();
}
"#;

fn waiter() -> PathBuf {
    compile(WAITER, &["-static"])
}

#[test]
fn timers_and_real_time_signals_before_main_all_arrive() {
    for flags in [&[][..], &["-static"]] {
        let program = compile(BUSY, flags);
        for place in PLACES {
            for _ in 0..rounds(50) {
                let outcome = ended(injected(place, "acct", &program)).succeeded();
                outcome.stdout("100 5050\n").stderr("");
            }
        }
    }
}

/// A time that differs from round to round, up to some microseconds.
fn pause_for_round(round: u32, most: u64) {
    sleep(Duration::from_micros(u64::from(round) * 137 % most));
}

#[test]
fn stopping_and_continuing_at_any_moment_does_no_harm() {
    let program = compile(FILTERED, &[]);
    for place in PLACES {
        for round in 0..rounds(200) {
            let running = injected(place, "getppid", &program).start();
            pause_for_round(round, 6000);
            send(running.pid(), Signal::SIGSTOP);
            pause_for_round(round / 7, 2000);
            send(running.pid(), Signal::SIGCONT);
            let outcome = running.outcome_within(LIMIT);
            let outcome = outcome.stdout("filtered\n");
            assert_eq!(outcome.status, SIGSYS_STATUS, "--at {place}: {outcome:#?}");
        }
    }
}

#[test]
fn a_stopped_start_waits_to_be_continued() {
    let program = compile(FILTERED, &["-static"]);
    for round in 0..rounds(50) {
        let running = injected("main", "getppid", &program).start();
        pause_for_round(round, 5000);
        send(running.pid(), Signal::SIGSTOP);
        sleep(Duration::from_millis(20));
        let state = crate::programs::status_of(running.pid(), "State");
        let still = ["T", "t", "Z"]
            .iter()
            .any(|letter| state.starts_with(letter));
        assert!(still, "{state}");
        send(running.pid(), Signal::SIGCONT);
        running.outcome_within(LIMIT).killed();
    }
}

#[test]
fn terminating_signals_at_any_moment_terminate_and_leave_nobody() {
    let directory = public_directory();
    let launcher = own_launcher(directory.path());
    for signal in [Signal::SIGTERM, Signal::SIGKILL, Signal::SIGHUP] {
        for place in PLACES {
            for round in 0..rounds(100) {
                let mut run = sandbox_tests::Run::new(&launcher);
                let options = ["-q", "--method", "inject", "--at", place, "--deny", "acct"];
                run = run.args(options).arg(waiter());
                let running = run.start();
                pause_for_round(round, 5000);
                send(running.pid(), signal);
                let outcome = running.outcome_within(LIMIT);
                assert_eq!(outcome.status, 128 + signal as i32, "{outcome:#?}");
            }
        }
    }
    wait_until("tracers end", || others_of(&launcher, 0).is_empty());
}

#[test]
fn a_thousand_launches_twenty_at_a_time_all_run_filtered() {
    let program = compile(FILTERED, &[]);
    let fixed = compile(FILTERED, &["-static"]);
    scope(|scope| {
        for worker in 0..20_usize {
            let program = [&program, &fixed][worker % 2];
            scope.spawn(move || {
                for round in 0..rounds(1000) as usize / 20 {
                    let place = PLACES[(worker + round) % 3];
                    let outcome = ended(injected(place, "getppid", program));
                    outcome.killed().stdout("filtered\n").stderr("");
                }
            });
        }
    });
}

#[test]
fn a_family_that_dies_at_any_moment_hangs_no_launch() {
    // Children come and go while the place is reached, and some are killed where they stand.
    let source = r#"
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((constructor)) static void start(void)
{
	for (int i = 0; i < 40; i++) {
		pid_t child = fork();
		if (child == 0)
			_exit(0);
		if (i % 3 == 0)
			kill(child, SIGKILL);
	}
}

int main(void)
{
	int count = 0;
	while (wait(NULL) > 0)
		count++;
	printf("%d\n", count);
	return 0;
}
"#;
    let program = compile(source, &["-static"]);
    for _ in 0..rounds(200) {
        let outcome = ended(injected("main", "acct", &program)).succeeded();
        outcome.stdout("40\n").stderr("");
    }
}
