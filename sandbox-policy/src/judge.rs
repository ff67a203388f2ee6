//! `test`: what single calls get, and which rule says so.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::BufRead;

use filter::{Call, Program};
use policy::{Action, Compiled};
use syscalls::Abi;

use crate::Output;
use crate::arguments::PolicyArguments;
use crate::asked::{self, Asked};
use crate::failure::Failure;
use crate::source::{Source, is_file};
use crate::vectors::Candidates;

pub(crate) fn run(
    arguments: &PolicyArguments,
    compiled: bool,
    arch: Option<&str>,
    words: &[OsString],
    json: bool,
) -> Result<Output, Failure> {
    let (file, calls) = match words.split_first() {
        Some((file, calls)) if is_file(arguments, file) => (Some(file), calls),
        _ => (None, words),
    };
    if calls.is_empty() {
        return Err(Failure::NoCall);
    }
    let source = Source::read(arguments, file.map(OsString::as_os_str))?;
    let abi = arch.map_or(Ok(Abi::NATIVE), abi)?;
    let judge = Judge::new(&source, abi, compiled)?;
    let (mut text, mut all_run) = (String::new(), true);
    for call in written(calls)? {
        let verdict = judge.verdict(&asked::parse(abi, &call)?);
        all_run &= verdict.action.runs();
        let line = match json {
            true => verdict.as_json(&call),
            false => verdict.in_words(&call),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{line}");
    }
    Ok(Output::answer(text, all_run))
}

/// The calls on the command line; `-` stands for the lines of standard input.
fn written(calls: &[OsString]) -> Result<Vec<String>, Failure> {
    let mut written = Vec::new();
    for call in calls {
        if call != "-" {
            written.push(call.to_string_lossy().into_owned());
            continue;
        }
        for line in std::io::stdin().lock().lines() {
            let line = line.map_err(|source| Failure::Io {
                what: "standard input".into(),
                source,
            })?;
            written.extend(Some(line.trim().to_string()).filter(|line| !line.is_empty()));
        }
    }
    Ok(written)
}

/// What a call gets.
struct Verdict {
    action: Action,
    rule: String,
    /// Whether other values of what was left open would get something else.
    depends: bool,
}

impl Verdict {
    fn in_words(&self, call: &str) -> String {
        let Verdict { action, rule, .. } = self;
        let depends = match self.depends {
            true => ", for some arguments",
            false => "",
        };
        format!("{call}: {action} ({rule}){depends}")
    }

    fn as_json(&self, call: &str) -> String {
        let (word, errno) = match self.action {
            Action::Errno(errno) => ("errno".to_string(), Some(errno.number())),
            other => (other.to_string(), None),
        };
        serde_json::json!({
            "call": call, "action": word, "errno": errno, "rule": self.rule,
            "depends": self.depends,
        })
        .to_string()
    }
}

/// A policy, with the ABI that calls are made by.
struct Judge {
    compiled: Compiled,
    program: Option<Program>,
    /// The ABI that the calls come by.
    abi: Abi,
}

impl Judge {
    fn new(source: &Source, abi: Abi, compiled: bool) -> Result<Judge, Failure> {
        // Calls of a machine's other ABIs meet the filter of its native one.
        let native = match abi {
            Abi::X86_64 | Abi::X86 | Abi::X32 => Abi::X86_64,
            Abi::Aarch64 | Abi::Arm => Abi::Aarch64,
        };
        let policy = source.compile(native)?;
        let program = match compiled {
            true => Some(Program::compile(&policy.policy, None)?),
            false => None,
        };
        Ok(Judge {
            compiled: policy,
            program,
            abi,
        })
    }

    /// What a call gets: of several answers for what was left open, the worst.
    fn verdict(&self, call: &Asked) -> Verdict {
        let number = match self.abi {
            Abi::X32 => call.number | Abi::X32_BIT,
            _ => call.number,
        };
        let policy = &self.compiled.policy;
        let table = policy.tables().iter().find(|table| table.abi() == self.abi);
        let decided = table.map(|table| (policy, table.answer(number)));
        let mut candidates = Candidates::new(decided.as_slice());
        for (index, value) in call.arguments.iter().enumerate() {
            if let Some(value) = value {
                candidates.fix(index, *value);
            }
        }
        let mut worst = None;
        let mut depends = false;
        candidates.each(|arguments| {
            let answer = self.answer(number, arguments);
            let (action, _) = *worst.get_or_insert(answer);
            depends |= action != answer.0;
            if severity(answer.0) > severity(action) {
                worst = Some(answer);
            }
            false
        });
        let (action, origin) = worst.unwrap_or((policy.default_action(), u32::MAX));
        Verdict {
            action,
            rule: self.rule(number, action, origin),
            depends,
        }
    }

    fn answer(&self, number: u32, arguments: &[u64; 6]) -> (Action, u32) {
        let policy = &self.compiled.policy;
        let audit = self.abi.audit();
        let (decided, origin) = policy.decide_with_origin(audit, number, arguments);
        let Some(program) = &self.program else {
            return (decided, origin);
        };
        let call = Call {
            audit,
            number,
            arguments: *arguments,
        };
        let answer = filter::run(program.instructions(), &call).ok();
        let known = |action: &Action| Some(filter::action_value(*action)) == answer;
        // A program that differs from its policy never gets loaded; here it shows as what it is.
        let action = policy.actions().into_iter().find(known);
        (action.unwrap_or(decided), origin)
    }

    /// Which rule decided, or what else.
    fn rule(&self, number: u32, action: Action, origin: u32) -> String {
        let policy = &self.compiled.policy;
        if policy.tables().iter().all(|table| table.abi() != self.abi) {
            return "calls of other ABIs".to_string();
        }
        if let Some(rule) = self.compiled.sources.rule(origin) {
            return rule;
        }
        let restart = syscalls::number(self.abi, "restart_syscall") == Some(number);
        let unlisted = policy.native().unlisted_action();
        match restart && action.runs() && !unlisted.runs() {
            true => "resumes a call that is listed".to_string(),
            false => "not listed".to_string(),
        }
    }
}

/// How bad an action is for the program.
fn severity(action: Action) -> u8 {
    match action {
        Action::Allow => 0,
        Action::Log => 1,
        Action::Trace => 2,
        Action::Errno(_) => 3,
        Action::Trap => 4,
        Action::KillThread => 5,
        Action::KillProcess => 6,
    }
}

fn abi(name: &str) -> Result<Abi, Failure> {
    let known = [Abi::X86_64, Abi::X86, Abi::X32, Abi::Aarch64, Abi::Arm];
    known
        .into_iter()
        .find(|abi| abi.name() == name)
        .ok_or_else(|| Failure::Unknown {
            kind: "ABI",
            word: name.to_string(),
            hint: "; there are x86_64, x86, x32, aarch64 and arm",
        })
}
