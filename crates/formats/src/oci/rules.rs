//! From rules to a list, with libseccomp's answers to what happens when a call has several of them.
//!
//! A rule without tests wins over all others of the call, wherever it stands, and the first such rule
//! over later ones. A rule whose tests are the first ones of another's wins when it comes earlier; when
//! it comes later with another action, libseccomp refuses the profile. What else overlaps with
//! different actions, libseccomp orders by arguments and numbers and promises nothing: here the
//! stricter action wins, with a note.

use std::collections::HashMap;
use std::fmt::Write;

use policy::{Action, Mode};

use super::document::{Document, Rule};
use crate::losses::strictness;
use crate::normal::{ALWAYS, Row, Test, join};
use crate::{Context, Error, Reading};

/// What a profile says, by call, in the order of the profile.
#[derive(Default)]
struct Calls<'a> {
    places: HashMap<&'a str, usize>,
    all: Vec<Call<'a>>,
    notes: Vec<String>,
}

/// What a profile says of a call.
struct Call<'a> {
    name: &'a str,
    /// The first rule without tests.
    always: Option<Action>,
    /// The rules with tests, the stricter ones last.
    rows: Vec<(Action, Row)>,
}

/// The list that a profile comes to.
pub(super) fn reading(document: Document<'_>, context: &Context<'_>) -> Result<Reading, Error> {
    let mut calls = Calls {
        notes: document.notes,
        ..Calls::default()
    };
    let mut redundant = Vec::new();
    for rule in &document.rules {
        for name in calls.known(rule, document.besides, context) {
            // runc leaves such a rule out before libseccomp sees it, exceptions and all.
            match rule.action == document.default {
                true => redundant.push((name, rule)),
                false => calls.add(name, rule)?,
            }
        }
    }
    calls.pass_over(&redundant, document.default);
    Ok(calls.reading(document.default, document.besides))
}

impl<'a> Calls<'a> {
    /// The names of a rule that a call has on the ABIs of the profile.
    fn known(
        &mut self,
        rule: &Rule<'a>,
        besides: Option<syscalls::Abi>,
        context: &Context<'_>,
    ) -> Vec<&'a str> {
        let here = |name: &str| {
            let mut abis = [Some(context.abi), besides].into_iter().flatten();
            abis.any(|abi| syscalls::number(abi, name).is_some())
        };
        let names = rule.names.iter().copied();
        let (known, unknown): (Vec<&str>, Vec<&str>) = names.partition(|name| here(name));
        for name in unknown.into_iter().filter(|name| !syscalls::exists(name)) {
            let place = rule.at.place();
            let note = format!("{place}: no system call is named {name:?}; skipped");
            self.notes.push(note);
        }
        known
    }

    fn add(&mut self, name: &'a str, rule: &Rule<'a>) -> Result<(), Error> {
        let next = self.all.len();
        let at = *self.places.entry(name).or_insert(next);
        if at == next {
            self.all.push(Call {
                name,
                always: None,
                rows: Vec::new(),
            });
        }
        for row in &rule.rows {
            let noted = self.all[at].add(rule, *row)?;
            self.notes.extend(noted);
        }
        Ok(())
    }

    /// Rules with the default action say nothing, except that the profile knows the call: then it gets
    /// this error, and not the one for calls that are newer than the profile.
    fn pass_over(&mut self, redundant: &[(&'a str, &Rule<'a>)], default: Action) {
        for (name, rule) in redundant {
            if let Some(at) = self.places.get(name) {
                if self.all[*at].always != Some(default) {
                    let place = rule.at.place();
                    self.notes.push(format!(
                        "{place}: {name} has the default action here; runtimes leave this rule out"
                    ));
                }
            } else if matches!(default, Action::Errno(_)) {
                self.places.insert(name, self.all.len());
                self.all.push(Call {
                    name,
                    always: Some(default),
                    rows: Vec::new(),
                });
            }
        }
    }

    fn reading(mut self, default: Action, besides: Option<syscalls::Abi>) -> Reading {
        let (mode, default, own) = match default {
            Action::Allow => {
                let denied = self.usual_denial();
                (Mode::DenyList, denied, denied)
            }
            default => (Mode::AllowList, default, Action::Allow),
        };
        if default == Action::Log {
            let note = "calls of other ABIs are logged and run, too; container engines kill them";
            self.notes.push(note.into());
        }
        let mut items: Vec<String> = Vec::new();
        for call in &mut self.all {
            self.notes.extend(call.settle());
            call.items(own, &mut items);
        }
        Reading {
            mode,
            default,
            list: items.join(":"),
            besides,
            notes: self.notes,
        }
    }

    /// A profile that allows by default has no action for violations at large, so it is the one that
    /// most of its rules have.
    fn usual_denial(&self) -> Action {
        let mut counted: Vec<(usize, Action)> = Vec::new();
        for call in &self.all {
            let actions = call
                .rows
                .iter()
                .map(|(action, _)| *action)
                .chain(call.always);
            for action in actions.filter(|action| !action.runs()) {
                match counted.iter_mut().find(|(_, known)| *known == action) {
                    Some((count, _)) => *count += 1,
                    None => counted.push((1, action)),
                }
            }
        }
        let usual = counted
            .into_iter()
            .max_by_key(|(count, action)| (*count, strictness(*action)));
        usual.map_or(Action::KillProcess, |(_, action)| action)
    }
}

impl Call<'_> {
    /// Adds a row as libseccomp does, and says what comes of it where that is not plain.
    fn add(&mut self, rule: &Rule<'_>, row: Row) -> Result<Option<String>, Error> {
        let (place, name) = (rule.at.place(), self.name);
        if row == ALWAYS {
            let first = *self.always.get_or_insert(rule.action);
            return Ok((first != rule.action).then(|| {
                format!("{place}: {name} has a rule for all arguments already; ignored")
            }));
        }
        let mut others = self
            .rows
            .iter()
            .filter(|(action, _)| *action != rule.action);
        if self.always.is_none() && others.clone().any(|(_, other)| starts_with(other, &row)) {
            return Err(rule.at.wrong(format!(
                "{name} has a rule with another action for some of the same arguments; libseccomp refuses that"
            )));
        }
        if others.any(|(_, other)| starts_with(&row, other)) {
            return Ok(Some(format!(
                "{place}: an earlier rule has all these arguments of {name}; ignored"
            )));
        }
        self.rows.push((rule.action, row));
        Ok(None)
    }

    /// Puts the rows into their order, and says where libseccomp has none.
    fn settle(&mut self) -> Option<String> {
        self.rows.sort_by_key(|(action, _)| strictness(*action));
        let name = self.name;
        if let Some(always) = self.always {
            let lost = self.rows.iter().any(|(action, _)| *action != always);
            self.rows.clear();
            return lost.then(|| {
                format!("{name}: its rule for all arguments wins over those for some arguments")
            });
        }
        let mut overlaps = self
            .rows
            .iter()
            .enumerate()
            .flat_map(|(at, (action, row))| {
                let others = self.rows[..at]
                    .iter()
                    .filter(move |(other, _)| other != action);
                others.filter(move |(_, other)| join(row, other).is_ok_and(|both| !both.is_empty()))
            });
        overlaps.next().map(|_| {
            format!("{name}: rules with different actions overlap, which libseccomp leaves open; the stricter action wins")
        })
    }

    /// The items that say this; `own` is the action that needs no mention.
    fn items(&self, own: Action, items: &mut Vec<String>) {
        let name = self.name;
        // The base of a list is tried after its exceptions, so it can only be the mildest action.
        let plain = self
            .rows
            .first()
            .is_some_and(|(mildest, _)| *mildest == own);
        let said = |action| match action == own {
            true => String::new(),
            false => format!("={action}"),
        };
        if let Some(always) = self.always {
            items.push(format!("{name}{}", said(always)));
        }
        for (action, row) in &self.rows {
            let verb = match plain {
                true => said(*action),
                false => format!("={action}"),
            };
            items.push(format!("{name}({}){verb}", expression(row)));
        }
    }
}

/// Whether a row starts with all tests of another, in the order of the arguments.
fn starts_with(row: &Row, beginning: &Row) -> bool {
    let last = beginning.iter().rposition(Option::is_some);
    let length = last.map_or(0, |last| last + 1);
    row[..length] == beginning[..length]
}

/// A row as an expression of our language.
fn expression(row: &Row) -> String {
    let mut text = String::new();
    for (index, test) in row.iter().enumerate() {
        let Some(test) = test else {
            continue;
        };
        if !text.is_empty() {
            text.push_str(" && ");
        }
        // Writing to a String cannot fail.
        let _ = match *test {
            Test::Bits {
                mask: u64::MAX,
                value,
            } => write!(text, "arg{index} == {value:#x}"),
            Test::Bits {
                mask: 0xffff_ffff,
                value,
            } => write!(text, "argL{index} == {value:#x}"),
            Test::Bits { mask, value } => write!(text, "(arg{index} & {mask:#x}) == {value:#x}"),
            Test::Not(value) => write!(text, "arg{index} != {value:#x}"),
            Test::Below(value) => write!(text, "arg{index} < {value:#x}"),
            Test::Above(value) => write!(text, "arg{index} > {value:#x}"),
        };
    }
    text
}
