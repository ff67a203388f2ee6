//! What the kernel declares the arguments of its system calls to be: from tracefs, and by hand where
//! that has nothing or where the declaration is wider than what is read.

use std::collections::BTreeMap;

/// An argument: its name and C type as tracefs has them (without `__user`), and how many of the
/// register's low bits the kernel reads.
#[derive(Clone, PartialEq, Eq)]
pub struct Argument {
    pub name: String,
    pub c_type: String,
    pub bits: u16,
}

/// The arguments of each call, in order, by the call's user-visible name.
pub type Prototypes = BTreeMap<String, Vec<Argument>>;

/// The name inside the kernel, where it is not the one of the call table (arch/x86/entry/syscalls/
/// syscall_64.tbl, third and fourth column). What the tables call `umount` is the 32-bit
/// `oldumount`, and their `sendfile64` is `sendfile` on 64-bit machines.
const RENAMED: [(&str, &str); 6] = [
    ("newfstat", "fstat"),
    ("newlstat", "lstat"),
    ("newstat", "stat"),
    ("newuname", "uname"),
    ("sendfile64", "sendfile"),
    ("umount", "umount2"),
];

/// Calls that the traced kernel was built without, that it no longer has or that it does not have
/// yet, from their SYSCALL_DEFINE.
const NOT_TRACED: [(&str, &str); 12] = [
    // kernel/module/main.c
    (
        "init_module",
        "void * umod, unsigned long len, const char * uargs",
    ),
    ("finit_module", "int fd, const char * uargs, int flags"),
    (
        "delete_module",
        "const char * name_user, unsigned int flags",
    ),
    // kernel/kexec.c and kernel/kexec_file.c
    (
        "kexec_load",
        "unsigned long entry, unsigned long nr_segments, struct kexec_segment * segments, \
         unsigned long flags",
    ),
    (
        "kexec_file_load",
        "int kernel_fd, int initrd_fd, unsigned long cmdline_len, const char * cmdline_ptr, \
         unsigned long flags",
    ),
    // arch/x86/kernel/shstk.c, arch/arm64/mm/gcs.c
    (
        "map_shadow_stack",
        "unsigned long addr, unsigned long size, unsigned int flags",
    ),
    // arch/x86/kernel/tls.c; on x86_64 only the 32-bit table has them
    ("get_thread_area", "struct user_desc * u_info"),
    ("set_thread_area", "struct user_desc * u_info"),
    // fs/exec.c of kernels that still have it
    ("uselib", "const char * library"),
    // fs/dcookies.c, until 6.8
    ("lookup_dcookie", "u64 cookie64, char * buf, size_t len"),
    // kernel/nstree.c, since 6.19
    (
        "listns",
        "const struct ns_id_req * req, u64 * ns_ids, size_t nr_ns_ids, unsigned int flags",
    ),
    // kernel/rseq.c, since 7.0
    ("rseq_slice_yield", ""),
];

/// Arguments of which the kernel drops the upper half although the prototype declares all 64 bits:
/// the calls, the argument, the bits that are read. A rule on all 64 could be passed by garbage in
/// the half that nobody looks at.
const NARROWER: [(&[&str], &str, u16); 8] = [
    // lower_32_bits(clone_flags), kernel/fork.c.
    (&["clone"], "clone_flags", 32),
    // fdget and fdget_pos take an int, include/linux/file.h.
    (
        &[
            "readv", "writev", "preadv", "pwritev", "preadv2", "pwritev2",
        ],
        "fd",
        32,
    ),
    // fget takes an unsigned int: ksys_mmap_pgoff, mm/mmap.c.
    (&["mmap"], "fd", 32),
    // import_iovec takes an unsigned, lib/iov_iter.c.
    (
        &[
            "readv",
            "writev",
            "preadv",
            "pwritev",
            "preadv2",
            "pwritev2",
            "process_madvise",
        ],
        "vlen",
        32,
    ),
    (&["process_vm_readv", "process_vm_writev"], "liovcnt", 32),
    (&["vmsplice"], "nr_segs", 32),
    // find_get_task_by_vpid takes a pid_t, kernel/ptrace.c; the request is compared as a long.
    (&["ptrace"], "pid", 32),
    // `int lmode = mode`: kernel_mbind, mm/mempolicy.c.
    (&["mbind"], "mode", 32),
];

/// The prototypes in `formats`: a line `== sys_enter_NAME` for each event, below it the `field:`
/// lines of its format that stand for arguments; and those of the lists above.
pub fn prototypes(formats: &str) -> Prototypes {
    let mut all = Prototypes::new();
    for event in formats.split("== sys_enter_").skip(1) {
        let mut lines = event.lines();
        let traced = lines.next().expect("a name");
        let renamed = RENAMED.iter().find(|(inside, _)| *inside == traced);
        let call = renamed.map_or(traced, |(_, visible)| visible);
        let declared = lines.map(|line| {
            let field = line.trim().strip_prefix("field:").expect("a field");
            field.split_once(';').expect("attributes of the field").0
        });
        all.insert(call.to_string(), declared.map(argument).collect());
    }
    for (call, declared) in NOT_TRACED {
        let declared = declared.split(", ").filter(|one| !one.is_empty());
        let before = all.insert(call.to_string(), declared.map(argument).collect());
        assert!(before.is_none(), "{call} is in the formats by now");
    }
    for (calls, name, bits) in NARROWER {
        for call in calls {
            let arguments = all.get_mut(*call).expect("a known call");
            let mut named = arguments.iter_mut().filter(|one| one.name == name);
            named.next().expect("an argument of this name").bits = bits;
        }
    }
    all
}

/// `TYPE NAME`.
fn argument(declared: &str) -> Argument {
    let (c_type, name) = declared.rsplit_once(' ').expect("TYPE NAME");
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    assert!(name.chars().all(is_word), "{declared}");
    Argument {
        name: name.to_string(),
        c_type: c_type.to_string(),
        bits: bits(c_type),
    }
}

/// The width of a C type on 64-bit machines. The `size` in tracefs is the register's, always 8.
fn bits(c_type: &str) -> u16 {
    if c_type.contains('*') {
        return 64;
    }
    match c_type.strip_prefix("const ").unwrap_or(c_type) {
        "unsigned long" | "long" | "size_t" | "off_t" | "loff_t" | "u64" | "__u64" => 64,
        // __kernel_ulong_t, include/uapi/linux/aio_abi.h.
        "aio_context_t" => 64,
        // Pointers to structures, include/uapi/linux/capability.h.
        "cap_user_header_t" | "cap_user_data_t" => 64,
        "int" | "unsigned int" | "unsigned" | "u32" | "__u32" | "__s32" => 32,
        "pid_t" | "uid_t" | "gid_t" | "qid_t" => 32,
        // All int: include/linux/types.h, include/linux/key.h, include/uapi/linux/fs.h.
        "key_t" | "mqd_t" | "timer_t" | "clockid_t" | "key_serial_t" | "rwf_t" => 32,
        "enum landlock_rule_type" => 32,
        // unsigned short, include/linux/types.h.
        "umode_t" => 16,
        unknown => panic!("how wide is {unknown}?"),
    }
}
