/* Writes down in the file argv[1] what exec keeps of a process. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static char text[1 << 16];
static size_t length;

#define SAY(...) (length += snprintf(text + length, sizeof text - length, __VA_ARGS__))

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

/* Descriptors with what they are; numbers of pipes differ from run to run. */
static void descriptors(void)
{
	struct dirent **entries;
	DIR *directory = opendir("/proc/self/fd");
	int own = dirfd(directory), count = scandir("/proc/self/fd", &entries, NULL, by_number);
	for (int i = 0; i < count; i++) {
		char path[300], target[256] = "";
		int descriptor = atoi(entries[i]->d_name);
		if (entries[i]->d_name[0] == '.' || descriptor == own)
			continue;
		snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
		/* The one that scandir used is gone by now. */
		if (readlink(path, target, sizeof target - 1) < 0)
			continue;
		target[strcspn(target, "[")] = 0;
		SAY("descriptor %d %s flags %x %x\n", descriptor, target,
		    fcntl(descriptor, F_GETFL), fcntl(descriptor, F_GETFD));
	}
	closedir(directory);
}

static void lines_of_status(void)
{
	static const char *const wanted[] = {"SigQ", "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt",
		"Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "Threads",
		"TracerPid", "Umask", "Cpus_allowed"};
	FILE *status = fopen("/proc/self/status", "r");
	char line[4096];
	while (fgets(line, sizeof line, status))
		for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
			if (!strncmp(line, wanted[i], strlen(wanted[i])) && line[strlen(wanted[i])] == ':'
			    && strcmp(wanted[i], "SigQ"))
				SAY("%s", line);
	fclose(status);
}

static void children(void)
{
	char line[256] = "";
	int count = 0, status;
	FILE *list = fopen("/proc/thread-self/children", "r");
	if (list && fgets(line, sizeof line, list))
		for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n"))
			count++;
	if (list)
		fclose(list);
	if (count)
		SAY("children %d\n", count);
	else
		SAY("children \n");
	errno = 0;
	pid_t child = waitpid(-1, &status, __WALL | WNOHANG);
	SAY("wait %s errno %d\n", child > 0 ? "child" : child ? "-1" : "0", errno);
}

static void limits_and_timers(void)
{
	for (int which = 0; which < RLIMIT_NLIMITS; which++) {
		struct rlimit limit;
		getrlimit(which, &limit);
		SAY("limit %d %llx %llx\n", which, (long long)limit.rlim_cur, (long long)limit.rlim_max);
	}
	struct itimerval timer;
	getitimer(ITIMER_REAL, &timer);
	int death;
	prctl(PR_GET_PDEATHSIG, &death);
	SAY("nice %d policy %d timer %ld death %d\n", getpriority(PRIO_PROCESS, 0),
	    sched_getscheduler(0), timer.it_value.tv_sec, death);
}

int main(int argc, char **argv)
{
	char directory[4096];
	int subreaper;
	descriptors();
	SAY("pid %s\n", getpid() == atoi(getenv("EXPECTED_PID")) ? "kept" : "changed");
	SAY("parent %s\n", getppid() == atoi(getenv("EXPECTED_PARENT")) ? "kept" : "changed");
	SAY("group %s session %s foreground %d\n", getpgrp() == getpid() ? "own" : "inherited",
	    getsid(0) == getpid() ? "own" : "inherited", tcgetpgrp(2) == getpgrp());
	if (getpid() == 1)
		SAY("init\n");
	SAY("directory %s\n", getcwd(directory, sizeof directory));
	mode_t mask = umask(0);
	SAY("umask %o\n", mask);
	umask(mask);
	SAY("dumpable %d\n", prctl(PR_GET_DUMPABLE));
	prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
	SAY("subreaper %d\n", subreaper);
	lines_of_status();
	limits_and_timers();
	children();
	SAY("end\n");
	int report = open(argv[1], O_WRONLY);
	return write(report, text, length) != (ssize_t)length;
}
