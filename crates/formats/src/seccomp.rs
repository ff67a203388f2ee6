//! `.seccomp` files in Oz's own dialect, so that Oz reads them, too: a rule has two actions, arguments
//! have numbers, and whole arguments are compared and nothing else.
//!
//! A file says nothing of calls of other ABIs, for which Oz kills: a default action of ours that is milder
//! for them is lost, always on the strict side.

mod expression;

use policy::{Action, Answer, Decision, Mode, Policy, Request};

use crate::calls::{Call, calls};
use crate::list::mode;
use crate::losses::{Losses, strictest};
use crate::{Context, Error, Reading};

/// A file is an item of a list; `policy` reads it.
pub(crate) fn read(text: &[u8], context: &Context<'_>) -> Reading {
    let mut list = String::new();
    let path = context.path;
    if !["/", "./", "../"]
        .iter()
        .any(|start| path.starts_with(start))
    {
        list.push_str("./");
    }
    for letter in path.chars() {
        if matches!(letter, ':' | '\\') {
            list.push('\\');
        }
        list.push(letter);
    }
    let text = String::from_utf8_lossy(text);
    let allows = |line: &str| {
        let (name, action) = line.split_once('=')?;
        let plain = name.trim() == "DEFAULT_POLICY";
        plain.then(|| {
            action
                .split('#')
                .next()
                .is_some_and(|word| word.trim().eq_ignore_ascii_case("allow"))
        })
    };
    let blacklist = text.lines().filter_map(allows).next_back() == Some(true);
    Reading {
        mode: match blacklist {
            true => Mode::DenyList,
            false => Mode::AllowList,
        },
        default: Action::KillProcess,
        list,
        besides: None,
        notes: Vec::new(),
    }
}

pub(crate) fn write(policy: &Policy, losses: &mut Losses) -> Result<String, Error> {
    if policy.tables().len() > 1 {
        losses.lose("the ABI besides", "a file is for one ABI")?;
    }
    let mut writer = Writer {
        policy,
        positive: Action::Allow,
        negative: policy.native().unlisted_action(),
    };
    if mode(policy) == Mode::DenyList {
        writer.positive = policy.default_action();
    }
    for action in [&mut writer.positive, &mut writer.negative] {
        if word(*action).is_none() {
            losses.lose("the default action", format!("{action} is no word of it"))?;
            *action = Action::KillProcess;
        }
    }
    let mut lines = Vec::new();
    for call in calls(policy, losses)?.iter().filter(|call| !call.implied) {
        lines.extend(writer.call(call, losses)?);
    }
    let mut text = String::new();
    for loss in &losses.all {
        for line in loss.to_string().lines() {
            text.push_str(&format!("# lost: {line}\n"));
        }
    }
    let positive = word(writer.positive).unwrap_or_default();
    let negative = word(writer.negative).unwrap_or_default();
    text.push_str(&format!(
        "DEFAULT_POSITIVE = {positive}\nDEFAULT_NEGATIVE = {negative}\nDEFAULT_POLICY = {negative}\n"
    ));
    lines.iter().for_each(|line| text.push_str(line));
    Ok(text)
}

/// Oz's word for an action. Its `kill` ends a thread, ours the process; there is no word for both.
fn word(action: Action) -> Option<String> {
    match action {
        Action::Allow => Some("allow".into()),
        Action::KillProcess => Some("kill".into()),
        Action::Trap => Some("trap".into()),
        Action::Trace => Some("trace".into()),
        Action::Errno(errno) => Some(
            syscalls::errno::name(errno.number())
                .map_or_else(|| errno.number().to_string(), String::from),
        ),
        Action::KillThread | Action::Log => None,
    }
}

struct Writer<'a> {
    policy: &'a Policy,
    positive: Action,
    negative: Action,
}

impl Writer<'_> {
    fn call(&self, call: &Call, losses: &mut Losses) -> Result<Option<String>, Error> {
        let Some(name) = call.name else {
            losses.lose(&call.label(), "the call has no name")?;
            return Ok(None);
        };
        if syscalls::number(self.policy.abi(), name).is_none() {
            // Part of the loss of the ABI besides.
            return Ok(None);
        }
        let said = match call.answer {
            Answer::Action(action) => self.always(name, action),
            Answer::Decision(decision) => self.decision(name, &decision),
        };
        match said.and_then(|line| self.problem(&line).map_or(Ok(line), Err)) {
            Ok(line) => Ok(Some(line)),
            Err(problem) => {
                losses.lose(name, problem)?;
                let strictest = strictest(self.policy, call.answer);
                let action = if word(strictest).is_some() {
                    strictest
                } else {
                    Action::KillProcess
                };
                Ok(self.always(name, action).ok())
            }
        }
    }

    fn always(&self, name: &str, action: Action) -> Result<String, String> {
        let actions = self.actions(action, self.negative)?;
        Ok(format!("{name}{actions}: 1\n"))
    }

    fn decision(&self, name: &str, decision: &Decision) -> Result<String, String> {
        let cases = self.policy.cases(decision);
        let negative = decision.otherwise;
        let mut others = cases
            .iter()
            .map(|case| case.action)
            .filter(|action| *action != negative);
        let Some(positive) = others.next() else {
            return self.always(name, negative);
        };
        if let Some(third) = others.find(|action| *action != positive) {
            return Err(format!(
                "a rule has two actions, and this would need {positive}, {negative} and {third}"
            ));
        }
        let parts = cases
            .iter()
            .map(|case| (case.condition, case.action == positive));
        let condition = expression::any_of(self.policy.conditions(), parts)?;
        let actions = self.actions(positive, negative)?;
        Ok(format!("{name}{actions}: {condition}\n"))
    }

    /// The actions in brackets that differ from the file's.
    fn actions(&self, positive: Action, negative: Action) -> Result<String, String> {
        let mut parts = Vec::new();
        for (sign, action, default) in [
            ('+', positive, self.positive),
            ('-', negative, self.negative),
        ] {
            let word = word(action).ok_or_else(|| format!("{action} is no word of it"))?;
            if action != default {
                parts.push(format!("{sign}{word}"));
            }
        }
        Ok(match parts.is_empty() {
            true => String::new(),
            false => format!("[{}]", parts.join(",")),
        })
    }

    /// What our own reader has against a line.
    fn problem(&self, line: &str) -> Option<String> {
        let read = |_: &[u8]| Ok(line.as_bytes().to_vec());
        let request = Request::plain(mode(self.policy), "", b"/", Action::KillProcess);
        match request.compile(self.policy.abi(), &read) {
            Ok(_) => None,
            Err(policy::Error::Line { problem, .. }) => Some(problem.to_string()),
            Err(other) => Some(other.to_string()),
        }
    }
}
