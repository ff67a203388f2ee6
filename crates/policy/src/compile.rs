//! From a list to a policy, with the lines that say so.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use syscalls::Abi;

use crate::action::{Action, Described};
use crate::error::{Error, Problem};
use crate::list::{self, Item, Target, Verb};
use crate::meaning::{Mode, Policy};
use crate::nearest::nearest;
use crate::request::Request;

/// What a list comes to on one ABI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// The decisions.
    pub policy: Policy,
    /// One line per item that adds something, each with its newline.
    pub announcement: String,
    /// What the user should know but did not get wrong.
    pub notes: Vec<Note>,
}

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
    /// The kernel runs this call before it asks any filter.
    Unfilterable {
        /// The call.
        name: &'static str,
    },
}

impl Compiled {
    /// What a door prints before it loads the filter: the announcement, then a line for each note.
    pub fn report(self, door: &str) -> String {
        let mut text = self.announcement;
        for note in self.notes {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{door}: note: {note}");
        }
        text
    }
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

impl Request<'_> {
    /// Looks up the list's names on an ABI and works out what each call gets.
    ///
    /// # Errors
    /// [`Error::Item`] for a list that is not in the grammar, or an unknown name or group.
    pub fn compile(&self, abi: Abi) -> Result<Compiled, Error> {
        let mut compiler = Compiler::new(self, abi);
        for item in list::items(self.origin, self.list) {
            compiler.item(&item?)?;
        }
        Ok(compiler.finish())
    }
}

/// About as many bytes as a line of the announcement adds to a name.
const LINE: usize = 40;

/// The state while items are taken up, left to right.
struct Compiler<'a> {
    request: &'a Request<'a>,
    abi: Abi,
    /// What was said of each call, by number.
    calls: Vec<Said>,
    /// What was said of numbers that no call has yet.
    beyond: BTreeMap<u32, Said>,
    /// Actions besides the list's own that were announced, each with its call.
    announced: Vec<(u32, Action)>,
    /// Groups that were announced, each with the action it was given.
    groups: Vec<(&'static str, Action)>,
    announcement: String,
    notes: Vec<Note>,
}

/// What was said of a call.
#[derive(Clone, Copy, Default)]
struct Said {
    /// The last word; nothing stands for "never named", or "taken out again".
    action: Option<Action>,
    /// Whether the list's own action was announced for it.
    listed: bool,
}

impl<'a> Compiler<'a> {
    fn new(request: &'a Request<'a>, abi: Abi) -> Compiler<'a> {
        let dense = usize::try_from(syscalls::newest(abi) + 1).unwrap_or(0);
        let lines = 1 + request.list.iter().filter(|&&byte| byte == b':').count();
        Compiler {
            request,
            abi,
            calls: alloc::vec![Said::default(); dense],
            beyond: BTreeMap::new(),
            announced: Vec::new(),
            groups: Vec::new(),
            announcement: String::with_capacity(request.list.len() + lines * LINE),
            notes: Vec::new(),
        }
    }

    /// What an item without an action gives: the point of the list.
    fn own_action(&self) -> Action {
        match self.request.mode {
            Mode::AllowList => Action::Allow,
            Mode::DenyList => self.request.default,
        }
    }

    fn item(&mut self, item: &Item<'_>) -> Result<(), Error> {
        let action = match item.verb {
            Verb::Add => Some(self.own_action()),
            Verb::Set(action) => Some(action),
            Verb::Remove => None,
        };
        match item.target {
            Target::Number(number) => match syscalls::name(self.abi, number) {
                Some(name) => self.call(number, name, action),
                None => self.call(number, &alloc::format!("{number}"), action),
            },
            Target::Name(name) => self
                .name(name, action)
                .map_err(|problem| self.misplaced(item, problem))?,
            Target::Group(name) => self
                .group(name, action)
                .map_err(|problem| self.misplaced(item, problem))?,
        }
        Ok(())
    }

    fn misplaced(&self, item: &Item<'_>, problem: Problem) -> Error {
        Error::Item {
            origin: self.request.origin,
            item: crate::error::quoted(item.written),
            column: item.column,
            problem,
        }
    }

    fn name(&mut self, name: &str, action: Option<Action>) -> Result<(), Problem> {
        match syscalls::number(self.abi, name) {
            Some(number) => self.call(number, name, action),
            None if syscalls::exists(name) => {
                let note = Note::Skipped {
                    name: name.into(),
                    abi: self.abi,
                };
                if !self.notes.contains(&note) {
                    self.notes.push(note);
                }
            }
            None => {
                let known = syscalls::names(self.abi).map(|(known, _)| known);
                return Err(Problem::UnknownCall {
                    closest: nearest(name, known),
                });
            }
        }
        Ok(())
    }

    fn group(&mut self, name: &str, action: Option<Action>) -> Result<(), Problem> {
        let Some(group) = syscalls::group(name) else {
            if name.starts_with("pledge-") {
                return Err(Problem::Unsupported("groups with conditions on arguments"));
            }
            let known = syscalls::groups().map(syscalls::Group::name);
            return Err(Problem::UnknownGroup {
                closest: nearest(name, known),
            });
        };
        let members = group.numbers(self.abi);
        for &number in &members {
            self.said(number).action = action;
        }
        if let Some(action) =
            action.filter(|&action| !self.groups.contains(&(group.name(), action)))
        {
            self.groups.push((group.name(), action));
            let words = alloc::format!("@{} ({} system calls)", group.name(), members.len());
            self.announce(action, &words);
        }
        Ok(())
    }

    fn said(&mut self, number: u32) -> &mut Said {
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        match self.calls.get_mut(index) {
            Some(said) => said,
            None => self.beyond.entry(number).or_default(),
        }
    }

    fn call(&mut self, number: u32, name: &str, action: Option<Action>) {
        self.said(number).action = action;
        let Some(action) = action else { return };
        let known = match action == self.own_action() {
            true => core::mem::replace(&mut self.said(number).listed, true),
            false => self.announced.contains(&(number, action)),
        };
        if known {
            return;
        }
        if action != self.own_action() {
            self.announced.push((number, action));
        }
        self.announce(action, name);
    }

    fn announce(&mut self, action: Action, words: &str) {
        self.announcement.push_str("adding ");
        self.announcement.push_str(words);
        self.announcement.push_str(" to the process seccomp filter");
        if action != self.own_action() {
            // Writing to a String cannot fail.
            let _ = write!(self.announcement, " ({})", Described(action));
        }
        self.announcement.push('\n');
    }

    fn finish(mut self) -> Compiled {
        let calls = (0..).zip(self.calls.iter().copied());
        let beyond = self.beyond.iter().map(|(&number, &said)| (number, said));
        let rules: Vec<_> = calls
            .chain(beyond)
            .filter_map(|(number, said)| Some((number, said.action?)))
            .collect();
        if self.request.mode == Mode::DenyList {
            self.note_unfilterable(&rules);
        }
        let policy = Policy::new(self.abi, self.request.mode, self.request.default, rules);
        self.note_io_uring(&policy);
        Compiled {
            policy,
            announcement: self.announcement,
            notes: self.notes,
        }
    }

    fn note_unfilterable(&mut self, rules: &[(u32, Action)]) {
        for name in NEVER_FILTERED {
            let number = syscalls::number(self.abi, name);
            if rules
                .iter()
                .any(|(call, action)| Some(*call) == number && *action != Action::Allow)
            {
                self.notes.push(Note::Unfilterable { name });
            }
        }
    }

    fn note_io_uring(&mut self, policy: &Policy) {
        let runs = |name: &str| {
            let number = syscalls::number(self.abi, name);
            number.is_some_and(|number| policy.decide(self.abi.audit(), number).runs())
        };
        let on_this_abi = |name: &&&str| syscalls::number(self.abi, name).is_some();
        let mut restricted = DONE_BY_IO_URING
            .iter()
            .filter(on_this_abi)
            .filter(|name| !runs(name));
        if let Some(restricted) = restricted.next().filter(|_| runs("io_uring_setup")) {
            self.notes.push(Note::IoUring { restricted });
        }
    }
}
