//! The comments that learning puts behind its rules, and finds again in the next run.
//!
//! `# seen 12`, `# assumed: WHY`, or `# seen 12; arguments unknown; targets: self; assumed: USES (WHY)`. A
//! comment that is not exactly of such a form is the user's and stays.

use crate::learn::assumed::is_reason;
use crate::learn::observe::Targets;
use crate::learn::rules::ANY;

/// What a comment says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Remark {
    /// How often the call was seen; nothing for one that never was.
    pub(crate) seen: Option<u64>,
    /// Whether the call is allowed with any arguments because some were seen without.
    pub(crate) unknown: bool,
    pub(crate) targets: Targets,
    /// The alternatives that were not seen; none where nothing of the call was.
    pub(crate) uses: Vec<String>,
    /// Why the alternatives, or the whole call, are allowed unseen.
    pub(crate) why: Option<String>,
}

const WHOLE: &str = "any use";
/// Why a rule allows any use of a call of which the log did not say what it was used for.
pub(crate) const UNKNOWN: &str = "arguments unknown";

impl Remark {
    /// Reads a comment, from its `#`; nothing when it is none of ours.
    pub(crate) fn read(comment: &str) -> Option<Remark> {
        let text = comment.strip_prefix("# ")?;
        let mut remark = Remark::default();
        if let Some(why) = text.strip_prefix("assumed: ") {
            remark.why = Some(why.into()).filter(|why: &String| is_reason(why));
            return remark.why.is_some().then_some(remark);
        }
        let mut parts = text.split("; ");
        remark.seen = Some(parts.next()?.strip_prefix("seen ")?.parse().ok()?);
        for part in parts {
            remark.part(part)?;
        }
        // Anything else than what we would write is not ours.
        (remark.to_string() == comment).then_some(remark)
    }

    fn part(&mut self, part: &str) -> Option<()> {
        if part == UNKNOWN {
            self.unknown = true;
            return Some(());
        }
        if let Some(targets) = part.strip_prefix("targets: ") {
            self.targets.own = targets.starts_with("self");
            self.targets.others = targets.ends_with("others");
            return Some(());
        }
        let (uses, why) = part.strip_prefix("assumed: ")?.rsplit_once(" (")?;
        let why = why.strip_suffix(')').filter(|why| is_reason(why))?;
        self.uses = uses.split(", ").map(unshown).collect();
        self.why = Some(why.into());
        Some(())
    }

    /// The part on what was not seen, where something was.
    pub(crate) fn assumed(&self) -> Option<String> {
        let why = self.why.as_deref()?;
        if self.uses.is_empty() {
            return None;
        }
        let uses: Vec<String> = self.uses.iter().map(|one| shown(one)).collect();
        Some(format!("assumed: {} ({why})", uses.join(", ")))
    }
}

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some(seen) = self.seen else {
            return write!(f, "# assumed: {}", self.why.as_deref().unwrap_or_default());
        };
        write!(f, "# seen {seen}")?;
        if self.unknown {
            write!(f, "; {UNKNOWN}")?;
        }
        match (self.targets.own, self.targets.others) {
            (true, true) => f.write_str("; targets: self, others")?,
            (true, false) => f.write_str("; targets: self")?,
            (false, true) => f.write_str("; targets: others")?,
            (false, false) => {}
        }
        match self.assumed() {
            Some(assumed) => write!(f, "; {assumed}"),
            None => Ok(()),
        }
    }
}

fn shown(alternative: &str) -> String {
    match alternative {
        ANY => WHOLE.into(),
        other => other.into(),
    }
}

fn unshown(text: &str) -> String {
    match text {
        WHOLE => ANY.into(),
        other => other.into(),
    }
}
