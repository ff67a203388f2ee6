/* Descriptors with names, files by descriptor, memory policies, objects of System V, and requests. */
#include "exercise.h"
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/loop.h>
#include <linux/mempolicy.h>
#include <linux/stat.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <termios.h>

static unsigned long nodes[2] = {5, 0}, long_offset = 77;
static int word = 7;
static char data[] = "line\n", unterminated[5000] = {[0 ... 4999] = 'a'};
static struct iovec vector[2] = {{data, 4}, {unterminated, 4000}}, odd[1] = {{(void *)8, -1}};
static struct sembuf operations[2] = {{0, -1, SEM_UNDO}, {1, 2, IPC_NOWAIT | 0x10}};
static struct msgtext { long type; char text[8]; } text = {5, "hello"};
static struct timespec soon = {1, 2};
static struct epoll_event event = {EPOLLIN | EPOLLONESHOT, {.u64 = 0x123456789}};
static struct futex_waitv_ { unsigned long value, address; unsigned flags, rest; } waiters[2] = {{1, 8, 2, 0}, {2, 16, 0x82 | 0x10, 0}};
static struct winsize window = {24, 80, 0, 0};
static struct termios terminal = {.c_iflag = ICRNL | IXON, .c_oflag = OPOST, .c_cflag = B38400 | CS8 | CREAD, .c_lflag = ISIG | ICANON | ECHO};
static struct flock part = {F_RDLCK, SEEK_SET, 0, 100, 5};
static struct { int kind, process; } owner = {F_OWNER_PGRP, -5};
static struct ifreq interface = {"eth0"};
static void *pages[2] = {(void *)0x1000, (void *)0x2000};
static stack_t stack = {(void *)0x1000, SS_DISABLE, 8192}, odd_stack = {(void *)0x1000, 0x7, 1};
static struct { unsigned entry; unsigned long base; unsigned limit, flags; } segment = {5, 0x1000, 0xfffff, 0x51};

static void descriptors(void) {
  DO(read, 5, BAD, 5); DO(write, 6, data, 5); DO(close, 99); DO(fstat, 5, BAD); DO(lseek, 5, -1, SEEK_SET); DO(fsync, 99); DO(dup2, 99, 5); DO(dup3, 5, 5, O_CLOEXEC); DO(fcntl, 5, F_SETFL, 0x40000000 | O_ACCMODE);
  DO(fcntl, 5, F_SETLK, BAD); DO(fcntl, 6, F_SETLKW, &part); DO(fcntl, -1, F_SETOWN_EX, &owner); DO(fcntl, -1, F_GETOWN_EX, BAD); DO(fcntl, 5, F_DUPFD, 0x7fffffff); DO(fcntl, 5, F_ADD_SEALS, 0x47);
  DO(openat, 6, "nosuch/x", O_RDONLY); DO(openat, 5, "x", O_WRONLY | O_TRUNC); DO(unlinkat, 6, "nosuch/x", 0); DO(newfstatat, 5, "x", BAD, AT_EMPTY_PATH); DO(faccessat, 6, "nosuch", R_OK); DO(mkdirat, 6, "nosuch/y", 0700);
  DO(renameat, 6, "nosuch", 5, "other"); DO(renameat2, 6, "nosuch", 5, "other", 7); DO(linkat, 6, "nosuch", 5, "other", AT_EMPTY_PATH); DO(symlinkat, "target", 5, "other"); DO(readlinkat, 6, "nosuch", BAD, 5); DO(fchmodat, 6, "nosuch", 04755);
  DO(fchownat, 6, "nosuch", 5, -1, AT_EMPTY_PATH); DO(mknodat, 6, "nosuch/x", S_IFBLK | 0600, 0x801); DO(mknodat, 6, "nosuch/x", S_IFSOCK | 0777, 5); DO(statx, 6, "nosuch", 0, STATX_BASIC_STATS | 0x80000000, BAD); DO(execveat, 6, "nosuch", 0, 0, 0);
  DO(getdents64, 6, BAD, 5); DO(getdents, 5, BAD, 5); DO(fchdir, 5); DO(fchmod, 99, 0600); DO(ftruncate, 6, -1); DO(fallocate, 6, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | 0x1000, -1, 5); DO(flock, 5, LOCK_SH | 64); DO(flock, 99, LOCK_UN);
  DO(sendfile, 5, 6, &long_offset, 5); DO(sendfile, 5, 6, BAD, 5); DO(splice, 5, &long_offset, 6, BAD, 5, 0x1f); DO(tee, 5, 6, 5, 0x40); DO(copy_file_range, 5, &long_offset, 6, 0, 5, 1); DO(vmsplice, 5, vector, 2, 0); DO(sync_file_range, 5, 1, 2, 0x17);
  DO(readv, 6, vector, 2); DO(writev, 99, vector, 2); DO(writev, 5, odd, 1); DO(preadv2, 5, vector, 1, -1, -1, 0x1000); DO(pwritev2, 99, vector, 1, 5, 0, 0x1f); DO(pread64, 6, BAD, 5, -1); DO(pwrite64, 99, data, 5, 1L << 40);
  DO(fgetxattr, 5, "user.x", BAD, 5); DO(fsetxattr, 99, "user.x", data, 5, 3); DO(flistxattr, 99, BAD, 5); DO(fremovexattr, 99, "user.x"); DO(lsetxattr, "/nosuch", "user.x", BAD, 5, 4); DO(lgetxattr, "/nosuch", "user.x", 0, 0); DO(llistxattr, "/nosuch", 0, 0);
  DO(lremovexattr, "/nosuch", BAD); DO(fadvise64, 99, 1, 2, 77); DO(readahead, 99, 1, 2); DO(fstatfs, 99, BAD); DO(syncfs, 99); DO(fdatasync, 99); DO(close_range, 9, 8, 0x16); DO(epoll_ctl, 5, EPOLL_CTL_ADD, 6, &event); DO(epoll_ctl, 5, EPOLL_CTL_MOD, 6, BAD);
  DO(signalfd4, 5, BAD, 8, 0x80800); DO(mmap, 0, 4096, PROT_READ, MAP_SHARED, 99, 0); DO(mmap, 1, 4096, PROT_WRITE, MAP_PRIVATE | MAP_FIXED, 5, 0x1000); DO(open, unterminated, 0); DO(chdir, unterminated); DO(truncate, BAD, 5); DO(eventfd2, 5, 0x123); DO(epoll_create, 0);
}

static void policies(void) {
  DO(mbind, 0x1000, 4096, MPOL_BIND | MPOL_F_STATIC_NODES, nodes, 64, 0x13); DO(mbind, 1, 5, 99, BAD, 64, 0); DO(set_mempolicy, MPOL_INTERLEAVE | 0x4000, nodes, 64); DO(set_mempolicy, 77, BAD, 5); DO(get_mempolicy, BAD, BAD, 64, 0x1000, 0x13);
  DO(migrate_pages, 99999999, 64, nodes, nodes); DO(migrate_pages, 99999999, 65, BAD, 0); DO(move_pages, 99999999, 2, pages, &word, BAD, 6); DO(move_pages, 99999999, 1, BAD, 0, 0, 0); DO(set_mempolicy_home_node, 0x1000, 4096, 77, 5);
  DO(process_madvise, 5, vector, 1, 4, 0); DO(process_madvise, -1, vector, 2, 77, 5); DO(process_vm_readv, 99999999, vector, 1, vector, 2, 5); DO(process_vm_writev, 99999999, vector, 1, vector, 1, 0); DO(process_vm_writev, 99999999, BAD, 1, BAD, 1, 0);
  DO(mremap, 1, 2, 3, 7, 5); DO(remap_file_pages, 1, 2, 3, 4, 0x10000); DO(mincore, 1, 2, BAD); DO(mlock2, 1, 2, 3); DO(mlockall, 7 | 64); DO(madvise, 1, 2, 23); DO(memfd_create, "name", 0x80 | 3); DO(memfd_create, "name", 0x100 | 4 | 21 << 26);
  DO(memfd_secret, 0x80000 | 1); DO(pkey_alloc, 0, 0x13); DO(pkey_mprotect, 1, 2, 7, 5); DO(msync, 1, 2, 7 | 64); DO(brk, 0); DO(futex_waitv, waiters, 2, 5, &soon, CLOCK_MONOTONIC); DO(futex_waitv, BAD, 2, 0, BAD, 99);
  DO(set_robust_list, 0x1000, 5); DO(get_robust_list, 99999999, BAD, BAD); DO(userfaultfd, 0x80000 | 0x800 | 4); DO(rseq, 0x1000, 5, 3, 1); DO(modify_ldt, 1, BAD, 5); DO(set_thread_area, BAD); DO(arch_prctl, 0x1002, -1L); DO(arch_prctl, 0x1012, 5);
  DO(sigaltstack, &odd_stack, 0); DO(sigaltstack, &odd_stack, BAD); DO(getrandom, BAD, 5, 7 | 64); DO(getcpu, BAD, BAD, BAD); DO(getcwd, BAD, 0);
}

static void objects(void) {
  DO(semop, -1, operations, 2); DO(semop, -1, operations, 0); DO(semtimedop, -1, operations, 1, &soon); DO(semtimedop, -1, BAD, 1, BAD); DO(semctl, -1, 5, SETVAL, 7); DO(semctl, -1, 0, IPC_RMID, 0); DO(semctl, -1, 0, 0x100 | IPC_STAT, BAD); DO(semctl, -1, 1, 99, 5);
  DO(semget, IPC_PRIVATE, -1, IPC_CREAT | 0600); DO(shmget, 0x1234, -1, IPC_CREAT | IPC_EXCL | SHM_HUGETLB | 21 << 26 | 0640); DO(shmat, -1, 0x1000, SHM_RDONLY | SHM_RND | 1); DO(shmctl, -1, IPC_SET, BAD); DO(shmctl, -1, SHM_LOCK, 0); DO(shmdt, 0x1001);
  DO(msgget, IPC_PRIVATE - 0 + 7, 0666); DO(msgsnd, -1, &text, 5, IPC_NOWAIT); DO(msgsnd, -1, BAD, 5, 0x12345); DO(msgrcv, -1, BAD, 5, -6, MSG_NOERROR | MSG_EXCEPT); DO(msgctl, -1, IPC_RMID, 0); DO(msgctl, -1, 0x100 | IPC_SET, BAD);
}

static void requests(void) {
  DO(ioctl, 5, TCGETS, BAD); DO(ioctl, -1, TIOCSWINSZ, &window); DO(ioctl, -1, TCSETS, &terminal); DO(ioctl, 5, FIONREAD, BAD); DO(ioctl, -1, LOOP_SET_FD, 5); DO(ioctl, -1, LOOP_CLR_FD, 0); DO(ioctl, -1, BLKGETSIZE64, BAD); DO(ioctl, -1, BLKRRPART, 0);
  DO(ioctl, -1, FS_IOC_GETFLAGS, BAD); DO(ioctl, -1, FICLONE, 6); DO(ioctl, -1, FITRIM, BAD); DO(ioctl, -1, SIOCGIFINDEX, &interface); DO(ioctl, -1, SIOCGIFFLAGS, &interface); DO(ioctl, -1, SIOCGIFNAME, BAD); DO(ioctl, -1, 0x40049409, -1);
  DO(ioctl, -1, 0xb701, 0); DO(ioctl, -1, 0xb703, 0); DO(ioctl, -1, 0x2400, 0); DO(ioctl, -1, 0x40082404, BAD); DO(ioctl, -1, 0xae00, 0); DO(ioctl, -1, 0xae80, 0); DO(ioctl, -1, 0x80247009, BAD); DO(ioctl, -1, 0xc0502100, BAD); DO(ioctl, -1, 0xc0182101, BAD);
  DO(ioctl, -1, 0x80084502, BAD); DO(ioctl, -1, 0x80ff4506, BAD); DO(ioctl, -1, 0x80604521, BAD); DO(ioctl, -1, 0x80184540, BAD); DO(ioctl, -1, 0x40044590, 1); DO(ioctl, -1, 0xc018aa3f, BAD); DO(ioctl, -1, 0x4b3a, 1); DO(ioctl, -1, 0x5606, 3); DO(ioctl, -1, 0x80045200, BAD);
  DO(ioctl, -1, 0x5301, 0); DO(ioctl, -1, 0x301, BAD); DO(ioctl, -1, 0x80285700, BAD); DO(ioctl, -1, 0xc138fd00, BAD); DO(ioctl, -1, TIOCMGET, BAD); DO(ioctl, -1, TIOCMSET, &word); DO(ioctl, -1, TCXONC, 1); DO(ioctl, -1, TIOCGSID, BAD); DO(ioctl, -1, FIOQSIZE, BAD); DO(ioctl, -1, FIBMAP, &word); DO(ioctl, -1, BLKROSET, &word); DO(ioctl, -1, BLKDISCARD, nodes);
}

void memory(void) {
  descriptors(); policies(); objects(); requests();
}
