/* Loads the filter in argv[1], whose ticket has the words argv[2…4], and times execve with words
   that are wrong in one place or another. Prints a trimmed mean in cycles for each place. */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86intrin.h>

enum { PLACES = 4, SLOTS = 8192, SAMPLES = 400000 };

/* Which bits are wrong: the first half that is compared, the last one, one between, all. */
static const uint64_t wrong[PLACES][3] = {
	{0xffffffff, 0, 0},
	{0, 0, 0xffffffff00000000},
	{0, 0xffffffff, 0},
	{~0ull, ~0ull, ~0ull},
};

static uint32_t histogram[PLACES][SLOTS];
static uint64_t words[3], state = 88172645463325252ull;

static uint64_t random_word(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static void load(const char *path)
{
	static struct sock_filter instructions[4096];
	int file = open(path, O_RDONLY);
	ssize_t size = read(file, instructions, sizeof instructions);
	struct sock_fprog program = {size / sizeof *instructions, instructions};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (size <= 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		abort();
}

static uint64_t time_of(int place)
{
	/* At least one bit is wrong, in both halves of the word. */
	uint64_t noise = random_word() | 1ull << 32 | 1;
	register uint64_t r10 asm("r10") = words[0] ^ (wrong[place][0] & noise),
			  r8 asm("r8") = words[1] ^ (wrong[place][1] & noise),
			  r9 asm("r9") = words[2] ^ (wrong[place][2] & noise);
	long result;
	unsigned processor;
	uint64_t start = __rdtsc();
	asm volatile("syscall" : "=a"(result)
		     : "a"(SYS_execve), "D"(0), "S"(0), "d"(0), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	uint64_t end = __rdtscp(&processor);
	if (result != -1)
		abort();
	return end - start;
}

/* The mean without the fastest fiftieth and the slowest fifth, where interrupts are. Of a slot across one of
   these borders the part inside counts: where the clock is coarse a few slots hold everything, and whole ones
   would be in for one place and out for another, or in for all places, whatever the times are. */
static double trimmed_mean(const uint32_t *slots)
{
	double total = 0, before = 0, sum = 0;
	for (int slot = 0; slot < SLOTS; slot++)
		total += slots[slot];
	const double first = total * 0.02, last = total * 0.8;
	for (int slot = 0; slot < SLOTS; slot++) {
		double behind = before + slots[slot];
		double from = before > first ? before : first, to = behind < last ? behind : last;
		if (from < to)
			sum += (to - from) * slot;
		before = behind;
	}
	return sum / (last - first);
}

int main(int argc, char **argv)
{
	for (int i = 0; i < 3; i++)
		words[i] = strtoull(argv[2 + i], NULL, 16);
	load(argv[1]);
	/* In random order, so that whatever else goes on meets all places alike. */
	for (long i = 0; i < (long)PLACES * SAMPLES; i++) {
		int place = random_word() >> 40 & (PLACES - 1);
		uint64_t cycles = time_of(place);
		if (cycles < SLOTS)
			histogram[place][cycles]++;
	}
	for (int place = 0; place < PLACES; place++)
		printf("%.4f\n", trimmed_mean(histogram[place]));
	return 0;
}
