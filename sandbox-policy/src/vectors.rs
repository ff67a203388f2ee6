//! Arguments that tell policies apart: for each argument the values that some condition treats
//! differently from its neighbours, and all combinations of them.

use std::collections::BTreeSet;

use policy::{Answer, Case, Conditions, Id, Node, Policy};

use crate::inverse::reach;

/// Beyond this many combinations, a sample of them stands for all.
const MOST: usize = 200_000;
/// Beyond this many values of one argument, too.
const MOST_VALUES: usize = 600;

/// Candidates for each of the six arguments.
pub(crate) struct Candidates {
    values: [BTreeSet<u64>; 6],
    /// Bits of an argument that are compared, with what they are compared with.
    masked: [Vec<(u64, u64)>; 6],
    /// Arguments that are compared with each other.
    linked: Vec<(usize, usize)>,
    /// Whether the candidates stand for all values.
    exact: bool,
}

impl Candidates {
    /// What the conditions on a call in all these policies distinguish.
    pub(crate) fn new(decisions: &[(&Policy, Answer)]) -> Candidates {
        let mut candidates = Candidates {
            values: std::array::from_fn(|_| BTreeSet::from([0])),
            masked: std::array::from_fn(|_| Vec::new()),
            linked: Vec::new(),
            exact: true,
        };
        for (policy, answer) in decisions {
            if let Answer::Decision(decision) = answer {
                for &Case { condition, .. } in policy.cases(decision) {
                    candidates.take_up(policy.conditions(), condition);
                }
            }
        }
        for index in 0..6 {
            candidates.combine_masks(index);
        }
        candidates.share_values();
        candidates
    }

    fn take_up(&mut self, conditions: &Conditions, id: Id) {
        match conditions.node(id) {
            Node::All(left, right) | Node::Any(left, right) => {
                self.take_up(conditions, left);
                self.take_up(conditions, right);
            }
            Node::Compare(_, left, right) => self.compared(conditions, left, right),
            _ => {}
        }
    }

    /// The values on which a comparison changes its mind.
    fn compared(&mut self, conditions: &Conditions, left: Id, right: Id) {
        let constant = |id| match conditions.node(id) {
            Node::Number(number) => Some(number),
            _ => None,
        };
        let (side, number) = match (constant(left), constant(right)) {
            (None, Some(number)) => (left, number),
            (Some(number), None) => (right, number),
            _ => return self.compared_with_each_other(conditions, left, right),
        };
        let near = [
            number,
            number.wrapping_add(1),
            number.wrapping_sub(1),
            0,
            u64::MAX,
        ];
        for target in near {
            match reach(conditions, side, target) {
                Some(reach) => {
                    let index = usize::from(reach.index);
                    let masked = reach.values.iter().map(|&value| (reach.mask, value));
                    self.masked[index].extend(masked);
                    self.values[index].extend(reach.values);
                    self.exact &= reach.exact;
                }
                None => self.exact = false,
            }
        }
    }

    /// Two arguments: what one may be, the other one must be able to be, too.
    fn compared_with_each_other(&mut self, conditions: &Conditions, left: Id, right: Id) {
        let argument = |id| match conditions.node(id) {
            Node::Argument(index, _) => Some(usize::from(index)),
            _ => None,
        };
        match (argument(left), argument(right)) {
            (Some(left), Some(right)) => self.linked.push((left, right)),
            _ => self.exact = false,
        }
        for side in [left, right] {
            for target in [0, 1, 2, u64::MAX, 1 << 32] {
                if let Some(reach) = reach(conditions, side, target) {
                    self.values[usize::from(reach.index)].extend(reach.values);
                }
            }
        }
    }

    /// Gives arguments that are compared with each other each other's values.
    fn share_values(&mut self) {
        for &(left, right) in &self.linked {
            let both: BTreeSet<u64> = self.values[left]
                .union(&self.values[right])
                .copied()
                .collect();
            self.values[left].clone_from(&both);
            self.values[right] = both;
        }
    }

    /// Several comparisons of different bits of an argument may hold together.
    fn combine_masks(&mut self, index: usize) {
        let masked: BTreeSet<(u64, u64)> = self.masked[index].iter().copied().collect();
        let partial = masked.iter().filter(|(mask, _)| *mask != u64::MAX);
        for &(mask, value) in partial {
            let known: Vec<u64> = self.values[index].iter().copied().collect();
            if known.len() > MOST_VALUES {
                self.exact = false;
                return;
            }
            self.values[index].extend(known.iter().map(|other| other & !mask | value & mask));
        }
    }

    /// One argument has this value and no other.
    pub(crate) fn fix(&mut self, index: usize, value: u64) {
        self.values[index] = BTreeSet::from([value]);
    }

    /// Hands all combinations to `visit` until it has seen enough; whether they were all that there
    /// are to tell apart, and not a sample.
    pub(crate) fn each(&self, mut visit: impl FnMut(&[u64; 6]) -> bool) -> bool {
        let values = self.values.each_ref();
        let values = values.map(|values| values.iter().copied().collect::<Vec<u64>>());
        let product = values.iter().try_fold(1_usize, |product, values| {
            let product = product.checked_mul(values.len());
            product.filter(|&product| product <= MOST)
        });
        let count = product.unwrap_or(MOST);
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for number in 0..count {
            let mut rest = number;
            let vector = std::array::from_fn(|index| {
                let values = &values[index];
                let at = match product {
                    Some(_) => rest % values.len(),
                    None => usize::try_from(random(&mut state) >> 33).unwrap_or(0) % values.len(),
                };
                rest /= values.len();
                values[at]
            });
            if visit(&vector) {
                break;
            }
        }
        product.is_some() && self.exact
    }
}

/// xorshift64*: the sample is the same each time.
fn random(state: &mut u64) -> u64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_f491_4f6c_dd1d)
}
