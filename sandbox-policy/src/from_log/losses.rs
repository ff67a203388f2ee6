//! What is missing from logs, in words.

use std::collections::BTreeMap;

use logs::{Loss, Lost};

/// Losses by their reasons.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Losses {
    /// How many records are known to be lost, and whether there may be more.
    by_reason: BTreeMap<Loss, (u64, bool)>,
}

impl Losses {
    pub(crate) fn add(&mut self, lost: &Lost) {
        let (count, open) = self.by_reason.entry(lost.why).or_insert((0, false));
        *count = count.saturating_add(lost.count.unwrap_or(0));
        *open |= lost.count.is_none();
    }

    /// How many and why, in a line; nothing where nothing was lost.
    pub(crate) fn words(&self) -> Option<String> {
        if self.by_reason.is_empty() {
            return None;
        }
        let counts = self.by_reason.values();
        let count = counts.fold(0_u64, |sum, (count, _)| sum.saturating_add(*count));
        let open = self.by_reason.values().any(|(_, open)| *open);
        let noun = match count {
            1 => "1 record was",
            _ => &format!("{count} records were"),
        };
        let count = match (count, open) {
            (0, _) => "records may have been lost".to_owned(),
            (_, false) => format!("{noun} lost"),
            (_, true) => format!("at least {noun} lost"),
        };
        let why: Vec<String> = self.by_reason.keys().map(ToString::to_string).collect();
        Some(format!(
            "{count} ({}); calls may be missing",
            why.join("; ")
        ))
    }

    /// What to do to lose less.
    pub(crate) fn cures(&self) -> Vec<&'static str> {
        let mut cures = Vec::new();
        for cure in self.by_reason.keys().map(|why| why.cure()) {
            if !cures.contains(&cure) {
                cures.push(cure);
            }
        }
        cures
    }
}
