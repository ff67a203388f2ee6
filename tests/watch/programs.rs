//! Small C programs, each with one thing that is hard to learn.

use std::path::PathBuf;

use sandbox_tests::{compile, compile_with};

/// Prints a line.
pub const HELLO: &str = r#"
#include <stdio.h>
int main(void)
{
	puts("Hello World!");
	return 0;
}
"#;

/// A tree of fifteen processes, whose exit statuses add up.
const TREE: &str = r#"
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int grow(int depth)
{
	int sum = 1, status;
	for (int side = 0; depth > 0 && side < 2; side++) {
		pid_t child = fork();
		if (child == 0)
			_exit(grow(depth - 1));
		if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
			_exit(99);
		sum += WEXITSTATUS(status);
	}
	return sum;
}

int main(void)
{
	printf("%d processes\n", grow(3));
	return 0;
}
"#;

/// Signal handlers, an interval timer, a timer of POSIX and sleeps that are interrupted.
const SIGNALS: &str = r#"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t seen[65];

static void note(int signal)
{
	seen[signal] = 1;
}

int main(void)
{
	int signals[] = { SIGUSR1, SIGALRM, SIGRTMIN };
	struct itimerval soon = { .it_value = { 0, 5000 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	struct itimerspec later = { .it_value = { 0, 5000000 } };
	timer_t timer;
	for (int n = 0; n < 3; n++)
		sigaction(signals[n], &(struct sigaction){ .sa_handler = note }, NULL);
	raise(SIGUSR1);
	setitimer(ITIMER_REAL, &soon, NULL);
	while (!seen[SIGALRM])
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &later, NULL);
	while (!seen[SIGRTMIN])
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	timer_delete(timer);
	printf("%d %d %d\n", seen[SIGUSR1], seen[SIGALRM], seen[SIGRTMIN]);
	return 0;
}
"#;

/// Threads that allocate, wait for each other and end in any order.
const THREADS: &str = r#"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
static int ready;
static long sum;

static void *work(void *number)
{
	pthread_mutex_lock(&lock);
	ready++;
	pthread_cond_broadcast(&turn);
	while (ready < 8)
		pthread_cond_wait(&turn, &lock);
	pthread_mutex_unlock(&lock);
	for (int n = 0; n < 200; n++) {
		char *block = malloc(n * 500 + 1);
		memset(block, n, n * 500 + 1);
		pthread_mutex_lock(&lock);
		sum += block[n] + (long)number;
		pthread_mutex_unlock(&lock);
		free(block);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[8];
	for (long n = 0; n < 8; n++)
		if (pthread_create(&threads[n], NULL, work, (void *)n))
			return 1;
	for (int n = 0; n < 8; n++)
		pthread_join(threads[n], NULL);
	printf("sum %ld\n", sum);
	return 0;
}
"#;

/// A file, an error that is handled, a pipe and a status that is not 0.
const FILES: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	char text[16] = "";
	int ends[2], file = open("kept", O_RDWR | O_CREAT | O_EXCL, 0600);
	if (file < 0 || write(file, "kept words\n", 11) != 11 || lseek(file, 0, SEEK_SET))
		return 1;
	if (read(file, text, 11) != 11 || fcntl(file, F_SETFD, FD_CLOEXEC) || pipe2(ends, O_CLOEXEC))
		return 2;
	if (open("/nonexistent", O_RDONLY) >= 0 || mkdir("kept", 0700) == 0)
		return 3;
	if (madvise(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0), 4096, MADV_WILLNEED))
		return 4;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) || fcntl(file, F_GETFL) < 0)
		return 5;
	fputs(text, stdout);
	return 7;
}
"#;

/// A mark, and behind it some work.
pub const MARKED: &str = r#"
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
	getppid();
	mkdir("new", 0700);
	if (chdir("new") || access("/etc/passwd", R_OK))
		return 1;
	nanosleep(&(struct timespec){ 0, 1000 }, NULL);
	puts("done");
	return 0;
}
"#;

pub fn hello() -> PathBuf {
    compile(HELLO, &[])
}

pub fn tree() -> PathBuf {
    compile(TREE, &[])
}

pub fn signals() -> PathBuf {
    compile(SIGNALS, &[])
}

pub fn threads() -> PathBuf {
    compile(THREADS, &["-pthread"])
}

pub fn files() -> PathBuf {
    compile(FILES, &[])
}

/// Every kind of static program, of the same source.
pub fn statics(source: &str) -> [(&'static str, PathBuf); 4] {
    [
        ("static", compile(source, &["-static", "-pthread"])),
        (
            "static, stripped",
            compile(source, &["-static", "-pthread", "-s"]),
        ),
        ("static-pie", compile(source, &["-static-pie", "-pthread"])),
        ("musl", compile_with("musl-gcc", source, &["-static"])),
    ]
}

/// Each of the hard programs, static.
pub fn hard() -> [&'static str; 4] {
    [TREE, SIGNALS, THREADS, FILES]
}
