//! Lists: what an environment variable holds. They have no comments, no mode and no default action;
//! those are for [`crate::mode`] and [`policy::Policy::default_action`].

mod variables;

use policy::{Action, Answer, Decision, Mode, Policy, Request};

use crate::calls::{Call, calls};
use crate::losses::{Losses, strictest};
use crate::{Context, Error, Reading};

pub(crate) use variables::is_assigned;

/// Takes a text as a list of what is allowed.
pub(crate) fn read(text: &[u8], context: &Context<'_>) -> Result<Reading, Error> {
    let text = std::str::from_utf8(text).map_err(|error| {
        let before = text.get(..error.valid_up_to()).unwrap_or_default();
        let start = before
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        Error::Line {
            path: context.path.into(),
            line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(),
            column: 1 + before.len() - start,
            problem: "not UTF-8".into(),
        }
    })?;
    if is_assigned(text.as_bytes()) {
        return variables::read(text, context);
    }
    Ok(Reading {
        mode: Mode::AllowList,
        default: Action::KillProcess,
        list: text.trim().into(),
        besides: None,
        notes: Vec::new(),
    })
}

/// The assignments that make a policy of a list, for a shell or an environment file.
pub(crate) fn assignments(policy: &Policy, list: &str) -> String {
    let variable = match mode(policy) {
        Mode::AllowList => policy::ALLOW,
        Mode::DenyList => policy::DENY,
    };
    let mut text = format!("{variable}={}\n", shell_quoted(list));
    let default = policy.default_action();
    if default != Action::KillProcess {
        let word = shell_quoted(&default.to_string());
        text.push_str(&format!("{}={word}\n", policy::DEFAULT_ACTION));
    }
    if let Some(table) = policy.tables().get(1) {
        let word = shell_quoted(table.abi().name());
        text.push_str(&format!("{}={word}\n", policy::ARCH));
    }
    text
}

/// Whether a policy is an allow-list or a deny-list.
pub(crate) fn mode(policy: &Policy) -> Mode {
    match policy.native().unlisted_action() {
        Action::Allow => Mode::DenyList,
        _ => Mode::AllowList,
    }
}

/// What a list in single quotes is to a POSIX shell.
pub(crate) fn shell_quoted(list: &str) -> String {
    format!("'{}'", list.replace('\'', r"'\''"))
}

pub(crate) fn write(policy: &Policy, losses: &mut Losses) -> Result<String, Error> {
    let writer = Writer::new(policy);
    writer.settings(losses)?;
    let mut items = Vec::new();
    for call in calls(policy, losses)?.iter().filter(|call| !call.implied) {
        writer.call(call, losses, &mut items)?;
    }
    Ok(items.join(":"))
}

struct Writer<'a> {
    policy: &'a Policy,
    mode: Mode,
    /// What being on the list means.
    own: Action,
    /// What a call gets of which nothing is said.
    unlisted: Action,
}

impl<'a> Writer<'a> {
    fn new(policy: &'a Policy) -> Writer<'a> {
        let mode = mode(policy);
        Writer {
            policy,
            mode,
            own: match mode {
                Mode::AllowList => Action::Allow,
                Mode::DenyList => policy.default_action(),
            },
            unlisted: policy.native().unlisted_action(),
        }
    }

    fn settings(&self, losses: &mut Losses) -> Result<(), Error> {
        let default = self.policy.default_action();
        if self.mode == Mode::AllowList && self.unlisted != default {
            let problem = format!(
                "{default} for violations, but {} for calls without a rule",
                self.unlisted
            );
            losses.lose("the default action", problem)?;
        }
        match default {
            Action::Allow | Action::Trace => {
                losses.lose("the default action", format!("{default} is no denial"))
            }
            _ => Ok(()),
        }
    }

    fn call(&self, call: &Call, losses: &mut Losses, items: &mut Vec<String>) -> Result<(), Error> {
        let said = self.items(call);
        let plain = matches!(call.answer, Answer::Action(action) if action != Action::Trace);
        let problem = match plain {
            true => None,
            false => self.problem(&said.join(":")),
        };
        match problem {
            None => items.extend(said),
            Some(problem) => {
                losses.lose(&call.label(), problem)?;
                let strictest = match strictest(self.policy, call.answer) {
                    Action::Trace => Action::KillProcess,
                    action => action,
                };
                items.push(self.item(call, "", strictest));
            }
        }
        Ok(())
    }

    /// What our own reader has against some items.
    fn problem(&self, items: &str) -> Option<String> {
        let default = Action::KillProcess;
        let plain = Request::plain(self.mode, "", items.as_bytes(), default);
        let request = Request {
            besides: self.policy.tables().get(1).map(policy::Table::abi),
            ..plain
        };
        match request.compile(self.policy.abi(), &policy::no_files) {
            Ok(_) => None,
            Err(policy::Error::Item { problem, .. }) => Some(problem.to_string()),
            Err(other) => Some(other.to_string()),
        }
    }

    fn items(&self, call: &Call) -> Vec<String> {
        match call.answer {
            Answer::Action(action) => vec![self.item(call, "", action)],
            Answer::Decision(decision) => self.cases(call, &decision),
        }
    }

    fn item(&self, call: &Call, guard: &str, action: Action) -> String {
        let label = call.label();
        match action == self.own {
            true => format!("{label}{guard}"),
            false => format!("{label}{guard}={action}"),
        }
    }

    /// The base, then the exceptions, of which the last is tried first. Where the last cases are those
    /// of a list, they are the base.
    fn cases(&self, call: &Call, decision: &Decision) -> Vec<String> {
        let mut exceptions = self.policy.cases(decision);
        let mut items = Vec::new();
        if decision.otherwise == self.unlisted {
            let listed = exceptions
                .iter()
                .rev()
                .take_while(|case| case.action == self.own);
            let (rest, base) = exceptions.split_at(exceptions.len() - listed.count());
            exceptions = rest;
            for case in base {
                items.push(self.item(call, &self.guard(call, case), case.action));
            }
        } else {
            items.push(self.item(call, "", decision.otherwise));
        }
        for case in exceptions.iter().rev() {
            let guard = self.guard(call, case);
            items.push(format!("{}{guard}={}", call.label(), case.action));
        }
        items
    }

    fn guard(&self, call: &Call, case: &policy::Case) -> String {
        // Names of arguments are those of the native ABI.
        let name = match self.policy.tables() {
            [_] => call.name.unwrap_or_default(),
            _ => "",
        };
        format!(
            "({})",
            self.policy.conditions().display(case.condition, name)
        )
    }
}
