/* Executes argv[3…] in a process whose state is set as the letters in argv[2] say. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void block_some_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void set(char letter)
{
	struct rlimit files = {100, 200};
	switch (letter) {
	case 's': /* ignored signals */
		signal(SIGPIPE, SIG_IGN);
		signal(SIGINT, SIG_IGN);
		break;
	case 'd': /* a descriptor more, far from the others */
		dup2(open("/dev/zero", O_RDONLY | O_CLOEXEC), 7);
		dup2(7, 42);
		break;
	case 'm':
		block_some_signals();
		break;
	case 'u':
		umask(027);
		break;
	case 'f': /* a process group of its own, and a pending signal */
		setsid();
		raise(SIGUSR1);
		break;
	case 'r':
		setrlimit(RLIMIT_NOFILE, &files);
		nice(3);
		break;
	case 'c': /* a child that has ended */
		if (fork() == 0)
			_exit(0);
		waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOWAIT);
		break;
	case 'p':
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		break;
	default: /* a closed standard descriptor */
		close(letter - '0');
	}
}

int main(int argc, char **argv)
{
	char number[32];
	sprintf(number, "%d", getpid());
	setenv("EXPECTED_PID", number, 1);
	sprintf(number, "%d", getppid());
	setenv("EXPECTED_PARENT", number, 1);
	/* A raised signal must find itself blocked, so masks come first. */
	for (char *letter = argv[2]; *letter; letter++)
		if (*letter == 'm' || *letter == 'f')
			block_some_signals();
	for (char *letter = argv[2]; *letter; letter++)
		set(*letter);
	execv(argv[3], argv + 3);
	return 99;
}
