/* Some seventy calls, most of which succeed, between two marks: strace and our reports show each. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define DO(name, ...) syscall(SYS_##name, ##__VA_ARGS__)

static int one = 1, word = 5, ends[2];
static char buffer[256];

static void files(void)
{
	struct flock part = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 2 };
	struct stat status;
	DO(access, "/etc/passwd", R_OK | W_OK);
	DO(access, "/nonexistent", F_OK);
	DO(mkdir, "made", 0755);
	DO(open, "made/file", O_CREAT | O_RDWR | O_TRUNC, 0644);
	DO(open, "/etc/passwd", O_RDONLY);
	DO(openat, AT_FDCWD, "made/\"other\"\n\t\001", O_CREAT | O_WRONLY | O_EXCL | O_CLOEXEC, 0600);
	DO(openat, -5, "rel", O_RDONLY | O_DIRECTORY);
	DO(write, 3, "words\tand\001more\n", 15);
	DO(pwrite64, 3, "x", 1, 3);
	DO(lseek, 3, 0, SEEK_SET);
	DO(read, -1, buffer, 10);
	DO(fcntl, 3, F_GETFL);
	DO(fcntl, 3, F_SETFD, FD_CLOEXEC);
	DO(fcntl, 3, F_SETFL, O_RDWR | O_NONBLOCK | O_APPEND);
	DO(fcntl, 3, F_SETLK, &part);
	DO(fcntl, 3, F_DUPFD_CLOEXEC, 20);
	DO(newfstatat, AT_FDCWD, "/nonexistent", &status, AT_SYMLINK_NOFOLLOW);
	DO(ftruncate, 3, 5000);
	DO(rename, "made/file", "made/new");
	DO(unlink, "made/new");
	DO(unlinkat, AT_FDCWD, "made/\"other\"\n\t\001", 0);
	DO(rmdir, "made");
	DO(close, 4);
}

static void sockets(void)
{
	struct sockaddr_in inet = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct sockaddr_un path = { AF_UNIX, "nothing-here" }, hidden = { AF_UNIX, "\0nothing-here" };
	struct timeval seconds = { 3, 5 };
	struct msghdr message = { 0 };
	inet_aton("127.0.0.1", &inet.sin_addr);
	DO(socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	DO(setsockopt, 4, SOL_SOCKET, SO_REUSEADDR, &one, 4);
	DO(setsockopt, 4, SOL_TCP, TCP_NODELAY, &one, 4);
	DO(setsockopt, 4, SOL_SOCKET, SO_RCVTIMEO, &seconds, sizeof seconds);
	DO(connect, 4, &inet, sizeof inet);
	DO(socket, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	DO(connect, 6, &path, 2 + 13);
	DO(connect, 6, &hidden, 2 + 13);
	DO(socket, AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
	DO(socket, AF_NETLINK, SOCK_RAW, 0);
	DO(socket, 99, SOCK_STREAM, 0);
	DO(socketpair, AF_UNIX, SOCK_STREAM, 0, ends);
	DO(recvmsg, 6, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	DO(sendto, 6, "words", 5, MSG_NOSIGNAL, 0, 0);
	DO(listen, -1, 5);
	DO(shutdown, 4, SHUT_RDWR);
	DO(pipe, ends);
	DO(pipe2, ends, O_CLOEXEC | O_NONBLOCK);
}

static void memories(void)
{
	char *place = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	DO(mmap, place, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	DO(mprotect, place, 4096, PROT_NONE);
	DO(mprotect, place, 4096, PROT_READ | PROT_WRITE);
	DO(madvise, place, 4096, MADV_DONTNEED);
	DO(mremap, place + 4096, 4096, 4096, MREMAP_MAYMOVE);
	DO(munmap, place, 8192);
	DO(brk, 0);
	DO(msync, place, 4096, MS_SYNC);
}

static void processes(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct timespec soon = { 0, 1000 };
	struct pollfd nothing = { -1, POLLIN, 0 };
	DO(prctl, PR_SET_NAME, "a name");
	DO(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	DO(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0);
	DO(prctl, PR_SET_PDEATHSIG, SIGTERM);
	DO(capget, &header, 0);
	DO(ioctl, 3, TCGETS, buffer);
	DO(ioctl, 3, FIONREAD, &word);
	DO(ioctl, 3, FIONBIO, &one);
	DO(futex, &word, FUTEX_WAKE_PRIVATE, 1);
	DO(futex, &word, FUTEX_WAIT, 6, 0);
	DO(futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 6, &soon, 0, -1);
	DO(nanosleep, &soon, 0);
	DO(rt_sigaction, SIGUSR1, 0, 0, 8);
	DO(kill, 0, 0);
	DO(umask, 022);
	DO(poll, &nothing, 1, 0);
	DO(getpriority, 0, 0);
	DO(dup3, 3, 30, O_CLOEXEC);
}

int main(void)
{
	getppid();
	files();
	sockets();
	memories();
	processes();
	getppid();
	return 0;
}
