//! From values to the text of a rule: alternatives, joined by `||`.
//!
//! An argument by its name is compared on exactly the bits that the kernel reads, which are the bits that
//! were told apart, so an alternative allows its combination and no other.

use crate::learn::selectors::{Selector, Values};

/// How much wider than what was seen a rule becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Generalise {
    /// Exactly the combinations that were seen.
    #[default]
    None,
    /// For each argument any value that was seen for it, whatever the other arguments.
    Values,
    /// Every use of a call that was seen.
    Calls,
}

/// The alternative that is every use of a call.
pub(crate) const ANY: &str = "1";

/// One combination.
pub(crate) fn alternative(selectors: &[Selector], values: &Values) -> String {
    let compared = selectors
        .iter()
        .map(|selector| selector.compare(selectors, values));
    let compared: Vec<String> = compared.collect();
    match compared.as_slice() {
        [] => ANY.into(),
        [single] => single.clone(),
        several => format!("({})", several.join(" && ")),
    }
}

/// The alternatives for some combinations.
pub(crate) fn alternatives(
    selectors: &[Selector],
    seen: &[Values],
    generalise: Generalise,
) -> Vec<String> {
    match (generalise, selectors) {
        (_, []) | (Generalise::Calls, _) => vec![ANY.into()],
        (Generalise::Values, [_, _, ..]) => vec![product(selectors, seen)],
        _ => {
            let mut seen = seen.to_vec();
            seen.sort_unstable();
            seen.dedup();
            let all = seen.iter().map(|values| alternative(selectors, values));
            all.collect()
        }
    }
}

/// Any of the values for each argument.
fn product(selectors: &[Selector], seen: &[Values]) -> String {
    let factors = selectors.iter().map(|selector| {
        let mut values: Vec<Values> = seen.to_vec();
        values.sort_unstable_by_key(|values| values[selector.place]);
        values.dedup_by_key(|values| values[selector.place]);
        let texts = values.iter().map(|one| {
            let shown = unmistakable(selectors, selector, seen, one);
            selector.compare(selectors, &shown)
        });
        let texts: Vec<String> = texts.collect();
        match texts.as_slice() {
            [single] => single.clone(),
            several => format!("({})", several.join(" || ")),
        }
    });
    let factors: Vec<String> = factors.collect();
    format!("({})", factors.join(" && "))
}

/// Values under which an argument has the name that it has in all combinations: where another argument
/// decides on the name and was seen with several values, it gets none.
fn unmistakable(selectors: &[Selector], named: &Selector, seen: &[Values], one: &Values) -> Values {
    let mut shown = *one;
    for other in selectors.iter().filter(|other| other.place != named.place) {
        let differs = |values: &Values| values[other.place] != one[other.place];
        if seen.iter().any(differs) {
            shown[other.place] = u64::MAX;
        }
    }
    shown
}

/// What stands behind the colon.
pub(crate) fn body(alternatives: &[String]) -> String {
    match alternatives.iter().any(|one| one == ANY) {
        true => ANY.into(),
        false => alternatives.join(" || "),
    }
}

/// An alternative with its call, for people.
pub(crate) fn named(call: &str, alternative: &str) -> String {
    match alternative {
        ANY => call.into(),
        text if text.starts_with('(') => format!("{call}{text}"),
        text => format!("{call}({text})"),
    }
}
