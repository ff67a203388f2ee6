/* Prints what a program finds at its start and what the C library sets up from it. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

static __thread int own = 42;
static int constructed;
static char zeros[100000];

__attribute__((constructor)) static void construct(void) { constructed = 1 + own; }

static int filtered(const char *status)
{
	char line[256];
	int mode = -1;
	FILE *file = fopen(status, "r");
	while (file && fgets(line, sizeof line, file))
		sscanf(line, "Seccomp: %d", &mode);
	if (file)
		fclose(file);
	return mode;
}

static void *thread(void *unused)
{
	own += 1;
	return (void *)(intptr_t)(own * 1000 + filtered("/proc/thread-self/status"));
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "die"))
		return mkdir("/proc/nothing", 0700) == 0;
	printf("constructed: %d, arguments:", constructed);
	for (int at = 1; at < argc; at++)
		printf(" [%s]", argv[at]);
	printf(", %s, environment:", argv[argc] ? "open" : "closed");
	for (char **variable = environ; *variable; variable++)
		printf(" [%s]", *variable);
	printf("\npage %lu, user %lu, clock %lu, secure %lu\n", getauxval(AT_PAGESZ), getauxval(AT_UID),
	       getauxval(AT_CLKTCK), getauxval(AT_SECURE));
	char path[4096] = "";
	if (readlink("/proc/self/exe", path, sizeof path - 1) < 0)
		return 2;
	printf("executable: %s\n", path);

	/* The heap has room to grow. */
	char *start = (char *)syscall(SYS_brk, 0);
	if ((char *)syscall(SYS_brk, start + (1 << 24)) != start + (1 << 24))
		return 3;
	memset(start, 1, 1 << 24);
	syscall(SYS_brk, start);
	char *large = malloc(200 << 20), *small = malloc(100);
	if (!large || !small)
		return 4;
	memset(large, 2, 200 << 20);
	for (size_t at = 0; at < sizeof zeros; at++)
		if (zeros[at])
			return 5;

	intptr_t sum = 0;
	pthread_t threads[8];
	for (int at = 0; at < 8; at++)
		if (pthread_create(&threads[at], NULL, thread, NULL))
			return 6;
	int mode = -1;
	for (int at = 0; at < 8; at++) {
		void *answer;
		pthread_join(threads[at], &answer);
		sum += (intptr_t)answer / 1000;
		mode = (intptr_t)answer % 1000;
	}
	printf("own %d, of threads %ld\n", own, (long)sum);
	printf("filtered: %d %d\n", filtered("/proc/self/status"), mode);
	return 0;
}
