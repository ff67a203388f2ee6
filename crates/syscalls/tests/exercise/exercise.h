/* What all parts of the exercise need. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define DO(name, ...) syscall(SYS_##name, ##__VA_ARGS__)
#define BAD ((void *)8)

void times_and_waiting(void);
void messages(void);
void steering(void);
void memory(void);
