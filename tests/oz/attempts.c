/* One attempt to leave a cell, by its name, and what came of it: "done" or the name of the error. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOUNT_BIND 4096
#define MOUNT_REMOUNT 32

static char **arguments;
static char *word(int place) { return arguments[place] ? arguments[place] : ""; }
static long number(int place) { return atol(word(place)); }

static long make_device(void)
{
	return mknod(word(0), S_IFCHR | 0666, makedev(1, 3));
}

static long mount_memory(void)
{
	return syscall(SYS_mount, "x", word(0), "tmpfs", 0, NULL);
}

static long mount_bind(void)
{
	return syscall(SYS_mount, word(0), word(1), NULL, MOUNT_BIND, NULL);
}

static long remount(void)
{
	return syscall(SYS_mount, "x", word(0), NULL, MOUNT_REMOUNT | MOUNT_BIND, NULL);
}

static long unmount(void)
{
	return syscall(SYS_umount2, word(0), 2);
}

static long make_file_system(void)
{
	return syscall(SYS_fsopen, "tmpfs", 0);
}

static long clone_mount(void)
{
	return syscall(SYS_open_tree, AT_FDCWD, word(0), OPEN_TREE_CLONE);
}

static long change_attributes(void)
{
	struct mount_attr wanted = { .attr_clr = MOUNT_ATTR_RDONLY };
	return syscall(SYS_mount_setattr, AT_FDCWD, word(0), 0, &wanted, sizeof wanted);
}

static long change_root(void) { return chroot(word(0)); }

/* The known way out of a chroot: another one inside, while a descriptor leads above it. */
static long leave_chroot(void)
{
	int outside = open("/", O_RDONLY | O_DIRECTORY);
	if (outside < 0 || chroot(word(0)) < 0 || fchdir(outside) < 0)
		return -1;
	for (int step = 0; step < 64; step++)
		if (chdir("..") < 0)
			return -1;
	return chroot(".");
}

static long enter_namespace(void)
{
	int file = open(word(0), O_RDONLY);
	return file < 0 ? -1 : setns(file, 0);
}

static long leave_namespaces(void) { return unshare((int)strtol(word(0), NULL, 0)); }

static long clone_namespace(void)
{
	struct clone_args wanted = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	long child = syscall(SYS_clone3, &wanted, sizeof wanted);
	if (child == 0)
		_exit(0);
	if (child > 0)
		waitpid((pid_t)child, NULL, 0);
	return child;
}

static long write_to(void)
{
	int file = open(word(0), O_WRONLY | O_CLOEXEC);
	if (file < 0)
		return -1;
	return word(1)[0] ? write(file, word(1), strlen(word(1))) : 0;
}

static long read_from(void)
{
	char text[4096];
	int file = open(word(0), O_RDONLY | O_CLOEXEC);
	return file < 0 ? -1 : read(file, text, sizeof text);
}

static long make_file(void) { return open(word(0), O_CREAT | O_EXCL | O_WRONLY, 0600); }
static long look_at(void) { struct stat status; return stat(word(0), &status); }
static long follow(void) { char text[4096]; return readlink(word(0), text, sizeof text); }

static long trace(void)
{
	long answer = ptrace(PTRACE_SEIZE, (pid_t)number(0), 0, 0);
	return answer;
}

static long read_memory(void)
{
	char text[16];
	struct iovec here = { text, sizeof text }, there = { (void *)0x400000, sizeof text };
	return process_vm_readv((pid_t)number(0), &here, 1, &there, 1, 0);
}

static long take_descriptor(void)
{
	long process = syscall(SYS_pidfd_open, number(0), 0);
	return process < 0 ? -1 : syscall(SYS_pidfd_getfd, process, number(1), 0);
}

static long signal_process(void) { return kill((pid_t)number(0), (int)number(1)); }

static long find_key(void)
{
	return syscall(SYS_keyctl, KEYCTL_SEARCH, number(0), "user", word(1), 0);
}

static long add_key(void)
{
	return syscall(SYS_add_key, "user", word(1), "x", 1, number(0));
}

static long find_memory(void) { return shmget((key_t)number(0), 0, 0); }
static long make_memory(void) { return shmget((key_t)number(0), 4096, IPC_CREAT | 0666); }
static long find_queue(void) { return mq_open(word(0), O_RDONLY); }

static long make_queue(void)
{
	struct mq_attr size = { .mq_maxmsg = 1, .mq_msgsize = 8 };
	return mq_open(word(0), O_CREAT | O_RDWR, 0666, &size);
}

static long talk_to_name(int listens)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int end = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(word(0)));
	strncpy(address.sun_path + 1, word(0), sizeof address.sun_path - 2);
	if (!listens)
		return connect(end, (struct sockaddr *)&address, length);
	if (bind(end, (struct sockaddr *)&address, length) < 0 || listen(end, 8) < 0)
		return -1;
	puts("listening");
	fflush(stdout);
	return accept(end, NULL, NULL) < 0 ? -1 : 0;
}

static long call_name(void) { return talk_to_name(0); }
static long hear_name(void) { return talk_to_name(1); }

static long call_file(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int end = socket(AF_UNIX, SOCK_STREAM, 0);
	strncpy(address.sun_path, word(0), sizeof address.sun_path - 1);
	return connect(end, (struct sockaddr *)&address, sizeof address);
}

/* A socket file that stays, and a listener as long as nobody ends it. */
static long hear_file(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int end = socket(AF_UNIX, SOCK_STREAM, 0);
	strncpy(address.sun_path, word(0), sizeof address.sun_path - 1);
	if (bind(end, (struct sockaddr *)&address, sizeof address) < 0 || listen(end, 8) < 0)
		return -1;
	puts("listening");
	fflush(stdout);
	return pause();
}

static long type_for_others(void)
{
	int terminal = open(word(0)[0] ? word(0) : "/dev/tty", O_RDWR);
	char letter = 'x';
	return terminal < 0 ? -1 : ioctl(terminal, TIOCSTI, &letter);
}

static long paste(void)
{
	int terminal = open(word(0)[0] ? word(0) : "/dev/tty", O_RDWR);
	char request = 2;
	return terminal < 0 ? -1 : ioctl(terminal, TIOCLINUX, &request);
}

static long become_root(void) { return setresuid(0, 0, 0); }
static long set_groups(void) { gid_t root = 0; return syscall(SYS_setgroups, 1, &root); }
static long effective_user(void) { return geteuid() == 0 ? 0 : (errno = EPERM, -1); }

static long open_by_number(void)
{
	struct { struct file_handle handle; char more[128]; } file = { .handle = { .handle_bytes = 128 } };
	int mount, place = open(word(0), O_RDONLY);
	if (place < 0 || name_to_handle_at(place, "", &file.handle, &mount, AT_EMPTY_PATH) < 0)
		return -1;
	return open_by_handle_at(place, &file.handle, O_RDONLY);
}

static long exchange(void)
{
	return syscall(SYS_renameat2, AT_FDCWD, word(0), AT_FDCWD, word(1), 2);
}

/* Swaps two names until it is killed. */
static long __attribute__((noreturn)) exchange_for_ever(void)
{
	for (;;)
		if (exchange() < 0) {
			puts(strerrorname_np(errno));
			fflush(stdout);
		}
}

static long make_ring(void)
{
	char parameters[120] = { 0 };
	return syscall(425, 8, parameters);
}

/* Runs a program in a session keyring of its own. */
static long new_session(void)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return -1;
	return execv(word(0), arguments);
}

/* With a user namespace of its own, looks at processes by a fresh view. */
static long mount_processes(void)
{
	int child, status = 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) < 0)
		return -1;
	child = fork();
	if (child == 0)
		_exit(syscall(SYS_mount, "x", word(0), "proc", 0, NULL) < 0 ? errno : 0);
	waitpid(child, &status, 0);
	errno = WEXITSTATUS(status);
	return errno ? -1 : 0;
}

/* With a user namespace of its own, takes away what covers a path. */
static long uncover(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return -1;
	return syscall(SYS_umount2, word(0), 2);
}

/* Runs a program with descriptors open that lead outside. */
static long hand_down(void)
{
	char parameters[120] = { 0 };
	int directory = open("/", O_RDONLY | O_DIRECTORY);
	int path = open("/etc", O_PATH);
	int namespace = open("/proc/self/ns/mnt", O_RDONLY);
	long ring = syscall(425, 8, parameters);
	dup2(directory, 60), dup2(path, 61), dup2(namespace, 62);
	if (ring >= 0)
		dup2((int)ring, 63);
	return execv(word(0), arguments);
}

static long descriptors(void)
{
	DIR *all = opendir("/proc/self/fd");
	struct dirent *one;
	int count = 0;
	while (all && (one = readdir(all)))
		count += one->d_name[0] != '.' && atoi(one->d_name) > 2 && atoi(one->d_name) != dirfd(all);
	return count ? (errno = EEXIST, -1) : 0;
}

static const struct {
	const char *name;
	long (*attempt)(void);
} known[] = {
	{ "make-device", make_device }, { "mount-memory", mount_memory }, { "mount-bind", mount_bind },
	{ "remount", remount }, { "unmount", unmount }, { "make-file-system", make_file_system },
	{ "clone-mount", clone_mount }, { "change-attributes", change_attributes },
	{ "change-root", change_root }, { "leave-chroot", leave_chroot },
	{ "enter-namespace", enter_namespace }, { "leave-namespaces", leave_namespaces },
	{ "clone-namespace", clone_namespace }, { "write", write_to }, { "read", read_from },
	{ "make-file", make_file }, { "look", look_at }, { "follow", follow }, { "trace", trace },
	{ "read-memory", read_memory }, { "take-descriptor", take_descriptor },
	{ "signal", signal_process }, { "find-key", find_key }, { "add-key", add_key },
	{ "find-memory", find_memory }, { "make-memory", make_memory }, { "find-queue", find_queue },
	{ "make-queue", make_queue }, { "call-name", call_name }, { "hear-name", hear_name },
	{ "call-file", call_file }, { "hear-file", hear_file }, { "type", type_for_others },
	{ "paste", paste }, { "become-root", become_root }, { "set-groups", set_groups },
	{ "effective-user", effective_user }, { "open-by-number", open_by_number },
	{ "exchange", exchange }, { "exchange-for-ever", exchange_for_ever }, { "make-ring", make_ring },
	{ "new-session", new_session }, { "mount-processes", mount_processes }, { "uncover", uncover },
	{ "hand-down", hand_down }, { "descriptors", descriptors },
};

int main(int count, char **words)
{
	for (size_t place = 0; count > 1 && place < sizeof known / sizeof *known; place++) {
		if (strcmp(known[place].name, words[1]))
			continue;
		arguments = words + 2;
		if (known[place].attempt() >= 0)
			puts("done");
		else
			puts(strerrorname_np(errno));
		return 0;
	}
	return 2;
}
