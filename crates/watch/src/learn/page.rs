//! The lines of a `.seccomp` file, so far as learning must know them to change one: where a rule's
//! expression ends and its comment begins. All other bytes stay.

use crate::learn::remark::Remark;
use crate::learn::rules::ANY;

/// A file that is being changed.
pub(crate) struct Page {
    lines: Vec<String>,
}

/// A rule on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    /// The line's place, from 0.
    pub(crate) at: usize,
    /// The call, in lower case.
    pub(crate) name: String,
    /// Whether it is a name and a condition and nothing else.
    pub(crate) plain: bool,
}

/// How many runs a file was learned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Runs {
    pub(crate) runs: u64,
    pub(crate) without_news: u64,
}

const LEARNED: &str = "# learned: ";
const NOTHING_NEW: &str = ", nothing new in the last ";

impl Page {
    pub(crate) fn new(text: &str) -> Page {
        let lines = text.split('\n').map(String::from).collect();
        Page { lines }
    }

    pub(crate) fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// The rules, in order.
    pub(crate) fn rules(&self) -> Vec<Rule> {
        let lines = self.lines.iter().enumerate();
        lines.filter_map(|(at, line)| rule(at, line)).collect()
    }

    /// The line, from 1, of a `DEFAULT_POSITIVE` that allows nothing.
    pub(crate) fn positive(&self) -> Option<usize> {
        let denies = |line: &String| {
            let (name, action) = code(line).split_once('=').unwrap_or_default();
            name.trim() == "DEFAULT_POSITIVE" && !action.trim().eq_ignore_ascii_case("allow")
        };
        self.lines.iter().position(denies).map(|at| at + 1)
    }

    /// The alternatives of the rule on a line.
    pub(crate) fn alternatives(&self, at: usize) -> Vec<String> {
        let code = self.lines.get(at).map_or("", |line| code(line));
        let body = code.split_once(':').map_or("", |(_, body)| body.trim());
        body.split(" || ").map(String::from).collect()
    }

    /// What the comment on a line says, where it is ours.
    pub(crate) fn remark(&self, at: usize) -> Option<Remark> {
        let line = self.lines.get(at)?;
        Remark::read(line[code(line).len()..].trim())
    }

    /// Puts another comment on a line that has one of ours.
    pub(crate) fn set_remark(&mut self, at: usize, remark: &Remark) {
        if let Some(line) = self.lines.get_mut(at) {
            let start = line.find('#').unwrap_or(line.len());
            let end = line.trim_end().len().max(start);
            line.replace_range(start..end, &remark.to_string());
        }
    }

    /// Adds to the comment on a line that has another's, or none.
    pub(crate) fn add_comment(&mut self, at: usize, text: &str) {
        if let Some(line) = self.lines.get_mut(at) {
            let joint = if line.contains('#') { "; " } else { "  # " };
            let end = line.trim_end().len();
            line.insert_str(end, &format!("{joint}{text}"));
        }
    }

    /// Makes the rule on a line wider.
    pub(crate) fn widen(&mut self, at: usize, alternatives: &[String]) {
        let ours = self.remark(at).is_some();
        let Some(line) = self.lines.get_mut(at) else {
            return;
        };
        let end = code(line).trim_end().len();
        let any = alternatives.iter().any(|one| one == ANY);
        match line.find(':') {
            Some(colon) if any && ours => line.replace_range(colon + 1..end, " 1"),
            _ if any => line.insert_str(end, " || true"),
            _ => line.insert_str(end, &format!(" || {}", alternatives.join(" || "))),
        }
    }

    /// Puts a line at the end.
    pub(crate) fn append(&mut self, line: String) {
        if self.lines.last().is_some_and(|last| !last.is_empty()) {
            self.lines.push(String::new());
        }
        let last = self.lines.len().saturating_sub(1);
        self.lines.insert(last, line);
    }

    /// Puts a line at the head, unless it is there. The places of rules that were found before change.
    pub(crate) fn put_first(&mut self, line: &str) {
        if !self.has(line) {
            self.lines.insert(0, line.into());
        }
    }

    pub(crate) fn has(&self, line: &str) -> bool {
        self.lines.iter().any(|known| known.trim_end() == line)
    }

    /// How many runs there were so far, by the line that says so.
    pub(crate) fn runs(&self) -> Option<Runs> {
        self.lines.iter().find_map(|line| Runs::read(line))
    }

    /// Brings that line up to date, or adds one.
    pub(crate) fn set_runs(&mut self, runs: Runs) {
        let known = self
            .lines
            .iter_mut()
            .find(|line| Runs::read(line).is_some());
        match known {
            Some(line) => {
                let end = line.trim_end().len();
                line.replace_range(..end, &runs.to_string());
            }
            None => self.append(runs.to_string()),
        }
    }
}

impl Runs {
    fn read(line: &str) -> Option<Runs> {
        let (runs, last) = line
            .trim_end()
            .strip_prefix(LEARNED)?
            .split_once(NOTHING_NEW)?;
        let runs = runs.strip_suffix(" runs").or(runs.strip_suffix(" run"))?;
        Some(Runs {
            runs: runs.parse().ok()?,
            without_news: last.parse().ok()?,
        })
    }
}

impl std::fmt::Display for Runs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Runs { runs, without_news } = self;
        let plural = if *runs == 1 { "" } else { "s" };
        write!(f, "{LEARNED}{runs} run{plural}{NOTHING_NEW}{without_news}")
    }
}

/// What stands before the comment.
fn code(line: &str) -> &str {
    line.split('#').next().unwrap_or_default()
}

fn rule(at: usize, line: &str) -> Option<Rule> {
    let code = code(line).trim();
    let (head, body) = code.split_once(':')?;
    if code.starts_with("include") && head.contains('"') {
        return None;
    }
    let body = body.trim();
    let returned = body.strip_prefix("return");
    let word = |rest: &str| rest.is_empty() || rest.starts_with(char::is_whitespace);
    let answers = returned.is_some_and(word) || body.contains(';');
    Some(Rule {
        at,
        name: head.split('[').next()?.trim().to_ascii_lowercase(),
        plain: !head.contains('[') && !answers,
    })
}
