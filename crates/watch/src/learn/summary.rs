//! What a run of learning says at its end, for people and for programs.

use std::fmt;

use serde_json::{Value, json};

/// How often a call was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The call.
    pub name: String,
    /// In this run.
    pub seen: u64,
    /// In all runs, where the file's comment says so.
    pub total: u64,
}

/// What the file allows unseen, by this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumed {
    /// The call.
    pub call: String,
    /// The call with the uses that are meant, where it is not any.
    pub rule: String,
    /// The reason.
    pub why: String,
}

/// What was learned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// The calls with a name, the most frequent first.
    pub calls: Vec<Count>,
    /// What was not allowed before: calls, or uses of calls that have a rule.
    pub new: Vec<String>,
    /// What was added without being seen.
    pub assumed: Vec<Assumed>,
    /// Assumptions that a rule in the file stands against; it was left as it is.
    pub left_out: Vec<Assumed>,
    /// Calls of which any use is allowed because the log did not hold their arguments.
    pub unknown: Vec<String>,
    /// Calls without a name: no rule can allow them.
    pub unnamed: Vec<String>,
    /// Whether calls of the other ABI were seen: the policy must be enforced with it.
    pub foreign: Option<&'static str>,
    /// How many runs the file was learned from, with this one.
    pub runs: u64,
    /// How many of the last of them brought nothing new.
    pub runs_without_news: u64,
}

/// So many calls have a line of their own in the text.
const MOST_FREQUENT: usize = 10;

impl Summary {
    /// How many calls were seen in this run.
    pub fn seen(&self) -> u64 {
        self.calls.iter().map(|call| call.seen).sum()
    }

    /// How often each call was seen, one line each, the most frequent first.
    pub fn counts(&self) -> String {
        let width = |count: &Count| grouped(count.seen).len();
        let width = self.calls.iter().map(width).max().unwrap_or(0);
        let line = |call: &Count| format!("{:>width$}  {}\n", grouped(call.seen), call.name);
        self.calls.iter().map(line).collect()
    }

    /// All of it, for programs.
    pub fn json(&self) -> Value {
        let assumed = |all: &[Assumed]| -> Vec<Value> {
            let one = |one: &Assumed| json!({"call": one.call, "rule": one.rule, "why": one.why});
            all.iter().map(one).collect()
        };
        let call = |one: &Count| json!({"name": one.name, "seen": one.seen, "total": one.total});
        let calls: Vec<Value> = self.calls.iter().map(call).collect();
        let mut all = json!({
            "seen": self.seen(),
            "calls": calls,
            "new": self.new,
            "assumed": assumed(&self.assumed),
            "left_out": assumed(&self.left_out),
            "unnamed": self.unnamed,
            "other_abi": self.foreign,
            "runs": self.runs,
            "runs_without_news": self.runs_without_news,
        });
        // Only a log leaves arguments out.
        if !self.unknown.is_empty() {
            all["arguments_unknown"] = json!(self.unknown);
        }
        all
    }

    /// The calls that are assumed; of some only uses are.
    fn assumptions(&self) -> String {
        let say = |one: &Assumed| match one.rule == one.call {
            true => one.call.clone(),
            false => format!("uses of {}", one.call),
        };
        let all: Vec<String> = self.assumed.iter().map(say).collect();
        all.join(", ")
    }

    fn news(&self) -> String {
        match self.new.len() {
            0 => format!("nothing new in the last {}", runs(self.runs_without_news)),
            _ if self.calls.iter().all(|call| self.new.contains(&call.name)) => "all new".into(),
            count => format!("{count} new: {}", self.new.join(", ")),
        }
    }
}

impl fmt::Display for Summary {
    /// A line on what was learned, and one for each thing that the user should know.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.calls.len() == 1 { "" } else { "s" };
        let (calls, seen) = (self.calls.len(), grouped(self.seen()));
        write!(
            f,
            "learned {calls} call{plural} ({seen} seen), {}",
            self.news()
        )?;
        let frequent = self.calls.iter().take(MOST_FREQUENT);
        let frequent: Vec<String> = frequent
            .map(|call| format!("{} {}", call.name, grouped(call.seen)))
            .collect();
        if !frequent.is_empty() {
            write!(f, "\nmost often: {}", frequent.join(", "))?;
        }
        if !self.assumed.is_empty() {
            write!(f, "\nassumed, not seen: {}", self.assumptions())?;
        }
        if !self.unknown.is_empty() {
            let calls = self.unknown.join(", ");
            write!(f, "\narguments unknown, so any use is allowed: {calls}")?;
        }
        for one in &self.left_out {
            let Assumed { rule, why, .. } = one;
            write!(
                f,
                "\nnot assumed, for a rule of the file stands against it: {rule} ({why})"
            )?;
        }
        for call in &self.unnamed {
            write!(f, "\nno rule can allow {call}")?;
        }
        match self.foreign {
            Some(abi) => write!(f, "\ncalls of {abi} were seen: enforce with --arch {abi}"),
            None => Ok(()),
        }
    }
}

fn runs(count: u64) -> String {
    match count {
        1 => "run".into(),
        count => format!("{count} runs"),
    }
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
