//! What a door prints before it loads the filter: a line for each item, and notes.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use syscalls::Abi;

use crate::action::{Action, Described};
use crate::compile::Told;
use crate::error::escaped;
use crate::list::{Item, Target};
use crate::meaning::{Answer, Policy};

/// Something worth knowing about a list that is not an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The name belongs to another architecture.
    Skipped {
        /// The call.
        name: String,
        /// The ABI that does not have it.
        abi: Abi,
    },
    /// io_uring does what the list restricts, without system calls that a filter sees.
    IoUring {
        /// The first restricted call that io_uring can do.
        restricted: &'static str,
    },
    /// The `actions_logged` sysctl lacks `log`. Only a door can know; it adds this note itself.
    Unrecorded,
    /// What the reader of another format noticed; the doors add it.
    Foreign(String),
    /// A call of another ABI that does what others do, by a number in its first argument.
    Multiplexed {
        /// The call.
        name: &'static str,
        /// The restricted call that it can do.
        restricted: &'static str,
    },
    /// The kernel runs this call before it asks any filter.
    Unfilterable {
        /// The call.
        name: &'static str,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Skipped { name, abi } => {
                write!(f, "{name} is not a system call of {abi}; skipped")
            }
            Note::IoUring { restricted } => write!(
                f,
                "io_uring_setup is allowed, and io_uring does {restricted} without a system call that a filter sees; deny io_uring_setup too"
            ),
            Note::Foreign(note) => f.write_str(note),
            Note::Multiplexed { name, restricted } => write!(
                f,
                "{name} of x86 may run, and does {restricted} with arguments that no filter sees; deny {name} too"
            ),
            Note::Unrecorded => f.write_str(
                "the sysctl kernel.seccomp.actions_logged lacks \"log\"; logged calls leave no record",
            ),
            Note::Unfilterable { name } => write!(
                f,
                "the kernel runs {name} before any filter; denying it has no effect"
            ),
        }
    }
}

/// Calls that io_uring can do in a program's stead.
const DONE_BY_IO_URING: [&str; 9] = [
    "openat", "openat2", "open", "connect", "socket", "accept", "accept4", "unlinkat", "unlink",
];

/// Calls that the kernel exempts from filters (`seccomp_is_const_allow` and the uretprobe trampoline, kernel/seccomp.c).
const NEVER_FILTERED: [&str; 2] = ["uretprobe", "uprobe"];

/// About as many bytes as a line of the announcement adds to a name.
const LINE: usize = 40;

/// Lines in the order of the list, each thing once.
pub(crate) struct Announcement {
    pub(crate) text: String,
    own: Action,
    /// By number: whether the list's own action was announced for the call.
    listed: Vec<bool>,
    /// Everything else that was announced: of which call, what, and with which action.
    others: Vec<(u32, String, Action)>,
}

impl Announcement {
    /// An announcement of about `items` items that take `length` bytes; `own` needs no mention.
    pub(crate) fn new(own: Action, items: usize, length: usize) -> Announcement {
        Announcement {
            text: String::with_capacity(length + items * LINE),
            own,
            listed: alloc::vec![false; USUAL_LISTED],
            others: Vec::new(),
        }
    }

    /// Announces a call of the native ABI without a condition.
    pub(crate) fn call(&mut self, number: u32, name: &str, action: Action) {
        let index = number as usize;
        if action != self.own || index >= MOST_LISTED {
            return self.thing(number, String::from(name), action);
        }
        if index >= self.listed.len() {
            self.listed.resize(index + 64, false);
        }
        if !core::mem::replace(&mut self.listed[index], true) {
            self.line(name, action);
        }
    }

    /// Announces an item that is more than a name.
    pub(crate) fn item(&mut self, abi: Abi, item: &Item<'_>, told: Told, action: Action) {
        let mut thing = match item.target {
            Target::Number(number) => match syscalls::name(abi, number) {
                Some(name) => String::from(name),
                None => alloc::format!("{number}"),
            },
            _ => alloc::format!("{}", item.target),
        };
        if let Some(guard) = item.guard {
            thing.push('(');
            thing.push_str(&escaped(guard.text.trim_ascii()));
            thing.push(')');
        } else if let Some(number) = told.number {
            return self.call(number, &thing, action);
        }
        if matches!(item.target, Target::Group(_)) {
            // Writing to a String cannot fail.
            let _ = write!(thing, " ({} system calls)", told.calls);
        }
        self.thing(told.number.unwrap_or(u32::MAX), thing, action);
    }

    /// Announces a group, a file or a call with a condition; `number` is that of the call, if it is
    /// one.
    pub(crate) fn thing(&mut self, number: u32, thing: String, action: Action) {
        let known = |(call, other, with): &(u32, String, Action)| {
            *call == number && *with == action && *other == thing
        };
        if !self.others.iter().any(known) {
            self.line(&thing, action);
            self.others.push((number, thing, action));
        }
    }

    fn line(&mut self, words: &str, action: Action) {
        self.text.push_str("adding ");
        self.text.push_str(words);
        self.text.push_str(" to the process seccomp filter");
        if action != self.own {
            // Writing to a String cannot fail.
            let _ = write!(self.text, " ({})", Described(action));
        }
        self.text.push('\n');
    }
}

/// Nearly all calls have lower numbers.
const USUAL_LISTED: usize = 512;
/// No call has a number this high.
const MOST_LISTED: usize = 4096;

/// What follows from a whole policy: calls that a filter does not see, and a way around it.
pub(crate) fn notes(policy: &Policy) -> impl Iterator<Item = Note> {
    let native = policy.tables().first();
    let answer = move |name: &str| {
        let table = native?;
        Some(table.answer(syscalls::number(table.abi(), name)?))
    };
    let denied = move |name: &&&str| {
        let deny_list = native.is_some_and(|table| table.unlisted_action() == Action::Allow);
        deny_list && answer(name).is_some_and(|answer| answer != Answer::Action(Action::Allow))
    };
    let unfilterable = NEVER_FILTERED.iter().filter(denied);
    let unfilterable = unfilterable.map(|name| Note::Unfilterable { name });
    let mut restricted = DONE_BY_IO_URING
        .iter()
        .filter(move |name| answer(name).is_some_and(|answer| !policy.always_runs(answer)));
    let io_uring = answer("io_uring_setup").filter(|&answer| policy.may_run(answer));
    let io_uring = io_uring.and_then(|_| restricted.next());
    let io_uring = io_uring.map(|restricted| Note::IoUring { restricted });
    unfilterable.chain(io_uring).chain(multiplexed(policy))
}

/// Calls of x86 that do the work of others, and those (arch/x86/entry/syscalls/syscall_32.tbl).
const MULTIPLEXERS: [(&str, &[&str]); 2] = [
    (
        "socketcall",
        &[
            "socket",
            "connect",
            "bind",
            "accept4",
            "sendto",
            "setsockopt",
        ],
    ),
    ("ipc", &["shmat", "shmget", "msgsnd", "semctl"]),
];

fn multiplexed(policy: &Policy) -> impl Iterator<Item = Note> {
    let table = policy.tables().iter().find(|table| table.abi() == Abi::X86);
    MULTIPLEXERS.iter().filter_map(move |&(name, others)| {
        let table = table?;
        let answer = |name: &str| Some(table.answer(syscalls::number(Abi::X86, name)?));
        answer(name).filter(|&answer| policy.may_run(answer))?;
        let restricted =
            |other: &&&str| answer(other).is_some_and(|answer| !policy.always_runs(answer));
        let restricted = others.iter().find(restricted)?;
        Some(Note::Multiplexed { name, restricted })
    })
}
