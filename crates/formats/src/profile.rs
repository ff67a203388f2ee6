//! A policy as libseccomp's users know it: a default action, and rules of an action, names and tests
//! of arguments. OCI profiles and SeccompProfiles are this in different clothes.
//!
//! libseccomp defines what rules of different actions mean for one call only where they exclude each
//! other, so each action gets exactly the arguments that the policy gives it.
//!
//! Profiles say nothing of calls of architectures that they do not list, for which libseccomp kills: a
//! default action of ours that is milder for them is lost, always on the strict side.

use policy::{Action, Answer, Decision, Policy};
use syscalls::Abi;

use crate::Error;
use crate::calls::{Call, calls};
use crate::losses::{Losses, strictest};
use crate::normal::{self, ALWAYS, Obstacle, Row, Rows, Test};

/// A profile.
pub(crate) struct Profile {
    /// What a call gets of which no rule speaks.
    pub(crate) default: Action,
    pub(crate) architectures: Vec<&'static str>,
    pub(crate) rules: Vec<Rule>,
}

/// What some calls get, for some arguments.
pub(crate) struct Rule {
    pub(crate) names: Vec<&'static str>,
    pub(crate) action: Action,
    pub(crate) tests: Vec<Argument>,
}

/// A test of an argument, in libseccomp's words.
pub(crate) struct Argument {
    pub(crate) index: usize,
    pub(crate) operator: &'static str,
    pub(crate) value: u64,
    pub(crate) second: Option<u64>,
}

impl Profile {
    /// The profile of a policy.
    pub(crate) fn of(policy: &Policy, losses: &mut Losses) -> Result<Profile, Error> {
        let default = sayable(
            policy.native().unlisted_action(),
            "the default action",
            losses,
        )?;
        let tables = policy.tables().iter();
        let mut profile = Profile {
            default,
            architectures: tables.map(|table| architecture(table.abi())).collect(),
            rules: Vec::new(),
        };
        for call in calls(policy, losses)? {
            profile.add(policy, &call, losses)?;
        }
        // Unconditional rules first, and many names at once: that is how people write them.
        profile.rules.sort_by_key(|rule| !rule.tests.is_empty());
        Ok(profile)
    }

    fn add(&mut self, policy: &Policy, call: &Call, losses: &mut Losses) -> Result<(), Error> {
        let Some(name) = call.name else {
            return match call.answer {
                Answer::Action(action) if action == self.default => Ok(()),
                _ => losses.lose(&call.label(), "the call has no name"),
            };
        };
        let mut shares = match call.answer {
            Answer::Action(action) => vec![(action, vec![ALWAYS])],
            Answer::Decision(decision) => match shares(policy, &decision, self.default) {
                Ok(shares) if shares.is_empty() => vec![(self.default, vec![ALWAYS])],
                Ok(shares) => shares,
                Err(obstacle) => {
                    losses.lose(name, obstacle.words())?;
                    vec![(strictest(policy, call.answer), vec![ALWAYS])]
                }
            },
        };
        for (action, rows) in &mut shares {
            *action = sayable(*action, name, losses)?;
            // Engines pass over a rule with the default action; it matters where that is an error,
            // because calls that a profile does not know get another.
            if *action == self.default && !matches!(action, Action::Errno(_)) {
                continue;
            }
            rows.iter().for_each(|row| self.rule(name, *action, row));
        }
        Ok(())
    }

    fn rule(&mut self, name: &'static str, action: Action, row: &Row) {
        let tests = arguments(row);
        let same = |rule: &&mut Rule| rule.action == action && rule.tests.is_empty();
        match self
            .rules
            .iter_mut()
            .find(same)
            .filter(|_| tests.is_empty())
        {
            Some(rule) => rule.names.push(name),
            None => self.rules.push(Rule {
                names: vec![name],
                action,
                tests,
            }),
        }
    }
}

/// Rules for one call beyond which libseccomp may take more than minutes: its time doubles with each
/// that overlaps others. One 32-bit number left out takes 32 rules, which do not.
const MOST: usize = 48;

/// Each action with the arguments that get it; the default's are left out.
fn shares(
    policy: &Policy,
    decision: &Decision,
    default: Action,
) -> Result<Vec<(Action, Rows)>, Obstacle> {
    let mut shares: Vec<(Action, Rows)> = Vec::new();
    let cases = policy.cases(decision);
    let actions = cases.iter().map(|case| case.action);
    for action in actions.chain([decision.otherwise]) {
        let known = shares.iter().any(|(known, _)| *known == action);
        if action != default && !known {
            shares.push((action, share(policy, decision, action)?));
        }
    }
    shares.retain(|(_, rows)| !rows.is_empty());
    match shares.iter().map(|(_, rows)| rows.len()).sum::<usize>() > MOST {
        true => Err(Obstacle::TooMany),
        false => Ok(shares),
    }
}

/// The arguments for which a decision is this action.
fn share(policy: &Policy, decision: &Decision, action: Action) -> Result<Rows, Obstacle> {
    let mut got = match decision.otherwise == action {
        true => vec![ALWAYS],
        false => Rows::new(),
    };
    for case in policy.cases(decision).iter().rev() {
        let conditions = policy.conditions();
        got = match case.action == action {
            true => normal::any(normal::rows(conditions, case.condition, true)?, got)?,
            false if got.is_empty() => got,
            false => {
                let outside = normal::rows(conditions, case.condition, false)?;
                normal::all(&outside, &got)?
            }
        };
    }
    Ok(got)
}

fn arguments(row: &Row) -> Vec<Argument> {
    let tests = row.iter().enumerate();
    let tests = tests.filter_map(|(index, test)| Some((index, (*test)?)));
    let argument = |(index, test)| {
        let (operator, value, second) = match test {
            Test::Bits { mask, value } if mask == u64::MAX => ("SCMP_CMP_EQ", value, None),
            Test::Bits { mask, value } => ("SCMP_CMP_MASKED_EQ", mask, Some(value)),
            Test::Not(value) => ("SCMP_CMP_NE", value, None),
            Test::Below(value) => ("SCMP_CMP_LT", value, None),
            Test::Above(value) => ("SCMP_CMP_GT", value, None),
        };
        Argument {
            index,
            operator,
            value,
            second,
        }
    };
    tests.map(argument).collect()
}

/// An action that such a profile can have.
fn sayable(action: Action, rule: &str, losses: &mut Losses) -> Result<Action, Error> {
    match action {
        Action::Trace => {
            losses.lose(rule, "a tracer that is no part of the profile decides")?;
            Ok(Action::KillProcess)
        }
        action => Ok(action),
    }
}

/// libseccomp's word for an ABI.
fn architecture(abi: Abi) -> &'static str {
    match abi {
        Abi::X86_64 => "SCMP_ARCH_X86_64",
        Abi::X86 => "SCMP_ARCH_X86",
        Abi::X32 => "SCMP_ARCH_X32",
        Abi::Aarch64 => "SCMP_ARCH_AARCH64",
        Abi::Arm => "SCMP_ARCH_ARM",
    }
}

/// libseccomp's word for an action, and the error that it answers with.
pub(crate) fn spelled(action: Action) -> (&'static str, Option<u16>) {
    match action {
        Action::Allow => ("SCMP_ACT_ALLOW", None),
        Action::KillProcess => ("SCMP_ACT_KILL_PROCESS", None),
        Action::KillThread => ("SCMP_ACT_KILL_THREAD", None),
        Action::Trap => ("SCMP_ACT_TRAP", None),
        Action::Log => ("SCMP_ACT_LOG", None),
        Action::Trace => ("SCMP_ACT_TRACE", None),
        Action::Errno(errno) => ("SCMP_ACT_ERRNO", Some(errno.number())),
    }
}
