//! Calls that the libc makes behind a program's back: resumed sleeps, and newer calls with an older one
//! to fall back on.

use std::fs;
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sandbox_tests::{Outcome, Run, compile};

use crate::programs::{calling_numbers, failed};

/// Sleeps half a second, and says so before and after.
const SLEEPER: &str = r#"
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
	struct timespec half = { 0, 500000000 };
	if (write(1, "asleep\n", 7) != 7)
		_exit(2);
	_exit(syscall(SYS_nanosleep, &half, NULL) ? 1 : 0);
}
"#;

/// Creates a thread and prints what came of it.
const THREAD_MAKER: &str = r#"
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void *run(void *unused)
{
	(void)!write(1, "thread\n", 7);
	return unused;
}

int main(void)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, run, NULL);
	if (error) {
		char line[32];
		int length = snprintf(line, sizeof line, "error %d\n", error);
		(void)!write(1, line, length);
		_exit(1);
	}
	pthread_join(thread, NULL);
	_exit(0);
}
"#;

/// Stops and continues the sleeper while it sleeps.
fn stopped_and_continued(list: &str) -> Outcome {
    let mut sleeper = Run::preloaded(compile(SLEEPER, &[])).allow(list).start();
    let process = Pid::from_raw(i32::try_from(sleeper.pid()).expect("a pid"));
    let mut line = String::new();
    BufReader::new(sleeper.stdout())
        .read_line(&mut line)
        .expect("a line from the sleeper");
    assert_eq!(line, "asleep\n");
    await_state(process, 'S');
    kill(process, Signal::SIGSTOP).expect("SIGSTOP");
    await_state(process, 'T');
    kill(process, Signal::SIGCONT).expect("SIGCONT");
    sleeper.outcome()
}

/// Waits until the kernel shows a process in a state (proc_pid_stat(5), field 3).
fn await_state(process: Pid, state: char) {
    let deadline = Instant::now() + Duration::from_secs(10);
    let shown = || {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        stat.rsplit_once(") ")?.1.chars().next()
    };
    while shown() != Some(state) {
        assert!(Instant::now() < deadline, "no state {state}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_sleep_survives_a_stop_though_nobody_listed_restart_syscall() {
    stopped_and_continued("nanosleep:write:exit_group").succeeded();
}

#[test]
fn a_resumed_sleep_is_restart_syscall_and_a_list_can_refuse_it() {
    stopped_and_continued("nanosleep:write:exit_group:restart_syscall=kill").killed();
}

/// The calls of a thread's life (glibc 2.36), clone but not clone3 among them.
const THREAD_CALLS: &str = "write:exit_group:exit:clone:mmap:munmap:mprotect:madvise:futex:\
                            rt_sigaction:rt_sigprocmask:set_robust_list:rseq";

#[test]
fn a_thread_is_created_by_clone_where_clone3_is_refused_with_an_error() {
    Run::preloaded(compile(THREAD_MAKER, &["-pthread"]))
        .allow(THREAD_CALLS)
        .default_action("EPERM")
        .outcome()
        .succeeded()
        .stdout("thread\n");
}

#[test]
fn clone3_answers_what_a_list_says_of_it() {
    let eacces = 13;
    Run::preloaded(compile(THREAD_MAKER, &["-pthread"]))
        .allow(format!("{THREAD_CALLS}:clone3=EACCES"))
        .default_action("EPERM")
        .outcome()
        .status(1)
        .stdout(&format!("error {eacces}\n"));
}

#[test]
fn newer_calls_are_not_implemented_where_violations_get_an_error() {
    let fall_backs = [
        "clone3",
        "openat2",
        "faccessat2",
        "fchmodat2",
        "statx",
        "close_range",
        "futex_waitv",
        "epoll_pwait2",
    ];
    let answers = fall_backs.map(|name| failed(name, 38)).concat();
    crate::programs::calling(&fall_backs)
        .allow("write:exit_group")
        .default_action("EPERM")
        .outcome()
        .succeeded()
        .stdout(&answers);
    let named = fall_backs.map(|name| format!("{name}=EPERM")).join(":");
    crate::programs::calling(&fall_backs)
        .allow(format!("write:exit_group:{named}"))
        .default_action("EACCES")
        .outcome()
        .succeeded()
        .stdout(&fall_backs.map(|name| failed(name, 1)).concat());
}

#[test]
fn numbers_that_nobody_knows_are_not_implemented_where_violations_get_an_error() {
    calling_numbers(&["600", "1023", "0x3fffffff", "39"])
        .allow("write:exit_group:600=EACCES")
        .default_action("EPERM")
        .outcome()
        .succeeded()
        .stdout("600: errno 13\n1023: errno 38\n0x3fffffff: errno 38\n39: errno 1\n");
}

#[test]
fn numbers_that_nobody_knows_are_violations_where_those_kill() {
    for number in ["600", "0x3fffffff"] {
        let run = calling_numbers(&[number]).allow("write:exit_group");
        run.outcome().killed().stdout("");
    }
}
