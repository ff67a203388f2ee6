//! `verify`: whether every thread of a process has a filter.

use std::fs;
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use sandbox_tests::{Run, Running, compile};

use crate::{json, tool};

/// Waits until a process runs this program.
fn await_program(pid: u32, name: &str) {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let found = fs::read_to_string(format!("/proc/{pid}/comm")).expect("a process");
        if found.trim_end() == name {
            return;
        }
        assert!(Instant::now() < deadline, "it is still {found}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn verify(running: &Running) -> Run {
    tool(["verify".to_string(), running.pid().to_string()])
}

#[test]
fn a_process_under_sandboxify_is_filtered() {
    for method in ["auto", "ticket"] {
        let options = ["--quiet", "--method", method, "--deny", "@mount"];
        let running = Run::launched(options, "sleep").arg("60").start();
        await_program(running.pid(), "sleep");
        let outcome = verify(&running).outcome().succeeded();
        // Root gets the filters, too, behind the table, or a note while sandboxify still traces.
        let lines: Vec<Vec<&str>> = outcome
            .stdout
            .lines()
            .take(2)
            .map(|line| line.split_whitespace().collect())
            .collect();
        let pid = running.pid().to_string();
        assert_eq!(
            lines,
            [
                vec!["thread", "name", "seccomp", "filters", "no_new_privs"],
                vec![&pid, "sleep", "filtered", "1", "yes"],
            ]
        );
    }
}

#[test]
fn a_process_without_a_filter_has_status_1() {
    let running = Run::new("sleep").arg("60").start();
    await_program(running.pid(), "sleep");
    let outcome = verify(&running).outcome().status(1);
    let row = outcome.stdout.lines().nth(1).expect("a thread");
    let words: Vec<&str> = row.split_whitespace().collect();
    let pid = running.pid().to_string();
    assert_eq!(words, [&pid, "sleep", "none", "0", "no"]);
}

/// Starts a second thread, which has a name in its first argument and, when there is a second one,
/// a filter that allows everything; says when that is done.
const THREADS: &str = r#"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

static char **arguments;

static void *second(void *unused)
{
    struct sock_filter allow = { 0x06, 0, 0, SECCOMP_RET_ALLOW };
    struct sock_fprog program = { 1, &allow };
    prctl(PR_SET_NAME, arguments[1]);
    if (arguments[2]) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
    }
    puts("ready");
    fflush(stdout);
    for (;;)
        pause();
}

int main(int count, char **words)
{
    pthread_t thread;
    arguments = words;
    pthread_create(&thread, NULL, second, NULL);
    pthread_join(thread, NULL);
}
"#;

/// The program, with both threads as they shall be.
fn two_threads(run: Run) -> Running {
    let mut running = run.start();
    let mut line = String::new();
    let mut output = BufReader::new(running.stdout());
    output.read_line(&mut line).expect("standard output");
    assert_eq!(line, "ready\n");
    running
}

#[test]
fn every_thread_counts() {
    let program = compile(THREADS, &["-pthread"]);
    let options = ["--quiet", "--deny", "@mount"];
    let running = two_threads(Run::launched(options, &program).arg("second"));
    let value = json(&verify(&running).arg("--json").outcome().succeeded());
    assert_eq!(value["filtered"], true);
    assert_eq!(value["threads"].as_array().map(Vec::len), Some(2));

    let running = two_threads(Run::new(&program).args(["second", "filter"]));
    let value = json(&verify(&running).arg("--json").outcome().status(1));
    assert_eq!(value["filtered"], false);
    assert_eq!(value["pid"], running.pid());
    let threads = value["threads"].as_array().expect("threads");
    assert_eq!(threads.len(), 2, "{threads:?}");
    assert_eq!(threads[0]["thread"], running.pid());
    assert_eq!(threads[0]["seccomp"], 0);
    let second = serde_json::json!({
        "thread": threads[1]["thread"], "name": "second", "seccomp": 2, "filters": 1,
        "no_new_privs": true,
    });
    assert_eq!(threads[1], second);
}

#[test]
fn a_name_with_control_characters_is_escaped() {
    let program = compile(THREADS, &["-pthread"]);
    let running = two_threads(Run::new(program).arg("\u{1b}[31mred\nx"));
    let outcome = verify(&running).outcome().status(1);
    let control = |letter: char| letter.is_control() && letter != '\n';
    assert!(!outcome.stdout.contains(control), "{outcome:?}");
    assert_eq!(outcome.stdout.lines().count(), 3, "{outcome:?}");
    outcome.stdout_has(r"\u{1b}[31mred");
}

#[test]
fn a_thread_cannot_hide_behind_a_name_that_is_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let program = compile(THREADS, &["-pthread"]);
    let name = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let running = two_threads(Run::new(program).arg(name).arg("filter"));
    let value = json(&verify(&running).arg("--json").outcome().status(1));
    assert_eq!(value["threads"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_process_that_there_is_not_is_an_error() {
    // Above the highest that a kernel gives out (PID_MAX_LIMIT, include/linux/threads.h).
    tool(["verify", "4194305"])
        .outcome()
        .status(2)
        .stdout("")
        .stderr("sandbox-policy: /proc/4194305/task: No such file or directory (os error 2)\n");
    for word in ["-1", "one", ""] {
        tool(["verify", word]).outcome().status(2).stdout("");
    }
}
