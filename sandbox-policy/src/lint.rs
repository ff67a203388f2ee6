//! What a list probably does not mean.

use policy::{Action, Answer, Compiled, Errno, Mode, Policy};

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
pub(crate) fn findings(compiled: &Compiled, mode: Mode) -> Vec<String> {
    let lint = Lint {
        policy: &compiled.policy,
    };
    let mut findings: Vec<String> = match mode {
        Mode::DenyList => lint.gaps().collect(),
        Mode::AllowList => lint.replaced().chain(lint.dangerous()).collect(),
    };
    findings.extend(lint.blind());
    findings.extend(crate::conditions::findings(compiled));
    findings
}

struct Lint<'a> {
    policy: &'a Policy,
}

impl Lint<'_> {
    fn answer(&self, name: &str) -> Option<Answer> {
        let table = self.policy.native();
        let number = syscalls::number(table.abi(), name)?;
        Some(table.answer(number))
    }

    /// Whether a call runs for some arguments; nothing where the ABI does not have it.
    fn runs(&self, name: &str) -> Option<bool> {
        Some(self.policy.may_run(self.answer(name)?))
    }

    fn gaps(&self) -> impl Iterator<Item = String> {
        FAMILIES.iter().filter_map(|family| {
            let those = |runs: bool| -> Vec<&str> {
                let names = family.iter().copied();
                names.filter(|name| self.runs(name) == Some(runs)).collect()
            };
            let (mut stopped, open) = (those(false), those(true));
            stopped.retain(|name| !self.makes_room(name));
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

    /// Whether a call answers ENOSYS so that libcs fall back on one whose arguments a filter sees.
    fn makes_room(&self, name: &str) -> bool {
        let enosys = Answer::Action(Action::Errno(Errno::ENOSYS));
        let seen = BLIND.iter().any(|(call, sibling)| {
            *sibling == name && matches!(self.answer(call), Some(Answer::Decision(_)))
        });
        seen && self.answer(name) == Some(enosys)
    }

    fn replaced(&self) -> impl Iterator<Item = String> {
        REPLACED.iter().filter_map(|(older, newer)| {
            let left_behind = self.runs(older) == Some(true) && self.runs(newer) == Some(false);
            let falls_back =
                self.answer(newer) == Some(Answer::Action(Action::Errno(Errno::ENOSYS)));
            (left_behind && !falls_back).then(|| {
                format!("{older} is allowed, but not {newer}, which newer C libraries call instead")
            })
        })
    }

    fn dangerous(&self) -> impl Iterator<Item = String> {
        DANGEROUS.iter().filter(|name| self.runs(name) == Some(true)).map(|name| {
            format!("{name} is allowed, and reaches beyond the program; leave it out unless the program needs it")
        })
    }

    /// Calls with a condition whose sibling takes the same arguments behind a pointer.
    fn blind(&self) -> impl Iterator<Item = String> {
        BLIND.iter().filter_map(|(call, sibling)| {
            let conditional = matches!(self.answer(call), Some(Answer::Decision(_)));
            let open = self.answer(sibling).is_some_and(|answer| self.policy.may_run(answer));
            (conditional && open).then(|| {
                format!("error: {call} has a condition, but {sibling} may run, and no filter sees its arguments; deny {sibling} with ENOSYS")
            })
        })
    }
}

/// Calls, and siblings whose arguments are behind a pointer.
const BLIND: [(&str, &str); 3] = [
    ("clone", "clone3"),
    ("open", "openat2"),
    ("openat", "openat2"),
];
