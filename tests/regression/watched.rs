//! Past bugs of injection and of watched runs.

use std::time::Duration;

use sandbox_tests::{NOBODY, Outcome, Run, compile, public_directory, publish, root, skip};

const LIMIT: Duration = Duration::from_secs(30);

/// Threads fork around `main`; a child looks at its filter a while later.
const FORKING: &str = r#"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static volatile int stop;
static pthread_t threads[4];
static int filtered(void) {
	char text[4096];
	FILE *file = fopen("/proc/self/status", "r");
	size_t count = fread(text, 1, sizeof text - 1, file);
	text[count] = 0;
	return strstr(text, "Seccomp:\t2") != 0;
}
static void *fork_on(void *unused) {
	for (int i = 0; i < 40 && !stop; i++) {
		if (!fork()) { usleep(400000); _exit(filtered() ? 0 : 1); }
		usleep(300);
	}
	return unused;
}
__attribute__((constructor)) static void begin(void) {
	for (int i = 0; i < 4; i++) pthread_create(&threads[i], 0, fork_on, 0);
	usleep(5000);
}
int main(void) {
	int status, children = 0, without = 0;
	stop = 1;
	for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
	while (wait(&status) > 0) { children++; without += status != 0; }
	printf("%s, without a filter: %d\n", children ? "children" : "none", without);
}
"#;

/// A call through the door of 32-bit programs, which has other numbers: 83 is symlink there.
const OTHER_DOOR: &str = r#"
int main(void) {
	long result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(83), "b"(0), "c"(0) : "memory", "r8", "r9", "r10", "r11");
	return result == 0;
}
"#;

/// One thread is killed for mkdir; the others go on with rmdir.
const THREAD_KILLED: &str = r#"
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>
static void *make(void *unused) { mkdir("/nonexistent/a", 0700); return unused; }
int main(void) {
	pthread_t thread;
	pthread_create(&thread, 0, make, 0);
	usleep(50000);
	for (int i = 0; i < 50; i++) rmdir("/nonexistent/b");
	return 0;
}
"#;

/// A thread of its constructor is there when the launch fails.
const THREADED: &str = r#"
#include <pthread.h>
#include <unistd.h>
static void *rest(void *unused) { pause(); return unused; }
__attribute__((constructor)) static void begin(void) { pthread_t t; pthread_create(&t, 0, rest, 0); }
int main(void) { return 0; }
"#;

fn run(options: &[&str], source: &str, flags: &[&str]) -> Outcome {
    let program = compile(source, flags);
    let options = ["-q"].iter().chain(options);
    Run::launched(options, program)
        .start()
        .outcome_within(LIMIT)
}

/// Threads of the program ran on while others were filtered, and what they forked had no filter.
#[test]
fn nobody_forks_past_an_injection() {
    for at in ["entry", "main"] {
        let options = ["--at", at, "--deny", "mkdir=EPERM"];
        let outcome = run(&options, FORKING, &["-pthread"]).status(0);
        outcome.stdout("children, without a filter: 0\n");
    }
}

/// It was reported as the native call of the same number, with the advice to allow that.
#[cfg(target_arch = "x86_64")]
#[test]
fn a_32_bit_call_is_explained_as_one() {
    let options = ["--explain", "--allow", "@system-service:!mkdir"];
    let outcome = run(&options, OTHER_DOOR, &["-static"]).status(159);
    outcome.stderr_has("symlink(").stderr_has("--arch x86");
}

/// The report ended with the thread.
#[test]
fn a_killed_thread_does_not_end_the_report() {
    let deny = "mkdir=kill_thread:rmdir=EPERM";
    let options = ["--explain", "--deny", deny];
    let outcome = run(&options, THREAD_KILLED, &["-pthread"]).status(0);
    outcome.stderr_has("2 distinct violations, 51 in all:");
}

/// Threads were killed one by one, and with them the process: the status was 137.
#[test]
fn a_failed_launch_of_a_program_with_threads_is_a_launchers_failure() {
    let launcher = sandbox_tests::sandboxify();
    let launcher = launcher.to_str().expect("a path");
    let nested = [
        "--deny",
        "pidfd_getfd=EPERM",
        launcher,
        "-q",
        "--at",
        "main",
    ];
    let options = [&nested[..], &["--explain", "--deny", "mkdir=EPERM"]].concat();
    run(&options, THREADED, &["-pthread"]).status(125);
}

/// The watcher was in the program's process group, was stopped first, and could not let it stop.
#[test]
fn a_stopped_process_group_stops_and_goes_on() {
    let launcher = sandbox_tests::sandboxify();
    let job = format!("{} -q --explain --deny mkdir sleep 1", launcher.display());
    let script = format!(
        "set -m; {job} & sleep 0.3; kill -STOP %1; sleep 0.3; jobs; kill -CONT %1; wait; echo ended"
    );
    let shell = Run::new("bash").args(["-c", &script]);
    let outcome = shell.start().outcome_within(LIMIT).status(0);
    let stopped = outcome.stdout.contains("Stopped");
    assert!(
        stopped && outcome.stdout.ends_with("ended\n"),
        "{outcome:#?}"
    );
}

/// They were taken without a word, and changed nothing.
#[test]
fn options_that_learning_does_not_heed_are_refused() {
    for option in [["--arch", "x86"], ["--default-action", "EPERM"]] {
        let options = [&["--learn", "/nonexistent/file"], &option[..]].concat();
        let outcome = Run::launched(options, "/bin/true").outcome().status(125);
        outcome.stderr_has(&format!("{} means nothing to --learn", option[0]));
    }
    let options = ["--learn", "/nonexistent/file", "--log"];
    let outcome = Run::launched(options, "/bin/true").outcome().status(125);
    outcome.stderr_has("--log means nothing to --learn");
}

/// With standard error closed the report became descriptor 2, and everything said there stood in it.
#[test]
fn a_report_does_not_become_standard_error() {
    let directory = public_directory();
    let report = directory.path().join("report");
    let script = "exec \"$0\" --audit --report \"$1\" --report-format json --deny rmdir \
                  rmdir /nonexistent/d 2>&-";
    let shell = Run::new("bash").args(["-c", script]);
    let shell = shell.arg(sandbox_tests::sandboxify()).arg(&report);
    shell.start().outcome_within(LIMIT);
    let text = std::fs::read_to_string(&report).expect("a report");
    assert!(text.contains("\"call\":\"rmdir\""), "{text}");
    for line in text.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|_| panic!("{text}"));
    }
}

/// Its name was empty in the report, and nothing said why its arguments were numbers.
#[test]
fn a_program_that_closes_its_memory_is_named_and_noted() {
    const CLOSED: &str = "#include <sys/prctl.h>\n#include <unistd.h>\n
        int main(void) { prctl(PR_SET_DUMPABLE, 0); rmdir(\"/nonexistent/d\"); return 0; }";
    if !root() {
        return skip("only root can become another user");
    }
    let directory = public_directory();
    let program = publish(&compile(CLOSED, &[]), directory.path());
    let launcher = publish(&sandbox_tests::sandboxify(), directory.path());
    let user = NOBODY.to_string();
    let identity = ["--reuid", &user, "--regid", &user, "--clear-groups"];
    let run = Run::new("setpriv").args(identity).arg(&launcher);
    let run = run.args(["-q", "--audit", "--deny", "rmdir"]).arg(&program);
    let outcome = run.start().outcome_within(LIMIT).status(0);
    let name = program.file_name().expect("a name").to_string_lossy();
    let name: String = name.chars().take(15).collect();
    outcome
        .stderr_has("cannot be read: what its arguments point to is not shown")
        .stderr_has(&format!("; {name}["));
}
