//! What a policy means: what every call gets, for all its arguments.

use alloc::vec::Vec;

use syscalls::Abi;

use crate::action::{Action, Errno};
use crate::condition::{Conditions, Id};

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

/// The decision for every system call: of the native ABI, and of others that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What a violation does.
    default: Action,
    conditions: Conditions,
    cases: Vec<Case>,
    /// One for each ABI, the native one first.
    tables: Vec<Table>,
}

/// What the calls of one ABI get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    abi: Abi,
    /// What a call gets of which nothing was said.
    unlisted: Action,
    /// Calls of which something was said, ascending by number, each once.
    rules: Vec<Rule>,
    /// The highest number that we have a name for.
    newest: u32,
    /// The rules and everything between them.
    ranges: Vec<Range>,
}

/// What was said of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The call's number.
    pub number: u32,
    /// What it gets.
    pub answer: Answer,
    /// The place of what said so ([`crate::Sources::rule`]); for a decision, of what answers when no
    /// case applies.
    pub origin: u32,
}

/// What a call gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The same for all arguments.
    Action(Action),
    /// It depends.
    Decision(Decision),
}

/// Cases, of which the first that applies answers, and an answer where none does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    first: u32,
    count: u32,
    /// The answer where no case applies.
    pub otherwise: Action,
}

/// A condition on the arguments and what a call gets where it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// The condition, in [`Policy::conditions`].
    pub condition: Id,
    /// What the call gets.
    pub action: Action,
    /// The place of what said so ([`crate::Sources::rule`]).
    pub origin: u32,
}

/// Consecutive call numbers with one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first number.
    pub first: u32,
    /// The last number, included.
    pub last: u32,
    /// What they get.
    pub answer: Answer,
}

impl Policy {
    /// A policy without any call; [`Policy::add`] brings them, the native ABI's first.
    pub(crate) fn new(default: Action, conditions: Conditions, cases: Vec<Case>) -> Policy {
        Policy {
            default,
            conditions,
            cases,
            tables: Vec::new(),
        }
    }

    /// Adds what an ABI's calls get; `rules` ascend by number, each number once.
    ///
    /// Adds what follows from them: restart_syscall wherever a call that it resumes is allowed, and
    /// ENOSYS for newer calls that libcs can do without when the others get an error.
    pub(crate) fn add(&mut self, abi: Abi, unlisted: Action, rules: Vec<Rule>) {
        let mut table = Table {
            abi,
            unlisted,
            rules,
            newest: syscalls::newest(abi),
            ranges: Vec::new(),
        };
        if unlisted != Action::Allow {
            table.add_restart(self);
            table.add_fall_backs();
        }
        table.ranges = table.find_ranges();
        self.tables.push(table);
    }

    /// What happens to a call: `audit`, `number` and `arguments` as the kernel shows them to a filter
    /// (`seccomp_data.arch`, `.nr` and `.args`, seccomp(2)).
    pub fn decide(&self, audit: u32, number: u32, arguments: &[u64; 6]) -> Action {
        self.decide_with_origin(audit, number, arguments).0
    }

    /// As [`Policy::decide`], with the place of the rule that decided
    /// ([`crate::Sources::rule`]), which is no place where none did.
    pub fn decide_with_origin(
        &self,
        audit: u32,
        number: u32,
        arguments: &[u64; 6],
    ) -> (Action, u32) {
        let table = self.tables.iter().find(|table| table.abi.audit() == audit);
        let Some(table) = table else {
            return (self.default, NO_RULE);
        };
        if number == MINUS_ONE {
            return (table.minus_one_action(), NO_RULE);
        }
        if table.abi == Abi::X86_64 && number & Abi::X32_BIT != 0 {
            return (self.default, NO_RULE);
        }
        match table.rule(number) {
            None => (table.unlisted(number), NO_RULE),
            Some(rule) => match rule.answer {
                Answer::Action(action) => (action, rule.origin),
                Answer::Decision(decision) => self.weigh(&decision, rule.origin, arguments),
            },
        }
    }

    /// What a decision of this policy comes to for some arguments.
    pub fn settle(&self, decision: &Decision, arguments: &[u64; 6]) -> Action {
        self.weigh(decision, NO_RULE, arguments).0
    }

    fn weigh(&self, decision: &Decision, origin: u32, arguments: &[u64; 6]) -> (Action, u32) {
        let applies = |case: &&Case| self.conditions.holds(case.condition, arguments);
        match self.cases(decision).iter().find(applies) {
            Some(case) => (case.action, case.origin),
            None => (decision.otherwise, origin),
        }
    }

    /// The cases of a decision of this policy, in order.
    pub fn cases(&self, decision: &Decision) -> &[Case] {
        let first = decision.first as usize;
        let cases = self.cases.get(first..first + decision.count as usize);
        cases.unwrap_or_default()
    }

    /// The conditions of all cases.
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// The ABIs with what their calls get, the native one first.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// What the calls of the native ABI get.
    pub fn native(&self) -> &Table {
        &self.tables[0]
    }

    /// The native ABI.
    pub fn abi(&self) -> Abi {
        self.native().abi
    }

    /// What a violation does; also what a call of any other ABI gets.
    pub fn default_action(&self) -> Action {
        self.default
    }

    /// Every action that the policy can give, each once.
    pub fn actions(&self) -> Vec<Action> {
        let mut actions = alloc::vec![self.default];
        let mut note = |action| {
            if !actions.contains(&action) {
                actions.push(action);
            }
        };
        self.cases.iter().for_each(|case| note(case.action));
        for table in &self.tables {
            note(table.minus_one_action());
            for range in &table.ranges {
                note(range.answer.otherwise());
            }
        }
        actions
    }

    /// Whether a call runs for some arguments.
    pub fn may_run(&self, answer: Answer) -> bool {
        self.may_get(answer, Action::runs)
    }

    fn may_get(&self, answer: Answer, is_such: impl Fn(Action) -> bool) -> bool {
        let cases = match &answer {
            Answer::Action(_) => &[],
            Answer::Decision(decision) => self.cases(decision),
        };
        is_such(answer.otherwise()) || cases.iter().any(|case| is_such(case.action))
    }

    /// Whether a call runs for all arguments.
    pub fn always_runs(&self, answer: Answer) -> bool {
        let cases = match &answer {
            Answer::Action(_) => &[],
            Answer::Decision(decision) => self.cases(decision),
        };
        answer.otherwise().runs() && cases.iter().all(|case| case.action.runs())
    }
}

/// The origin of what no rule said.
pub const NO_RULE: u32 = u32::MAX;

impl Answer {
    /// The action, or where it depends, what it is where no case applies.
    pub fn otherwise(self) -> Action {
        match self {
            Answer::Action(action) => action,
            Answer::Decision(decision) => decision.otherwise,
        }
    }
}

impl Decision {
    /// A decision over `count` cases from `first` on.
    pub(crate) fn new(first: u32, count: u32, otherwise: Action) -> Decision {
        Decision {
            first,
            count,
            otherwise,
        }
    }
}

impl Table {
    /// The ABI.
    pub fn abi(&self) -> Abi {
        self.abi
    }

    /// What was said of calls, ascending by number.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What a call of this number gets.
    pub fn answer(&self, number: u32) -> Answer {
        match self.rule(number) {
            Some(rule) => rule.answer,
            None => Answer::Action(self.unlisted(number)),
        }
    }

    /// What a call gets of which nothing was said and that we have a name for.
    pub fn unlisted_action(&self) -> Action {
        self.unlisted
    }

    /// All numbers up to [`LAST`] as ranges of equal answer, ascending. On x86_64 those with bit 30
    /// are x32's, and no range speaks for them.
    pub fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    /// Number −1 does nothing in the kernel, so letting it through is harmless; it is refused only
    /// where anything unlisted ends the program anyway.
    pub fn minus_one_action(&self) -> Action {
        match self.unlisted {
            ending @ (Action::KillProcess | Action::KillThread | Action::Trap) => ending,
            _ => Action::Allow,
        }
    }

    fn add_restart(&mut self, policy: &Policy) {
        let abi = self.abi;
        let mut resumed = None;
        for number in RESTARTED
            .iter()
            .filter_map(|name| syscalls::number(abi, name))
        {
            let Some(answer) = self.rule(number).map(|rule| rule.answer) else {
                continue;
            };
            // What leaves no record needs none when it is resumed.
            if policy.may_get(answer, |action| action == Action::Allow) {
                resumed = Some(Action::Allow);
            } else if resumed.is_none() && policy.may_run(answer) {
                resumed = Some(Action::Log);
            }
        }
        let restart = syscalls::number(abi, "restart_syscall");
        if let Some((restart, action)) = restart.zip(resumed) {
            self.add_unless_named(restart, action);
        }
    }

    fn add_fall_backs(&mut self) {
        if let Action::Errno(_) = self.unlisted {
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
        if let Err(at) = self.rules.binary_search_by_key(&number, |rule| rule.number) {
            let answer = Answer::Action(action);
            self.rules.insert(
                at,
                Rule {
                    number,
                    answer,
                    origin: NO_RULE,
                },
            );
        }
    }

    /// What was said of a call, if anything was.
    fn rule(&self, number: u32) -> Option<&Rule> {
        let found = self.rules.binary_search_by_key(&number, |rule| rule.number);
        self.rules.get(found.ok()?)
    }

    fn unlisted(&self, number: u32) -> Action {
        match self.unlisted {
            Action::Errno(_) if number > self.newest => Action::Errno(Errno::ENOSYS),
            unlisted => unlisted,
        }
    }

    /// Asks what every number gets that a rule or a name could set apart. The numbers ascend, so the
    /// rules are walked along with them instead of searched for each.
    fn find_ranges(&self) -> Vec<Range> {
        let mut rules = &self.rules[..];
        let mut answer_of = |number: u32| {
            while rules.first().is_some_and(|rule| rule.number < number) {
                rules = &rules[1..];
            }
            match rules {
                [next, ..] if next.number == number => next.answer,
                _ => Answer::Action(self.unlisted(number)),
            }
        };
        let mut ranges: Vec<Range> = Vec::new();
        let mut current = Range {
            first: 0,
            last: LAST,
            answer: answer_of(0),
        };
        for number in self.edges() {
            let answer = answer_of(number);
            if answer != current.answer {
                ranges.push(Range {
                    last: number - 1,
                    ..current
                });
                current = Range {
                    first: number,
                    last: LAST,
                    answer,
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
            .map(|rule| rule.number)
            .filter(move |&number| number >= dense);
        (1..=dense).chain(above.flat_map(|number| [number, number + 1]))
    }
}
