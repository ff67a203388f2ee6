/* Calls of other ABIs than the native one: `x32` and `i386`. Says so when it comes back. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>

int main(int count, char **words) {
    long result = 0;
    if (count > 1 && strcmp(words[1], "x32") == 0) {
        result = syscall(0x40000000 | SYS_getpid);
    } else if (count > 1) {
        /* getpid(2) is call 20 of i386. */
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "r8", "r9", "r10", "r11", "memory");
    }
    printf("came back\n");
    return result == 12345;
}
