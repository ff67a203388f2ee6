/* Calls that steer the kernel: filters, rules, keys, rings, mounts, watches, quotas. */
#include "exercise.h"
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/fanotify.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/sched.h>
#include <linux/elf.h>
#include <linux/aio_abi.h>
#include <sys/inotify.h>
#include <sys/quota.h>

static struct sock_filter filter[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0}, {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 59}, {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS},
    {BPF_ALU | BPF_AND | BPF_K, 0, 0, 0x7f}, {BPF_LDX | BPF_MEM | BPF_W, 0, 0, 3}, {BPF_STX, 0, 0, 4}, {BPF_MISC | BPF_TAX, 0, 0, 0},
    {BPF_JMP | BPF_JA, 0, 0, 5}, {BPF_JMP | BPF_JSET | BPF_X, 1, 2, 0}, {BPF_ALU | BPF_NEG, 0, 0, 0}, {BPF_LD | BPF_IMM, 0, 0, 7},
    {BPF_LDX | BPF_MSH | BPF_B, 0, 0, 14}, {BPF_LD | BPF_H | BPF_IND, 0, 0, 2}, {BPF_LD | BPF_LEN, 0, 0, 0}, {BPF_ST, 0, 0, 1},
    {BPF_MISC | BPF_TXA, 0, 0, 0}, {BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0}, {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | 13}, {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_TRAP},
    {BPF_RET | BPF_K, 0, 0, 0x12345678}, {BPF_RET | BPF_X, 0, 0, 0}, {0xffff, 1, 2, 3}, {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}, {BPF_RET | BPF_A, 3, 4, 5}};
static struct sock_fprog program = {sizeof filter / sizeof *filter, filter}, none = {0, filter}, bad = {3, (void *)8};
static unsigned int action = SECCOMP_RET_ERRNO, odd_action = 0x12345678;

static union bpf_attr map = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 16, .map_flags = BPF_F_RDONLY,
    .map_name = "a name"}, element = {.map_fd = 5, .key = 8, .value = 16, .flags = BPF_NOEXIST}, pinned = {.pathname = (unsigned long)"/nosuch/pin", .bpf_fd = 5},
    attach = {.target_fd = 5, .attach_bpf_fd = 6, .attach_type = BPF_CGROUP_DEVICE, .attach_flags = BPF_F_ALLOW_MULTI}, next = {.start_id = 0xfffffff0, .next_id = 7},
    raw = {.raw_tracepoint = {(unsigned long)"sched_switch", 5}};
static struct bpf_insn instructions[2] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1}, {BPF_JMP | BPF_EXIT}};
static union bpf_attr load = {.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE, .insn_cnt = 2, .insns = (unsigned long)instructions, .license = (unsigned long)"GPL"};

static struct landlock_ruleset_attr ruleset = {LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE};
static struct landlock_path_beneath_attr beneath = {LANDLOCK_ACCESS_FS_READ_DIR | 1UL << 40, 6};
static struct perf_event_attr counter = {.type = PERF_TYPE_HARDWARE, .size = 112, .config = PERF_COUNT_HW_INSTRUCTIONS, .disabled = 1, .exclude_kernel = 1},
    software = {.type = PERF_TYPE_SOFTWARE, .size = 64, .config = 99, .sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID, .sample_period = 5};
static struct io_uring_params ring = {.flags = IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF, .sq_thread_cpu = 3, .sq_thread_idle = 1000},
    completions = {.flags = IORING_SETUP_CQSIZE, .cq_entries = 64}, attached = {.flags = IORING_SETUP_ATTACH_WQ | 1U << 31, .wq_fd = 5};
static int numbers[3] = {5, 6, -1};
static struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC, .attr_clr = MOUNT_ATTR__ATIME, .propagation = 1 << 18, .userns_fd = 5};
static struct sched_attr { unsigned size, policy; unsigned long flags; int nice; unsigned priority; unsigned long runtime, deadline, period; unsigned min, max; }
    deadline = {56, SCHED_DEADLINE, SCHED_FLAG_RECLAIM, 0, 0, 10, 20, 30, 1, 2}, ordinary = {48, SCHED_NORMAL, 0, 5}, short_attr = {5, 77};
static int priority = 50;
static struct __user_cap_header_struct old = {0x19980330, 0}, new = {_LINUX_CAPABILITY_VERSION_3, 99999999};
static struct __user_cap_data_struct caps[2] = {{~0, 1, 0}, {~0, 0, 1 << 9}};
static char data[] = "key material\n";
static struct iovec vector[1] = {{data, 3}}, registers = {(void *)16, 24};
static struct iocb reading = {.aio_data = 0x1234, .aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = 5, .aio_buf = 8, .aio_nbytes = 16, .aio_offset = 32},
    writing = {.aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = 6, .aio_reqprio = 3, .aio_buf = (unsigned long)data, .aio_nbytes = 3}, syncing = {.aio_lio_opcode = IOCB_CMD_FSYNC, .aio_fildes = -1};
static struct iocb *blocks[] = {&reading, &writing, &syncing, (void *)8};
static siginfo_t queued = {.si_signo = SIGTERM, .si_code = SI_QUEUE, ._sifields._rt = {7, 8, {.sival_int = 9}}};
static unsigned long nodes = 5;

static void filters(void) {
  DO(seccomp, SECCOMP_SET_MODE_FILTER, 0x10000, &program); DO(seccomp, SECCOMP_SET_MODE_FILTER, 0x8001, &none); DO(seccomp, 1, 0x8000, &bad);
  DO(seccomp, SECCOMP_GET_ACTION_AVAIL, 5, &action); DO(seccomp, SECCOMP_GET_ACTION_AVAIL, 5, &odd_action);
  DO(seccomp, SECCOMP_SET_MODE_STRICT, 5, 0); DO(seccomp, SECCOMP_GET_NOTIF_SIZES, 5, BAD); DO(seccomp, 1, 0x20, 0);
  DO(prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &none); DO(prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &bad);
  DO(bpf, BPF_MAP_CREATE, &map, 8); DO(bpf, BPF_MAP_CREATE, &map, 64); DO(bpf, BPF_MAP_LOOKUP_ELEM, &element, 32); DO(bpf, BPF_MAP_UPDATE_ELEM, &element, 32);
  DO(bpf, BPF_MAP_DELETE_ELEM, &element, 32); DO(bpf, BPF_MAP_GET_NEXT_KEY, &element, 32);
  DO(bpf, BPF_OBJ_PIN, &pinned, 16); DO(bpf, BPF_OBJ_GET, &pinned, 12); DO(bpf, BPF_PROG_ATTACH, &attach, 16); DO(bpf, BPF_PROG_DETACH, &attach, 16);
  DO(bpf, BPF_PROG_GET_NEXT_ID, &next, 8); DO(bpf, BPF_PROG_GET_FD_BY_ID, &next, 12); DO(bpf, BPF_RAW_TRACEPOINT_OPEN, &raw, 16);
  DO(bpf, BPF_PROG_LOAD, &load, 32); DO(bpf, BPF_MAP_FREEZE, &element, 4); DO(bpf, BPF_PROG_LOAD, BAD, 32); DO(bpf, 99, &map, 16); DO(bpf, BPF_MAP_CREATE, 0, 0);
}

static void rules(void) {
  DO(landlock_create_ruleset, &ruleset, 4, 0); DO(landlock_create_ruleset, &ruleset, 8, 77); DO(landlock_create_ruleset, BAD, 8, 0); DO(landlock_create_ruleset, 0, 8, 1);
  DO(landlock_add_rule, 5, LANDLOCK_RULE_PATH_BENEATH, &beneath, 77); DO(landlock_add_rule, -1, 99, &beneath, 0); DO(landlock_restrict_self, 5, 1);
  DO(perf_event_open, &counter, 99999999, -1, -1, PERF_FLAG_FD_CLOEXEC); DO(perf_event_open, &software, 5, -1, 6, 0x100); DO(perf_event_open, 0, 0, 0, 0, 0);
  DO(io_uring_setup, 0, &ring); DO(io_uring_setup, 1U << 31, &completions); DO(io_uring_setup, 5, &attached);
  DO(io_uring_register, 5, IORING_REGISTER_FILES, numbers, 3); DO(io_uring_register, -1, IORING_UNREGISTER_BUFFERS, 0, 0); DO(io_uring_register, -1, IORING_REGISTER_BUFFERS, vector, 1);
  DO(io_uring_register, -1, 999, BAD, 5); DO(io_uring_register, -1, IORING_REGISTER_EVENTFD, numbers, 1); DO(io_uring_enter, 5, 1, 2, 0x21, BAD, 8); DO(io_uring_enter, -1, 1, 2, 0, &nodes, 8);
  DO(fanotify_init, FAN_CLASS_CONTENT | FAN_CLOEXEC | 0x80000000, O_RDONLY | O_LARGEFILE); DO(fanotify_init, 0xc, O_RDWR | O_CLOEXEC); DO(fanotify_init, 0x80000000, 0);
  DO(fanotify_mark, 5, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_OPEN | FAN_CLOSE_WRITE | FAN_ONDIR, AT_FDCWD, "/nosuch"); DO(fanotify_mark, -1, 0x80000000, 1UL << 50, 6, BAD); DO(fanotify_mark, -1, FAN_MARK_FLUSH, 0, -1, 0);
  DO(inotify_add_watch, 5, "/nosuch", 0xfff | IN_ONESHOT); DO(inotify_init1, IN_NONBLOCK | 77); DO(inotify_rm_watch, 5, -1);
  DO(quotactl, QCMD(Q_QUOTAON, USRQUOTA), "/dev/nosuch", 2, "/nosuch/quota"); DO(quotactl, QCMD(Q_GETQUOTA, GRPQUOTA), BAD, 1000, BAD);
  DO(quotactl, QCMD(Q_SYNC, 77), 0, 0, 0); DO(quotactl, QCMD(0x999, 0), "/dev/nosuch", 5, BAD); DO(quotactl_fd, 5, QCMD(Q_GETFMT, 1), 0, BAD); DO(quotactl_fd, -1, QCMD(Q_QUOTAOFF, 0), 0, 0);
  DO(membarrier, 1 << 3, 0, 0); DO(membarrier, 77, 1, 5); DO(membarrier, 0, 99, -1); DO(syslog, 10, BAD, 5); DO(syslog, 99, 0, 0); DO(syslog, 9, 0, 0);
}

static void keys(void) {
  DO(add_key, "nosuch", "a \"key\"", data, sizeof data, KEY_SPEC_THREAD_KEYRING); DO(add_key, BAD, BAD, BAD, 5, 1234); DO(request_key, "nosuch", "b", "c", KEY_SPEC_SESSION_KEYRING);
  DO(keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING - 90, 1); DO(keyctl, KEYCTL_REVOKE, 99999999); DO(keyctl, KEYCTL_CHOWN, 99999999, -1, 5); DO(keyctl, KEYCTL_SETPERM, 99999999, 0x01020000);
  DO(keyctl, KEYCTL_UPDATE, 99999999, data, 5); DO(keyctl, KEYCTL_DESCRIBE, 99999999, BAD, 5); DO(keyctl, KEYCTL_CLEAR, 99999999); DO(keyctl, KEYCTL_LINK, 99999999, -3); DO(keyctl, KEYCTL_UNLINK, 99999999, -4);
  DO(keyctl, KEYCTL_SEARCH, 99999999, "user", "desc", 0); DO(keyctl, KEYCTL_READ, 99999999, BAD, 5); DO(keyctl, KEYCTL_INSTANTIATE, 99999999, data, 3, -3); DO(keyctl, KEYCTL_NEGATE, 99999999, 5, 0);
  DO(keyctl, KEYCTL_SET_REQKEY_KEYRING, 99); DO(keyctl, KEYCTL_SET_TIMEOUT, 99999999, 5); DO(keyctl, KEYCTL_ASSUME_AUTHORITY, 99999999); DO(keyctl, KEYCTL_GET_SECURITY, 99999999, BAD, 5);
  DO(keyctl, KEYCTL_REJECT, 99999999, 5, EACCES, 0); DO(keyctl, KEYCTL_INVALIDATE, 99999999); DO(keyctl, KEYCTL_GET_PERSISTENT, 99999999, 99999999); DO(keyctl, KEYCTL_RESTRICT_KEYRING, 99999999, "x", 0);
  DO(keyctl, KEYCTL_INSTANTIATE_IOV, 99999999, vector, 1, 0); DO(keyctl, KEYCTL_MOVE, 99999999, -3, -4, 1); DO(keyctl, KEYCTL_JOIN_SESSION_KEYRING, BAD); DO(keyctl, KEYCTL_CAPABILITIES, BAD, 5); DO(keyctl, KEYCTL_DH_COMPUTE, BAD, BAD, 5, 0);
  DO(capset, &new, caps); DO(capset, &old, caps); DO(capget, &new, BAD);
}

static void mounts(void) {
  DO(mount, "/nosuch", "/nosuch", "ext4", 0xc0ed0001, "x=1"); DO(mount, 0, "/nosuch", 0, 0x1000 | 0x4000, 0); DO(mount, "none", "/nosuch", 0, 1 << 18 | 1 << 14, BAD); DO(mount, BAD, BAD, BAD, 1UL << 40, BAD);
  DO(umount2, "/nosuch", 8 | 2 | 64); DO(fsopen, BAD, 77); DO(fsconfig, 5, 0, "ro", 0, 0); DO(fsconfig, 5, 1, "source", "/dev/nosuch", 0); DO(fsconfig, 5, 2, "blob", data, 5); DO(fsconfig, 5, 3, "path", "/nosuch", AT_FDCWD);
  DO(fsconfig, 5, 5, "fd", 0, 6); DO(fsconfig, 5, 6, 0, 0, 0); DO(fsconfig, -1, 99, "x", BAD, 5); DO(fsmount, 5, 1, MOUNT_ATTR_NOSUID | 0x40000000); DO(fspick, 6, "nosuch", 0x8 | 0x100);
  DO(move_mount, 5, "", 6, "", 0x44); DO(open_tree, 6, "", 0x1000 | 0x80001); DO(mount_setattr, 6, "", 0x9000, &attributes, sizeof attributes); DO(mount_setattr, -1, "/nosuch", 0x8000, &attributes, 8); DO(mount_setattr, -1, BAD, 0, 0, 0);
  DO(pivot_root, BAD, "/nosuch"); DO(chroot, BAD); DO(name_to_handle_at, 6, "nosuch", BAD, BAD, AT_EMPTY_PATH | AT_SYMLINK_FOLLOW); DO(open_by_handle_at, 6, BAD, O_RDWR | O_CLOEXEC);
  DO(swapon, "/nosuch", 0x8000 | 5 | 0x10000); DO(acct, BAD); DO(sysfs, 1, "nosuchfs"); DO(statfs, BAD, BAD); DO(ustat, 0x12345678, BAD);
  DO(init_module, data, 5, "a=b"); DO(finit_module, 5, "a=b", 3); DO(delete_module, "nosuch", O_NONBLOCK | O_TRUNC); DO(kexec_load, 0, 99, BAD, 0x3e0001); DO(kexec_file_load, 5, -1, 5, "abcd", 8 | 64);
  DO(reboot, 0xfee1dead, 672274793, 99, 0); DO(reboot, 0xfee1dead, 5, 0xa1b2c3d4, "nosuch"); DO(iopl, 99); DO(ioperm, 65537, 5, 1); DO(lookup_dcookie, 1UL << 40, BAD, 5);
}

static void others(void) {
  DO(sched_setattr, -1, &deadline, 0); DO(sched_setattr, 99999999, &ordinary, 0); DO(sched_setattr, 99999999, &short_attr, 5); DO(sched_setscheduler, -1, SCHED_FIFO | 0x40000000, &priority); DO(sched_setscheduler, -1, 77, &priority);
  DO(sched_setparam, -1, &priority); DO(sched_setparam, -1, BAD); DO(sched_setaffinity, 99999999, 8, &nodes); DO(sched_setaffinity, 99999999, 0, 0); DO(sched_setaffinity, 99999999, 128, BAD);
  DO(ioprio_set, 1, 99999999, 2 << 13 | 4); DO(ioprio_set, 9, 5, 0xffff); DO(ioprio_get, 1, 99999999); DO(getpriority, PRIO_PGRP, 99999999);
  DO(rt_sigqueueinfo, 99999999, SIGTERM, &queued); DO(rt_tgsigqueueinfo, 99999999, 5, SIGUSR1, &queued); DO(pidfd_send_signal, 5, SIGKILL, &queued, 0); DO(pidfd_send_signal, -1, 0, BAD, 5);
  DO(pidfd_open, 99999999, 0x800); DO(pidfd_open, -1, 77); DO(pidfd_getfd, 5, 6, 1); DO(process_mrelease, 5, 1); DO(kcmp, 99999999, 5, 0, 5, 6); DO(kcmp, 99999999, 5, 2, 1, 2);
  DO(ptrace, 0x4205, 99999999, NT_PRSTATUS, &registers); DO(ptrace, 0x4204, 99999999, NT_X86_XSTATE, BAD); DO(ptrace, 24, 99999999, 1, SIGTERM); DO(ptrace, 3, 99999999, 8, BAD); DO(ptrace, 0x4206, 99999999, 0, 0x21);
  DO(ptrace, 7, 99999999, 1, 99); DO(ptrace, 0x420e, 99999999, 88, BAD); DO(ptrace, 16, 99999999, 0, 0); DO(ptrace, 4, 99999999, 0x1000, 5); DO(ptrace, 0x4203, 99999999, 0, &queued); DO(ptrace, 12, 99999999, 0, BAD);
  DO(io_submit, 5, 4, blocks); DO(io_submit, 0, 1, BAD); DO(io_setup, 5, &nodes); DO(io_destroy, nodes);
  DO(personality, 0xffffffff); DO(setgroups, 2, numbers); DO(setgroups, 65537 * 2, numbers); DO(getgroups, 5, BAD); DO(setresgid, -1, -1, -1); DO(setfsgid, -1); DO(setreuid, -1, -1); DO(setgid, -1); DO(unshare, 0x80 | 0x20000000 | 1); DO(setns, 5, 0x80);
  DO(prctl, PR_SET_MM, PR_SET_MM_MAP, BAD, 5, 0); DO(prctl, PR_SCHED_CORE, 1, 99999999, 0, 0); DO(prctl, PR_SET_MM, PR_SET_MM_EXE_FILE, 5, 0, 0); DO(prctl, PR_GET_SPECULATION_CTRL, 1, 0, 0, 0); DO(prctl, 65, 7, 0, 0, 0); DO(prctl, PR_MCE_KILL, 1, 1, 0, 0);
  DO(prctl, PR_SET_IO_FLUSHER, 5, 0, 0, 0); DO(prctl, PR_GET_IO_FLUSHER, 0, 0, 0, 1); DO(prctl, PR_TASK_PERF_EVENTS_ENABLE); DO(prctl, PR_SET_NAME, BAD); DO(prctl, PR_SET_NAME, "a name that is too long"); DO(prctl, PR_SET_PDEATHSIG, 0);
  DO(prctl, PR_CAP_AMBIENT, 2, 99, 0, 0); DO(prctl, PR_SET_ENDIAN, 0); DO(prctl, PR_SET_FPEXC, 0x80); DO(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 1); DO(prctl, PR_SET_TAGGED_ADDR_CTRL, 1, 0, 0, 5); DO(prctl, PR_PAC_RESET_KEYS, 31, 0, 0, 0); DO(prctl, PR_SET_UNALIGN, 1);
}

void steering(void) {
  filters(); rules(); keys(); mounts(); others();
}
