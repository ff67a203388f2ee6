//! A file and what was seen become a file that allows both.

use std::collections::BTreeMap;

use crate::learn::assumed::{ASKED, uses_of, values};
use crate::learn::beyond::Beyond;
use crate::learn::judge::Judge;
use crate::learn::observe::Observations;
use crate::learn::page::{Page, Rule, Runs};
use crate::learn::plan::{self, Plan};
use crate::learn::remark::{Remark, UNKNOWN};
use crate::learn::rules::{ANY, alternative, body, named};
use crate::learn::summary::{Assumed, Count, Summary};
use crate::learn::values::Style;
use crate::learn::{Error, File, Learned, Options};

/// Adds what was seen to a file. Lines stay as they are, but for those whose rule must be wider and for
/// the numbers in our own comments.
///
/// # Errors
/// [`Error`] where the file cannot be grown without changing what it means, or where the result would
/// not allow what was seen.
pub fn merge(
    file: &File<'_>,
    observations: &Observations,
    options: &Options,
) -> Result<Learned, Error> {
    options.names_exist()?;
    let old = file.text.filter(|text| !text.trim().is_empty());
    let besides = plan::foreign(observations);
    let judge = Judge::new(file, old.unwrap_or_default(), besides)?;
    let page = Page::new(&old.map_or_else(|| beginning(options), String::from));
    if judge.allows_unlisted() {
        return Err(Error::AllowsUnlisted);
    }
    if let Some(line) = page.positive() {
        return Err(Error::Positive { line });
    }
    let plans = plan::all(observations, &judge, options, Style::Own)?;
    let mut merge = Merge {
        rules: page.rules(),
        page,
        judge,
        summary: Summary::default(),
    };
    merge.all(&plans)?;
    merge.beyond(Beyond::of(observations));
    if let Some(losses) = &options.losses {
        merge.page.put_first(&format!("# INCOMPLETE: {losses}"));
    }
    merge.finish(file, observations, besides)
}

struct Merge {
    /// The rules that the file had.
    rules: Vec<Rule>,
    page: Page,
    /// What the file meant.
    judge: Judge,
    summary: Summary,
}

impl Merge {
    /// Widens what has a rule, then adds rules: those for what was seen first.
    fn all(&mut self, plans: &BTreeMap<String, Plan>) -> Result<(), Error> {
        for seen in [true, false] {
            for (name, plan) in plans.iter().filter(|(_, plan)| (plan.count > 0) == seen) {
                self.one(name, plan)?;
            }
        }
        let order = |call: &Count| (std::cmp::Reverse(call.seen), call.name.clone());
        self.summary.calls.sort_by_key(order);
        let assumed = &mut self.summary.assumed;
        assumed.sort_by(|one, other| one.call.cmp(&other.call));
        Ok(())
    }

    fn one(&mut self, name: &str, plan: &Plan) -> Result<(), Error> {
        let rules: Vec<Rule> = self.rules_for(name);
        let known = !rules.is_empty() || self.judge.depends(name) || self.judge.always(name);
        match (plan.missing.as_slice(), known) {
            ([], _) => {}
            (_, false) => self.summary.new.push(name.into()),
            (missing, true) => {
                let missing = missing.iter().map(|one| named(name, one));
                self.summary.new.extend(missing);
            }
        }
        let plan = &self.possible(name, plan, &rules)?;
        if plan.unknown && is_any(plan) {
            self.summary.unknown.push(name.into());
        }
        match rules.first() {
            Some(rule) => self.grow(rule, plan),
            None if wanted(plan).is_empty() => {}
            None => self.append(name, plan),
        }
        if plan.count > 0 {
            let remark = rules.first().and_then(|rule| self.page.remark(rule.at));
            let total = remark.and_then(|remark| remark.seen);
            self.summary.calls.push(Count {
                name: name.into(),
                seen: plan.count,
                total: total.unwrap_or(plan.count),
            });
        }
        Ok(())
    }

    fn rules_for(&self, name: &str) -> Vec<Rule> {
        let rules = self.rules.iter().filter(|rule| rule.name == name);
        rules.cloned().collect()
    }

    /// The plan without what the file stands against: an assumption gives way, what was seen is an error.
    fn possible(&mut self, name: &str, plan: &Plan, rules: &[Rule]) -> Result<Plan, Error> {
        let mut plan = plan.clone();
        let call = name.to_owned();
        let wanted = body(&plan.missing);
        let problem = match rules {
            [] if self.judge.depends(name) => Some(Error::Elsewhere { call, wanted }),
            [rule] if !rule.plain => Some(Error::Answered {
                line: rule.at + 1,
                call,
                wanted,
            }),
            [_, second, ..] => Some(Error::Twice {
                line: second.at + 1,
                call,
            }),
            _ => None,
        };
        match problem {
            Some(problem) if !plan.missing.is_empty() => return Err(problem),
            Some(_) => plan.left_out |= !plan.assumed.is_empty(),
            None => {}
        }
        let (call, why) = (name.to_owned(), plan.why.to_owned());
        let rule = match plan.assumed.as_slice() {
            [] => name.to_owned(),
            uses => named(name, &body(uses)),
        };
        match (plan.left_out, plan.assumed.is_empty()) {
            (true, _) => {
                plan.assumed.clear();
                self.summary.left_out.push(Assumed { call, rule, why });
            }
            (false, false) => self.summary.assumed.push(Assumed { call, rule, why }),
            (false, true) => {}
        }
        Ok(plan)
    }

    /// Widens a rule that is there, and brings its comment up to date.
    fn grow(&mut self, rule: &Rule, plan: &Plan) {
        let wanted = wanted(plan);
        let remark = self.page.remark(rule.at);
        let alternatives = self.page.alternatives(rule.at);
        if !wanted.is_empty() {
            self.page.widen(rule.at, &wanted);
        }
        match remark {
            Some(mut remark) => {
                if remark.seen.is_none() {
                    remark.uses = unseen(&rule.name, &remark, plan, &alternatives);
                }
                update(&mut remark, plan);
                self.page.set_remark(rule.at, &remark);
            }
            None if plan.unknown && is_any(plan) => self.page.add_comment(rule.at, UNKNOWN),
            None if plan.assumed.is_empty() => {}
            None => {
                let uses = plan.assumed.clone();
                let why = Some(plan.why.into());
                let remark = Remark {
                    uses,
                    why,
                    ..Remark::default()
                };
                let text = remark.assumed().unwrap_or_default();
                self.page.add_comment(rule.at, &text);
            }
        }
    }

    fn append(&mut self, name: &str, plan: &Plan) {
        let mut remark = Remark {
            seen: (plan.count > 0).then_some(plan.count),
            unknown: plan.unknown && is_any(plan),
            targets: plan.targets,
            uses: plan.assumed.clone(),
            why: (!plan.assumed.is_empty()).then(|| plan.why.into()),
        };
        if plan.missing.is_empty() && remark.seen.is_some() {
            // What was seen is allowed by a rule elsewhere; this one is an assumption.
            remark.seen = None;
        }
        let body = body(&wanted(plan));
        self.page.append(format!("{name}: {body}  {remark}"));
    }

    /// What no rule is for.
    fn beyond(&mut self, beyond: Beyond) {
        for line in beyond.lines() {
            if !self.page.has(&line) {
                self.page.append(line);
            }
        }
        self.summary.unnamed = beyond.unnamed;
        self.summary.foreign = beyond.foreign;
    }

    /// Counts the run, and sees whether the text says what it should.
    fn finish(
        mut self,
        file: &File<'_>,
        observations: &Observations,
        besides: bool,
    ) -> Result<Learned, Error> {
        let before = self.page.runs().unwrap_or_default();
        let runs = Runs {
            runs: before.runs.saturating_add(1),
            without_news: match self.summary.new.is_empty() {
                true => before.without_news.saturating_add(1),
                false => 0,
            },
        };
        self.page.set_runs(runs);
        self.summary.runs = runs.runs;
        self.summary.runs_without_news = runs.without_news;
        let text = self.page.text();
        let new = Judge::new(file, &text, besides)?;
        new.holds(&self.judge, observations)?;
        new.fits()?;
        let summary = self.summary;
        Ok(Learned { text, summary })
    }
}

/// All that a rule lacks.
fn wanted(plan: &Plan) -> Vec<String> {
    plan.missing.iter().chain(&plan.assumed).cloned().collect()
}

/// Whether a rule must become one for any use.
fn is_any(plan: &Plan) -> bool {
    plan.missing.iter().any(|one| one == ANY)
}

/// What a comment of ours says after this run.
fn update(remark: &mut Remark, plan: &Plan) {
    if plan.count > 0 {
        remark.seen = Some(remark.seen.unwrap_or(0).saturating_add(plan.count));
        remark.targets.own |= plan.targets.own;
        remark.targets.others |= plan.targets.others;
        remark.uses.retain(|one| !plan.seen.contains(one));
    }
    if is_any(plan) {
        remark.uses.clear();
        remark.unknown |= plan.unknown;
    }
    let new = plan.assumed.iter().filter(|one| !remark.uses.contains(one));
    let new: Vec<String> = new.cloned().collect();
    if remark.seen.is_some() {
        remark.uses.extend(new);
        match remark.uses.is_empty() {
            true => remark.why = None,
            false => remark.why = remark.why.take().or(Some(plan.why.into())),
        }
    }
}

/// What a rule that was only assumed allows: those of its alternatives that learning assumes.
fn unseen(name: &str, remark: &Remark, plan: &Plan, alternatives: &[String]) -> Vec<String> {
    if remark.why.as_deref() == Some(ASKED) && !plan.selectors.is_empty() {
        return vec![ANY.into()];
    }
    let mut found = Vec::new();
    for one in uses_of(name) {
        let values = values(&plan.selectors, &one);
        let text = values.map(|values| alternative(&plan.selectors, &values));
        found.extend(text.filter(|text| alternatives.contains(text) && !found.contains(text)));
    }
    found
}

/// The first lines of a new file.
pub fn beginning(options: &Options) -> String {
    let learned = options.origin();
    let runs = Runs::default();
    format!(
        "# {learned}\n\
         # \"seen\" counts the calls of all runs; \"assumed\" is allowed unseen, for the reason given.\n\
         {runs}\n\n"
    )
}
