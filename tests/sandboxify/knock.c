/* Loads the filter in argv[1], whose ticket has the words argv[2…4], and tries to get past it. The
   filter denies execve, execveat, write and exit_group with EPERM. An execve that gets past it
   fails with EFAULT, for want of a path. Prints one line per attempt. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define X32 0x40000000L

static uint64_t words[3];
static char text[1 << 14];
static size_t length;

#define SAY(...) (length += snprintf(text + length, sizeof text - length, __VA_ARGS__))

static long with(const uint64_t *with_words, long number, long a, long b, long c)
{
	register uint64_t r10 asm("r10") = with_words[0], r8 asm("r8") = with_words[1],
			  r9 asm("r9") = with_words[2];
	long result;
	asm volatile("syscall" : "=a"(result)
		     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return result;
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

static void native(void)
{
	uint64_t zero[3] = {0, 0, 0}, swapped[3] = {words[1], words[0], words[2]};
	uint64_t first[3] = {words[0], 0, 0}, last[3] = {0, 0, words[2]};
	int refused = 0, answer;
	SAY("right words: %ld\n", with(words, SYS_execve, 0, 0, 0));
	SAY("no words: %ld\n", with(zero, SYS_execve, 0, 0, 0));
	SAY("swapped words: %ld\n", with(swapped, SYS_execve, 0, 0, 0));
	SAY("the first word alone: %ld\n", with(first, SYS_execve, 0, 0, 0));
	SAY("the last word alone: %ld\n", with(last, SYS_execve, 0, 0, 0));
	for (int bit = 0; bit < 192; bit++) {
		uint64_t near[3] = {words[0], words[1], words[2]};
		near[bit / 64] ^= 1ull << bit % 64;
		answer = with(near, SYS_execve, 0, 0, 0);
		refused += answer == -EPERM;
	}
	SAY("a bit off: %d refused\n", refused);
	SAY("execveat with the words: %ld\n", with(words, SYS_execveat, -100, 0, 0));
	SAY("write without: %ld\n", with(zero, SYS_write, 1, (long)"!", 1));
	SAY("exit_group without: %ld\n", with(zero, SYS_exit_group, 9, 0, 0));
	SAY("write with: %ld\n", with(words, SYS_write, -1, (long)"!", 1));
}

static void x32(void)
{
	SAY("x32 execve: %ld\n", with(words, X32 | 520, 0, 0, 0));
	SAY("x32 execve by the native number: %ld\n", with(words, X32 | SYS_execve, 0, 0, 0));
	SAY("x32 write: %ld\n", with(words, X32 | SYS_write, 1, (long)"!", 1));
}

/* i386 passes its fourth to sixth argument in esi, edi and ebp. */
static void i386(void)
{
	long result;
	asm volatile("push %%rbx; push %%rbp; xor %%ebx, %%ebx; mov %[third], %%ebp; int $0x80; pop %%rbp; pop %%rbx"
		     : "=a"(result)
		     : "a"(11), "c"(0), "d"(0), "S"((uint32_t)words[0]), "D"((uint32_t)words[1]),
		       [third] "r"((uint32_t)words[2])
		     : "memory", "r8", "r9", "r10", "r11");
	SAY("i386 execve: %d\n", (int)result);
}

int main(int argc, char **argv)
{
	for (int i = 0; i < 3; i++)
		words[i] = strtoull(argv[2 + i], NULL, 16);
	load(argv[1]);
	if (!strcmp(argv[5], "i386"))
		i386();
	else if (!strcmp(argv[5], "x32"))
		x32();
	else
		native();
	with(words, SYS_write, 1, (long)text, length);
	with(words, SYS_exit_group, 0, 0, 0);
	abort();
}
