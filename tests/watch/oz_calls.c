/* The program that Oz's tracer was watched with, in a directory of its own. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static void sockets(void)
{
	int one = 1, ends[2] = { 0 }, s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), u;
	struct sockaddr_in inet = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	inet_aton("127.0.0.1", &inet.sin_addr);
	connect(s, (void *)&inet, sizeof inet);
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, 4);
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, 4);
	setsockopt(s, SOL_IP, 2, &one, 4);
	u = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	strcpy(local.sun_path, "/tmp/nosock");
	connect(u, (void *)&local, 2 + 12);
	local.sun_path[0] = 0;
	strcpy(local.sun_path + 1, "abstract-name");
	connect(u, (void *)&local, 2 + 14);
	socket(AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
	socket(AF_NETLINK, SOCK_RAW, 0);
	socket(99, 1, 0);
	syscall(SYS_pipe, ends);
	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	struct msghdr message = { 0 };
	recvmsg(u, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
}

static void process(void)
{
	prctl(PR_SET_NAME, "hello");
	prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	prctl(99, 1, 2, 3, 4);
	char *m = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(m, 4096, PROT_NONE);
	madvise(m, 4096, MADV_DONTNEED);
	m = mremap(m, 4096, 8192, MREMAP_MAYMOVE);
	munmap(m, 8192);
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	syscall(SYS_capget, &header, 0);
}

static void controls(void)
{
	struct flock part = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 2 };
	struct timespec soon = { 1, 2 };
	struct termios terminal;
	int word = 0;
	fcntl(0, F_GETFL, 0);
	fcntl(0, F_SETFD, 1);
	fcntl(0, F_SETFL, O_NONBLOCK);
	fcntl(0, F_SETLK, &part);
	fcntl(0, F_DUPFD, 9);
	ioctl(0, TCGETS, &terminal);
	ioctl(0, FIONREAD, &word);
	ioctl(0, 0x80045430, &word);
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1);
	syscall(SYS_futex, &word, FUTEX_WAIT, 5, 0);
	syscall(SYS_futex, &word, FUTEX_WAKE_OP_PRIVATE, 1, 1, &word, FUTEX_OP(FUTEX_OP_SET, 0, FUTEX_OP_CMP_GT, 1));
	syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 5, &soon, 0, -1);
}

static void files(void)
{
	mkdir("oztd", 0755);
	syscall(SYS_open, "/etc/hostname", O_RDONLY);
	openat(5, "rel", O_RDONLY | O_DIRECTORY);
	access("/etc/passwd", R_OK | W_OK);
	access("/etc/passwd", F_OK);
	(void)!write(1, "out\tline\001\n\0", 11);
	(void)!write(2, "err\n", 4);
	rename("oztd/y", "oztd/z");
	unlink("oztd/z");
	rmdir("oztd");
}

int main(void)
{
	getppid();
	sockets();
	process();
	controls();
	files();
	getppid();
	return 0;
}
