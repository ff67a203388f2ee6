//! The calls of a policy by name, as formats see them that have one rule for all ABIs.

use policy::{Answer, Policy, Rule, Table};

use crate::Error;
use crate::losses::{Losses, strictest, strictness};

/// What a policy says of a call.
pub(crate) struct Call {
    /// Its name; nothing for a number that no call has yet.
    pub(crate) name: Option<&'static str>,
    pub(crate) number: u32,
    pub(crate) answer: Answer,
    /// Whether the policy says it without having been told.
    pub(crate) implied: bool,
}

impl Call {
    /// The name, or the number.
    pub(crate) fn label(&self) -> String {
        self.name
            .map_or_else(|| self.number.to_string(), String::from)
    }
}

/// All calls of which something is said, those of the native ABI first. A call that has another
/// answer on the ABI besides is a loss: no format but a filter names the ABI of a rule.
pub(crate) fn calls(policy: &Policy, losses: &mut Losses) -> Result<Vec<Call>, Error> {
    let mut calls: Vec<Call> = Vec::new();
    for (at, table) in policy.tables().iter().enumerate() {
        for rule in table.rules() {
            let mut call = named(table, rule);
            let known = at > 0 && calls.iter().any(|known| known.name == call.name);
            if known {
                continue;
            }
            for other in policy.tables() {
                let number = call
                    .name
                    .and_then(|name| syscalls::number(other.abi(), name));
                if let Some(number) = number {
                    agree(policy, &mut call, other.answer(number), losses)?;
                }
            }
            calls.push(call);
        }
    }
    Ok(calls)
}

fn named(table: &Table, rule: &Rule) -> Call {
    const NO_PLACE: u32 = u32::MAX;
    // Exceptions that change nothing have no place either, but they leave what nothing is said of.
    let differs = rule.answer != Answer::Action(table.unlisted_action());
    Call {
        name: syscalls::name(table.abi(), rule.number),
        number: rule.number,
        answer: rule.answer,
        implied: rule.origin == NO_PLACE && differs && matches!(rule.answer, Answer::Action(_)),
    }
}

/// Makes sure that a call gets the same on another ABI.
fn agree(
    policy: &Policy,
    call: &mut Call,
    other: Answer,
    losses: &mut Losses,
) -> Result<(), Error> {
    if said(policy, call.answer) == said(policy, other) {
        return Ok(());
    }
    losses.lose(&call.label(), "the ABIs have different answers")?;
    let (one, more) = (strictest(policy, call.answer), strictest(policy, other));
    let stricter = strictness(one) >= strictness(more);
    call.answer = Answer::Action(if stricter { one } else { more });
    Ok(())
}

/// An answer in words: two conditions are the same when they read the same.
fn said(policy: &Policy, answer: Answer) -> String {
    let mut words = answer.otherwise().to_string();
    if let Answer::Decision(decision) = &answer {
        for case in policy.cases(decision) {
            let condition = policy.conditions().display(case.condition, "");
            words.push_str(&format!(" {condition}: {}", case.action));
        }
    }
    words
}
