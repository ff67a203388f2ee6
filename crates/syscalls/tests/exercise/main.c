/* System calls whose arguments lie in static memory, so that their registers and that memory are known
 * without stopping the program: strace.rs compares strace's lines with ours. Most of them fail, on
 * purpose: strace then shows what a call was given, not what it gave. */
#include "exercise.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static char out[4096];
static int word = 7, one = 1;
static struct timespec soon = {1, 2}, later = {1, 2};
static struct timespec odd = {0, 2000000000};
static struct open_how how = {O_RDONLY | O_CLOEXEC | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH};
static struct open_how how_new = {O_CREAT | O_WRONLY | O_EXCL, 0640, 0};
static struct sockaddr_in inet = {AF_INET, 0x0100, {0x0100007f}};
static struct sockaddr_in6 inet6 = {.sin6_family = AF_INET6, .sin6_port = 0x5a23, .sin6_flowinfo = 0x04030201,
    .sin6_addr = {{{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}}, .sin6_scope_id = 77777};
static struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = 0x5a23,
    .sin6_addr = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3}}}};
static struct sockaddr_in6 middle = {.sin6_family = AF_INET6, .sin6_port = 0x5a23,
    .sin6_addr = {{{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}}}};
static struct sockaddr_in6 compat = {.sin6_family = AF_INET6,
    .sin6_addr = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 1, 2, 3}}}};
static struct sockaddr_in6 any = {.sin6_family = AF_INET6};
static struct sockaddr_un local = {AF_UNIX, "/tmp/no\"such\nsocket"};
static struct sockaddr_un abstract = {AF_UNIX, "\0abstract\0name"};
static struct sockaddr_nl netlink = {AF_NETLINK, 0, 12, 0x3};
static struct sockaddr other = {99, "\1\2\3"};
static struct sockaddr unspec = {AF_UNSPEC, "\1\2\3"};
static struct flock part = {F_WRLCK, SEEK_END, -5, 10, 0};
static struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
static struct __user_cap_header_struct header_odd = {0x12345678, 5}, header_old = {0x12345678, 5};
static struct __user_cap_data_struct caps[2] = {{1 << CAP_CHOWN | 1 << CAP_KILL, 1 << CAP_CHOWN, 0}, {1 << (CAP_BPF - 32), 0, 0}};
static char data[] = "line\twith\001bytes\n\"quoted\" \\ and more than thirty-two of them \3771";
static struct iovec vector[2] = {{data, 10}, {out, 5}};
static char control[CMSG_SPACE(4)];
static struct msghdr message = {&inet, sizeof inet, vector, 2, 0, 0, MSG_EOR};
static struct msghdr bare;
static char *words[] = {"prog", "an arg", "", 0};
static char *vars[] = {"A=1", "B=2", 0};
static struct clone_args cloning = {.flags = CLONE_VM | CLONE_FS, .exit_signal = SIGCHLD, .stack = 0, .stack_size = 0};
static struct { void *handler; unsigned long flags; void *restorer; unsigned long mask; } action =
    {(void *)0x1234, SA_RESTART | SA_SIGINFO | 0x04000000, (void *)0x5678, 1 << (SIGINT - 1) | 1 << (SIGUSR1 - 1)},
    ignore = {SIG_IGN, 0, 0, 0};
static unsigned long mask = 1 << (SIGINT - 1) | 1UL << 40, full = ~0UL;
static struct pollfd polls[2] = {{-1, POLLIN | POLLOUT, 0}, {9, 0, 0}};
static struct epoll_event event = {EPOLLIN | EPOLLET, {.u64 = 7}};
static struct rlimit limits = {1024 * 1024, RLIM_INFINITY}, small = {5, 1000};
static struct linger linger = {1, 5};
static struct timeval seconds = {3, 5};

static struct clone_args thread = {.flags = CLONE_THREAD | CLONE_SETTLS | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID | CLONE_PIDFD,
    .pidfd = 8, .child_tid = 16, .parent_tid = 24, .stack = 0x10000, .stack_size = 0x2000, .tls = 32};
static struct clone_args child = {.flags = CLONE_THREAD | CLONE_FS, .exit_signal = SIGUSR1};
static char *many[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18",
    "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31", "32", "33", "34", 0};
static char *long_words[] = {"a word that is longer than thirty-two bytes", (char *)8, 0};
static struct pollfd ready = {0, POLLIN | POLLOUT | 0x4000, 0};

static void files(void) {
  DO(access, "/etc/passwd", R_OK | W_OK); DO(access, "/x", F_OK); DO(access, "/x", 0x88);
  DO(access, BAD, X_OK);
  DO(faccessat, AT_FDCWD, "rel", X_OK); DO(faccessat2, 77, "rel", R_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW);
  DO(open, "/nosuch/x", O_RDWR | O_CREAT | O_TRUNC, 0644); DO(open, "/nosuch/x", O_RDONLY, 0644);
  DO(open, "/nosuch\n\t\"\\\001\1778\xff/x", O_WRONLY | O_APPEND | O_NONBLOCK | O_SYNC | O_DIRECT | O_NOFOLLOW | O_NOATIME | O_PATH);
  DO(open, 0, O_WRONLY); DO(open, "/nosuch/x", O_ACCMODE | O_DSYNC | O_NOCTTY | O_ASYNC | 0x40000000);
  DO(openat, AT_FDCWD, "/nosuch/x", O_RDONLY | O_CLOEXEC); DO(openat, -1, "", O_RDONLY | O_DIRECTORY);
  DO(openat, AT_FDCWD, "/nosuch/x", O_TMPFILE | O_RDWR, 0600);
  DO(openat, AT_FDCWD, "/nosuch/x", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | 0100000, 04755);
  DO(openat2, AT_FDCWD, "/nosuch/x", &how, sizeof how);
  DO(openat2, AT_FDCWD, "/nosuch/x", &how_new, sizeof how);
  DO(openat2, AT_FDCWD, "/nosuch/x", BAD, sizeof how); DO(openat2, AT_FDCWD, "/nosuch/x", &how, 8);
  DO(creat, "/nosuch/x", 0600); DO(mkdir, "/nosuch/d", 0755); DO(mkdirat, AT_FDCWD, "/nosuch/d", 07);
  DO(stat, "/nosuch", out); DO(lstat, "/nosuch", out); DO(fstat, -1, out);
  DO(newfstatat, AT_FDCWD, "/nosuch", out, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
  DO(newfstatat, -1, "", out, 0);
  DO(statx, AT_FDCWD, "/nosuch", AT_STATX_SYNC_AS_STAT | AT_NO_AUTOMOUNT, STATX_ALL, out);
  DO(statx, AT_FDCWD, "/nosuch", AT_STATX_DONT_SYNC, STATX_MODE | STATX_SIZE, out);
  DO(readlink, "/nosuch", out, 4095); DO(readlinkat, AT_FDCWD, "/nosuch", out, 10);
  DO(unlink, "/nosuch"); DO(unlinkat, AT_FDCWD, "/nosuch", AT_REMOVEDIR);
  DO(rename, "/nosuch/a", "/nosuch/b");
  DO(renameat2, AT_FDCWD, "/nosuch/a", 5, "/nosuch/b", 1); DO(symlink, "/nosuch/a", "/nosuch/b");
  DO(linkat, AT_FDCWD, "/nosuch/a", AT_FDCWD, "/nosuch/b", AT_SYMLINK_FOLLOW);
  DO(chmod, "/nosuch", 0640); DO(fchmodat, AT_FDCWD, "/nosuch", 0640); DO(chown, "/nosuch", 1000, -1);
  DO(fchownat, AT_FDCWD, "/nosuch", 0, 0, AT_SYMLINK_NOFOLLOW); DO(truncate, "/nosuch", -1);
  DO(chdir, "/nosuch");
  DO(mknod, "/nosuch/p", S_IFIFO | 0600, 0); DO(mknodat, AT_FDCWD, "/nosuch/p", S_IFCHR | 0600, 0x103);
  DO(utimensat, AT_FDCWD, "/nosuch", 0, 0); DO(getdents64, -1, out, 4096); DO(lseek, -1, -5, SEEK_END);
  DO(lseek, -1, 5, 9);
  DO(read, -1, out, 10); DO(write, -1, data, sizeof data - 1); DO(write, -1, data, 5); DO(write, -1, BAD, 5);
  DO(write, -1, data, 0);
  DO(pread64, -1, out, 10, 5); DO(pwrite64, -1, data, 4, 5); DO(writev, -1, vector, 2);
  DO(readv, -1, vector, 2);
  DO(close, -1); DO(dup, -1); DO(dup2, -1, 5); DO(dup3, -1, 5, O_CLOEXEC); DO(chroot, "/nosuch");
  DO(fsync, -1);
  DO(mount, "/nosuch", "/nosuch", "ext4", 1, "x=1"); DO(umount2, "/nosuch", 2); DO(getcwd, out, 1);
  DO(flock, -1, LOCK_EX | LOCK_NB); DO(sendfile, -1, -1, 0, 5); DO(fallocate, -1, 1, 0, 5);
  DO(inotify_add_watch, -1, "/nosuch", 2);
}

static void mappings(void) {
  DO(mmap, 0, 0, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  DO(mmap, 0x10000, 4096, PROT_NONE, MAP_SHARED | MAP_FIXED | MAP_POPULATE, 99, 0x26000);
  DO(mmap, 0, 0, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK | MAP_GROWSDOWN | MAP_DENYWRITE, -1, 0);
  DO(mmap, 0, 0, 0x10, MAP_SHARED_VALIDATE | MAP_FIXED_NOREPLACE | MAP_HUGETLB | MAP_32BIT | MAP_LOCKED | MAP_NONBLOCK | MAP_SYNC, 5, 0);
  DO(mmap, 0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << 26, -1, 0);
  DO(mmap, 0, 0, PROT_READ, 0, -1, 0);
  DO(mprotect, 0x10001, 4096, PROT_READ); DO(mprotect, 0x10001, 4096, PROT_NONE);
  DO(mprotect, 0x10001, 4096, PROT_READ | PROT_GROWSDOWN | 0x40);
  DO(pkey_mprotect, 0x10001, 4096, PROT_READ | PROT_EXEC, -1);
  DO(mremap, 1, 4096, 8192, MREMAP_MAYMOVE); DO(mremap, 1, 4096, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, 0x4000);
  DO(mremap, 1, 4096, 8192, 0, 5); DO(mremap, 1, 4096, 8192, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0x4000);
  DO(mremap, 1, 4096, 8192, MREMAP_FIXED, 0);
  DO(munmap, 1, 4096); DO(munmap, 0, 0); DO(madvise, 1, 4096, MADV_DONTNEED); DO(madvise, 1, 4096, 12345);
  DO(madvise, 1, 4096, MADV_HUGEPAGE);
  DO(msync, 1, 4096, MS_SYNC); DO(mlock2, 1, 4096, 1); DO(brk, 0); DO(mincore, 1, 4096, out);
  DO(mlockall, 0x100); DO(memfd_create, BAD, MFD_CLOEXEC);
}

static void futexes(void) {
  DO(futex, &word, FUTEX_WAKE_PRIVATE, 1); DO(futex, &word, FUTEX_WAKE, 2147483647);
  DO(futex, &word, FUTEX_WAIT, 5, 0);
  DO(futex, &word, FUTEX_WAIT_PRIVATE, 5, &soon); DO(futex, &word, FUTEX_WAIT, -5, &odd);
  DO(futex, &word, FUTEX_WAIT, 5, BAD);
  DO(futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 5, &soon, 0, -1);
  DO(futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 5, 0, 0, 0x10);
  DO(futex, &word, FUTEX_WAKE_BITSET, 1, 0, 0, -1); DO(futex, &word, FUTEX_WAKE_BITSET_PRIVATE, 1, 0, 0, 8);
  DO(futex, &word, FUTEX_WAKE_OP_PRIVATE, 1, 1, BAD, FUTEX_OP(FUTEX_OP_SET, 0, FUTEX_OP_CMP_GT, 1));
  DO(futex, &word, FUTEX_WAKE_OP, 1, 2, BAD, FUTEX_OP(FUTEX_OP_OR | FUTEX_OP_OPARG_SHIFT, 5, FUTEX_OP_CMP_LE, 4095));
  DO(futex, &word, FUTEX_WAKE_OP, 1, 2, BAD, 0x79fff000); DO(futex, &word, FUTEX_WAKE_OP, 1, 2, BAD, -1);
  DO(futex, &word, FUTEX_CMP_REQUEUE_PRIVATE, 1, 2, BAD, 0x55); DO(futex, &word, FUTEX_REQUEUE, 1, 2, BAD);
  DO(futex, &word, FUTEX_FD, 1);
  DO(futex, BAD, FUTEX_LOCK_PI_PRIVATE, 0, &soon); DO(futex, BAD, FUTEX_LOCK_PI2, 0, &soon);
  DO(futex, BAD, FUTEX_TRYLOCK_PI); DO(futex, BAD, FUTEX_UNLOCK_PI_PRIVATE);
  DO(futex, &word, FUTEX_WAIT_REQUEUE_PI, 5, &soon, BAD);
  DO(futex, &word, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, 2, BAD, 3); DO(futex, &word, 99, 1, 2, 3, 4);
  DO(futex, &word, 0x1080, 1, 2, 3, 4);
}

static void sockets(void) {
  DO(socket, 99, SOCK_STREAM, 0); DO(socket, AF_INET, 0, 0);
  DO(socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC | 0x1000, IPPROTO_TCP);
  DO(socket, AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | 0x100, 5);
  DO(socket, AF_NETLINK, 77, NETLINK_KOBJECT_UEVENT); DO(socket, AF_INET6, SOCK_RAW | 0x10, IPPROTO_ICMPV6);
  DO(socket, AF_INET, 9, 200); DO(socket, AF_NETLINK, 77, 99);
  DO(socket, AF_PACKET, 77, 0x300); DO(socket, AF_BLUETOOTH, 77, 3);
  DO(socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, BAD); DO(socketpair, AF_INET, 77, 0, out);
  DO(connect, -1, &inet, sizeof inet); DO(connect, -1, &inet6, sizeof inet6);
  DO(connect, -1, &mapped, sizeof inet6); DO(connect, -1, &middle, sizeof inet6);
  DO(connect, -1, &compat, sizeof inet6); DO(connect, -1, &any, sizeof inet6); DO(connect, -1, &any, 24);
  DO(bind, -1, &local, sizeof local); DO(connect, -1, &local, 12); DO(connect, -1, &abstract, 16);
  DO(connect, -1, &abstract, 3); DO(bind, -1, &local, 2); DO(connect, -1, &abstract, sizeof abstract);
  DO(connect, -1, &netlink, sizeof netlink); DO(connect, -1, &other, 16); DO(connect, -1, &unspec, 16);
  DO(connect, -1, &unspec, 2); DO(connect, -1, &inet, 1); DO(connect, -1, &inet, 0);
  DO(connect, -1, &inet, 7);
  DO(connect, -1, BAD, 16); DO(connect, -1, 0, 16); DO(connect, -1, &inet, -1); DO(connect, -1, &inet, 15);
  DO(connect, -1, &netlink, 8); DO(connect, -1, &other, 2); DO(connect, -1, &other, 5);
  DO(sendto, -1, data, 10, MSG_NOSIGNAL, &inet, sizeof inet); DO(sendto, -1, data, 3, 0, 0, 0);
  DO(recvfrom, -1, out, 10, MSG_PEEK | MSG_TRUNC, 0, 0);
  DO(recvfrom, -1, out, 10, 0, out, &word); DO(sendmsg, -1, &message, MSG_DONTWAIT | MSG_MORE | 0x1000000);
  DO(sendmsg, -1, &bare, 0); DO(sendmsg, -1, BAD, 0); DO(recvmsg, -1, out, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  DO(recvmsg, -1, out, 0);
  DO(accept, -1, 0, 0); DO(accept4, -1, out, &word, SOCK_CLOEXEC | SOCK_NONBLOCK); DO(listen, -1, 128);
  DO(shutdown, -1, SHUT_RDWR); DO(shutdown, -1, 9); DO(getsockname, -1, out, &word);
  DO(getpeername, -1, BAD, BAD);
  DO(setsockopt, -1, SOL_SOCKET, SO_REUSEADDR, &one, 4); DO(setsockopt, -1, SOL_TCP, TCP_NODELAY, &one, 4);
  DO(setsockopt, -1, SOL_IP, 2, &word, 4); DO(setsockopt, -1, SOL_IP, 999, &word, 4);
  DO(setsockopt, -1, SOL_IPV6, IPV6_V6ONLY, &one, 4); DO(setsockopt, -1, SOL_SOCKET, SO_LINGER, &linger, 8);
  DO(setsockopt, -1, SOL_SOCKET, SO_RCVTIMEO, &seconds, 16);
  DO(setsockopt, -1, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5);
  DO(setsockopt, -1, SOL_SOCKET, SO_KEEPALIVE, 0, 0); DO(setsockopt, -1, SOL_SOCKET, SO_KEEPALIVE, BAD, 4);
  DO(setsockopt, -1, 999, 5, &word, 4); DO(setsockopt, -1, SOL_SOCKET, 999, data, 8);
  DO(setsockopt, -1, SOL_NETLINK, 1, &word, 4); DO(setsockopt, -1, 17, 103, &word, 4);
  DO(setsockopt, -1, SOL_SOCKET, SO_SNDBUF, &word, 2); DO(setsockopt, -1, SOL_TCP, 13, "cubic", 5);
  DO(getsockopt, -1, SOL_SOCKET, SO_ERROR, out, &word); DO(getsockopt, -1, SOL_TCP, TCP_INFO, BAD, BAD);
  DO(getsockopt, -1, 55, 5, out, &word);
  DO(pipe, BAD); DO(pipe2, BAD, O_CLOEXEC | O_NONBLOCK); DO(pipe2, BAD, 0); DO(pipe2, BAD, O_DIRECT | 0x3);
  DO(pipe, 0);
}

static void controls(void) {
  DO(fcntl, -1, F_GETFL); DO(fcntl, -1, F_SETFD, FD_CLOEXEC); DO(fcntl, -1, F_SETFD, 0);
  DO(fcntl, -1, F_SETFD, 3); DO(fcntl, -1, F_SETFL, O_RDONLY | O_NONBLOCK | O_APPEND);
  DO(fcntl, -1, F_SETFL, O_RDWR);
  DO(fcntl, -1, F_SETLK, &part); DO(fcntl, -1, F_GETLK, &part); DO(fcntl, -1, F_OFD_SETLKW, &part);
  DO(fcntl, -1, F_SETLK, BAD); DO(fcntl, -1, F_DUPFD, 9); DO(fcntl, -1, F_DUPFD_CLOEXEC, 10);
  DO(fcntl, -1, F_GETFD);
  DO(fcntl, -1, F_SETOWN, -5); DO(fcntl, -1, F_GETOWN); DO(fcntl, -1, F_SETSIG, SIGIO);
  DO(fcntl, -1, F_GETSIG); DO(fcntl, -1, F_SETLEASE, F_RDLCK); DO(fcntl, -1, F_GETLEASE);
  DO(fcntl, -1, F_NOTIFY, 0x80000001);
  DO(fcntl, -1, F_SETPIPE_SZ, 65536); DO(fcntl, -1, F_GETPIPE_SZ); DO(fcntl, -1, F_ADD_SEALS, 0xf);
  DO(fcntl, -1, F_GET_SEALS); DO(fcntl, -1, 999, 5); DO(fcntl, -1, 1036, out); DO(fcntl, -1, 1039, out);
  DO(fcntl, -1, F_SETOWN_EX, BAD);
  DO(ioctl, -1, TCGETS, out); DO(ioctl, -1, FIONREAD, out); DO(ioctl, -1, TIOCGWINSZ, out);
  DO(ioctl, -1, TIOCSTI, "x"); DO(ioctl, -1, FIONBIO, &one); DO(ioctl, -1, FIOCLEX); DO(ioctl, -1, FIONCLEX);
  DO(ioctl, -1, 0x80045430, &one); DO(ioctl, -1, TIOCGPGRP, out); DO(ioctl, -1, TIOCSPGRP, &one);
  DO(ioctl, -1, 0x80047aff, out); DO(ioctl, -1, 0xc0107aff, out); DO(ioctl, -1, 0x7aff, 5);
  DO(ioctl, -1, 0x40047aff, 5); DO(ioctl, -1, TIOCSCTTY, 0); DO(ioctl, -1, TIOCNOTTY);
  DO(ioctl, -1, SIOCGIFCONF, BAD); DO(ioctl, -1, SIOCGIFADDR, BAD); DO(ioctl, -1, 0x400454ca, BAD);
  DO(ioctl, -1, FIOASYNC, &one); DO(ioctl, -1, TIOCGPTN, out); DO(ioctl, -1, TIOCSPTLCK, &one);
  DO(ioctl, -1, TIOCLINUX, BAD); DO(ioctl, -1, 0x40049409, 5); DO(ioctl, -1, TCSETSW, BAD);
  DO(ioctl, -1, 0x3a5a5a5a5, 5);
  DO(ioctl, -1, TIOCGPTPEER, O_RDWR | O_NOCTTY); DO(ioctl, -1, TIOCSWINSZ, BAD);
  DO(ioctl, -1, 0xc020660b, BAD); DO(ioctl, -1, 0x5451, 0); DO(ioctl, -1, 0x8933, BAD);
  DO(ioctl, -1, TCSBRK, 1); DO(ioctl, -1, TCFLSH, 0); DO(ioctl, -1, 0x540b, 2); DO(ioctl, -1, 0x8927, BAD);
  DO(ioctl, -1, TIOCEXCL); DO(ioctl, -1, TIOCOUTQ, out); DO(ioctl, -1, TIOCSETD, &one);
  DO(prctl, PR_SET_NAME, "exercise"); DO(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0); DO(prctl, PR_SET_DUMPABLE, 1);
  DO(prctl, PR_SET_PDEATHSIG, SIGKILL); DO(prctl, PR_SET_PDEATHSIG, 999); DO(prctl, PR_GET_NAME, BAD);
  DO(prctl, 99, 1, 2, 3, 4); DO(prctl, 999, 1, 2, 3, 4);
  DO(prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0); DO(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
  DO(prctl, PR_SET_SECCOMP, 99, 0); DO(prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, BAD);
  DO(prctl, PR_GET_SECCOMP); DO(prctl, PR_CAPBSET_READ, CAP_SYS_ADMIN); DO(prctl, PR_CAPBSET_DROP, 99);
  DO(prctl, PR_CAP_AMBIENT, 1, CAP_KILL, 0, 0); DO(prctl, PR_CAP_AMBIENT, 4, 5, 0, 0);
  DO(prctl, PR_SET_KEEPCAPS, 5); DO(prctl, PR_GET_KEEPCAPS); DO(prctl, PR_SET_SECUREBITS, 0x80000003);
  DO(prctl, PR_GET_SECUREBITS); DO(prctl, PR_SET_PTRACER, -1L); DO(prctl, PR_SET_PTRACER, 99999999);
  DO(prctl, PR_SET_CHILD_SUBREAPER, 1); DO(prctl, PR_GET_CHILD_SUBREAPER, BAD);
  DO(prctl, PR_SET_TIMERSLACK, 0); DO(prctl, PR_GET_TIMERSLACK); DO(prctl, PR_SET_MM, 1, 2, 0, 0);
  DO(prctl, PR_SET_VMA, 0, 1, 4096, BAD); DO(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 1);
  DO(prctl, PR_GET_TSC, BAD); DO(prctl, PR_SET_TSC, 9); DO(prctl, PR_GET_SPECULATION_CTRL, 0, 0, 0, 1);
  DO(prctl, PR_SET_SPECULATION_CTRL, 0, 2, 0, 1); DO(prctl, PR_MCE_KILL, 9); DO(prctl, PR_SET_TIMING, 9);
  DO(prctl, PR_GET_PDEATHSIG, BAD); DO(prctl, 0x53564d42, 1, 2, 3, 4); DO(prctl, PR_GET_TID_ADDRESS, BAD);
  DO(prctl, PR_SET_SYSCALL_USER_DISPATCH, 5, 1, 2, 3);
  DO(capget, BAD, 0); DO(capget, &header_old, BAD); DO(capset, &header_odd, caps); DO(capset, &header, BAD);
  DO(capset, BAD, BAD);
}

static void processes(void) {
  DO(clone, CLONE_SIGHAND | 17, 0, 0, 0, 0);
  DO(clone, CLONE_THREAD | CLONE_NEWUSER | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_SETTLS | 17, 0x1000, 0x2000, 0x3000, 0x4000);
  DO(clone3, BAD, 88); DO(clone3, &cloning, 8); DO(clone3, &thread, 88); DO(clone3, &child, 64); DO(execve, "/nosuch", many, many);
  DO(execve, "/nosuch", long_words, vars + 1); DO(execve, "/nosuch", vars + 2, vars + 2); DO(poll, &ready, 1, 0);
  DO(tkill, -1, 32); DO(tkill, -1, 64); DO(tkill, -1, 65); DO(tkill, -1, 31); DO(personality, 0x40008 | 0x1000000);
  DO(unshare, 0x1);
  DO(unshare, CLONE_NEWUSER | CLONE_NEWNS | 1); DO(setns, -1, CLONE_NEWNET);
  DO(execve, "/nosuch/prog", words, vars); DO(execve, "/nosuch", BAD, 0); DO(execve, 0, 0, 0);
  DO(execveat, AT_FDCWD, "/nosuch", words, vars, AT_EMPTY_PATH);
  DO(arch_prctl, 0x3fff, 5); DO(arch_prctl, 0x1004, 8); DO(personality, 0xffffffff);
  DO(prlimit64, 99999999, RLIMIT_NOFILE, &limits, 0); DO(prlimit64, 99999999, RLIMIT_NOFILE, &small, out);
  DO(prlimit64, 99999999, 77, 0, out); DO(setrlimit, 99, &small); DO(getrlimit, RLIMIT_STACK, BAD);
  DO(kill, 99999999, SIGTERM); DO(kill, 99999999, 0); DO(kill, 99999999, 999); DO(tgkill, -1, 5, SIGUSR1);
  DO(tkill, -1, 34 + 3); DO(rt_sigaction, 99, &action, 0, 8); DO(rt_sigaction, SIGKILL, &action, 0, 8);
  DO(rt_sigaction, SIGKILL, &ignore, out, 8); DO(rt_sigaction, SIGINT, 0, BAD, 8);
  DO(rt_sigaction, SIGINT, 0, 0, 9); DO(rt_sigaction, SIGKILL, BAD, 0, 8);
  DO(rt_sigprocmask, 9, &mask, 0, 8); DO(rt_sigprocmask, SIG_BLOCK, BAD, 0, 8);
  DO(rt_sigprocmask, 9, &full, BAD, 8); DO(rt_sigprocmask, SIG_SETMASK, 0, 0, 9); DO(rt_sigsuspend, &mask, 9);
  DO(sigaltstack, BAD, 0);
  DO(nanosleep, &odd, out); DO(clock_nanosleep, 99, TIMER_ABSTIME, &soon, 0);
  DO(clock_nanosleep, CLOCK_REALTIME, 0, &odd, 0); DO(clock_gettime, CLOCK_MONOTONIC, BAD);
  DO(clock_gettime, 99, out); DO(wait4, 99999, BAD, WNOHANG | WUNTRACED, 0); DO(waitid, 77, 5, 0, WEXITED, 0);
  DO(poll, polls, 1, 0); DO(poll, BAD, 1, -1); DO(ppoll, BAD, 1, &soon, 0, 8);
  DO(epoll_ctl, -1, EPOLL_CTL_ADD, -1, &event); DO(epoll_ctl, -1, EPOLL_CTL_DEL, 5, 0);
  DO(epoll_ctl, -1, 9, 5, BAD); DO(epoll_wait, -1, out, 5, -1); DO(epoll_create1, 5);
  DO(epoll_create1, EPOLL_CLOEXEC | 5); DO(eventfd2, 5, 5); DO(timerfd_create, 99, 4);
  DO(signalfd4, -1, &mask, 8, 5);
  DO(seccomp, 99, 0, 0); DO(seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC | 0x10000, BAD);
  DO(seccomp, SECCOMP_GET_ACTION_AVAIL, 0, BAD); DO(bpf, BPF_MAP_CREATE, BAD, 8); DO(bpf, 99, BAD, 8);
  DO(getrandom, BAD, 8, GRND_NONBLOCK); DO(getrandom, BAD, 8, 0); DO(getrandom, BAD, 8, 0x8001);
  DO(ptrace, 0x4200, 99999999, 0, 1); DO(ptrace, 999, 5, 6, 7);
  DO(process_vm_readv, 99999999, vector, 1, vector, 1, 0); DO(setpriority, 9, 0, 5); 
  DO(sched_setscheduler, -1, 9, BAD);  DO(setuid, -1);
  DO(setresuid, -1, -1, -1); DO(setsid); DO(getpid); DO(umask, 022); DO(set_robust_list, BAD, 5);
  DO(rseq, BAD, 5, 0, 0x53053053); DO(set_tid_address, &word); DO(uname, BAD); DO(sysinfo, BAD); DO(gettid);
  DO(alarm, 0); DO(sethostname, BAD, 3); DO(reboot, 1, 2, 3, 0); DO(keyctl, 99, 0, 0, 0, 0);
  DO(pidfd_open, -1, 0); DO(pidfd_send_signal, -1, SIGTERM, 0, 0); DO(close_range, 5, 4, 0);
  DO(userfaultfd, 5); DO(perf_event_open, BAD, 0, -1, -1, 0); DO(io_uring_setup, 0, BAD);
  DO(landlock_create_ruleset, 0, 0, 2); DO(init_module, BAD, 5, "x"); DO(setitimer, 99, BAD, 0);
  DO(getitimer, 99, BAD); DO(semget, 1, 2, 0); DO(shmget, 1, 2, 0); DO(sched_yield); DO(getgroups, -1, 0);
  DO(getpgid, 99999999);
}

static void rare(void) {
  DO(setxattr, "/nosuch", "user.x", data, 4, 1); DO(getxattr, "/nosuch", "user.x", out, 4);
  DO(fsetxattr, -1, "user.x", data, 4, 0); DO(listxattr, "/nosuch", out, 4);
  DO(removexattr, "/nosuch", "user.x"); DO(fgetxattr, -1, "n", out, 5); DO(splice, -1, 0, -1, 0, 5, 1);
  DO(tee, -1, -1, 5, 2); DO(vmsplice, -1, vector, 1, 8); DO(copy_file_range, -1, 0, -1, 0, 5, 0);
  DO(sync_file_range, -1, 1, 2, 7); DO(fadvise64, -1, 0, 5, 4); DO(readahead, -1, 5, 6); DO(ftruncate, -1, 5);
  DO(fdatasync, -1); DO(syncfs, -1); DO(fchdir, -1); DO(fchmod, -1, 0600); DO(fchown, -1, -1, 5);
  DO(timer_create, 99, 0, BAD); DO(timer_settime, 77, 1, BAD, 0); DO(timer_gettime, 77, BAD);
  DO(timer_delete, 77); DO(timerfd_settime, -1, 1, BAD, 0); DO(timerfd_gettime, -1, BAD);
  DO(clock_getres, 99, BAD); DO(clock_settime, 99, BAD); DO(mq_open, "nosuch", O_RDONLY|O_CREAT, 0600, BAD);
  DO(mq_unlink, "nosuch"); DO(msgget, 5, 0); DO(msgsnd, -1, BAD, 5, 0); DO(msgrcv, -1, BAD, 5, 6, 0);
  DO(msgctl, -1, 2, BAD); DO(semop, -1, BAD, 1); DO(semctl, -1, 0, 13, BAD); DO(shmat, -1, 0, 010000);
  DO(shmdt, 1); DO(shmctl, -1, 2, BAD); DO(shmget, 5, 0, 01600); DO(semget, 5, 6, 02600); DO(io_setup, 5, BAD);
  DO(io_destroy, 5); DO(io_uring_enter, -1, 1, 2, 3, 0, 0); DO(pidfd_getfd, -1, 5, 0);
  DO(fsopen, "nosuchfs", 1); DO(fsmount, -1, 1, 2); DO(move_mount, -1, "a", -1, "b", 4);
  DO(open_tree, -1, "/nosuch", 1); DO(fspick, -1, "/nosuch", 1); DO(fsconfig, -1, 1, "a", "b", 0);
  DO(mount_setattr, -1, "/nosuch", 0, BAD, 32); DO(name_to_handle_at, -1, "nosuch", BAD, BAD, 0);
  DO(open_by_handle_at, -1, BAD, 0); DO(inotify_init1, 5); DO(inotify_rm_watch, -1, 5);
  DO(epoll_pwait, -1, out, 5, 6, 0, 8); DO(select, -1, 0, 0, 0, BAD); DO(pselect6, -1, 0, 0, 0, BAD, 0);
  DO(getcpu, BAD, 0, 0); DO(getrusage, 99, BAD); DO(times, BAD); DO(statfs, "/nosuch", out);
  DO(fstatfs, -1, out); DO(utime, "/nosuch", 0); DO(utimes, "/nosuch", 0); DO(futimesat, -1, "/nosuch", 0);
  DO(utimensat, -1, "/nosuch", BAD, 0); DO(acct, "/nosuch"); DO(swapon, "/nosuch", 0); DO(swapoff, "/nosuch");
  DO(pivot_root, "/nosuch", "/nosuch2"); DO(iopl, 9); DO(modify_ldt, 99, BAD, 5); DO(rmdir, "/nosuch");
  DO(link, "/nosuch", "/nosuch2"); DO(symlinkat, "a", -1, "b"); DO(renameat, -1, "a", -1, "b");
  DO(lchown, "/nosuch", 5, 6); DO(getdents, -1, out, 5); DO(mbind, 0, 0, 99, 0, 0, 0);
  DO(set_mempolicy, 99, 0, 0); DO(get_mempolicy, BAD, 0, 0, 0, 0); DO(migrate_pages, 99999999, 0, 0, 0);
  DO(get_robust_list, 99999999, BAD, BAD); DO(kcmp, 99999999, 5, 9, 1, 1); DO(finit_module, -1, "x", 0);
  DO(delete_module, "nosuch", 0x800); DO(add_key, "nosuch", "d", data, 4, -3);
  DO(request_key, "nosuch", "d", 0, -3); DO(sched_getparam, -1, BAD); DO(sched_getscheduler, -1);
  DO(sched_get_priority_max, 9); DO(sched_rr_get_interval, -1, BAD); DO(sched_getattr, -1, BAD, 48, 0);
  DO(sched_setattr, -1, BAD, 0); DO(sched_getaffinity, 99999999, 8, BAD); DO(setpgid, 99999999, -5);
  DO(setgroups, -1, BAD); DO(setregid, -1, -1); DO(setfsuid, -1); DO(getresuid, BAD, BAD, BAD);
  DO(getsid, 99999999); DO(getpriority, 9, 5); DO(pkey_alloc, 5, 1); DO(pkey_free, -1);
  DO(rt_sigqueueinfo, 99999999, SIGTERM, BAD); DO(rt_sigpending, BAD, 8); DO(rt_sigtimedwait, BAD, 0, &later, 8);
  DO(rt_tgsigqueueinfo, 99999999, 5, 9, BAD); DO(preadv, -1, vector, 2, 5, 0); DO(pwritev, -1, vector, 2, 5, 0);
  DO(preadv2, -1, vector, 1, 5, 0, 8); DO(pwritev2, -1, vector, 1, -1, -1, 2);
  DO(sendmmsg, -1, BAD, 2, MSG_MORE); DO(recvmmsg, -1, BAD, 2, MSG_DONTWAIT, 0);
  DO(process_madvise, -1, vector, 1, 4, 0); DO(futex_waitv, BAD, 1, 0, 0, 0); DO(epoll_create, -1);
  DO(eventfd, 5); DO(signalfd, -1, &mask, 9); DO(mincore, 1, 5, BAD); DO(mlock, 1, 5); DO(munlock, 1, 5);
  DO(memfd_secret, 5); DO(landlock_add_rule, -1, 1, BAD, 0); DO(landlock_restrict_self, -1, 0);
  DO(execveat, -1, "", 0, 0, 0x1000); DO(lookup_dcookie, 5, out, 5); DO(faccessat2, -1, "x", 0, 0);
  DO(adjtimex, BAD); DO(clock_adjtime, 99, BAD); DO(gettimeofday, BAD, 0); DO(settimeofday, BAD, BAD);
  DO(time, BAD); DO(process_mrelease, -1, 0); DO(set_mempolicy_home_node, 0, 0, 0, 5); DO(ioprio_get, 9, 5);
  DO(setdomainname, BAD, 5); DO(get_thread_area, BAD); DO(waitid, P_PID, 99999999, BAD, WNOHANG|WEXITED, 0);
  DO(setpriority, 9, -1, -5); DO(sysfs, 3, 0, 0); DO(capset, 0, 0); DO(personality, 0xffffffff);
  DO(getitimer, 0, BAD); DO(mknodat, -1, "x", 0600, 0); DO(bind, -1, &inet, 16);
  DO(wait4, -5, 0, 0x40000000, BAD); DO(statx, -1, "", 0x1000, 0x10000, BAD); DO(close_range, 7, 5, 6);
  DO(shmget, 0, 0, 0);
}

/* Descriptors with names: strace shows them, and strace.rs knows them. */
static void opened(void) {
  dup2(open("/etc/passwd", O_RDONLY), 5);
  dup2(open("/", O_PATH), 6);
}

int main(void) {
  opened();
  DO(getpgid, 0x7ffffffe);
  files(); mappings(); futexes(); sockets(); controls(); processes(); rare();
  times_and_waiting(); messages(); steering(); memory();
  DO(getpgid, 0x7ffffffe);
  DO(exit_group, 3);
}
