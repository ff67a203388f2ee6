//! What was seen as the text that `oz-seccomp-tracer` writes, a new file each time.
//!
//! Rules stand in the order of how often their calls were seen: `name:1`, or alternatives for the arguments
//! that select what a call does, with constants by name. Comments stand on lines of their own, for Oz's
//! grammar knows no others. Unlike Oz's, the text compiles and allows exactly what was seen: arguments are
//! compared on the bits that the kernel reads (`argL1` for an int) and flags with all of their bits, so no
//! combination is widened, dropped or cut. What no run need show is added below a comment that gives the
//! reason.
//!
//! `execve` is in the text only if it was seen. Oz ended every policy with it, because the program that
//! loaded the filter had still to execute the target; ours is let through once by the launcher, whatever the
//! policy says. Where it is, it stands last, as there.
//!
//! A file grows by [`merge`](crate::learn::merge), which reads these, too.

use std::collections::BTreeMap;

use crate::learn::beyond::Beyond;
use crate::learn::judge::Judge;
use crate::learn::plan::{self, Plan};
use crate::learn::rules::{ANY, body, named};
use crate::learn::summary::{Assumed, Count, Summary};
use crate::learn::values::Style;
use crate::learn::{Error, File, Learned, Observations, Options, raw};

/// How much the text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// The policy.
    #[default]
    Rules,
    /// The policy and, as comments, each combination of arguments with its count: the tracer's `-v`.
    Raw,
}

/// The text of a policy that allows what was seen, and what it was made of.
///
/// # Errors
/// [`Error`] where no policy allows what was seen, or none that the kernel takes.
pub fn text(
    observations: &Observations,
    options: &Options,
    detail: Detail,
) -> Result<Learned, Error> {
    options.names_exist()?;
    let file = File {
        path: "trained.seccomp",
        text: None,
        read: &policy::no_files,
    };
    let besides = plan::foreign(observations);
    let empty = Judge::new(&file, "", besides)?;
    let plans = plan::all(observations, &empty, options, Style::Oz)?;
    let beyond = Beyond::of(observations);
    let summary = summary(&plans, &beyond);
    let mut lines = head(options);
    lines.extend(seen(&plans, &summary));
    lines.extend(assumed(&plans));
    lines.extend(beyond.lines());
    let mut text = lines.join("\n") + "\n";
    if detail == Detail::Raw {
        text += "\n";
        text += &raw::data(observations);
    }
    let judge = Judge::new(&file, &text, besides)?;
    judge.holds(&empty, observations)?;
    judge.fits()?;
    Ok(Learned { text, summary })
}

/// How often each call was seen, the most frequent first: what the tracer's `-x` prints.
pub fn counts(summary: &Summary) -> String {
    let lines = summary.calls.iter();
    let lines = lines.map(|call| format!("{} calls: {}\n", call.name, call.seen));
    let lines: String = lines.collect();
    format!("Invocation counts for observed system calls:\n\n{lines}")
}

/// What stands above the rules.
fn head(options: &Options) -> Vec<String> {
    let lost = options.losses.as_ref();
    let lost = lost.map(|losses| format!("# INCOMPLETE: {losses}"));
    let origin = format!("# {}", options.origin());
    lost.into_iter().chain([origin]).collect()
}

/// The rules of the calls that were seen.
fn seen(plans: &BTreeMap<String, Plan>, summary: &Summary) -> Vec<String> {
    let names = summary.calls.iter().map(|call| call.name.as_str());
    let (last, first): (Vec<_>, Vec<_>) = names.partition(|name| *name == "execve");
    let names = first.into_iter().chain(last);
    let plans = names.filter_map(|name| Some((name, plans.get(name)?)));
    let lines = plans.flat_map(|(name, plan)| {
        let unknown = plan
            .unknown
            .then(|| format!("# Of {name} some arguments are not known, so any use is allowed."));
        let assumed = (!plan.assumed.is_empty()).then(|| {
            let (uses, why) = (plan.assumed.join(", "), plan.why);
            format!("# Assumed of {name}, not seen ({why}): {uses}")
        });
        let comments = unknown.into_iter().chain(assumed);
        comments.chain([rule(name, plan)]).collect::<Vec<_>>()
    });
    lines.collect()
}

/// The rules of the calls that were not, below their reasons.
fn assumed(plans: &BTreeMap<String, Plan>) -> Vec<String> {
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let unseen = plans.iter().filter(|(_, plan)| plan.count == 0);
    for (name, plan) in unseen.filter(|(_, plan)| !plan.left_out) {
        reasons.entry(plan.why).or_default().push(rule(name, plan));
    }
    let lines = reasons.into_iter().flat_map(|(why, rules)| {
        let reason = [format!("# Assumed, not seen: {why}.")];
        reason.into_iter().chain(rules)
    });
    lines.collect()
}

/// A rule that allows what a plan lacks: with nothing allowed yet, that is all of it.
fn rule(name: &str, plan: &Plan) -> String {
    let wanted: Vec<String> = plan.missing.iter().chain(&plan.assumed).cloned().collect();
    let bare = |one: &str| {
        let inner = one.strip_prefix('(');
        inner
            .and_then(|one| one.strip_suffix(')'))
            .map(String::from)
    };
    match wanted.as_slice() {
        several if several.iter().any(|one| one == ANY) => format!("{name}:{ANY}"),
        [single] => format!("{name}: {}", bare(single).unwrap_or_else(|| single.clone())),
        several => {
            let grouped = several.iter().map(|one| match bare(one) {
                Some(_) => one.clone(),
                None => format!("({one})"),
            });
            format!("{name}: {}", body(&grouped.collect::<Vec<_>>()))
        }
    }
}

fn summary(plans: &BTreeMap<String, Plan>, beyond: &Beyond) -> Summary {
    let mut summary = Summary {
        unnamed: beyond.unnamed.clone(),
        foreign: beyond.foreign,
        runs: 1,
        ..Summary::default()
    };
    for (name, plan) in plans {
        if plan.count > 0 {
            summary.new.push(name.clone());
            summary.calls.push(Count {
                name: name.clone(),
                seen: plan.count,
                total: plan.count,
            });
        }
        if plan.unknown {
            summary.unknown.push(name.clone());
        }
        let one = Assumed {
            call: name.clone(),
            rule: match plan.assumed.as_slice() {
                [] => name.clone(),
                uses => named(name, &body(uses)),
            },
            why: plan.why.into(),
        };
        match (plan.left_out, plan.assumed.is_empty()) {
            (true, _) => summary.left_out.push(one),
            (false, false) => summary.assumed.push(one),
            (false, true) => {}
        }
    }
    let order = |call: &Count| (std::cmp::Reverse(call.seen), call.name.clone());
    summary.calls.sort_by_key(order);
    summary
}
