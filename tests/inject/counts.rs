//! Every watched call is seen once, whatever interrupts it, and a report that nobody reads stops
//! nothing.

use std::fs;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use sandbox_tests::{Run, compile, public_directory, rounds};

use crate::programs::LIMIT;

/// Calls getppid(2) argv[1] times under a timer, with SA_RESTART or without, and says how often the
/// call did not succeed.
const COUNTED: &str = r#"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

static void tick(int signal) {}

int main(int argc, char **argv)
{
	int failed = 0;
	struct sigaction action = {.sa_handler = tick};
	if (!strcmp(argv[2], "restart"))
		action.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &action, NULL);
	if (strcmp(argv[2], "none"))
		setitimer(ITIMER_REAL, &(struct itimerval){{0, 2000}, {0, 2000}}, NULL);
	for (int i = 0; i < atoi(argv[1]); i++)
		failed += syscall(SYS_getppid) < 0;
	setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
	printf("%d failed\n", failed);
	return 0;
}
"#;

/// How often a call was seen, as the summary has it: a line that begins with the number.
#[track_caller]
fn count_in(text: &str, call: &str) -> u64 {
    let counted = text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let number = words.next()?.parse().ok()?;
        (words.next()? == call).then_some(number)
    });
    counted.unwrap_or_else(|| panic!("no count of {call} in {text}"))
}

#[test]
fn calls_under_a_fast_timer_are_counted_once() {
    const CALLS: u64 = 2000;
    let directory = public_directory();
    for (method, how) in [
        ("ticket", "restart"),
        ("ticket", "interrupt"),
        ("inject", "restart"),
        ("inject", "interrupt"),
    ] {
        let report = directory.path().join(format!("{method}-{how}"));
        let run = Run::launched(["-q", "--audit", "--method", method], "--every");
        let run = run.args(["--deny", "getppid", "--report"]).arg(&report);
        let run = run
            .arg(compile(COUNTED, &[]))
            .args([&CALLS.to_string(), how]);
        let outcome = run.start().outcome_within(LIMIT).succeeded();
        let failed: u64 = outcome
            .stdout
            .split(' ')
            .next()
            .map_or(0, |word| word.parse().expect("a number"));
        if how == "restart" {
            assert_eq!(failed, 0, "{outcome:#?}");
        }
        let text = fs::read_to_string(&report).expect("a report");
        assert_eq!(count_in(&text, "getppid") + failed, CALLS, "{method} {how}");
        let lines = text.lines().filter(|line| line.contains("getppid()"));
        assert_eq!(lines.count() as u64 + failed, CALLS, "{method} {how}");
    }
}

#[test]
fn learning_counts_each_call_once_under_a_fast_timer() {
    let directory = public_directory();
    let learned = directory.path().join("learned");
    let run = Run::launched(["-q", "--learn"], &learned);
    let run = run
        .arg(compile(COUNTED, &["-static"]))
        .args(["2000", "restart"]);
    let outcome = run.start().outcome_within(LIMIT).succeeded();
    outcome.stdout("0 failed\n");
    let text = fs::read_to_string(&learned).expect("a policy");
    let line = text.lines().find(|line| line.contains("getppid"));
    let line = line.unwrap_or_else(|| panic!("no getppid in {text}"));
    assert!(line.contains("2000"), "{line}");
}

#[test]
fn a_report_that_nobody_reads_does_not_stop_the_program() {
    let calls = rounds(100_000).to_string();
    let directory = public_directory();
    let fifo = directory.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("a FIFO");
    let reader = fs::OpenOptions::new().read(true).write(true).open(&fifo);
    let reader = reader.expect("open the FIFO");
    let start = Instant::now();
    let run = Run::launched(
        ["-q", "--audit", "--every", "--deny", "getppid"],
        "--report",
    );
    let run = run
        .arg(&fifo)
        .arg(compile(COUNTED, &[]))
        .args([&calls, "none"]);
    let outcome = run.start().outcome_within(LIMIT).succeeded();
    outcome.stdout("0 failed\n");
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
    drop(reader);
}

#[test]
fn a_standard_error_that_nobody_reads_does_not_stop_the_program() {
    let calls = rounds(100_000).to_string();
    for purpose in ["--audit", "--explain"] {
        let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).expect("a pipe");
        let run = Run::launched(["-q", purpose, "--every", "--deny"], "getppid=EPERM");
        let run = run.arg(compile(COUNTED, &[])).args([&calls, "none"]);
        let start = Instant::now();
        let outcome = run
            .stderr_to(writer)
            .start()
            .outcome_within(LIMIT)
            .succeeded();
        let failed = if purpose == "--audit" { "0" } else { &calls };
        outcome.stdout(&format!("{failed} failed\n"));
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{:?}",
            start.elapsed()
        );
        drop::<OwnedFd>(reader);
    }
}
