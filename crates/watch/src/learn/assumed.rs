//! What a policy needs that a run need not have shown: how a program ends, what a signal or a slow
//! clock makes of it, and what its threads do only when they meet.
//!
//! Everything here is marked in the file with the reason, and goes unmarked once it was seen.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::learn::selectors::{Selector, Values};

/// What is known of the program besides its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// Whether it was built by Go, whose runtime makes calls when its timing asks for them.
    pub go: bool,
    /// Whether it makes threads, where that is known without having been seen.
    pub threads: bool,
}

/// A call, or some uses of it, that a policy allows unseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assumption {
    /// The values of the selecting arguments, in their order; none: any use.
    pub(crate) uses: Vec<Vec<u64>>,
    pub(crate) why: &'static str,
}

/// For calls of `--assume`.
pub(crate) const ASKED: &str = "by --assume";

const ENDS: &str = "every program ends";
const HANDLER: &str = "a signal handler returns";
const RESUMES: &str = "a stopped call resumes";
const VDSO: &str = "the vDSO may fall back to it";
const LOCKS: &str = "locks depend on timing";
const MEMORY: &str = "malloc and threads depend on timing";
const GO: &str = "the Go runtime depends on timing";

/// Calls that every program may make.
#[rustfmt::skip]
const ALWAYS: [(&str, &str); 9] = [
    ("exit_group", ENDS), ("rt_sigreturn", HANDLER), ("restart_syscall", RESUMES), ("clock_getres", VDSO),
    ("clock_gettime", VDSO), ("getcpu", VDSO), ("getrandom", VDSO), ("gettimeofday", VDSO), ("time", VDSO),
];

/// A call's uses, as constants of its selecting arguments.
type Uses = (
    &'static str,
    &'static [&'static [&'static str]],
    &'static str,
);

/// What C libraries do for threads, at times of their own choice. A second arena of glibc's malloc asks
/// for the number of processors; waiting for a thread's end uses a lock that is not private.
#[rustfmt::skip]
const THREADS: [Uses; 11] = [
    ("exit", &[], MEMORY), ("munmap", &[], MEMORY), ("rseq", &[], MEMORY), ("rt_sigprocmask", &[], MEMORY),
    ("sched_getaffinity", &[], MEMORY), ("sched_yield", &[], LOCKS), ("set_robust_list", &[], MEMORY),
    ("futex", &[
        &["FUTEX_WAIT_PRIVATE"], &["FUTEX_WAKE_PRIVATE"], &["FUTEX_WAIT_BITSET_PRIVATE"],
        &["FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME"], &["FUTEX_WAIT_BITSET|FUTEX_CLOCK_REALTIME"],
        &["FUTEX_WAIT"], &["FUTEX_WAKE"],
    ], LOCKS),
    ("mmap", &[
        &["PROT_NONE", "MAP_PRIVATE|MAP_ANONYMOUS"], &["PROT_NONE", "MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE"],
        &["PROT_NONE", "MAP_PRIVATE|MAP_ANONYMOUS|MAP_STACK"], &["PROT_NONE", "MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED"],
        &["PROT_READ|PROT_WRITE", "MAP_PRIVATE|MAP_ANONYMOUS"],
        &["PROT_READ|PROT_WRITE", "MAP_PRIVATE|MAP_ANONYMOUS|MAP_STACK"],
    ], MEMORY),
    ("mprotect", &[&["PROT_NONE"], &["PROT_READ|PROT_WRITE"]], MEMORY),
    ("madvise", &[&["MADV_DONTNEED"], &["MADV_FREE"], &["MADV_GUARD_INSTALL"]], MEMORY),
];

/// What Go's runtime does when its threads wait, are woken or interrupted, and when it collects.
#[rustfmt::skip]
const GO_RUNTIME: [Uses; 21] = [
    ("epoll_create1", &[], GO), ("epoll_ctl", &[], GO), ("epoll_pwait", &[], GO), ("eventfd2", &[], GO),
    ("exit", &[], GO), ("getpid", &[], GO), ("gettid", &[], GO), ("munmap", &[], GO), ("nanosleep", &[], GO),
    ("read", &[], GO), ("rt_sigaction", &[], GO), ("rt_sigprocmask", &[], GO), ("sched_yield", &[], GO),
    ("sigaltstack", &[], GO), ("write", &[], GO),
    ("clone", &[
        &["CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_SYSVSEM|CLONE_THREAD"],
        &["CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_SYSVSEM|CLONE_THREAD|CLONE_SETTLS"],
    ], GO),
    ("futex", &[&["FUTEX_WAIT_PRIVATE"], &["FUTEX_WAKE_PRIVATE"]], GO),
    ("madvise", &[
        &["MADV_DONTNEED"], &["MADV_FREE"], &["MADV_HUGEPAGE"], &["MADV_NOHUGEPAGE"], &["MADV_COLLAPSE"],
    ], GO),
    ("mmap", &[
        &["PROT_NONE", "MAP_PRIVATE|MAP_ANONYMOUS"], &["PROT_READ|PROT_WRITE", "MAP_PRIVATE|MAP_ANONYMOUS"],
        &["PROT_READ|PROT_WRITE", "MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED"],
    ], GO),
    ("prctl", &[&["PR_SET_VMA"]], GO),
    ("tgkill", &[&["SIGURG"]], GO),
];

/// What is assumed of a program, by call; `asked` are names of calls to allow whatever they do.
pub(crate) fn assumptions(facts: Facts, asked: &[String]) -> BTreeMap<String, Assumption> {
    let mut all: BTreeMap<String, Assumption> = BTreeMap::new();
    for name in asked {
        all.insert(name.clone(), Assumption::any(ASKED));
    }
    for (name, why) in ALWAYS {
        all.entry(name.into())
            .or_insert_with(|| Assumption::any(why));
    }
    let go: &[Uses] = if facts.go { &GO_RUNTIME } else { &[] };
    let threads: &[Uses] = if facts.threads { &THREADS } else { &[] };
    for (name, uses, why) in go.iter().chain(threads) {
        let entry = all.entry((*name).into());
        match entry {
            Entry::Vacant(entry) => {
                entry.insert(Assumption {
                    uses: worth(uses),
                    why,
                });
            }
            Entry::Occupied(mut entry) => entry.get_mut().add(uses),
        }
    }
    all
}

/// Whether a reason is one of ours.
pub(crate) fn is_reason(why: &str) -> bool {
    [ASKED, ENDS, HANDLER, RESUMES, VDSO, LOCKS, MEMORY, GO].contains(&why)
}

/// The uses of a call that are ever assumed.
pub(crate) fn uses_of(call: &str) -> Vec<Vec<u64>> {
    let all = THREADS.iter().chain(&GO_RUNTIME);
    let same = all.filter(|(name, _, _)| *name == call);
    same.flat_map(|(_, uses, _)| worth(uses)).collect()
}

impl Assumption {
    fn any(why: &'static str) -> Assumption {
        let uses = Vec::new();
        Assumption { uses, why }
    }

    /// Adds what the same call is needed for otherwise, unless all uses are in already.
    fn add(&mut self, uses: &[&[&str]]) {
        if !self.uses.is_empty() {
            let new = worth(uses);
            let new = new.into_iter().filter(|one| !self.uses.contains(one));
            let new: Vec<_> = new.collect();
            self.uses.extend(new);
        }
    }
}

/// The values of a use, at the places of the selecting arguments; nothing where a rule of the file made
/// others of them select.
pub(crate) fn values(selectors: &[Selector], one: &[u64]) -> Option<Values> {
    if selectors.len() != one.len() {
        return None;
    }
    let mut values = [0; 6];
    for (selector, value) in selectors.iter().zip(one) {
        values[selector.place] = *value;
    }
    Some(values)
}

fn worth(uses: &[&[&str]]) -> Vec<Vec<u64>> {
    let word = |text: &&str| {
        let parts = text.split('|').map(syscalls::constant);
        parts.sum::<Option<u64>>()
    };
    let one = |values: &&[&str]| values.iter().map(word).collect::<Option<Vec<u64>>>();
    uses.iter().filter_map(one).collect()
}
