//! Threads that other libraries start before the filter is there.

use std::path::PathBuf;

use sandbox_tests::{Outcome, Run, compile, libsandbox};

use crate::programs::filters_around_the_tests;

/// A library whose constructor starts a thread. The thread prints how many filters it has once main
/// tells it to, then makes a call.
const THREAD_OF_A_LIBRARY: &str = r#"
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static sem_t told;
static pthread_t thread;

static void print_filters(const char *who)
{
	char line[256];
	int filters = -1;
	FILE *status = fopen("/proc/thread-self/status", "r");
	while (status && fgets(line, sizeof line, status))
		sscanf(line, "Seccomp_filters: %d", &filters);
	if (status)
		fclose(status);
	dprintf(1, "%s %d\n", who, filters);
}

static void *run(void *unused)
{
	sem_wait(&told);
	print_filters("thread");
	syscall(SYS_getppid);
	dprintf(1, "the thread went on\n");
	return unused;
}

__attribute__((constructor)) static void start(void)
{
	sem_init(&told, 0, 0);
	print_filters("constructor");
	pthread_create(&thread, NULL, run, NULL);
}

void tell_the_thread(void)
{
	sem_post(&told);
	pthread_join(thread, NULL);
}
"#;

/// As above, with a thread that loads a filter of its own.
const THREAD_WITH_A_FILTER: &str = r#"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <unistd.h>

static sem_t loaded;
static pthread_t thread;

static void *run(void *unused)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &allow };
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(99);
	sem_post(&loaded);
	pause();
	return unused;
}

__attribute__((constructor)) static void start(void)
{
	sem_init(&loaded, 0, 0);
	pthread_create(&thread, NULL, run, NULL);
	sem_wait(&loaded);
}
"#;

/// Tells the library's thread, and ends.
const TELLER: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	void (*tell)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "tell_the_thread");
	dprintf(1, "main\n");
	if (tell)
		tell();
	return 0;
}
"#;

fn library(source: &str) -> PathBuf {
    compile(source, &["-shared", "-fPIC", "-pthread"])
}

/// Runs the program with a library whose constructor runs before ours: the loader starts at the end
/// of the list.
fn beside(library: PathBuf, denied: &str) -> Outcome {
    let preload = format!("{}:{}", libsandbox().display(), library.display());
    Run::new(compile(TELLER, &[]))
        .env("LD_PRELOAD", preload)
        .deny(denied)
        .outcome()
}

#[test]
fn a_thread_of_another_library_is_filtered_too() {
    let before = filters_around_the_tests();
    let report = format!("constructor {before}\nmain\nthread {}\n", before + 1);
    beside(library(THREAD_OF_A_LIBRARY), "ptrace")
        .succeeded()
        .stdout(&(report.clone() + "the thread went on\n"));
    beside(library(THREAD_OF_A_LIBRARY), "getppid")
        .killed()
        .stdout(&report);
}

#[test]
fn a_thread_with_a_filter_of_its_own_is_an_error_and_the_program_does_not_run() {
    beside(library(THREAD_WITH_A_FILTER), "ptrace")
        .status(1)
        .stdout("")
        .stderr_has(
            "libsandbox: the kernel refused the filter: ESRCH (a thread of this process already has a filter of its own)\n",
        );
}
