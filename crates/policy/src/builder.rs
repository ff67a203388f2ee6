//! Rules as they are said, one after the other, until they make a policy.
//!
//! Each call has a base (never, always, or cases) and exceptions before it. Every language comes
//! through here, so they all mean the same by "allow this call under this condition".

use alloc::vec::Vec;

use syscalls::Abi;

use crate::action::Action;
use crate::condition::{Conditions, Id, Node};
use crate::meaning::{Answer, Case, Decision, Policy, Rule};
use crate::request::Mode;

/// What a list comes to, growing.
#[derive(Debug)]
pub(crate) struct Builder {
    mode: Mode,
    default: Action,
    unlisted: Action,
    conditions: Conditions,
    /// Cases of all calls, chained.
    links: Vec<Link>,
    /// Cases of finished tables.
    cases: Vec<Case>,
    /// What was said of the calls of each ABI, the native one first.
    tables: Vec<Calls>,
}

#[derive(Debug)]
struct Calls {
    abi: Abi,
    /// By number.
    known: Vec<Said>,
    /// Numbers that no call has yet, ascending.
    beyond: Vec<(u32, Said)>,
}

/// A call: the place of its ABI among those of the policy, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) table: usize,
    pub(crate) number: u32,
}

#[derive(Debug, Clone, Copy)]
struct Link {
    case: Case,
    next: u32,
}

const END: u32 = u32::MAX;

/// What was said of a call. There is one for each call, and every page that they take is one that a
/// program waits for at its start: so this is no enum of structs.
#[derive(Debug, Clone, Copy)]
struct Said {
    /// Cases before the base, the latest first.
    exceptions: u32,
    /// The base's own cases, the latest first.
    cases: u32,
    /// The base where none of its cases applies; nothing for a call that was not named, or taken out
    /// again.
    base: Option<Action>,
    /// The place of what gave the base.
    origin: u32,
}

/// What a rule means for a call: for comparing rules.
pub(crate) struct Meant {
    pub(crate) condition: Option<Id>,
    pub(crate) actions: (Action, Action),
}

impl Meant {
    /// The same for all arguments.
    pub(crate) fn always(action: Action) -> Meant {
        Meant {
            condition: None,
            actions: (action, action),
        }
    }
}

const NOTHING: Said = Said {
    exceptions: END,
    cases: END,
    base: None,
    origin: crate::meaning::NO_RULE,
};

impl Builder {
    /// A list of nothing. `default` is what a violation does.
    pub(crate) fn new(mode: Mode, default: Action, abis: &[Abi]) -> Builder {
        Builder {
            mode,
            default,
            unlisted: match mode {
                Mode::AllowList => default,
                Mode::DenyList => Action::Allow,
            },
            conditions: Conditions::default(),
            links: Vec::new(),
            cases: Vec::new(),
            tables: abis.iter().map(|&abi| Calls::new(abi)).collect(),
        }
    }

    /// The ABIs, with the places of their tables.
    pub(crate) fn abis(&self) -> impl Iterator<Item = (usize, Abi)> + use<> {
        self.abi_list().into_iter().enumerate()
    }

    /// The ABIs, the native one first.
    pub(crate) fn abi_list(&self) -> Vec<Abi> {
        self.tables.iter().map(|table| table.abi).collect()
    }

    /// How many ABIs there are.
    pub(crate) fn table_count(&self) -> usize {
        self.tables.len()
    }

    /// The ABI of a table.
    pub(crate) fn abi(&self, table: usize) -> Abi {
        self.tables[table].abi
    }

    /// What being on the list means.
    pub(crate) fn own_action(&self) -> Action {
        match self.mode {
            Mode::AllowList => Action::Allow,
            Mode::DenyList => self.default,
        }
    }

    /// Gives calls of which nothing is said another action than the mode does.
    pub(crate) fn set_unlisted(&mut self, action: Action) {
        self.unlisted = action;
    }

    /// The arena that conditions of this policy belong to.
    pub(crate) fn conditions(&mut self) -> &mut Conditions {
        &mut self.conditions
    }

    fn said(&mut self, place: Place) -> &mut Said {
        self.tables[place.table].said(place.number)
    }

    /// Puts a call on the list, for all arguments but those of its exceptions.
    pub(crate) fn add(&mut self, place: Place, origin: u32) {
        let own = self.own_action();
        let said = self.said(place);
        said.base = Some(own);
        said.cases = END;
        said.origin = origin;
    }

    /// Puts a call on the list where a condition holds; another such condition may follow.
    pub(crate) fn add_if(&mut self, place: Place, condition: Id, origin: u32) {
        let (own, unlisted) = (self.own_action(), self.unlisted_in_list());
        let said = *self.said(place);
        // A base without cases is "always" or "never", and the condition takes its place.
        let otherwise = said.base.filter(|_| said.cases != END);
        let link = self.link(condition, own, origin, said.cases);
        let said = self.said(place);
        said.base = otherwise.or(Some(unlisted));
        said.cases = link;
        said.origin = origin;
    }

    /// Gives a call an action, whatever was said of it.
    pub(crate) fn set(&mut self, place: Place, action: Action, origin: u32) {
        *self.said(place) = Said {
            base: Some(action),
            origin,
            ..NOTHING
        };
    }

    /// Gives a call an action where a condition holds, before all that was said of it.
    pub(crate) fn set_if(&mut self, place: Place, condition: Id, action: Action, origin: u32) {
        let next = self.said(place).exceptions;
        let link = self.link(condition, action, origin, next);
        self.said(place).exceptions = link;
    }

    /// Gives a call one action where a condition holds and another where it does not, whatever was
    /// said of it.
    pub(crate) fn set_both(
        &mut self,
        place: Place,
        condition: Id,
        actions: (Action, Action),
        origin: u32,
    ) {
        let link = self.link(condition, actions.0, origin, END);
        *self.said(place) = Said {
            base: Some(actions.1),
            cases: link,
            origin,
            ..NOTHING
        };
    }

    /// Whether anything was said of a call.
    pub(crate) fn is_named(&mut self, place: Place) -> bool {
        let said = self.said(place);
        said.base.is_some() || said.exceptions != END
    }

    /// Whether a call is on the list without a condition.
    pub(crate) fn is_listed(&mut self, place: Place) -> bool {
        let own = self.own_action();
        let said = self.said(place);
        said.cases == END && said.base == Some(own)
    }

    /// Whether two rules say the same in the same words.
    pub(crate) fn same(&self, one: &Meant, other: &Meant) -> bool {
        let conditions = match (one.condition, other.condition) {
            (Some(one), Some(other)) => self.conditions.same(one, other),
            (one, other) => one == other,
        };
        conditions && one.actions == other.actions
    }

    /// Takes a call out again, as if never named.
    pub(crate) fn remove(&mut self, place: Place) {
        *self.said(place) = NOTHING;
    }

    /// What a call on this kind of list gets where no condition of its own holds.
    pub(crate) fn unlisted_in_list(&self) -> Action {
        match self.mode {
            Mode::AllowList => self.default,
            Mode::DenyList => Action::Allow,
        }
    }

    fn link(&mut self, condition: Id, action: Action, origin: u32, next: u32) -> u32 {
        let case = Case {
            condition,
            action,
            origin,
        };
        self.links.push(Link { case, next });
        // Conditions are bounded, and each link needs one.
        u32::try_from(self.links.len() - 1).unwrap_or(END)
    }

    fn rule(&mut self, number: u32, said: &Said) -> Option<Rule> {
        let otherwise = match said.base {
            None if said.exceptions == END => return None,
            None => self.unlisted_in_list(),
            Some(action) => action,
        };
        let rule = Rule {
            number,
            answer: Answer::Action(otherwise),
            origin: said.origin,
        };
        Some(match (said.exceptions, said.cases) {
            (END, END) => rule,
            (exceptions, cases) => self.with_cases(exceptions, cases, rule),
        })
    }

    /// Cases in order, without those that never apply, that nothing gets to, or that change nothing.
    fn with_cases(&mut self, exceptions: u32, cases: u32, mut rule: Rule) -> Rule {
        let start = self.cases.len();
        let mut otherwise = rule.answer.otherwise();
        let mut chain = self.chain(exceptions);
        let mut based = self.chain(cases);
        based.reverse();
        chain.extend(based);
        for case in chain {
            match self.conditions.node(case.condition) {
                Node::Constant(false) => {}
                Node::Constant(true) => {
                    otherwise = case.action;
                    rule.origin = case.origin;
                    break;
                }
                _ => self.cases.push(case),
            }
        }
        let changes = |case: &Case| case.action != otherwise;
        while self.cases.len() > start && !self.cases.last().is_some_and(changes) {
            self.cases.pop();
        }
        let count = self.cases.len() - start;
        rule.answer = match (u32::try_from(start), u32::try_from(count)) {
            (Ok(first), Ok(count @ 1..)) => {
                Answer::Decision(Decision::new(first, count, otherwise))
            }
            _ => Answer::Action(otherwise),
        };
        rule
    }

    fn chain(&self, first: u32) -> Vec<Case> {
        let mut cases = Vec::new();
        let mut next = first;
        while let Some(link) = self.links.get(next as usize) {
            cases.push(link.case);
            next = link.next;
        }
        cases
    }

    /// The policy that all this comes to.
    pub(crate) fn finish(mut self) -> Policy {
        let mut tables = Vec::new();
        for calls in core::mem::take(&mut self.tables) {
            // No more room than is used: what is skipped in memory is touched later, page by page.
            let named = |said: &&Said| said.base.is_some() || said.exceptions != END;
            let count = calls.known.iter().filter(named).count() + calls.beyond.len();
            let mut rules = Vec::with_capacity(count);
            for (number, said) in (0..).zip(calls.known).chain(calls.beyond) {
                rules.extend(self.rule(number, &said));
            }
            tables.push((calls.abi, rules));
        }
        let mut policy = Policy::new(self.default, self.conditions, self.cases);
        for (abi, rules) in tables {
            policy.add(abi, self.unlisted, rules);
        }
        policy
    }
}

impl Calls {
    fn new(abi: Abi) -> Calls {
        let dense = usize::try_from(syscalls::newest(abi) + 1).unwrap_or(0);
        Calls {
            abi,
            known: alloc::vec![NOTHING; dense],
            beyond: Vec::new(),
        }
    }

    fn said(&mut self, number: u32) -> &mut Said {
        let index = number as usize;
        if index < self.known.len() {
            return &mut self.known[index];
        }
        let above = self.beyond.iter().position(|(known, _)| *known >= number);
        let at = above.unwrap_or(self.beyond.len());
        if self
            .beyond
            .get(at)
            .is_none_or(|(known, _)| *known != number)
        {
            self.beyond.insert(at, (number, NOTHING));
        }
        &mut self.beyond[at].1
    }
}
