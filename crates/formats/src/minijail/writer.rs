//! From a policy to a policy file.
//!
//! Where it can be, the file is for minijail0 itself; where that lacks a word, all of the file is for
//! compile_seccomp_policy.py; a comment at the top says which it is.
//!
//! Minijail kills for calls of other ABIs: a default action of ours that is milder for them is lost,
//! always on the strict side.

use std::fmt::Write;

use policy::{Action, Answer, Decision, Policy};

use super::condition::disjunction;
use crate::Error;
use crate::calls::{Call, calls};
use crate::losses::{Losses, strictest};
use crate::normal::{ALWAYS, Obstacle, Rows, all, any, rows};

/// The comments that say whom a file is for: minijail0, or the compiler.
pub(crate) const HEADS: [&str; 2] = ["# For minijail0 -S.", "# For compile_seccomp_policy.py."];

/// Writes a policy file.
pub(crate) fn write(policy: &Policy, losses: &mut Losses) -> Result<String, Error> {
    let mut file = File::new(policy, losses)?;
    for call in calls(policy, losses)? {
        file.call(&call, losses)?;
    }
    Ok(file.text(losses))
}

/// What a call gets: cases of which the first that applies answers, and what it gets otherwise.
struct Rule {
    name: String,
    cases: Vec<(Rows, Action)>,
    otherwise: Action,
}

struct File<'a> {
    policy: &'a Policy,
    /// What calls get that are not named.
    unlisted: Action,
    rules: Vec<Rule>,
}

impl<'a> File<'a> {
    fn new(policy: &'a Policy, losses: &mut Losses) -> Result<File<'a>, Error> {
        if policy.tables().len() > 1 {
            losses.lose("the ABI besides", "a policy is for one ABI")?;
        }
        let unlisted = match policy.native().unlisted_action() {
            Action::Trace | Action::Log | Action::Errno(_) => {
                let problem = "calls that are not listed are allowed, kill or trap";
                losses.lose("the default action", problem)?;
                Action::KillProcess
            }
            plain => plain,
        };
        Ok(File {
            policy,
            unlisted,
            rules: Vec::new(),
        })
    }

    fn denies(&self) -> bool {
        self.unlisted == Action::Allow
    }

    fn call(&mut self, call: &Call, losses: &mut Losses) -> Result<(), Error> {
        let name = call.label();
        let native = self.policy.native();
        let foreign = |name| syscalls::number(native.abi(), name).is_none();
        if call.name.is_some_and(foreign) {
            // Part of the loss that was taken into account above.
            return Ok(());
        }
        let found = match &call.answer {
            Answer::Action(action) => Ok((Vec::new(), *action)),
            Answer::Decision(decision) => self.decision(decision),
        };
        let (cases, otherwise) = match found {
            Ok(found) => found,
            Err(obstacle) => {
                losses.lose(&name, self.condition(call, obstacle))?;
                (Vec::new(), strictest(self.policy, call.answer))
            }
        };
        let mut rule = Rule {
            name,
            cases,
            otherwise,
        };
        self.restrict(&mut rule, losses)?;
        rule.simplify();
        self.rules.push(rule);
        Ok(())
    }

    /// The first condition that cannot be said, with what stands in the way.
    fn condition(&self, call: &Call, obstacle: Obstacle) -> String {
        let Answer::Decision(decision) = &call.answer else {
            return obstacle.words().into();
        };
        let conditions = self.policy.conditions();
        let cases = self.policy.cases(decision).iter();
        let mut said = cases.map(|case| case.condition);
        let unsaid = said.find(|&id| rows(conditions, id, true).is_err());
        let name = call.name.unwrap_or_default();
        match unsaid {
            Some(id) => format!("{}: {}", conditions.display(id, name), obstacle.words()),
            None => obstacle.words().into(),
        }
    }

    fn decision(&self, decision: &Decision) -> Result<(Vec<(Rows, Action)>, Action), Obstacle> {
        let refusal = self.refusal(decision);
        if let Some(refusal) = refusal.filter(|_| !self.denies()) {
            let allowed = self.allowed(decision)?;
            return Ok((vec![(allowed, Action::Allow)], refusal));
        }
        let mut cases = Vec::new();
        for case in self.policy.cases(decision) {
            let rows = rows(self.policy.conditions(), case.condition, true)?;
            cases.push((rows, case.action));
        }
        Ok((cases, decision.otherwise))
    }

    /// The only action besides permission, if minijail0 can give it where a condition fails.
    fn refusal(&self, decision: &Decision) -> Option<Action> {
        let cases = self.policy.cases(decision).iter();
        let actions = cases.map(|case| case.action).chain([decision.otherwise]);
        let mut refusals = actions.filter(|action| *action != Action::Allow);
        let refusal = refusals.next()?;
        let said = matches!(refusal, Action::Errno(_)) || refusal == self.unlisted;
        (said && refusals.all(|other| other == refusal)).then_some(refusal)
    }

    /// Where a call is allowed: what a case says holds where no case before it applies.
    fn allowed(&self, decision: &Decision) -> Result<Rows, Obstacle> {
        let conditions = self.policy.conditions();
        let mut allowed = match decision.otherwise {
            Action::Allow => vec![ALWAYS],
            _ => Rows::new(),
        };
        for case in self.policy.cases(decision).iter().rev() {
            allowed = match case.action {
                Action::Allow => any(rows(conditions, case.condition, true)?, allowed)?,
                _ => all(&rows(conditions, case.condition, false)?, &allowed)?,
            };
        }
        Ok(allowed)
    }

    /// Loses actions that the file has no word for.
    fn restrict(&self, rule: &mut Rule, losses: &mut Losses) -> Result<(), Error> {
        let (denies, unlisted) = (self.denies(), self.unlisted);
        let actions = rule.cases.iter_mut().map(|(_, action)| action);
        for action in actions.chain([&mut rule.otherwise]) {
            let said = match action {
                Action::Allow | Action::Errno(_) => true,
                Action::Trace => false,
                Action::KillProcess | Action::KillThread | Action::Trap | Action::Log => !denies,
            };
            if said {
                continue;
            }
            let problem = match denies {
                true => format!("{action}; a @denylist only gives errors"),
                false => format!("{action}"),
            };
            losses.lose(&rule.name, problem)?;
            *action = match (denies, *action) {
                (true, Action::Log) => Action::Allow,
                (true, _) => Action::parse("EPERM").unwrap_or(unlisted),
                (false, _) => unlisted,
            };
        }
        Ok(())
    }

    fn text(&self, losses: &Losses) -> String {
        let compiler = matches!(self.unlisted, Action::KillThread | Action::Trap)
            || self.rules.iter().any(|rule| self.needs_compiler(rule));
        // Minijail0 wants to know on the first line which kind of list it is.
        let mut text = String::from(match self.unlisted {
            Action::Allow => "@denylist\n",
            Action::KillThread => "@default kill-thread\n",
            Action::Trap => "@default trap\n",
            _ => "",
        });
        text.push_str(match compiler {
            true => HEADS[1],
            false => HEADS[0],
        });
        text.push('\n');
        for loss in &losses.all {
            let _ = writeln!(text, "# {loss}");
        }
        for rule in &self.rules {
            if let Some(said) = self.said(rule, compiler) {
                let _ = writeln!(text, "{}: {said}", rule.name);
            }
        }
        text
    }

    fn needs_compiler(&self, rule: &Rule) -> bool {
        let plain = |action: Action| matches!(action, Action::Allow | Action::Errno(_));
        match &rule.cases[..] {
            [] => !plain(rule.otherwise),
            [(_, Action::Allow)] if !self.denies() => {
                !plain(rule.otherwise) && rule.otherwise != self.unlisted
            }
            _ => true,
        }
    }

    /// What stands behind the colon; nothing where a @denylist need not name the call.
    fn said(&self, rule: &Rule, compiler: bool) -> Option<String> {
        let otherwise = rule.otherwise;
        let filters = rule.cases.iter().map(|(rows, action)| match action {
            Action::Allow => disjunction(rows),
            action => format!("{}; {}", disjunction(rows), word(*action)),
        });
        let mut filters: Vec<String> = filters.collect();
        match &rule.cases[..] {
            [] if self.denies() && otherwise == Action::Allow => return None,
            [] => return Some(word(otherwise)),
            [(rows, Action::Allow)] if !self.denies() && otherwise == self.unlisted => {
                return Some(disjunction(rows));
            }
            [(rows, Action::Allow)] if !self.denies() && !compiler => {
                return Some(format!("{}; {}", disjunction(rows), word(otherwise)));
            }
            _ => {}
        }
        if otherwise != self.unlisted {
            filters.push(word(otherwise));
        }
        Some(format!("{{{}}}", filters.join(", ")))
    }
}

impl Rule {
    /// Without cases that never apply, that nothing gets to or that change nothing.
    fn simplify(&mut self) {
        self.cases.retain(|(rows, _)| !rows.is_empty());
        let always = self
            .cases
            .iter()
            .position(|(rows, _)| rows.contains(&ALWAYS));
        if let Some(at) = always {
            self.otherwise = self.cases[at].1;
            self.cases.truncate(at);
        }
        while self
            .cases
            .last()
            .is_some_and(|(_, action)| *action == self.otherwise)
        {
            self.cases.pop();
        }
    }
}

fn word(action: Action) -> String {
    match action {
        Action::Allow => "1".into(),
        Action::KillThread => "kill-thread".into(),
        Action::Trap => "trap".into(),
        Action::Log => "log".into(),
        Action::Errno(errno) => match syscalls::errno::name(errno.number()) {
            Some(name) => format!("return {name}"),
            None => format!("return {}", errno.number()),
        },
        Action::KillProcess | Action::Trace => "kill-process".into(),
    }
}
