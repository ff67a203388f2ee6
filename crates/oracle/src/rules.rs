//! Decisions as rules of libseccomp.
//!
//! libseccomp merges the rules of a call into a tree over its arguments, and where rules overlap, or
//! begin at different arguments, it has been seen to answer neither as the one nor as the other says.
//! So the tree is built here: each argument in turn is divided into disjoint sets of values, and the
//! rules are the ways from its root to its leaves.

use std::collections::HashSet;

use policy::{Action, Conditions, Decision, Id, Node, Policy};

use crate::bits::compare;
use crate::error::Why;
use crate::limit::Limit;

/// More rules than this for one call would not leave room for others in a filter, and libseccomp takes
/// long over them.
pub(crate) const MOST_RULES: usize = 128;

/// A bound on the time that one call takes.
const MOST_STEPS: usize = 1 << 13;

/// What the arguments may be; it applies where all of them are so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Rule(pub(crate) [Option<Limit>; 6]);

/// A rule and what a call gets where it applies.
pub(crate) type Way = (Action, Rule);

impl Rule {
    /// The rule that always applies.
    pub(crate) const ALWAYS: Rule = Rule([None; 6]);

    /// A rule on one argument.
    pub(crate) fn one(argument: u8, limit: Limit) -> Rule {
        let mut rule = Rule::ALWAYS;
        let every = Limit::Masked { mask: 0, value: 0 };
        if let Some(place) = rule.0.get_mut(usize::from(argument)) {
            *place = Some(limit).filter(|limit| *limit != every);
        }
        rule
    }

    /// Where both apply, as disjoint rules.
    fn and(&self, other: &Rule) -> Vec<Rule> {
        let mut both = vec![Rule::ALWAYS];
        for (place, (one, other)) in self.0.iter().zip(other.0).enumerate() {
            let limits = match (*one, other) {
                (Some(one), Some(other)) => one.and(other),
                (None, None) => continue,
                (one, other) => one.or(other).into_iter().collect(),
            };
            both = both
                .iter()
                .flat_map(|rule| limits.iter().map(|limit| rule.with(place, *limit)))
                .collect();
        }
        both
    }

    fn with(&self, place: usize, limit: Limit) -> Rule {
        let mut rule = *self;
        rule.0[place] = Some(limit);
        rule
    }

    fn covers(&self, other: &Rule) -> bool {
        let mut pairs = self.0.iter().zip(other.0);
        pairs.all(|pair| match pair {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(one), Some(other)) => one.covers(other),
        })
    }
}

/// The rules of a decision: disjoint, each with its action, none for `unlisted`, which a call gets
/// where no rule applies.
pub(crate) fn ways(
    policy: &Policy,
    decision: &Decision,
    unlisted: Action,
) -> Result<Vec<Way>, Why> {
    let mut cases: Vec<Way> = Vec::new();
    for case in policy.cases(decision) {
        let rules = any_of(policy.conditions(), case.condition)?;
        cases.extend(rules.into_iter().map(|rule| (case.action, rule)));
    }
    cases.push((decision.otherwise, Rule::ALWAYS));
    with_one_order_per_argument(&mut cases)?;
    let mut tree = Tree {
        unlisted,
        ways: Vec::new(),
        steps: 0,
    };
    let cases: Vec<&Way> = cases.iter().collect();
    tree.grow(0, Rule::ALWAYS, &cases)?;
    Ok(tree.ways)
}

/// The ways found so far.
struct Tree {
    unlisted: Action,
    ways: Vec<Way>,
    /// Places looked at: most may lead to no rule at all.
    steps: usize,
}

impl Tree {
    /// Divides the values of this argument and all behind it. `way` says where we are, `cases` are
    /// those that may still apply, the first of them that does answers.
    fn grow(&mut self, place: usize, way: Rule, cases: &[&Way]) -> Result<(), Why> {
        let certain = |case: &&&Way| case.1.0[place..].iter().all(Option::is_none);
        let decided = cases.iter().position(|case| certain(&case));
        let Some(last) = decided else { return Ok(()) };
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err(Why::TooManyRules);
        }
        let cases = &cases[..=last];
        // All that may still apply says the same: no need to look further.
        if cases.iter().all(|case| case.0 == cases[0].0) {
            return self.put(cases[0].0, way);
        }
        let mut sets: Vec<Option<Limit>> = vec![None];
        for limit in cases.iter().filter_map(|case| case.1.0[place]) {
            sets = sets.iter().flat_map(|set| divided(*set, limit)).collect();
            // Most of what lies around single values leads to no rule, so it is not counted as rules.
            if sets.len() > MOST_STEPS {
                return Err(Why::TooManyRules);
            }
        }
        for set in sets {
            let before = self.ways.len();
            self.grow_within(place, way, cases, set)?;
            // After these libseccomp reaches what comes behind from several halves of the comparison,
            // and more than one way from there makes it run in a circle (2.5.4).
            let Some(limit) = set.filter(|set| !matches!(set, Limit::Masked { .. })) else {
                continue;
            };
            if self.ways.len() > before + 1 {
                self.ways.truncate(before);
                for part in limit.masked() {
                    self.grow_within(place, way, cases, Some(part))?;
                }
            }
        }
        Ok(())
    }

    /// Goes on where this argument is in `set`.
    fn grow_within(
        &mut self,
        place: usize,
        way: Rule,
        cases: &[&Way],
        set: Option<Limit>,
    ) -> Result<(), Why> {
        let within = |case: &&&Way| match (case.1.0[place], set) {
            (None, _) => true,
            (Some(limit), Some(set)) => !limit.and(set).is_empty(),
            (Some(_), None) => false,
        };
        let cases: Vec<&Way> = cases.iter().filter(within).copied().collect();
        let way = set.map_or(way, |set| way.with(place, set));
        self.grow(place + 1, way, &cases)
    }

    fn put(&mut self, action: Action, way: Rule) -> Result<(), Why> {
        if action != self.unlisted {
            self.ways.push((action, way));
        }
        match self.ways.len() > MOST_RULES {
            true => Err(Why::TooManyRules),
            false => Ok(()),
        }
    }
}

/// The parts of a set inside a limit and outside it.
fn divided(set: Option<Limit>, limit: Limit) -> Vec<Option<Limit>> {
    let both = |one: Limit| set.map_or_else(|| vec![one], |set| set.and(one));
    let inside = both(limit);
    if inside.is_empty() {
        return vec![set];
    }
    let outside = limit.others().into_iter().flat_map(both);
    inside.iter().copied().chain(outside).map(Some).collect()
}

/// A condition as rules, any of which may apply.
fn any_of(conditions: &Conditions, id: Id) -> Result<Vec<Rule>, Why> {
    let mut id = id;
    match conditions.node(id) {
        Node::All(..) => {
            let mut rules = vec![Rule::ALWAYS];
            while let Node::All(first, rest) = conditions.node(id) {
                rules = product(&rules, &any_of(conditions, first)?)?;
                id = rest;
            }
            product(&rules, &any_of(conditions, id)?)
        }
        Node::Any(..) => {
            let mut rules = Vec::new();
            while let Node::Any(first, rest) = conditions.node(id) {
                rules.extend(any_of(conditions, first)?);
                id = rest;
            }
            rules.extend(any_of(conditions, id)?);
            needed(rules)
        }
        Node::Compare(comparison, left, right) => compare(conditions, comparison, left, right),
        Node::Constant(true) => Ok(vec![Rule::ALWAYS]),
        // Numbers are no conditions, as `Conditions::holds` has it.
        _ => Ok(Vec::new()),
    }
}

/// Where a rule of each list applies.
fn product(one: &[Rule], other: &[Rule]) -> Result<Vec<Rule>, Why> {
    let mut both = Vec::new();
    for one in one {
        for other in other {
            both.extend(one.and(other));
        }
        bounded(&both)?;
    }
    needed(both)
}

/// Guards the time and memory of what comes before [`needed`].
fn bounded(rules: &[Rule]) -> Result<(), Why> {
    match rules.len() > 8 * MOST_RULES {
        true => Err(Why::TooManyRules),
        false => Ok(()),
    }
}

/// The rules without those that another one covers.
fn needed(rules: Vec<Rule>) -> Result<Vec<Rule>, Why> {
    bounded(&rules)?;
    let mut seen = HashSet::new();
    let rules: Vec<Rule> = rules
        .into_iter()
        .filter(|rule| seen.insert(*rule))
        .collect();
    // Different rules that cover each other do not exist, so this does not drop both.
    let others = |rule: &Rule| {
        rules
            .iter()
            .any(|other| other != rule && other.covers(rule))
    };
    let kept: Vec<Rule> = rules.iter().filter(|rule| !others(rule)).copied().collect();
    match kept.len() > MOST_RULES {
        true => Err(Why::TooManyRules),
        false => Ok(kept),
    }
}

/// libseccomp 2.5 gets rules wrong that order one argument of a call by several numbers. Where that
/// would happen, the orders are spelled out as bits.
fn with_one_order_per_argument(cases: &mut Vec<Way>) -> Result<(), Why> {
    for place in 0..6 {
        let edges: HashSet<u64> = cases
            .iter()
            .filter_map(|case| edge(case.1.0[place]))
            .collect();
        if edges.len() > 1 {
            let spelled = cases.iter().flat_map(|(action, rule)| {
                let rules = spelled_out(rule, place).into_iter();
                rules.map(move |rule| (*action, rule))
            });
            *cases = spelled.collect();
            if cases.len() > 8 * MOST_RULES {
                return Err(Why::TooManyRules);
            }
        }
    }
    Ok(())
}

/// The number that an order compares with.
fn edge(limit: Option<Limit>) -> Option<u64> {
    match limit? {
        Limit::AtLeast(edge) | Limit::Below(edge) => Some(edge),
        _ => None,
    }
}

fn spelled_out(rule: &Rule, place: usize) -> Vec<Rule> {
    match rule.0[place] {
        Some(limit @ (Limit::AtLeast(_) | Limit::Below(_))) => limit
            .masked()
            .into_iter()
            .map(|set| rule.with(place, set))
            .collect(),
        _ => vec![*rule],
    }
}
