//! `verify` as root: the filters themselves, and what becomes of the process meanwhile.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use sandbox_tests::{Run, Running, compile, public_directory, publish, sandbox_policy, skip};

use crate::{json, tool};

const NO_ROOT: &str = "only root gets the filters of other processes";

/// Four threads that count in a busy, a sleeping, a waiting and a writing way; the last one writes a
/// line every time that all of them have moved on.
const BUSY: &str = r#"
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static volatile unsigned long counts[3];

static void *busy(void *unused) { for (;;) counts[0]++; }
static void *asleep(void *unused) { for (;; counts[1]++) usleep(500); }
static void *waiting(void *unused) { for (;; counts[2]++) poll(NULL, 0, 1); }

int main(void)
{
	void *(*loops[])(void *) = { busy, asleep, waiting };
	unsigned long before[3] = { 0 };
	pthread_t thread;
	for (int i = 0; i < 3; i++)
		pthread_create(&thread, NULL, loops[i], NULL);
	for (;;) {
		usleep(1000);
		int moved = 0;
		for (int i = 0; i < 3; i++)
			moved += counts[i] != before[i];
		if (moved < 3)
			continue;
		for (int i = 0; i < 3; i++)
			before[i] = counts[i];
		puts("on");
		fflush(stdout);
	}
}
"#;

fn busy() -> PathBuf {
    compile(BUSY, &["-pthread"])
}

/// Reads that many lines.
fn lines(output: &mut impl BufRead, count: usize) {
    for _ in 0..count {
        let mut line = String::new();
        output.read_line(&mut line).expect("standard output");
        assert_eq!(line, "on\n");
    }
}

/// Waits until a process is in the state with this letter (proc_pid_stat(5)).
#[track_caller]
fn await_state(pid: u32, letter: char) {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
        let (_, rest) = stat.rsplit_once(") ").expect("a state");
        if rest.starts_with(letter) {
            return;
        }
        assert!(Instant::now() < deadline, "not {letter}: {stat}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A program that waits, under a list.
fn sleeper(list: &str) -> Running {
    let options = ["--quiet", "--method", "ticket", "--deny", list];
    let running = Run::launched(options, "sleep").arg("60").start();
    let deadline = Instant::now() + Duration::from_secs(10);
    let program = format!("/proc/{}/comm", running.pid());
    while fs::read_to_string(&program).expect("a process") != "sleep\n" {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(2));
    }
    running
}

fn verify(pid: u32) -> Run {
    tool(["verify".to_string(), pid.to_string()])
}

#[test]
fn the_filter_is_the_one_that_is_exported() {
    if !sandbox_tests::root() {
        return skip(NO_ROOT);
    }
    // The preloaded object loads the filter as it is exported; a ticket would be in it as well.
    let list = "mkdir=EPERM:socket(family == AF_INET)=EACCES";
    let export = tool(["export", "--disasm", "--list-deny", list]);
    let disassembly = export.outcome().succeeded().stdout;
    let mut running = Run::preloaded(busy()).deny(list).start();
    let mut output = BufReader::new(running.stdout());
    lines(&mut output, 1);
    let text = verify(running.pid()).outcome().succeeded().stdout;
    let count = text.matches("\nfilter ").count();
    // The kernel counts from the oldest on, and the tests may run under filters themselves.
    let last = format!("\nfilter {count} of {count}:\n{disassembly}");
    assert!(text.ends_with(&last), "{text}");
    let value = json(&verify(running.pid()).arg("--json").outcome().succeeded());
    let filters = value["filters"].as_array().expect("filters");
    assert_eq!(filters.len(), count);
    assert_eq!(value["threads"][0]["filters"], count);
    let expected: Vec<&str> = disassembly.lines().collect();
    assert_eq!(filters[count - 1], serde_json::json!(expected));
    assert_eq!(value["note"], serde_json::Value::Null);
}

#[test]
fn every_filter_is_listed() {
    if !sandbox_tests::root() {
        return skip(NO_ROOT);
    }
    let inner = ["--quiet", "--method", "ticket", "--deny", "rmdir=EXDEV"];
    let outer = ["--quiet", "--method", "ticket", "--deny", "mkdir=EPERM"];
    let run = Run::launched(outer, sandbox_tests::sandboxify()).args(inner);
    let mut running = run.arg(busy()).start();
    let mut output = BufReader::new(running.stdout());
    lines(&mut output, 1);
    let value = json(&verify(running.pid()).arg("--json").outcome().succeeded());
    let filters = value["filters"].as_array().expect("filters");
    assert!(filters.len() >= 2, "{value}");
    let filters = &filters[filters.len() - 2..];
    let has = |at: usize, answer: &str| filters[at].to_string().contains(answer);
    let (first, second) = (&filters[0], &filters[1]);
    assert!(has(0, "errno EPERM") && !has(0, "errno EXDEV"), "{first}");
    assert!(has(1, "errno EXDEV") && !has(1, "errno EPERM"), "{second}");
}

#[test]
fn a_process_keeps_running_while_it_is_looked_at() {
    let list = "mkdir:mount:socket(family == AF_INET)";
    let mut running = Run::launched(["--quiet", "--deny", list], busy()).start();
    let mut output = BufReader::new(running.stdout());
    for _ in 0..5 {
        lines(&mut output, 3);
        let value = json(&verify(running.pid()).arg("--json").outcome().succeeded());
        assert_eq!(value["threads"].as_array().map(Vec::len), Some(4));
        lines(&mut output, 3);
    }
    let status = fs::read_to_string(format!("/proc/{}/status", running.pid())).expect("a process");
    assert!(status.contains("TracerPid:\t0\n"), "{status}");
}

#[test]
fn a_stopped_process_stays_stopped_and_a_waiting_one_waits_on() {
    let running = sleeper("mkdir");
    await_state(running.pid(), 'S');
    verify(running.pid()).outcome().succeeded();
    await_state(running.pid(), 'S');
    let kill = |signal: &str| {
        let run = Run::new("kill").args([signal, &running.pid().to_string()]);
        run.outcome().succeeded();
    };
    kill("-STOP");
    await_state(running.pid(), 'T');
    verify(running.pid()).outcome().succeeded();
    // What woke it up by mistake would have moved on by now.
    std::thread::sleep(Duration::from_millis(20));
    await_state(running.pid(), 'T');
    kill("-CONT");
    await_state(running.pid(), 'S');
}

#[test]
fn others_than_root_get_no_filters() {
    if !sandbox_tests::root() {
        return skip("only root can become another user");
    }
    let directory = public_directory();
    let copy = publish(&sandbox_policy(), directory.path());
    let running = sleeper("mkdir");
    let ask = || {
        Run::new(&copy)
            .args(["verify".to_string(), running.pid().to_string()])
            .as_nobody()
    };
    let outcome = ask().outcome().succeeded();
    assert_eq!(outcome.stdout.lines().count(), 2, "{outcome:?}");
    let value = json(&ask().arg("--json").outcome().succeeded());
    assert_eq!(value["filters"], serde_json::json!([]));
    assert_eq!(value["filtered"], true);
}

#[test]
fn a_process_without_filters_is_not_touched() {
    let mut running = Run::new(busy()).start();
    let mut output = BufReader::new(running.stdout());
    lines(&mut output, 1);
    let value = json(&verify(running.pid()).arg("--json").outcome().status(1));
    assert_eq!(value["filters"], serde_json::json!([]));
    assert_eq!(value["note"], serde_json::Value::Null);
}

/// Traces the process that it becomes the parent of, which starts its arguments; says so and waits.
const TRACER: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <unistd.h>

int main(int count, char **words)
{
	int pid = atoi(words[1]);
	puts(ptrace(PTRACE_SEIZE, pid, 0, 0) ? "no" : "on");
	fflush(stdout);
	pause();
	return count;
}
"#;

#[test]
fn a_process_that_somebody_traces_already_gets_a_note() {
    if !sandbox_tests::root() {
        return skip(NO_ROOT);
    }
    let running = sleeper("mkdir");
    let pid = running.pid().to_string();
    let mut tracer = Run::new(compile(TRACER, &[])).arg(&pid).start();
    lines(&mut BufReader::new(tracer.stdout()), 1);
    let note =
        format!("the filters of thread {pid} cannot be read: EPERM: Operation not permitted");
    let outcome = verify(running.pid()).outcome().succeeded();
    outcome.stdout_has(&format!("note: {note}\n"));
    let value = json(&verify(running.pid()).arg("--json").outcome().succeeded());
    assert_eq!(value["note"], note);
}
