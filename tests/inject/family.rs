//! Processes and threads that the program starts before its filter: each is filtered too, as nothing
//! else of it changes, or the launch fails.

use std::fs;
use std::path::PathBuf;

use sandbox_tests::{Run, compile, public_directory, rounds};

use crate::programs::{LIMIT, PLACES, ended, injected, others_of, own_launcher, wait_until};

/// What every program here begins with: `say` prints whether its caller is
/// filtered, and whether it stays traced.
const COMMON: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int pair[2];
static pid_t child;

static void say(const char *who)
{
	char text[8192], line[200] = "", path[64];
	sprintf(path, "/proc/%ld/status", (long)syscall(SYS_gettid));
	/* The tracer lets the program itself go first. */
	for (int patience = 0; patience < 5000; patience++) {
		int file = open(path, O_RDONLY);
		text[read(file, text, sizeof text - 1)] = 0;
		close(file);
		if (!atoi(strstr(text, "\nTracerPid:") + 12))
			break;
		usleep(1000);
	}
	int length = sprintf(line, "%s %d%s\n", who, atoi(strstr(text, "\nSeccomp:") + 10),
			     atoi(strstr(text, "\nTracerPid:") + 12) ? " traced" : "");
	write(1, line, length);
}

/* Waits for main. */
static void wait_for_main(void)
{
	char byte;
	read(pair[0], &byte, 1);
}

static void release_and_reap(void)
{
	int status = 0;
	write(pair[1], "xxxx", 4);
	if (child && waitpid(child, &status, __WALL) == child)
		dprintf(1, "status %x\n", status);
}
"#;

fn program(source: &str, flags: &[&str]) -> PathBuf {
    compile(
        &format!("{COMMON}{source}"),
        &[&["-pthread"], flags].concat(),
    )
}

/// Runs a program often: which event comes first is left to chance.
fn always_prints(source: &str, expected: &str) {
    for flags in [&[][..], &["-static"]] {
        let program = program(source, flags);
        for place in PLACES {
            for _ in 0..rounds(50) {
                let outcome = ended(injected(place, "acct", &program));
                let mut lines: Vec<&str> = outcome.stdout.lines().collect();
                lines.sort_unstable();
                assert_eq!(lines.join("\n"), expected, "--at {place}: {outcome:#?}");
                assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""));
            }
        }
    }
}

#[test]
fn a_forked_process_is_filtered_and_lives_on() {
    always_prints(
        r#"
__attribute__((constructor)) static void start(void)
{
	pipe(pair);
	if ((child = fork()) == 0) {
		wait_for_main();
		say("child");
		_exit(3);
	}
}
int main(void) { release_and_reap(); say("main"); return 0; }
"#,
        "child 2\nmain 2\nstatus 300",
    );
}

#[test]
fn a_forked_process_with_threads_and_children_is_filtered() {
    always_prints(
        r#"
static void *thread(void *nothing) { wait_for_main(); say("thread"); return 0; }
__attribute__((constructor)) static void start(void)
{
	pipe(pair);
	if ((child = fork()) == 0) {
		pthread_t other;
		pthread_create(&other, 0, thread, 0);
		pid_t own = fork();
		wait_for_main();
		say(own ? "child" : "grandchild");
		if (!own)
			_exit(0);
		pthread_join(other, 0);
		waitpid(own, 0, 0);
		_exit(4);
	}
}
int main(void) { release_and_reap(); say("main"); return 0; }
"#,
        "child 2\ngrandchild 2\nmain 2\nstatus 400\nthread 2",
    );
}

#[test]
fn a_thread_is_filtered_and_lives_on() {
    always_prints(
        r#"
static pthread_t other;
static void *thread(void *nothing) { wait_for_main(); say("thread"); return 0; }
__attribute__((constructor)) static void start(void)
{
	pipe(pair);
	pthread_create(&other, 0, thread, 0);
}
int main(void) { release_and_reap(); pthread_join(other, 0); say("main"); return 0; }
"#,
        "main 2\nthread 2",
    );
}

#[test]
fn a_process_that_shares_memory_is_filtered() {
    always_prints(
        r#"
static char stack[65536];
static int shares(void *nothing) { wait_for_main(); say("child"); return 5; }
__attribute__((constructor)) static void start(void)
{
	pipe(pair);
	child = clone(shares, stack + sizeof stack, CLONE_VM | SIGCHLD, 0);
}
int main(void) { release_and_reap(); say("main"); return 0; }
"#,
        "child 2\nmain 2\nstatus 500",
    );
}

#[test]
fn commands_before_main_run_as_ever() {
    // Their children have memory of their own, where no breakpoint of ours ever was.
    always_prints(
        r#"
__attribute__((constructor)) static void start(void)
{
	pid_t other = vfork();
	if (other == 0) {
		execl("/bin/echo", "echo", "vfork", (char *)0);
		_exit(9);
	}
	waitpid(other, 0, 0);
	if (system("echo one | cat; (true; echo two) | cat"))
		_exit(9);
}
int main(void) { say("main"); return 0; }
"#,
        "main 2\none\ntwo\nvfork",
    );
}

#[test]
fn an_exec_before_main_is_followed() {
    // The child is a copy of the image before, with another breakpoint in it or none.
    always_prints(
        r#"
__attribute__((constructor)) static void start(void)
{
	if (getenv("AGAIN"))
		return;
	setenv("AGAIN", "1", 1);
	if (fork() == 0) {
		usleep(20000);
		say("child");
		exit(6);
	}
	execl("/proc/self/exe", "again", (char *)0);
}
int main(void)
{
	int status;
	wait(&status);
	dprintf(1, "status %x\n", status);
	say("main");
	return 0;
}
"#,
        "child 2\nmain 2\nstatus 600",
    );
}

#[test]
fn an_exec_by_another_thread_is_followed() {
    always_prints(
        r#"
static void *thread(void *nothing)
{
	setenv("AGAIN", "1", 1);
	execl("/proc/self/exe", "again", (char *)0);
	return 0;
}
__attribute__((constructor)) static void start(void)
{
	pthread_t other;
	if (getenv("AGAIN"))
		return;
	pthread_create(&other, 0, thread, 0);
	pthread_join(other, 0);
}
int main(void) { say("main"); return 0; }
"#,
        "main 2",
    );
}

#[test]
fn a_filter_of_the_programs_own_is_not_taken_for_ours() {
    // The child inherits it, and must get ours as well: only ours denies getppid(2).
    let source = r#"
__attribute__((constructor)) static void start(void)
{
	struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog filter = {1, allow};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
	pipe(pair);
	if ((child = fork()) == 0) {
		wait_for_main();
		say(getppid() < 0 ? "child denied" : "child not denied");
		_exit(0);
	}
}
int main(void) { release_and_reap(); return 0; }
"#;
    for flags in [&[][..], &["-static"]] {
        let program = program(source, flags);
        for _ in 0..rounds(200) {
            let outcome = ended(injected("main", "getppid=EPERM", &program)).succeeded();
            outcome.stdout("child denied 2\nstatus 0\n");
        }
    }
}

#[test]
fn another_thread_may_be_the_one_that_calls_main() {
    let source = r#"
__attribute__((noipa)) int main(int, char **);
static void *thread(void *nothing) { exit(main(0, 0)); }
__attribute__((constructor)) static void start(void)
{
	pthread_t other;
	pthread_create(&other, 0, thread, 0);
	pthread_join(other, 0);
}
int main(int argc, char **argv) { say("main"); return 0; }
"#;
    always_prints(source, "main 2");
}

#[test]
fn nobody_is_left_unfiltered_by_a_program_that_becomes_a_daemon_before_main() {
    let source = r#"
__attribute__((constructor)) static void start(void)
{
	pipe(pair);
	if (fork() != 0)
		_exit(0);
	setsid();
	usleep(50000);
	say("daemon");
}
int main(void) { say("daemon in main"); return 0; }
"#;
    let directory = public_directory();
    let launcher = own_launcher(directory.path());
    let program = program(source, &[]);
    let program = sandbox_tests::publish(&program, directory.path());
    for _ in 0..rounds(50) {
        let run = Run::new(&launcher).args(["-q", "--at", "main", "--deny", "acct"]);
        let outcome = run.arg(&program).start().outcome_within(LIMIT);
        assert!(!outcome.stdout.contains(" 0"), "{outcome:#?}");
        wait_until("all end", || others_of(&program, 0).is_empty());
        wait_until("the tracer ends", || others_of(&launcher, 0).is_empty());
    }
    assert!(fs::exists(&program).expect("the program"));
}
