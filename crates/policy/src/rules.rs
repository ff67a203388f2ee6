//! From a file's rules to what is said of calls.
//!
//! A rule that only repeats what the kind of list means works as an item does; any other has the last
//! word on its call.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::action::Action;
use crate::builder::{Meant, Place};
use crate::compile::{Compiler, Saying};
use crate::error::{Error, Fault, Problem, escaped};
use crate::file::{Body, Document, Rule};
use crate::list::{self, Item, Verb};
use crate::tree::place;

/// Extra definitions that are text and not a path start with this (oz.md §7.2).
const INLINE: &[u8] = b"{inline}";

impl Compiler<'_> {
    /// Takes the bindings of a file or a text, and nothing else of it (oz.md §7.2).
    pub(crate) fn definitions(&mut self, definitions: &[u8]) -> Result<(), Error> {
        let (path, text) = match definitions.strip_prefix(INLINE) {
            Some(text) => (INLINE, Cow::Borrowed(text)),
            None => (definitions, Cow::Owned(self.read(definitions)?)),
        };
        let document = self.reader.document(path, &text)?;
        for rule in &document.rules {
            let name = self.lower_case_name(rule);
            // Its names must be right; what it says of them is nothing here.
            let verb = Verb::Remove;
            let saying = Saying {
                verb,
                ..Saying::adding(rule.at)
            };
            let said = match name.strip_prefix('@') {
                Some(group) => self.group(group, saying),
                None => self.names(&name, saying).map(|told| told.calls),
            };
            said.map_err(|fault| self.in_file(fault, ""))?;
        }
        self.defined = self.reader.bindings.len();
        Ok(())
    }

    fn read(&self, path: &[u8]) -> Result<Vec<u8>, Error> {
        (self.reader.read)(path).map_err(|errno| Error::Unreadable {
            path: escaped(path),
            errno,
        })
    }

    /// Takes up the rules of a file.
    pub(crate) fn file(&mut self, item: &Item<'_>, written: &[u8]) -> Result<(), Error> {
        let path = unescaped(written);
        let text = (self.reader.read)(&path).map_err(|errno| {
            let at = place(self.start + item.column - 1);
            let problem = Problem::Unreadable(errno);
            self.in_item(item, Fault { at, problem })
        })?;
        let document = self.reader.document(&path, &text)?;
        if let Some((action, at)) = document.unlisted {
            if list::items(self.request.origin, self.request.list).count() > 1 {
                let problem = Problem::PolicyInPart;
                return Err(self.in_file(Fault { at, problem }, ""));
            }
            self.builder.set_unlisted(action);
        }
        let mut seen = Vec::new();
        let mut calls = 0;
        for rule in &document.rules {
            let name = self.lower_case_name(rule);
            let said = self.rule(&document, rule, &name, &mut seen);
            calls += said.map_err(|fault| self.in_file(fault, &name))?;
        }
        // What a file calls by its own names is nothing to the next one.
        self.reader.bindings.truncate(self.defined);
        let path = escaped(&path);
        let thing = alloc::format!("{path} ({calls} system calls)");
        let own = self.builder.own_action();
        self.announcement.thing(u32::MAX, thing, own);
        Ok(())
    }

    fn lower_case_name(&self, rule: &Rule) -> String {
        let start = rule.at as usize;
        let name = &self.reader.sources.text()[start..start + rule.length as usize];
        let lower = name.iter().map(|byte| byte.to_ascii_lowercase());
        lower.map(char::from).collect()
    }

    /// Takes up a rule, and says how many calls it is about. `seen` holds the decrees for single
    /// calls so far.
    fn rule(
        &mut self,
        document: &Document,
        rule: &Rule,
        name: &str,
        seen: &mut Vec<Seen>,
    ) -> Result<usize, Fault> {
        let positive = rule.positive.or(document.positive);
        let negative = rule.negative.or(document.negative);
        let decree = Decree {
            positive: positive.unwrap_or(self.builder.own_action()),
            negative: negative.unwrap_or(self.builder.unlisted_in_list()),
            ..Decree::of(rule)
        };
        if let Some(group) = name.strip_prefix('@') {
            return self.group_rule(group, decree);
        }
        let mut calls = 0;
        for (table, abi) in self.builder.abis() {
            let Some(number) = syscalls::number(abi, name) else {
                continue;
            };
            let place = Place { table, number };
            let meant = self.decree(place, decree)?;
            match seen.iter().find(|seen| seen.place == place) {
                None => seen.push(Seen { place, meant }),
                Some(seen) if self.builder.same(&seen.meant, &meant) => {}
                Some(_) => {
                    let (at, problem) = (rule.at, Problem::Duplicate);
                    return Err(Fault { at, problem });
                }
            }
            calls += 1;
        }
        match calls {
            0 => self.skip(name, rule.at).map(|()| 0),
            _ => Ok(1),
        }
    }

    /// A rule for each member of a group. A promise has conditions of its own and can only be taken
    /// as it is.
    fn group_rule(&mut self, name: &str, decree: Decree) -> Result<usize, Fault> {
        let origin = decree.rule.at;
        let Some(group) = syscalls::group(name) else {
            let own = decree.positive == self.builder.own_action();
            let whole = decree.rule.body == Body::Always && decree.rule.negative.is_none();
            if name.starts_with("pledge-") && !(own && whole) {
                let problem = Problem::Promise;
                return Err(Fault {
                    at: origin,
                    problem,
                });
            }
            return self.group(name, Saying::adding(origin));
        };
        for (table, abi) in self.builder.abis() {
            for number in group.numbers(abi) {
                self.decree(Place { table, number }, decree)?;
            }
        }
        Ok(group.numbers(self.builder.abi(0)).len())
    }

    /// Says what a rule says of a call. One that only repeats what the kind of list means works as
    /// an item does, so that several files add up; any other replaces what was said before.
    fn decree(&mut self, place: Place, decree: Decree) -> Result<Meant, Fault> {
        let Decree {
            positive,
            negative,
            rule,
        } = decree;
        let plain = positive == self.builder.own_action();
        let usual = plain && negative == self.builder.unlisted_in_list();
        let condition = match rule.body {
            Body::If(root) => {
                let denies = !positive.runs() && negative.runs();
                Some(self.resolve(place, root, rule.bindings, denies)?)
            }
            _ => None,
        };
        match (condition, rule.body) {
            (Some(condition), _) if usual => self.builder.add_if(place, condition, rule.at),
            (Some(condition), _) => {
                let actions = (positive, negative);
                self.builder.set_both(place, condition, actions, rule.at);
            }
            (None, Body::Answer(action)) => self.builder.set(place, action, rule.at),
            (None, _) if plain => self.builder.add(place, rule.at),
            (None, _) => self.builder.set(place, positive, rule.at),
        }
        Ok(match (condition, rule.body) {
            (None, Body::Answer(action)) => Meant::always(action),
            _ => Meant {
                condition,
                actions: (positive, negative),
            },
        })
    }
}

/// A rule with the actions that it gives where nothing else is said.
#[derive(Clone, Copy)]
struct Decree {
    positive: Action,
    negative: Action,
    rule: Rule,
}

impl Decree {
    fn of(rule: &Rule) -> Decree {
        Decree {
            positive: Action::KillProcess,
            negative: Action::KillProcess,
            rule: *rule,
        }
    }
}

/// A rule for a single call that was taken up.
struct Seen {
    place: Place,
    meant: Meant,
}

/// A path as the file system knows it: `\:` and `\\` stand for themselves.
fn unescaped(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    let mut bytes = path.iter();
    while let Some(&byte) = bytes.next() {
        let next = match byte {
            b'\\' => bytes.next().copied(),
            _ => None,
        };
        plain.push(next.unwrap_or(byte));
    }
    plain
}
