//! `test`: what single calls get, and which item says so.

use std::fmt::Write as _;
use std::io::BufRead;

use filter::{Call, Program};
use policy::{Action, Compiled, Mode};
use syscalls::Abi;

use crate::Output;
use crate::arguments::PolicyArguments;
use crate::failure::Failure;
use crate::source::Source;

pub(crate) fn run(
    arguments: &PolicyArguments,
    compiled: bool,
    arch: Option<&str>,
    calls: &[String],
    json: bool,
) -> Result<Output, Failure> {
    let source = Source::read(arguments)?;
    let abi = arch.map_or(Ok(Abi::NATIVE), abi)?;
    let judge = Judge::new(source, abi, compiled)?;
    let (mut text, mut all_run) = (String::new(), true);
    for call in asked(calls)? {
        let (number, action) = judge.action(&call)?;
        all_run &= action.runs();
        let rule = judge.rule(number, action)?;
        let line = if json {
            as_json(&call, action, &rule)
        } else {
            format!("{call}: {action} ({rule})")
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{line}");
    }
    Ok(Output::answer(text, all_run))
}

/// The calls on the command line; `-` stands for the lines of standard input.
fn asked(calls: &[String]) -> Result<Vec<String>, Failure> {
    let mut asked = Vec::new();
    for call in calls {
        if call != "-" {
            asked.push(call.clone());
            continue;
        }
        for line in std::io::stdin().lock().lines() {
            let line = line.map_err(|source| Failure::Io {
                what: "standard input".into(),
                source,
            })?;
            asked.extend(Some(line.trim().to_string()).filter(|line| !line.is_empty()));
        }
    }
    Ok(asked)
}

/// A policy, with the ABI that calls are made by.
struct Judge {
    source: Source,
    compiled: Compiled,
    program: Option<Program>,
    /// The ABI that the policy is for.
    native: Abi,
    /// The ABI that the calls come by.
    abi: Abi,
}

impl Judge {
    fn new(source: Source, abi: Abi, compiled: bool) -> Result<Judge, Failure> {
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
            source,
            compiled: policy,
            program,
            native,
            abi,
        })
    }

    /// The number of a call as a filter sees it, and its action.
    fn action(&self, call: &str) -> Result<(u32, Action), Failure> {
        // Lists have no conditions, so the arguments do not matter.
        let name = call.split('(').next().unwrap_or(call).trim();
        let number = number(self.abi, name).ok_or_else(|| Failure::Unknown {
            kind: "system call of this ABI",
            word: name.to_string(),
            hint: "; sandbox-policy syscalls lists them",
        })?;
        let seen = if self.abi == Abi::X32 {
            number | Abi::X32_BIT
        } else {
            number
        };
        let policy = &self.compiled.policy;
        let decided = policy.decide(self.abi.audit(), seen, &[0; 6]);
        let Some(program) = &self.program else {
            return Ok((seen, decided));
        };
        let call = Call {
            audit: self.abi.audit(),
            number: seen,
            ..Call::default()
        };
        let answer = filter::run(program.instructions(), &call).ok();
        let known = |action: &Action| Some(filter::action_value(*action)) == answer;
        // A program that differs from its policy never gets loaded; here it shows as what it is.
        let action = policy.actions().into_iter().find(known).unwrap_or(decided);
        Ok((seen, action))
    }

    /// Which item decided, or what else.
    fn rule(&self, number: u32, action: Action) -> Result<String, Failure> {
        if self.abi != self.native {
            return Ok("calls of other ABIs".to_string());
        }
        let policy = &self.compiled.policy;
        let (_, origin) = policy.decide_with_origin(self.abi.audit(), number, &[0; 6]);
        if let Some(rule) = self.compiled.sources.rule(origin) {
            return Ok(rule);
        }
        let restart = syscalls::number(self.native, "restart_syscall") == Some(number);
        let implied = restart && self.source.mode() == Mode::AllowList && action.runs();
        Ok(match implied {
            true => "resumes a call that is listed".to_string(),
            false => "not listed".to_string(),
        })
    }
}

/// A call by name or by number, decimal or hexadecimal.
pub(crate) fn number(abi: Abi, word: &str) -> Option<u32> {
    syscalls::number(abi, word).or_else(|| match word.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    })
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

fn as_json(call: &str, action: Action, rule: &str) -> String {
    let (word, errno) = match action {
        Action::Errno(errno) => ("errno".to_string(), Some(errno.number())),
        other => (other.to_string(), None),
    };
    serde_json::json!({"call": call, "action": word, "errno": errno, "rule": rule}).to_string()
}
