//! Which arguments of a call matter for a policy, and a condition that holds for their values.
//!
//! These are the arguments that select what the call does, which learning knows, and those that the
//! policy's own rules for the call look at.

use crate::learn::selectors::selectors;

/// The values of the arguments that matter: those that select, and those of `mentioned`, one bit
/// each. Only the bits that the kernel reads are kept.
pub(crate) fn values(call: &str, mentioned: u8, registers: &[u64; 6]) -> [Option<u64>; 6] {
    let mentioned = (0..registers.len()).filter(|place| mentioned >> place & 1 != 0);
    let mentioned: Vec<usize> = mentioned.collect();
    let mut values = [None; 6];
    // A rule may look at more registers than the call has arguments.
    let whole = mentioned.iter().map(|&place| (place, u64::MAX));
    let selectors = selectors(call, &mentioned);
    let narrow = selectors
        .iter()
        .map(|selector| (selector.place, selector.mask));
    for (place, mask) in whole.chain(narrow) {
        if let (Some(value), Some(register)) = (values.get_mut(place), registers.get(place)) {
            *value = Some(register & mask);
        }
    }
    values
}

/// The condition that holds for exactly these values; nothing where there are none.
pub(crate) fn condition(call: &str, values: &[Option<u64>; 6]) -> Option<String> {
    let known = values.iter().enumerate();
    let known = known.filter_map(|(place, value)| value.map(|value| (place, value)));
    let places: Vec<usize> = known.clone().map(|(place, _)| place).collect();
    let selectors = selectors(call, &places);
    let plain = values.map(Option::unwrap_or_default);
    let compared = known.map(|(place, value)| {
        let mut named = selectors.iter();
        match named.find(|selector| selector.place == place) {
            Some(selector) => selector.compare(&selectors, &plain),
            None => format!("arg{place} == {value}"),
        }
    });
    let parts: Vec<String> = compared.collect();
    (!parts.is_empty()).then(|| parts.join(" && "))
}
