//! The shortest addition to a policy that allows a call, tried before it is shown.
//!
//! Candidates go from narrow to wide: the call under a condition on the arguments that select what
//! it does, an exception, the call as a whole. Each is added to the list or to the file, the policy
//! is compiled again, and the first under which exactly this call is allowed is the answer.

pub(crate) mod lines;
pub(crate) mod selecting;
pub(crate) mod together;

use std::fmt;

use policy::{Action, Mode, Policy, Request};
use syscalls::Abi;

use crate::call::Call;
use crate::judge::{Basis, Ground, Judge, Verdict};

/// What to add to a policy. At least one of the three is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// An ABI for `--arch` or `SECCOMP_ARCH`.
    pub arch: Option<Abi>,
    /// An item for the end of the list.
    pub item: Option<String>,
    /// A line for the `.seccomp` file that the list is made of.
    pub line: Option<Line>,
    /// The option or variable that holds the list.
    pub(crate) origin: &'static str,
}

/// A change in a `.seccomp` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line; empty where one has to go.
    pub text: String,
    /// The line that it takes the place of, as `FILE:LINE`; nothing for one at the end.
    pub replaces: Option<String>,
}

/// What to do, in words: `add mkdir`.
impl fmt::Display for Addition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let item = self.item.as_ref().map(|item| format!("add {item}"));
        let line = self.line.as_ref().map(Line::to_string);
        let change = match self.is_file() {
            true => line.or(item),
            false => item.or(line),
        };
        let arch = self.arch.map(|abi| format!("give --arch {abi}"));
        let words: Vec<String> = arch.into_iter().chain(change).collect();
        f.write_str(&words.join(" and "))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.replaces {
            None => write!(f, "add the line `{}`", self.text),
            Some(place) if self.text.is_empty() => write!(f, "remove {place}"),
            Some(place) => write!(f, "change {place} to `{}`", self.text),
        }
    }
}

impl Addition {
    /// Whether the user gave a file, so that a line is what he can add.
    fn is_file(&self) -> bool {
        const OPTIONS: [&str; 4] = ["--allow", "--deny", "--list-allow", "--list-deny"];
        let list = self.origin.starts_with("SECCOMP_") || OPTIONS.contains(&self.origin);
        !list
    }

    /// What to type: `--allow '…:mkdir'`, with what goes into a file in parentheses.
    pub(crate) fn typed(&self) -> String {
        let variable = self.origin.starts_with("SECCOMP_");
        let arch = self.arch.map(|abi| match variable {
            true => format!("{}={abi}", policy::ARCH),
            false => format!("--arch {abi}"),
        });
        let line = self.line.as_ref().map(Line::to_string);
        if self.is_file() {
            let item = self.item.as_ref().map(|item| format!("add {item}"));
            let words: Vec<String> = arch.into_iter().chain(line.or(item)).collect();
            return words.join(" and ");
        }
        let joint = if variable { "=" } else { " " };
        let item = self.item.as_ref();
        let item = item.map(|item| format!("{}{joint}'…:{item}'", self.origin));
        let alone = item.is_none();
        let line = line.map(|line| match alone {
            true => line,
            false => format!("  (or for a file: {line})"),
        });
        let typed: Vec<String> = arch.into_iter().chain(item).collect();
        typed.join(" ") + &line.unwrap_or_default()
    }
}

/// A search for what would allow a call.
pub(crate) struct Trial<'a> {
    pub(crate) judge: &'a Judge,
    pub(crate) basis: &'a Basis,
    call: &'a Call,
    name: Option<&'static str>,
    pub(crate) condition: Option<String>,
}

/// A file of the policy with another text.
pub(crate) type Edit<'a> = (&'a [u8], Vec<u8>);

impl<'a> Trial<'a> {
    pub(crate) fn new(judge: &'a Judge, call: &'a Call, verdict: &Verdict) -> Trial<'a> {
        let name = call.name();
        let condition = selecting::condition(name.unwrap_or_default(), &verdict.selected);
        Trial {
            judge,
            basis: &judge.basis,
            call,
            name,
            condition,
        }
    }

    /// The first candidate that works, or why none does.
    pub(crate) fn addition(&self, ground: &Ground) -> Result<Addition, String> {
        let arch = match ground {
            Ground::X32 => return Err("x32 calls are never allowed".to_owned()),
            Ground::MinusOne => return Err("nothing can be added".to_owned()),
            Ground::Foreign(abi) => Some(self.besides(abi)?),
            _ => None,
        };
        if let Some(refusal) = self.would_undo() {
            return Err(refusal);
        }
        let besides = arch.or(self.basis.besides);
        let addition = |item, line| Addition {
            arch,
            item,
            line,
            origin: self.basis.origin,
        };
        if arch.is_some() && self.allows(&self.basis.list, besides, None) {
            return Ok(addition(None, None));
        }
        let works = |item: &String| self.allows(&self.basis.with(item), besides, None);
        let item = self.items(ground).into_iter().find(works);
        let line = self.line(ground, besides);
        match (&item, &line, ground.rule()) {
            (None, None, Some(rule)) => Err(format!("change the rule {rule}")),
            (None, None, None) => Err("no item of a list allows it".to_owned()),
            _ => Ok(addition(item, line)),
        }
    }

    /// The ABI of the call, if a policy can hold for it, too.
    fn besides(&self, name: &str) -> Result<Abi, String> {
        let possible = match self.basis.abi {
            Abi::X86_64 => Some(Abi::X86),
            Abi::Aarch64 => Some(Abi::Arm),
            _ => None,
        };
        let abi = self.call.abi().filter(|&abi| Some(abi) == possible);
        abi.ok_or_else(|| format!("no policy here holds for {name}"))
    }

    /// Why a call is better not allowed: what it does is behind a pointer, where no condition sees it,
    /// and an older call that does the same is allowed under conditions only. Libcs fall back on
    /// that one when they hear ENOSYS.
    fn would_undo(&self) -> Option<String> {
        let name = self.name?;
        let older: &[&str] = match name {
            "clone3" => &["clone"],
            "openat2" => &["open", "openat"],
            _ => return None,
        };
        let older = older.iter().find(|older| self.judge.restricts(older))?;
        Some(format!(
            "{name} would undo the condition on {older}; give it {name}=ENOSYS"
        ))
    }

    /// Items that may allow the call, the narrowest first.
    fn items(&self, ground: &Ground) -> Vec<String> {
        let name = match self.name {
            Some(name) => name.to_owned(),
            None => self.call.number.to_string(),
        };
        let narrow = self
            .condition
            .as_ref()
            .map(|known| format!("{name}({known})"));
        let allowed = |item: &String| format!("{item}=allow");
        let (narrow_exception, exception) = (narrow.as_ref().map(allowed), allowed(&name));
        if self.basis.mode == Mode::DenyList {
            // A rule with one case is what the user has to take back; one of several may stay.
            let removal = format!("!{name}");
            return match narrow_exception {
                Some(narrow) if self.judge.cases(self.call) > 1 => vec![narrow, removal, exception],
                Some(narrow) => vec![removal, narrow, exception],
                None => vec![removal, exception],
            };
        }
        match (narrow, narrow_exception) {
            (Some(_), Some(also)) if ground.is_said() => vec![also, exception],
            (Some(narrow), Some(also)) => vec![narrow, also, name, exception],
            _ if ground.is_said() => vec![exception],
            _ => vec![name, exception],
        }
    }

    /// Whether the call is allowed under a list, another ABI and a file with another text.
    pub(crate) fn allows(&self, list: &[u8], besides: Option<Abi>, edit: Option<Edit<'_>>) -> bool {
        let policy = self.basis.policy(list, besides, edit);
        policy.is_some_and(|policy| allows(&policy, self.call))
    }

    /// The call's name, where it has one.
    pub(crate) fn name(&self) -> Option<&'static str> {
        self.name
    }
}

/// Whether a policy lets a call run, without leaving a record.
pub(crate) fn allows(policy: &Policy, call: &Call) -> bool {
    policy.decide(call.audit, call.number, &call.arguments) == Action::Allow
}

impl Basis {
    /// The policy of another list, another ABI and a file with another text, if it compiles.
    pub(crate) fn policy(
        &self,
        list: &[u8],
        besides: Option<Abi>,
        edit: Option<Edit<'_>>,
    ) -> Option<Policy> {
        let definitions: Vec<&[u8]> = self.definitions.iter().map(Vec::as_slice).collect();
        let request = Request {
            definitions: &definitions,
            besides,
            whole_registers: self.whole_registers,
            ..Request::plain(self.mode, self.origin, list, self.default)
        };
        let read = |path: &[u8]| match &edit {
            Some((edited, text)) if *edited == path => Ok(text.clone()),
            _ => match self.files.get(path) {
                Some(file) => file.clone(),
                None => policy::no_files(path),
            },
        };
        let compiled = request.compile(self.abi, &read).ok()?;
        Some(compiled.policy)
    }

    /// The list with an item behind it.
    pub(crate) fn with(&self, item: &str) -> Vec<u8> {
        [&self.list, &b":"[..], item.as_bytes()].concat()
    }
}
