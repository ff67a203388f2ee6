/* Traces the launcher argv[1…], takes the words from its execve, and searches the new image for
   them: registers, memory and files in /proc. Prints what it finds. */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <linux/ptrace.h>
#include <unistd.h>

static pid_t program;
static uint64_t words[3];

/* Occurrences of the words, as bytes and in hexadecimal. */
static int occurrences(const char *bytes, size_t size)
{
	int found = 0;
	for (int i = 0; i < 3; i++) {
		char digits[20];
		const char *at = bytes, *end = bytes + size;
		while ((at = memmem(at, end - at, &words[i], 8)))
			found++, at++;
		sprintf(digits, "%lx", words[i]);
		for (at = bytes; (at = memmem(at, end - at, digits, strlen(digits))); at++)
			found++;
	}
	return found;
}

static int in_memory(size_t *searched)
{
	char path[64], line[512];
	int found = 0;
	sprintf(path, "/proc/%d/mem", program);
	int memory = open(path, O_RDONLY);
	sprintf(path, "/proc/%d/maps", program);
	FILE *maps = fopen(path, "r");
	while (fgets(line, sizeof line, maps)) {
		unsigned long start, end;
		char access;
		sscanf(line, "%lx-%lx %c", &start, &end, &access);
		char *copy = malloc(end - start);
		/* The kernel's own pages cannot be read, nor hold what the program could. */
		ssize_t size = access == 'r' ? pread(memory, copy, end - start, start) : 0;
		if (size > 0)
			found += occurrences(copy, size), *searched += size;
		free(copy);
	}
	fclose(maps);
	close(memory);
	return found;
}

static int in_files(void)
{
	static const char *const names[] = {"stat", "status", "statm", "syscall", "environ", "auxv",
		"cmdline", "comm", "wchan", "stack", "maps", "smaps", "limits", "io", "mountinfo",
		"sched", "timers", "personality", "oom_score", "seccomp_cache", "loginuid", "cgroup"};
	static char copy[1 << 20];
	int found = 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[64];
		sprintf(path, "/proc/%d/%s", program, names[i]);
		int file = open(path, O_RDONLY);
		ssize_t size = read(file, copy, sizeof copy);
		if (size > 0)
			found += occurrences(copy, size);
		close(file);
	}
	return found;
}

static void search(const char *when)
{
	size_t searched = 0;
	int memory = in_memory(&searched);
	printf("%s: memory %d files %d %s\n", when, memory, in_files(),
	       searched > 4096 ? "searched" : "nothing searched");
}

static void entering_a_call(void)
{
	struct user_regs_struct registers;
	ptrace(PTRACE_GETREGS, program, 0, &registers);
	if (registers.orig_rax != SYS_execve)
		return;
	words[0] = registers.r10;
	words[1] = registers.r8;
	words[2] = registers.r9;
	if (getenv("SHOW_WORDS"))
		printf("shown: %lx %lx %lx\n", words[0], words[1], words[2]);
	printf("words: %d\n", !!words[0] + !!words[1] + !!words[2]);
	search("launcher");
}

static void registers_at_entry(void)
{
	struct user_regs_struct r;
	ptrace(PTRACE_GETREGS, program, 0, &r);
	printf("registers: %s\n", r.rax | r.rbx | r.rcx | r.rdx | r.rsi | r.rdi | r.rbp | r.r8 | r.r9
	       | r.r10 | r.r11 | r.r12 | r.r13 | r.r14 | r.r15 ? "not zero" : "zero");
}

static void start(char **arguments)
{
	program = fork();
	if (program == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execv(arguments[0], arguments);
		_exit(99);
	}
	waitpid(program, NULL, 0);
	ptrace(PTRACE_SETOPTIONS, program, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC
	       | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL);
}

/* Looks at a stop, and gives the signal to go on with. The first exec is the launcher's. */
static int look(int status)
{
	static int execs, begun;
	struct ptrace_syscall_info call = {0};
	switch (status >> 8) {
	case SIGTRAP | PTRACE_EVENT_EXEC << 8:
		if (++execs == 2)
			search("start");
		return 0;
	case SIGTRAP | PTRACE_EVENT_EXIT << 8:
		search("end");
		return 0;
	case SIGTRAP | 0x80:
		ptrace(PTRACE_GET_SYSCALL_INFO, program, sizeof call, &call);
		if (call.op == PTRACE_SYSCALL_INFO_ENTRY && execs == 1)
			entering_a_call();
		if (call.op == PTRACE_SYSCALL_INFO_EXIT && execs == 2 && !begun++)
			registers_at_entry();
		return 0;
	default:
		return WSTOPSIG(status);
	}
}

int main(int argc, char **argv)
{
	int status, signal = 0;
	start(argv + 1);
	for (;;) {
		ptrace(PTRACE_SYSCALL, program, 0, signal);
		if (waitpid(program, &status, 0) != program || !WIFSTOPPED(status))
			break;
		signal = look(status);
	}
	printf("status: %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
