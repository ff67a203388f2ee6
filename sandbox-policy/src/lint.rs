//! What a list probably does not mean.

use policy::{Mode, Policy};

/// Calls that can do each other's work: a deny-list that names some of them stops nobody.
const FAMILIES: [&[&str]; 14] = [
    &["open", "openat", "openat2", "creat", "open_by_handle_at"],
    &["clone", "clone3", "fork", "vfork"],
    &["execve", "execveat"],
    &["unlink", "unlinkat", "rmdir"],
    &["rename", "renameat", "renameat2"],
    &["chmod", "fchmod", "fchmodat", "fchmodat2"],
    &["chown", "fchown", "lchown", "fchownat"],
    &["link", "linkat"],
    &["symlink", "symlinkat"],
    &["mkdir", "mkdirat"],
    &["mknod", "mknodat"],
    &["accept", "accept4"],
    &["mount", "fsmount", "move_mount", "open_tree"],
    &["mprotect", "pkey_mprotect"],
];

/// What older C libraries call, and what newer ones call instead.
const REPLACED: [(&str, &str); 14] = [
    ("fstat", "newfstatat"),
    ("stat", "newfstatat"),
    ("lstat", "newfstatat"),
    ("open", "openat"),
    ("access", "faccessat"),
    ("faccessat", "faccessat2"),
    ("fork", "clone"),
    ("clone", "clone3"),
    ("pipe", "pipe2"),
    ("dup2", "dup3"),
    ("poll", "ppoll"),
    ("select", "pselect6"),
    ("epoll_wait", "epoll_pwait"),
    ("getdents", "getdents64"),
];

/// Calls that reach beyond the program: other processes' memory, the kernel, the machine.
const DANGEROUS: [&str; 18] = [
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_getfd",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "open_by_handle_at",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "mount",
    "pivot_root",
    "reboot",
    "iopl",
    "ioperm",
];

/// Everything found, a sentence each.
pub(crate) fn findings(policy: &Policy, mode: Mode) -> Vec<String> {
    let lint = Lint { policy };
    match mode {
        Mode::DenyList => lint.gaps().collect(),
        Mode::AllowList => lint.replaced().chain(lint.dangerous()).collect(),
    }
}

struct Lint<'a> {
    policy: &'a Policy,
}

impl Lint<'_> {
    /// Whether a call runs; nothing where the ABI does not have it.
    fn runs(&self, name: &str) -> Option<bool> {
        let abi = self.policy.abi();
        let number = syscalls::number(abi, name)?;
        Some(self.policy.decide(abi.audit(), number, &[0; 6]).runs())
    }

    fn gaps(&self) -> impl Iterator<Item = String> {
        FAMILIES.iter().filter_map(|family| {
            let stopped: Vec<&str> = family
                .iter()
                .copied()
                .filter(|name| self.runs(name) == Some(false))
                .collect();
            let open: Vec<&str> = family
                .iter()
                .copied()
                .filter(|name| self.runs(name) == Some(true))
                .collect();
            let gap = !stopped.is_empty() && !open.is_empty();
            gap.then(|| {
                format!(
                    "{} is denied, but {} can do the same",
                    stopped.join(", "),
                    open.join(", ")
                )
            })
        })
    }

    fn replaced(&self) -> impl Iterator<Item = String> {
        REPLACED.iter().filter_map(|(older, newer)| {
            let left_behind = self.runs(older) == Some(true) && self.runs(newer) == Some(false);
            left_behind.then(|| {
                format!("{older} is allowed, but not {newer}, which newer C libraries call instead")
            })
        })
    }

    fn dangerous(&self) -> impl Iterator<Item = String> {
        DANGEROUS.iter().filter(|name| self.runs(name) == Some(true)).map(|name| {
            format!("{name} is allowed, and reaches beyond the program; leave it out unless the program needs it")
        })
    }
}
