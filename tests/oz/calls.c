/* One call that a filter may be about, by its name; prints what it answered. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(long result)
{
	printf("%s\n", result < 0 ? strerror(errno) : "done");
	fflush(stdout);
}

static void *make_directory(void *path)
{
	say(mkdir(path, 0700));
	return NULL;
}

int main(int count, char **words)
{
	const char *what = count > 1 ? words[1] : "";
	char *path = count > 2 ? words[2] : "/tmp/made";
	if (!strcmp(what, "mkdir")) {
		int times = count > 3 ? atoi(words[3]) : 1;
		while (times--) {
			say(mkdir(path, 0700));
			rmdir(path);
		}
	} else if (!strcmp(what, "in-thread")) {
		pthread_t thread;
		pthread_create(&thread, NULL, make_directory, path);
		pthread_join(thread, NULL);
		puts("after the thread");
	} else if (!strcmp(what, "in-child")) {
		int status = 0;
		if (fork() == 0) {
			make_directory(path);
			_exit(0);
		}
		wait(&status);
		printf("child %d\n", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	} else if (!strcmp(what, "i386")) {
#ifdef __x86_64__
		long result;
		/* getpid of the 32-bit table */
		__asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
		printf("%s\n", result > 0 ? "done" : "refused");
#endif
	} else if (!strcmp(what, "x32")) {
#ifdef __x86_64__
		say(syscall(SYS_getpid | 0x40000000L));
#endif
	} else if (!strcmp(what, "execute")) {
		execv(path, (char *[]){ path, NULL });
		say(-1);
	} else if (!strcmp(what, "trace")) {
		pid_t child = fork();
		if (child == 0)
			pause();
		say(ptrace(PTRACE_SEIZE, child, NULL, NULL));
		kill(child, SIGKILL);
	} else if (!strcmp(what, "many")) {
		for (long left = atol(path); left; left--)
			syscall(SYS_getppid);
		puts("done");
	} else {
		return 2;
	}
	return 0;
}
