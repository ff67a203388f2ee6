//! The summary for people: counts, calls and reasons in columns.

use std::fmt::Write;

use super::escape::{LONGEST_RULE, line};
use super::{Entry, Reporter, text};

/// No column is wider for the sake of a single long one.
const WIDEST: usize = 48;

/// The lines, each behind `prefix`; none where nothing happened.
pub(crate) fn text(reporter: &Reporter, prefix: &str) -> String {
    let mut lines = String::new();
    let speaker = reporter.speaker;
    let (distinct, total) = (reporter.entries.len(), reporter.total());
    if total > 0 {
        let noun = match distinct {
            1 => "violation",
            _ => "violations",
        };
        let head = format!("{speaker}: {distinct} distinct {noun}, {total} in all:");
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "{prefix}{head}");
    }
    for row in rows(&reporter.sorted()) {
        let _ = writeln!(lines, "{prefix}{row}");
    }
    if reporter.beyond > 0 {
        let beyond = reporter.beyond;
        let _ = writeln!(
            lines,
            "{prefix}{beyond:>6}  more, of which nothing was kept"
        );
    }
    if reporter.lost > 0 {
        let lost = reporter.lost;
        let _ = writeln!(lines, "{prefix}{speaker}: {lost} reports were lost");
    }
    lines
}

/// A row for each distinct violation: count, call, and why with what to do.
fn rows(entries: &[&Entry]) -> Vec<String> {
    let subjects: Vec<String> = entries.iter().map(|entry| subject(entry)).collect();
    let widths = subjects.iter().map(|subject| subject.chars().count());
    let widths = widths.filter(|&width| width <= WIDEST);
    let width = widths.max().unwrap_or_default();
    let rows = entries.iter().zip(&subjects).map(|(entry, subject)| {
        let reason = line(&entry.first.judgement.ground.to_string(), LONGEST_RULE);
        let cure = cure(entry, subject);
        format!("{:>6}  {subject:<width$}  {reason}{cure}", entry.count)
    });
    rows.collect()
}

fn subject(entry: &Entry) -> String {
    line(&entry.first.judgement.subject, LONGEST_RULE)
}

/// What to do, where it is more than adding what stands there already.
fn cure(entry: &Entry, subject: &str) -> String {
    let addition = entry.first.judgement.addition.as_ref();
    let item = addition.ok().and_then(|addition| addition.item.as_deref());
    match item == Some(subject) {
        true => String::new(),
        false => format!("; {}", text::cure(&entry.first)),
    }
}
