//! Every combination of arguments that was seen, as comments: what `oz-seccomp-tracer -v` adds to a policy.

use crate::learn::observe::{Observations, Sighting};
use crate::learn::selectors::{Selector, Values};
use crate::learn::values::Style;

/// The lines, with their newlines.
pub(crate) fn data(observations: &Observations) -> String {
    let lines: Vec<String> = observations.sightings().flat_map(of_call).collect();
    let head = match lines.len() {
        1 => "# There was 1 complex syscall tracked in total.".into(),
        count => format!("# There were {count} complex syscalls tracked in total."),
    };
    let all = ["# Raw system call data:".into(), head].into_iter();
    all.chain(lines).map(|line| line + "\n").collect()
}

/// A line for each combination, in the order of their values.
fn of_call(sighting: &Sighting) -> Vec<String> {
    if sighting.selectors.is_empty() {
        return Vec::new();
    }
    let selectors = sighting.selectors.iter().map(|one| one.styled(Style::Oz));
    let selectors: Vec<Selector> = selectors.collect();
    let mut seen = sighting.combinations.clone();
    seen.sort_unstable();
    let label = sighting.label();
    let line = |(values, count): &(Values, u64)| {
        let named = selectors.iter().map(|one| named(one, &selectors, values));
        let named: Vec<String> = named.collect();
        format!("# {label} [{count}]:    {}", named.join("   "))
    };
    let mut lines: Vec<String> = seen.iter().map(line).collect();
    if sighting.unknown > 0 {
        let count = sighting.unknown;
        lines.push(format!("# {label} [{count}]:    arguments unknown"));
    }
    lines
}

/// `arg1 == 3[F_GETFL]`
fn named(selector: &Selector, call: &[Selector], values: &Values) -> String {
    let (place, value) = (selector.place, values[selector.place]);
    format!("arg{place} == {value}[{}]", selector.spell(call, values))
}
