//! What a file lacks, call by call: what was seen and is not allowed, and what is assumed.

use std::collections::BTreeMap;

use syscalls::Abi;

use crate::learn::assumed::{ASKED, Assumption, Facts, assumptions, values};
use crate::learn::judge::Judge;
use crate::learn::observe::{BESIDES, Observations, Sighting, Targets};
use crate::learn::rules::{ANY, Generalise, alternative, alternatives};
use crate::learn::selectors::{Selector, Values};
use crate::learn::values::Style;
use crate::learn::{Error, Options};

/// What is to be done about a call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// How often it was seen; 0 for a call that is only assumed.
    pub(crate) count: u64,
    pub(crate) targets: Targets,
    pub(crate) selectors: Vec<Selector>,
    /// Each combination that was seen, as a rule says it.
    pub(crate) seen: Vec<String>,
    /// What was seen and is not allowed yet.
    pub(crate) missing: Vec<String>,
    /// What is assumed and not allowed yet.
    pub(crate) assumed: Vec<String>,
    pub(crate) why: &'static str,
    /// Whether some of what was seen came without the arguments that select what it does.
    pub(crate) unknown: bool,
    /// Whether the file's rule stands against the assumption.
    pub(crate) left_out: bool,
}

/// What was seen under one name, on whatever ABI.
struct Named<'a> {
    name: &'static str,
    selectors: Vec<Selector>,
    sightings: Vec<&'a Sighting>,
}

/// The plans of all calls that were seen or are assumed, by name.
pub(crate) fn all(
    observations: &Observations,
    judge: &Judge,
    options: &Options,
    style: Style,
) -> Result<BTreeMap<String, Plan>, Error> {
    let mut plans = seen(observations, judge, options, style)?;
    let facts = Facts {
        threads: options.facts.threads || observations.threads(),
        ..options.facts
    };
    let assumed = assumptions(facts, &options.assume);
    assume(&mut plans, assumed, observations, judge, style);
    Ok(plans)
}

fn seen(
    observations: &Observations,
    judge: &Judge,
    options: &Options,
    style: Style,
) -> Result<BTreeMap<String, Plan>, Error> {
    let foreign = foreign(observations);
    let looked_at = judge.arguments();
    let mut plans = BTreeMap::new();
    for named in by_name(observations, foreign, style) {
        let places = looked_at.get(named.name).map_or(&[][..], Vec::as_slice);
        let watched = |place: usize| named.selectors.iter().any(|one| one.place == place);
        if let Some(&argument) = places.iter().find(|place| !watched(**place)) {
            let call = named.name.into();
            return Err(Error::Unwatched { call, argument });
        }
        plans.insert(named.name.into(), named.plan(judge, options)?);
    }
    Ok(plans)
}

/// Whether calls of the other ABI were seen.
pub(crate) fn foreign(observations: &Observations) -> bool {
    let mut all = observations.sightings();
    all.any(|sighting| !sighting.is_native() && sighting.name.is_some())
}

fn by_name(observations: &Observations, foreign: bool, style: Style) -> Vec<Named<'_>> {
    let mut all: BTreeMap<&'static str, Named<'_>> = BTreeMap::new();
    for sighting in observations.sightings() {
        let Some(name) = sighting.name else {
            continue;
        };
        let named = all.entry(name).or_insert_with(|| Named {
            name,
            selectors: selectors(observations, name, foreign, style),
            sightings: Vec::new(),
        });
        named.sightings.push(sighting);
    }
    all.into_values().collect()
}

/// The arguments that a rule can look at: one rule is for both ABIs, and none for arguments that they
/// pass differently.
fn selectors(
    observations: &Observations,
    name: &str,
    foreign: bool,
    style: Style,
) -> Vec<Selector> {
    let selectors = observations.selectors(name);
    let both = foreign && syscalls::number(BESIDES, name).is_some();
    let differs = syscalls::differs_from(name);
    match both && selectors.iter().any(|one| one.place >= differs) {
        true => Vec::new(),
        false => selectors.into_iter().map(|one| one.styled(style)).collect(),
    }
}

impl Named<'_> {
    fn plan(self, judge: &Judge, options: &Options) -> Result<Plan, Error> {
        let mut plan = Plan {
            seen: alternatives(&self.selectors, &self.values(), Generalise::None),
            missing: self.missing(judge, options)?,
            ..Plan::default()
        };
        for sighting in &self.sightings {
            plan.count += sighting.count;
            plan.unknown |= sighting.unknown > 0;
            plan.targets.own |= sighting.targets.own;
            plan.targets.others |= sighting.targets.others;
        }
        plan.selectors = self.selectors;
        Ok(plan)
    }

    fn values(&self) -> Vec<Values> {
        let all = self.sightings.iter().flat_map(|one| &one.combinations);
        all.map(|(values, _)| *values).collect()
    }

    /// What was seen and is not allowed.
    fn missing(&self, judge: &Judge, options: &Options) -> Result<Vec<String>, Error> {
        let open = |one: &&Sighting| one.unknown > 0 && !judge.always_seen(one);
        if self.sightings.iter().any(open) {
            // Which use it was is not known, so no narrower rule is sure to allow it.
            return Ok(vec![ANY.into()]);
        }
        let mut missing = Vec::new();
        for sighting in &self.sightings {
            let denied = |(values, _): &&(Values, u64)| !judge.allows(sighting, values);
            let denied = sighting.combinations.iter().filter(denied);
            missing.extend(denied.map(|(values, _)| *values));
        }
        let overflowed = self.sightings.iter().any(|one| one.overflowed);
        let overflowed = overflowed && !judge.always(self.name);
        let named = options.generalise != Generalise::Calls && !self.selectors.is_empty();
        let assumed = options.assume.iter().any(|name| name == self.name);
        if overflowed && named && !assumed {
            let call = self.name.into();
            return Err(Error::TooMany { call });
        }
        if missing.is_empty() && !(overflowed && options.generalise == Generalise::Calls) {
            return Ok(Vec::new());
        }
        let shown = match options.generalise {
            Generalise::Values => self.values(),
            _ => missing,
        };
        Ok(alternatives(&self.selectors, &shown, options.generalise))
    }
}

/// Adds what is assumed to the plans.
fn assume(
    plans: &mut BTreeMap<String, Plan>,
    assumptions: BTreeMap<String, Assumption>,
    observations: &Observations,
    judge: &Judge,
    style: Style,
) {
    let foreign = foreign(observations);
    for (name, assumption) in assumptions {
        if syscalls::number(Abi::NATIVE, &name).is_none() || judge.always(&name) {
            continue;
        }
        let plan = plans.entry(name.clone()).or_default();
        if plan.count == 0 {
            plan.selectors = selectors(observations, &name, foreign, style);
        }
        plan.why = assumption.why;
        plan.assume(&name, &assumption, judge);
    }
}

impl Plan {
    fn assume(&mut self, name: &str, assumption: &Assumption, judge: &Judge) {
        if self.missing.iter().any(|one| one == ANY) {
            return;
        }
        if assumption.uses.is_empty() {
            // Only the user may say that a condition of the user's does not matter.
            self.left_out = judge.depends(name) && assumption.why != ASKED;
            self.assumed = vec![ANY.into()];
            return;
        }
        for one in &assumption.uses {
            let Some(values) = values(&self.selectors, one) else {
                self.left_out = true;
                continue;
            };
            let text = alternative(&self.selectors, &values);
            if !self.seen.contains(&text) && !judge.allows_native(name, &values) {
                self.assumed.push(text);
            }
        }
    }
}
