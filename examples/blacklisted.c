/*
 * Makes every call that profiles/blacklist-generic.seccomp denies, each in a process of its own, and prints
 * what came of it: an error's name, "ran", or the signal that killed. With arguments that do no harm where
 * nobody denies them, not even to root.
 *
 *     cc -o blacklisted examples/blacklisted.c && sandboxify --deny ./profiles/blacklist-generic.seccomp ./blacklisted
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Calls that are younger than the headers may be; their numbers are the same everywhere. */
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif
#ifndef SYS_set_mempolicy_home_node
#define SYS_set_mempolicy_home_node 450
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif

/* An address where nothing is, no descriptor and no flags, and no process. */
#define BAD 1
#define NONE -1L
#define NOBODY 0x7fffffff
/* Bits that the kernel does not look at. */
#define GARBAGE 0x100000000L

/* The kernel refuses these two without a third flag, so that nothing is made. */
#define NAMESPACE(flag) { "clone", #flag, SYS_clone, { flag | CLONE_THREAD } }
#define CLONE_THREAD 0x00010000L
#define CLONE_NEWNS 0x00020000L
#define CLONE_NEWCGROUP 0x02000000L
#define CLONE_NEWUTS 0x04000000L
#define CLONE_NEWIPC 0x08000000L
#define CLONE_NEWUSER 0x10000000L
#define CLONE_NEWPID 0x20000000L
#define CLONE_NEWNET 0x40000000L

#define CALL(name, ...) { #name, "", SYS_##name, { __VA_ARGS__ } }
#define USE(name, use, ...) { #name, use, SYS_##name, { __VA_ARGS__ } }

static const struct call {
	const char *name;
	/* What is special about this use of it. */
	const char *use;
	long number;
	long arguments[6];
} calls[] = {
	CALL(init_module, BAD, 0, BAD),
	CALL(finit_module, NONE, BAD, 0),
	CALL(delete_module, BAD, 0),
	CALL(kexec_load, 0, 1, BAD, NONE),
	CALL(kexec_file_load, NONE, NONE, 0, BAD, NONE),
	CALL(bpf, NONE, BAD, 4),
#ifdef SYS_create_module
	CALL(create_module, BAD, 0),
	CALL(query_module, BAD, 0, BAD, 0, BAD),
	CALL(get_kernel_syms, BAD),
	CALL(_sysctl, BAD),
	CALL(ioperm, 0, 0, 0),
	CALL(iopl, 99),
	CALL(modify_ldt, 99, BAD, 0),
	CALL(set_thread_area, BAD),
	CALL(uselib, BAD),
#endif
	CALL(reboot, 0, 0, 0, 0),
	CALL(swapon, BAD, 0),
	CALL(swapoff, BAD),
	CALL(acct, BAD),
	CALL(syslog, NONE, 0, 0),
	CALL(quotactl, 0x7fffffff, BAD, 0, BAD),
	CALL(quotactl_fd, NONE, 0x7fffffff, 0, BAD),
	CALL(nfsservctl, 0, BAD, BAD),
	CALL(lookup_dcookie, 0, BAD, 0),
	CALL(clock_settime, NONE, BAD),
	CALL(settimeofday, BAD, 0),
	CALL(adjtimex, BAD),
	CALL(clock_adjtime, 0, BAD),
	CALL(unshare, 0x7fffffff),
	CALL(setns, NONE, 0),
	NAMESPACE(CLONE_NEWNS),
	NAMESPACE(CLONE_NEWCGROUP),
	NAMESPACE(CLONE_NEWUTS),
	NAMESPACE(CLONE_NEWIPC),
	NAMESPACE(CLONE_NEWUSER),
	NAMESPACE(CLONE_NEWPID),
	NAMESPACE(CLONE_NEWNET),
	USE(clone, "with garbage", GARBAGE | CLONE_NEWUSER | CLONE_THREAD),
	CALL(clone3, BAD, 0),
	CALL(mount, BAD, BAD, BAD, 0, BAD),
	CALL(umount2, BAD, 0),
	CALL(pivot_root, BAD, BAD),
	CALL(open_tree, NONE, BAD, NONE),
	CALL(open_tree_attr, NONE, BAD, NONE, BAD, 0),
	CALL(move_mount, NONE, BAD, NONE, BAD, NONE),
	CALL(mount_setattr, NONE, BAD, NONE, BAD, 0),
	CALL(fsopen, BAD, NONE),
	CALL(fsconfig, NONE, NONE, BAD, BAD, 0),
	CALL(fsmount, NONE, NONE, NONE),
	CALL(fspick, NONE, BAD, NONE),
	CALL(ptrace, 16, NOBODY, 0, 0),
	CALL(process_vm_readv, NOBODY, BAD, 1, BAD, 1, 0),
	CALL(process_vm_writev, NOBODY, BAD, 1, BAD, 1, 0),
	CALL(pidfd_getfd, NONE, NONE, 0),
	CALL(kcmp, NOBODY, NOBODY, 0, 0, 0),
	CALL(get_robust_list, NOBODY, BAD, BAD),
	CALL(perf_event_open, BAD, 0, NONE, NONE, 0),
	CALL(open_by_handle_at, NONE, BAD, 0),
	CALL(name_to_handle_at, NONE, BAD, BAD, BAD, NONE),
	CALL(fanotify_init, NONE, 0),
	CALL(add_key, BAD, BAD, BAD, 0, 0),
	CALL(request_key, BAD, BAD, BAD, 0),
	CALL(keyctl, NONE),
	CALL(io_uring_setup, 0, BAD),
	CALL(io_uring_enter, NONE, 0, 0, 0, 0, 0),
	CALL(io_uring_register, NONE, NONE, 0, 0),
	CALL(io_setup, 0, BAD),
	CALL(io_submit, 0, 0, 0),
	CALL(io_getevents, 0, 0, 0, 0, 0),
	CALL(io_pgetevents, 0, 0, 0, 0, 0, 0),
	CALL(io_cancel, 0, BAD, BAD),
	CALL(io_destroy, 0),
	CALL(userfaultfd, NONE),
	CALL(vmsplice, NONE, 0, 0, 0),
	CALL(remap_file_pages, BAD, 0, 0, 0, 0),
	CALL(get_mempolicy, 0, 0, 0, 0, NONE),
	CALL(set_mempolicy, 99, 0, 0),
	CALL(set_mempolicy_home_node, 0, 0, 0, NONE),
	CALL(mbind, BAD, 0, 99, 0, 0, 0),
	CALL(migrate_pages, NOBODY, 0, 0, 0),
	CALL(move_pages, NOBODY, 0, 0, 0, 0, 0),
	USE(personality, "ADDR_NO_RANDOMIZE", 0x0040000),
	USE(personality, "with garbage", GARBAGE | 0x0040000),
	USE(ioctl, "TIOCSTI", NONE, 0x5412, BAD),
	USE(ioctl, "TIOCSTI with garbage", NONE, GARBAGE | 0x5412, BAD),
	USE(ioctl, "TIOCLINUX", NONE, 0x541c, BAD),
	/* Of a type that there is none of. */
	USE(socket, "AF_VSOCK", 40, 15, 0),
	USE(socket, "AF_ALG", 38, 15, 0),
	USE(socket, "AF_ALG with garbage", GARBAGE | 38, 15, 0),
};

/* In a child: what became of the call, as a status. */
static int attempt(const struct call *call)
{
	const long *a = call->arguments;

	if (syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]) == -1)
		return errno;
	return 0;
}

static void report(const struct call *call, int status)
{
	printf("%s%s%s: ", call->name, *call->use ? " " : "", call->use);
	if (WIFSIGNALED(status))
		printf("SIG%s\n", sigabbrev_np(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		printf("%s\n", strerrorname_np(WEXITSTATUS(status)));
	else
		printf("ran\n");
}

int main(void)
{
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		int status;
		pid_t child;

		fflush(stdout);
		child = fork();
		if (child == 0)
			_exit(attempt(&calls[i]));
		if (child == -1 || waitpid(child, &status, 0) == -1) {
			perror("blacklisted");
			return 1;
		}
		report(&calls[i], status);
	}
	return 0;
}
