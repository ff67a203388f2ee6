//! Decisions as rules of libseccomp.
//!
//! libseccomp takes rules in any order and lets those of one call overlap only at its own choice of
//! the winner. So the rules of different actions are made disjoint here: from what a case covers, all
//! that earlier cases cover is taken away.

use std::collections::HashSet;

use policy::{Action, Conditions, Decision, Id, Node, Policy};

use crate::bits::compare;
use crate::error::Why;
use crate::limit::Limit;

/// More rules than this for one call would not leave room for others in a filter.
pub(crate) const MOST_RULES: usize = 128;

/// What the arguments may be; it applies where all of them are so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Rule(pub(crate) [Option<Limit>; 6]);

/// An action and the rules that lead to it.
pub(crate) type Region = (Action, Vec<Rule>);

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

    /// Where this one applies and `other` does not, as disjoint rules.
    fn without(&self, other: &Rule) -> Vec<Rule> {
        if self.and(other).is_empty() {
            return vec![*self];
        }
        let mut outside = Vec::new();
        let mut inside = vec![*self];
        for (argument, limit) in (0..).zip(other.0) {
            let Some(limit) = limit else { continue };
            for beyond in limit.others() {
                let beyond = Rule::one(argument, beyond);
                outside.extend(inside.iter().flat_map(|rule| rule.and(&beyond)));
            }
            let within = Rule::one(argument, limit);
            inside = inside.iter().flat_map(|rule| rule.and(&within)).collect();
        }
        outside
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

/// The rules of a decision: of each action other than `unlisted`, which a call gets where no rule
/// applies. Rules of different actions are disjoint.
pub(crate) fn regions(
    policy: &Policy,
    decision: &Decision,
    unlisted: Action,
) -> Result<Vec<Region>, Why> {
    let mut cases: Vec<Region> = Vec::new();
    for case in policy.cases(decision) {
        cases.push((case.action, any_of(policy.conditions(), case.condition)?));
    }
    cases.push((decision.otherwise, vec![Rule::ALWAYS]));
    while cases.last().is_some_and(|case| case.0 == unlisted) {
        cases.pop();
    }
    let mut regions: Vec<Region> = Vec::new();
    let mut left = vec![Rule::ALWAYS];
    // What is to be taken away before another action's turn: rules of one action may overlap.
    let mut covered: (Option<Action>, Vec<Rule>) = (None, Vec::new());
    for (action, rules) in cases {
        if covered.0 != Some(action) {
            left = taken_away(left, &covered.1)?;
            covered = (Some(action), Vec::new());
        }
        if action != unlisted {
            regions.push((action, product(&left, &rules)?));
        }
        covered.1.extend(rules);
    }
    with_one_order_per_argument(regions)
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

/// Where a rule of the one list applies and none of the other.
fn taken_away(from: Vec<Rule>, away: &[Rule]) -> Result<Vec<Rule>, Why> {
    let mut left = from;
    for away in away {
        left = left.iter().flat_map(|rule| rule.without(away)).collect();
        bounded(&left)?;
    }
    needed(left)
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
fn with_one_order_per_argument(regions: Vec<Region>) -> Result<Vec<Region>, Why> {
    let mut regions = regions;
    for place in 0..6 {
        let rules = regions.iter().flat_map(|region| &region.1);
        let edges: HashSet<u64> = rules.filter_map(|rule| edge(rule.0[place])).collect();
        if edges.len() > 1 {
            for (_, rules) in &mut regions {
                let spelled = rules.iter().flat_map(|rule| spelled_out(rule, place));
                *rules = needed(spelled.collect())?;
            }
        }
    }
    Ok(regions)
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
