//! What is said at the end: the policy or the report, what it came to, and what is missing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use watch::Judge;
use watch::learn::{self, merge};

use super::Collection;
use super::losses::Losses;
use super::programs::{Program, Programs, Report};
use super::purpose::{Purpose, learning, with_base};
use crate::Output;
use crate::failure::Failure;

pub(crate) fn answer(collection: Collection<'_>) -> Result<Output, Failure> {
    let Collection {
        options,
        purpose,
        programs,
        losses,
        partial,
        ..
    } = collection;
    let (name, program) = one(programs)?;
    let name = match name.is_empty() {
        true => chosen(options),
        false => name,
    };
    match (purpose, program.report) {
        (Purpose::Report { judge, format }, Some(report)) => {
            Ok(reported(report, judge, *format, &losses))
        }
        _ => {
            let options = learning(options, name, losses.words());
            learned(purpose, &program.observations, options, &losses, partial)
        }
    }
}

/// The program, if there is one alone.
fn one(programs: Programs) -> Result<(String, Program), Failure> {
    let Programs { mut wanted, others } = programs;
    if wanted.len() > 1 {
        let counts = wanted
            .iter()
            .map(|(name, program)| (name.clone(), program.count));
        let list = listed(&counts.collect());
        return Err(Failure::SeveralPrograms { list });
    }
    wanted.pop_first().ok_or_else(|| match others.is_empty() {
        true => Failure::NoCalls,
        false => Failure::NoSuchProgram {
            list: listed(&others),
        },
    })
}

/// Programs with their counts, the most frequent first. Their names are theirs.
fn listed(programs: &BTreeMap<String, u64>) -> String {
    let mut all: Vec<(&String, &u64)> = programs.iter().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let line = |(name, count): (&String, &u64)| format!("\n{count:>8}  {}", name.escape_debug());
    all.into_iter().map(line).collect()
}

/// Who was asked for, in words.
fn chosen(options: &super::options::Options) -> String {
    let pids = options.pid.iter().map(ToString::to_string);
    let all = options.exe.iter().chain(&options.comm).cloned().chain(pids);
    let all: Vec<String> = all.collect();
    match all.is_empty() {
        true => "all programs of the log".into(),
        false => all.join(", "),
    }
}

fn learned(
    purpose: &Purpose,
    seen: &learn::Observations,
    options: learn::Options,
    losses: &Losses,
    partial: bool,
) -> Result<Output, Failure> {
    let Purpose::Learn { ledger, base, .. } = purpose else {
        return Err(Failure::NoCalls);
    };
    let known = ledger.as_ref().is_some_and(|ledger| ledger.path().exists());
    let (bytes, summary, place) = match ledger {
        None => {
            let learned = with_base(base.as_deref(), |file| merge(file, seen, &options))?;
            (learned.text.into_bytes(), learned.summary, String::new())
        }
        Some(ledger) => {
            let mut ledger = ledger.as_ref().clone();
            ledger.set_options(options);
            let place = format!("{}: ", ledger.path().display());
            match ledger.grow(seen) {
                Ok(summary) => (Vec::new(), summary, place),
                Err(why) => return Err(Failure::rescued(&ledger, seen, why)),
            }
        }
    };
    crate::say(&format!("{place}{summary}"));
    match (known, base.is_some()) {
        (false, false) if partial => crate::say(PARTIAL),
        (true, true) => crate::say("note: the file was there; the policy is not added to it"),
        _ => {}
    }
    say_losses(losses);
    let yes = losses.words().is_none();
    Ok(Output { bytes, yes })
}

/// A record is of a call that the filter did not simply allow.
const PARTIAL: &str = "note: calls that the filter in force allowed leave no record and are not in it; give its list with \
                       --learn - --list-allow LIST, or learn into its file";

fn say_losses(losses: &Losses) {
    if let Some(words) = losses.words() {
        crate::say(&format!("INCOMPLETE: {words}"));
        for cure in losses.cures() {
            crate::say(&format!("to lose less: {cure}"));
        }
    }
}

fn reported(mut report: Report, judge: &Judge, format: watch::Format, losses: &Losses) -> Output {
    let mut text = std::mem::take(&mut report.text);
    text.push_str(&report.reporter.summary());
    text.extend(report.reporter.together(judge));
    for (call, count) in &report.undecided {
        // Writing to a String cannot fail.
        let _ = match format {
            watch::Format::Json => writeln!(
                text,
                "{}",
                serde_json::json!({"summary": "undecided", "call": call, "count": count})
            ),
            watch::Format::Text | watch::Format::Oz | watch::Format::OzWiki => writeln!(
                text,
                "{count:>6}  {call}  depends on arguments that the log does not hold"
            ),
        };
    }
    say_losses(losses);
    let clean = report.reporter.total() == 0 && report.undecided.is_empty();
    Output::answer(text, clean && losses.words().is_none())
}
