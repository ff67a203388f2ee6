//! From a policy to unit lines, as a drop-in that can be read back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use policy::{Action, Answer, Policy};

use super::architecture;
use crate::Error;
use crate::calls::{Call, calls};
use crate::losses::{Losses, strictest};

/// Lines longer than this are broken up; systemd merges repeated assignments.
const WIDTH: usize = 100;

/// Writes unit lines.
pub(crate) fn write(policy: &Policy, losses: &mut Losses) -> Result<String, Error> {
    let unit = Unit::new(policy, losses)?;
    let mut text = String::from("[Service]\n");
    for loss in &losses.all {
        let _ = writeln!(text, "# {loss}");
    }
    let abis = policy.tables().iter().skip(1);
    let abis: String = abis
        .map(|table| format!(" {}", architecture(table.abi())))
        .collect();
    let _ = writeln!(text, "SystemCallArchitectures=native{abis}");
    if let Action::Errno(errno) = unit.violation {
        let _ = writeln!(text, "SystemCallErrorNumber={}", error(errno));
    }
    unit.lines(&mut text);
    Ok(text)
}

/// What a unit can say of calls.
struct Unit<'a> {
    policy: &'a Policy,
    /// What a violation does: kills the process or gives an error.
    violation: Action,
    /// What calls get that are not named: `violation` or permission.
    unlisted: Action,
    named: BTreeMap<&'static str, Action>,
}

impl<'a> Unit<'a> {
    fn new(policy: &'a Policy, losses: &mut Losses) -> Result<Unit<'a>, Error> {
        let default = policy.default_action();
        let violation = match default {
            Action::KillProcess | Action::Errno(_) => default,
            other => {
                let problem = format!("{other}; a violation kills the process or gives an error");
                losses.lose("the default action", problem)?;
                Action::KillProcess
            }
        };
        let unlisted = match policy.native().unlisted_action() {
            Action::Allow => Action::Allow,
            other => {
                if other != default {
                    let problem = format!("{other}, where a violation does {default}");
                    losses.lose("calls that are not listed", problem)?;
                }
                violation
            }
        };
        let mut unit = Unit {
            policy,
            violation,
            unlisted,
            named: BTreeMap::new(),
        };
        for call in calls(policy, losses)? {
            unit.name(&call, losses)?;
        }
        Ok(unit)
    }

    fn name(&mut self, call: &Call, losses: &mut Losses) -> Result<(), Error> {
        let label = call.label();
        let Some(name) = call.name else {
            return losses.lose(&label, "a number without a name");
        };
        if matches!(call.answer, Answer::Decision(_)) {
            losses.lose(&label, "conditions on arguments")?;
        }
        let action = match strictest(self.policy, call.answer) {
            action @ (Action::Allow | Action::KillProcess | Action::Errno(_)) => action,
            other => {
                let problem =
                    format!("{other}; a call is allowed, gets an error or kills the process");
                losses.lose(&label, problem)?;
                self.violation
            }
        };
        self.named.insert(name, action);
        Ok(())
    }

    fn lines(&self, text: &mut String) {
        let listed = match self.unlisted {
            Action::Allow => BTreeSet::new(),
            _ => self.allowed(text),
        };
        let mut denied = Vec::new();
        let mut actions = BTreeSet::from([self.violation]);
        actions.extend(self.named.values().filter(|action| !action.runs()));
        for action in actions {
            let named = self.named.iter().filter(|(_, own)| **own == action);
            let mut wanted: BTreeSet<&str> = named.map(|(name, _)| *name).collect();
            if action == self.violation {
                // What an allow-list starts with is allowed until it is taken out.
                let named = |name: &&&str| !self.named.contains_key(**name);
                wanted.extend(listed.iter().filter(named));
            }
            let suffix = match action {
                action if action == self.violation => String::new(),
                Action::Errno(errno) => format!(":{}", error(errno)),
                _ => String::from(":kill"),
            };
            let words = self.words(action, wanted, "");
            denied.extend(words.iter().map(|word| format!("{word}{suffix}")));
        }
        // Without a word, too, this line makes the filter a deny-list.
        if denied.is_empty() && self.unlisted == Action::Allow {
            text.push_str("SystemCallFilter=~\n");
        }
        fold(text, "SystemCallFilter=~", &denied);
    }

    /// Writes what is allowed, and gives the calls that systemd allows without being told.
    fn allowed(&self, text: &mut String) -> BTreeSet<&'static str> {
        let implied = self.members(syscalls::group("default"));
        let named = self
            .named
            .iter()
            .filter(|(_, action)| **action == Action::Allow);
        let wanted = named
            .map(|(name, _)| *name)
            .filter(|name| !implied.contains(name));
        let mut words = self.words(Action::Allow, wanted.collect(), "default");
        if words.is_empty() {
            // The first assignment must have a word: an empty one would be no list.
            words.push("@default".into());
        }
        fold(text, "SystemCallFilter=", &words);
        implied
    }

    /// Groups all of whose calls get an action, and the other calls that do. A group must stand for at
    /// least two names.
    fn words(&self, action: Action, wanted: BTreeSet<&'static str>, but: &str) -> Vec<String> {
        let mut wanted = wanted;
        let groups = syscalls::groups().filter(|group| group.name() != but);
        let gets = |name: &&str| *self.named.get(*name).unwrap_or(&self.unlisted) == action;
        let mut candidates: Vec<(&str, BTreeSet<&str>)> = groups
            .map(|group| (group.name(), self.members(Some(group))))
            .filter(|(_, members)| members.iter().all(&gets))
            .collect();
        let mut words = Vec::new();
        loop {
            let gain = |members: &BTreeSet<&str>| members.intersection(&wanted).count();
            // The first of equals, so that the outcome does not depend on chance.
            candidates.sort_by_key(|(name, members)| (usize::MAX - gain(members), *name));
            match candidates.first() {
                Some((name, members)) if gain(members) > 1 => {
                    words.push(format!("@{name}"));
                    wanted.retain(|name| !members.contains(name));
                }
                _ => break,
            }
        }
        words.extend(wanted.into_iter().map(String::from));
        words
    }

    /// The names of a group's calls on the policy's ABIs.
    fn members(&self, group: Option<syscalls::Group>) -> BTreeSet<&'static str> {
        let tables = self.policy.tables().iter();
        let abis = tables.map(|table| table.abi());
        let numbers = abis.flat_map(|abi| {
            let numbers = group.map(|group| group.numbers(abi)).unwrap_or_default();
            numbers.into_iter().map(move |number| (abi, number))
        });
        numbers
            .filter_map(|(abi, number)| syscalls::name(abi, number))
            .collect()
    }
}

/// An error's name, or its number where it has none.
fn error(errno: policy::Errno) -> String {
    let name = syscalls::errno::name(errno.number());
    name.map_or_else(|| errno.number().to_string(), String::from)
}

/// Writes words behind a key, on as many lines as it takes.
fn fold(text: &mut String, key: &str, words: &[String]) {
    let mut line = String::new();
    for word in words {
        if !line.is_empty() && line.len() + 1 + word.len() > WIDTH {
            let _ = writeln!(text, "{line}");
            line.clear();
        }
        match line.is_empty() {
            true => line.push_str(key),
            false => line.push(' '),
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        let _ = writeln!(text, "{line}");
    }
}
