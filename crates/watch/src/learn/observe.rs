//! What was seen: how often each call was made, and with which values of the arguments that select
//! what it does.
//!
//! [`Observations::record`] runs for every system call of the program, so a native call finds its
//! place by its number, and nothing is looked up or allocated for a combination that is known.

use std::collections::{BTreeMap, HashMap};

use syscalls::Abi;

use crate::Call;
use crate::learn::judge::Judge;
use crate::learn::selectors::{Selector, Values, masks, selectors};
use crate::learn::{Error, File};

/// Native calls have numbers below this.
const NATIVE: usize = 512;
/// So many combinations are found by looking at each.
const FEW: usize = 16;
/// More combinations of a call than any policy can name: the rest is counted and not kept.
const MOST: usize = 1024;

/// What a program was seen to do.
#[derive(Debug, Clone, Default)]
pub struct Observations {
    /// By number.
    native: Vec<Option<Box<Sighting>>>,
    /// By audit architecture and number: other ABIs, and numbers out of the ordinary.
    others: BTreeMap<(u32, u32), Sighting>,
    /// Arguments that rules of the file look at, by call.
    asked: BTreeMap<&'static str, Vec<usize>>,
}

/// What was seen of one call.
#[derive(Debug, Clone)]
pub(crate) struct Sighting {
    pub(crate) audit: u32,
    pub(crate) number: u32,
    pub(crate) name: Option<&'static str>,
    pub(crate) selectors: Vec<Selector>,
    pub(crate) count: u64,
    /// Each combination once, with its count, in the order of their first appearance.
    pub(crate) combinations: Vec<(Values, u64)>,
    /// Whether there were more than are kept.
    pub(crate) overflowed: bool,
    /// How many of the calls came without an argument that is told apart; they have no combination.
    pub(crate) unknown: u64,
    pub(crate) targets: Targets,
    masks: Values,
    last: usize,
    places: HashMap<Values, usize>,
}

/// Whom signals were sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Targets {
    pub(crate) own: bool,
    pub(crate) others: bool,
}

impl Observations {
    /// Nothing seen yet.
    pub fn new() -> Observations {
        Observations::default()
    }

    /// Nothing seen yet, and the rules of a file known: an argument that one of them looks at is told
    /// apart, too, so that the rule can be widened by what was seen and no more.
    ///
    /// # Errors
    /// [`Error::Policy`] for a file that is no policy.
    pub fn beside(file: &File<'_>) -> Result<Observations, Error> {
        let judge = Judge::new(file, file.text.unwrap_or_default(), false)?;
        let asked = judge.arguments();
        Ok(Observations {
            asked,
            ..Observations::default()
        })
    }

    /// Takes up a call. Says whether it is the first of its kind.
    pub fn record(&mut self, call: &Call) -> bool {
        let place = usize::try_from(call.number).unwrap_or(usize::MAX);
        if call.audit == Abi::NATIVE.audit() && place < NATIVE {
            if let Some(Some(sighting)) = self.native.get_mut(place) {
                return sighting.record(call);
            }
        }
        self.sighting(call.audit, call.number).record(call)
    }

    /// Takes up a call of which `unknown` arguments, one bit each, are not known, as in a log. Where one
    /// of them selects what the call does, any use of it may have been this one, and learning allows
    /// them all; no value is made up. Says whether it is the first of its kind.
    pub fn record_partly(&mut self, call: &Call, unknown: u8) -> bool {
        let sighting = self.sighting(call.audit, call.number);
        let needed = |selector: &Selector| unknown >> selector.place & 1 != 0;
        if !sighting.selectors.iter().any(needed) {
            // The first argument says whom a signal goes to.
            return match unknown & 1 {
                0 => sighting.record(call),
                _ => sighting.record_values(call),
            };
        }
        sighting.count += 1;
        sighting.unknown += 1;
        sighting.unknown == 1
    }

    /// Adds what another watcher saw of the same program.
    pub fn merge(&mut self, other: &Observations) {
        for sighting in other.sightings() {
            let own = self.sighting(sighting.audit, sighting.number);
            own.count += sighting.count;
            own.overflowed |= sighting.overflowed;
            own.unknown += sighting.unknown;
            own.targets.own |= sighting.targets.own;
            own.targets.others |= sighting.targets.others;
            for (values, count) in &sighting.combinations {
                own.add(*values, *count);
            }
        }
    }

    /// The names of all calls that were seen, with their counts, in alphabetical order. A call without
    /// a name goes by its number.
    pub fn calls(&self) -> impl Iterator<Item = (String, u64)> {
        let mut calls = BTreeMap::new();
        for sighting in self.sightings() {
            *calls.entry(sighting.label()).or_insert(0) += sighting.count;
        }
        calls.into_iter()
    }

    /// Whether no call was seen.
    pub fn is_empty(&self) -> bool {
        self.sightings().next().is_none()
    }

    /// How many calls were seen.
    pub fn total(&self) -> u64 {
        self.sightings().map(|sighting| sighting.count).sum()
    }

    /// How many different calls there were, told apart by the selecting arguments.
    pub fn distinct(&self) -> usize {
        let kinds = self.sightings().map(|sighting| {
            let unknown = usize::from(sighting.unknown > 0);
            sighting.combinations.len() + unknown
        });
        kinds.sum()
    }

    /// Whether the program was seen to make threads. The flags of clone3 are out of sight.
    pub fn threads(&self) -> bool {
        let thread = syscalls::constant("CLONE_THREAD").unwrap_or(0);
        self.sightings().any(|sighting| match sighting.name {
            Some("clone3") => true,
            Some("clone") if sighting.unknown > 0 => true,
            Some("clone") => {
                let mut seen = sighting.combinations.iter();
                seen.any(|(values, _)| values.iter().any(|value| value & thread != 0))
            }
            _ => false,
        })
    }

    /// Everything that was seen, the native calls first.
    pub(crate) fn sightings(&self) -> impl Iterator<Item = &Sighting> {
        let native = self.native.iter().flatten().map(Box::as_ref);
        native.chain(self.others.values())
    }

    /// The arguments of a call that are told apart.
    pub(crate) fn selectors(&self, name: &str) -> Vec<Selector> {
        selectors(name, self.asked.get(name).map_or(&[], Vec::as_slice))
    }

    fn sighting(&mut self, audit: u32, number: u32) -> &mut Sighting {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        let asked = &self.asked;
        if audit == Abi::NATIVE.audit() && place < NATIVE {
            if self.native.is_empty() {
                self.native.resize_with(NATIVE, || None);
            }
            let new = || Box::new(Sighting::new(audit, number, asked));
            return self.native[place].get_or_insert_with(new);
        }
        let new = || Sighting::new(audit, number, asked);
        self.others.entry((audit, number)).or_insert_with(new)
    }
}

impl Sighting {
    fn new(audit: u32, number: u32, asked: &BTreeMap<&'static str, Vec<usize>>) -> Sighting {
        let name = abi(audit, number).and_then(|abi| syscalls::name(abi, number));
        let asked = name.and_then(|name| asked.get(name));
        let mut selectors = name.map_or(Vec::new(), |name| {
            selectors(name, asked.map_or(&[], Vec::as_slice))
        });
        if audit != Abi::NATIVE.audit() {
            let differs = syscalls::differs_from(name.unwrap_or_default());
            selectors.retain(|selector| selector.place < differs);
        }
        Sighting {
            audit,
            number,
            name,
            masks: masks(&selectors),
            selectors,
            count: 0,
            combinations: Vec::new(),
            overflowed: false,
            unknown: 0,
            targets: Targets::default(),
            last: 0,
            places: HashMap::new(),
        }
    }

    fn record(&mut self, call: &Call) -> bool {
        if matches!(self.name, Some("kill" | "tgkill" | "tkill")) {
            let target = call.arguments[0].to_le_bytes();
            let target = i32::from_le_bytes([target[0], target[1], target[2], target[3]]);
            let own = [call.process, call.thread].contains(&target);
            self.targets.own |= own;
            self.targets.others |= !own;
        }
        self.record_values(call)
    }

    /// Whom a signal goes to may be unknown: then it is no target.
    fn record_values(&mut self, call: &Call) -> bool {
        self.count += 1;
        let mut values = call.arguments;
        for (value, mask) in values.iter_mut().zip(&self.masks) {
            *value &= mask;
        }
        self.add(values, 1)
    }

    /// Counts a combination. Says whether it is new.
    fn add(&mut self, values: Values, count: u64) -> bool {
        if let Some(place) = self.place(&values) {
            self.last = place;
            self.combinations[place].1 += count;
            return false;
        }
        if self.combinations.len() == MOST {
            self.overflowed = true;
            return false;
        }
        self.last = self.combinations.len();
        self.places.insert(values, self.last);
        self.combinations.push((values, count));
        true
    }

    fn place(&self, values: &Values) -> Option<usize> {
        let known = |(seen, _): &(Values, u64)| seen == values;
        if self.combinations.get(self.last).is_some_and(known) {
            return Some(self.last);
        }
        match self.combinations.len() {
            0..=FEW => self.combinations.iter().position(known),
            _ => self.places.get(values).copied(),
        }
    }

    /// The name, or the number where there is none.
    pub(crate) fn label(&self) -> String {
        match self.name {
            Some(name) => name.into(),
            None => format!("{:#x}:{}", self.audit, self.number),
        }
    }

    /// Whether it was a call of the ABI that a rule is about without more being said.
    pub(crate) fn is_native(&self) -> bool {
        self.audit == Abi::NATIVE.audit()
    }
}

/// The ABI that a filter can allow beside the native one.
pub(crate) const BESIDES: Abi = match Abi::NATIVE {
    Abi::Aarch64 => Abi::Arm,
    _ => Abi::X86,
};

/// The ABI of a call that a policy can allow: no policy allows x32.
fn abi(audit: u32, number: u32) -> Option<Abi> {
    let x32 = audit == Abi::X86_64.audit() && number & Abi::X32_BIT != 0;
    let known = [Abi::NATIVE, BESIDES];
    known.into_iter().find(|abi| abi.audit() == audit && !x32)
}
