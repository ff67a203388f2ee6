//! What a policy means: the action of every call.

use alloc::vec::Vec;

use syscalls::Abi;

use crate::action::{Action, Errno};

/// The call number that tracers write to skip a call; the kernel answers it with ENOSYS.
pub const MINUS_ONE: u32 = u32::MAX;

/// The highest number that a call could have: the one before −1.
pub const LAST: u32 = MINUS_ONE - 1;

/// Calls whose absence libcs know how to live with, if they hear ENOSYS and nothing else.
const FALL_BACK: [&str; 8] = [
    "clone3",
    "openat2",
    "faccessat2",
    "fchmodat2",
    "statx",
    "close_range",
    "futex_waitv",
    "epoll_pwait2",
];

/// Calls that restart_syscall(2) resumes: it continues what was permitted before.
const RESTARTED: [&str; 4] = ["nanosleep", "clock_nanosleep", "poll", "futex"];

/// Whether a list says what may be called or what may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What is not listed is a violation.
    AllowList,
    /// What is listed is a violation.
    DenyList,
}

/// The decision for every system call of one native ABI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    abi: Abi,
    mode: Mode,
    default: Action,
    /// Calls with an action of their own, ascending by number, each once.
    rules: Vec<(u32, Action)>,
    /// The highest number that we have a name for.
    newest: u32,
    /// The rules and everything between them.
    ranges: Vec<Range>,
}

/// Consecutive call numbers with one action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first number.
    pub first: u32,
    /// The last number, included.
    pub last: u32,
    /// Their action.
    pub action: Action,
}

impl Policy {
    /// A policy from what was said of single calls; `rules` ascend by number, each number once.
    ///
    /// Adds what follows from them: restart_syscall wherever a call that it resumes is allowed, and
    /// ENOSYS for newer calls that libcs can do without when violations get an error.
    pub(crate) fn new(abi: Abi, mode: Mode, default: Action, rules: Vec<(u32, Action)>) -> Policy {
        let mut policy = Policy {
            abi,
            mode,
            default,
            rules,
            newest: syscalls::newest(abi),
            ranges: Vec::new(),
        };
        if mode == Mode::AllowList {
            policy.add_restart();
            policy.add_fall_backs();
        }
        policy.ranges = policy.find_ranges();
        policy
    }

    fn add_restart(&mut self) {
        let abi = self.abi;
        let named = |name: &&str| self.rule(syscalls::number(abi, name)?);
        // Allow sorts before log: a call that leaves no record needs none when it is resumed.
        let resumed = RESTARTED
            .iter()
            .filter_map(named)
            .filter(|action| action.runs())
            .min();
        let restart = syscalls::number(abi, "restart_syscall");
        if let Some((restart, action)) = restart.zip(resumed) {
            self.add_unless_named(restart, action);
        }
    }

    fn add_fall_backs(&mut self) {
        if let Action::Errno(_) = self.default {
            let abi = self.abi;
            for call in FALL_BACK
                .iter()
                .filter_map(|name| syscalls::number(abi, name))
            {
                self.add_unless_named(call, Action::Errno(Errno::ENOSYS));
            }
        }
    }

    fn add_unless_named(&mut self, number: u32, action: Action) {
        if let Err(at) = self.rules.binary_search_by_key(&number, |rule| rule.0) {
            self.rules.insert(at, (number, action));
        }
    }

    /// What happens to a call: `audit` and `number` as the kernel shows them to a filter
    /// (`seccomp_data.arch` and `.nr`, seccomp(2)).
    pub fn decide(&self, audit: u32, number: u32) -> Action {
        if audit != self.abi.audit() {
            return self.default;
        }
        if number == MINUS_ONE {
            return self.minus_one();
        }
        if self.abi == Abi::X86_64 && number & Abi::X32_BIT != 0 {
            return self.default;
        }
        self.native(number)
    }

    /// Number −1 does nothing in the kernel, so letting it through is harmless; it is refused only
    /// where anything unlisted ends the program anyway.
    fn minus_one(&self) -> Action {
        match (self.mode, self.default) {
            (Mode::AllowList, Action::KillProcess | Action::KillThread | Action::Trap) => {
                self.default
            }
            _ => Action::Allow,
        }
    }

    fn native(&self, number: u32) -> Action {
        self.rule(number).unwrap_or_else(|| self.unlisted(number))
    }

    /// What was said of a call, if anything was.
    fn rule(&self, number: u32) -> Option<Action> {
        let at = self
            .rules
            .binary_search_by_key(&number, |rule| rule.0)
            .ok()?;
        Some(self.rules[at].1)
    }

    fn unlisted(&self, number: u32) -> Action {
        match (self.mode, self.default) {
            (Mode::DenyList, _) => Action::Allow,
            (Mode::AllowList, Action::Errno(_)) if number > self.newest => {
                Action::Errno(Errno::ENOSYS)
            }
            (Mode::AllowList, default) => default,
        }
    }

    /// The native ABI.
    pub fn abi(&self) -> Abi {
        self.abi
    }

    /// What a violation does.
    pub fn default_action(&self) -> Action {
        self.default
    }

    /// The action of number −1 on the native ABI.
    pub fn minus_one_action(&self) -> Action {
        self.decide(self.abi.audit(), MINUS_ONE)
    }

    /// All numbers up to [`LAST`] as ranges of equal action, ascending. On x86_64 those with bit 30
    /// are x32's, and no range speaks for them.
    pub fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    /// Asks what every number gets that a rule or a name could set apart. The numbers ascend, so the
    /// rules are walked along with them instead of searched for each.
    fn find_ranges(&self) -> Vec<Range> {
        let mut rules = &self.rules[..];
        let mut action_of = |number: u32| {
            while rules.first().is_some_and(|rule| rule.0 < number) {
                rules = &rules[1..];
            }
            match rules {
                [(next, action), ..] if *next == number => *action,
                _ => self.unlisted(number),
            }
        };
        let mut ranges: Vec<Range> = Vec::new();
        let mut current = Range {
            first: 0,
            last: LAST,
            action: action_of(0),
        };
        for number in self.edges() {
            let action = action_of(number);
            if action != current.action {
                ranges.push(Range {
                    last: number - 1,
                    ..current
                });
                current = Range {
                    first: number,
                    last: LAST,
                    action,
                };
            }
        }
        ranges.push(current);
        ranges
    }

    /// Every number up to the one behind the newest known, then each rule above it and what follows it.
    fn edges(&self) -> impl Iterator<Item = u32> {
        let dense = self.newest + 1;
        let above = self
            .rules
            .iter()
            .map(|rule| rule.0)
            .filter(move |&number| number >= dense);
        (1..=dense).chain(above.flat_map(|number| [number, number + 1]))
    }

    /// Every action that the policy can give, each once.
    pub fn actions(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        let given = self.ranges.iter().map(|range| range.action);
        for action in given.chain([self.default, self.minus_one_action()]) {
            if !actions.contains(&action) {
                actions.push(action);
            }
        }
        actions
    }
}
