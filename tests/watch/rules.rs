//! The rules of a learned file, with what its comments say of them.

/// One alternative of a rule: one use of a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    pub call: String,
    /// Its condition; `1` for any use.
    pub condition: String,
}

impl Use {
    /// As an item of a list.
    pub fn item(&self) -> String {
        let condition = &self.condition;
        match condition.as_str() {
            "1" => self.call.clone(),
            inner if inner.starts_with('(') => format!("{}{inner}", self.call),
            inner => format!("{}({inner})", self.call),
        }
    }
}

/// A line taken apart: the call, its alternatives, its comment.
fn rule(line: &str) -> Option<(&str, Vec<&str>, &str)> {
    let (code, comment) = line.split_once('#').unwrap_or((line, ""));
    let (call, body) = code.split_once(':')?;
    let alternatives = body.trim().split(" || ").collect();
    Some((call.trim(), alternatives, comment.trim()))
}

/// What a comment says is allowed unseen; everything where nothing was seen.
fn is_assumed(comment: &str, alternative: &str) -> bool {
    match comment.split_once("assumed: ") {
        None => false,
        Some(("", _)) => true,
        Some((_, uses)) => {
            let end = uses.rfind(" (").expect("a reason");
            uses[..end].split(", ").any(|one| one == alternative)
        }
    }
}

/// All uses that were seen, in the order of the file.
pub fn seen(text: &str) -> Vec<Use> {
    let mut found = Vec::new();
    for (call, alternatives, comment) in text.lines().filter_map(rule) {
        let seen = |one: &&&str| comment.starts_with("seen ") && !is_assumed(comment, one);
        found.extend(alternatives.iter().filter(seen).map(|one| Use {
            call: call.to_owned(),
            condition: (*one).to_owned(),
        }));
    }
    found
}

/// The names of the calls that were seen, in order.
pub fn names(text: &str) -> Vec<String> {
    let mut names: Vec<String> = seen(text).into_iter().map(|one| one.call).collect();
    names.sort();
    names.dedup();
    names
}

/// How often a call was seen, as its comment says.
pub fn count(text: &str, call: &str) -> Option<u64> {
    let mut rules = text.lines().filter_map(rule);
    let (_, _, comment) = rules.find(|(name, ..)| *name == call)?;
    let number = comment.strip_prefix("seen ")?.split(';').next()?;
    number.parse().ok()
}

/// The text without one use; the rule goes with its last.
pub fn without(text: &str, gone: &Use) -> String {
    let mut kept = String::new();
    for line in text.lines() {
        match rule(line) {
            Some((call, alternatives, _)) if call == gone.call => {
                let others = alternatives.iter().filter(|one| **one != gone.condition);
                let others: Vec<&str> = others.copied().collect();
                if !others.is_empty() {
                    kept += &format!("{call}: {}\n", others.join(" || "));
                }
            }
            _ => kept += &format!("{line}\n"),
        }
    }
    kept
}
