//! Arguments that tell policies apart: for each argument the values that some condition treats
//! differently from its neighbours, and all combinations of them.

use policy::{Answer, Case, Conditions, Id, Node, Part, Policy};

/// Beyond this many combinations, a sample of them stands for all.
const MOST: usize = 200_000;

/// Upper halves that a register may hold where the kernel does not look.
const GARBAGE: u64 = 0xdead_beef_0000_0000;

/// Candidates for each of the six arguments.
pub(crate) struct Candidates {
    values: [Vec<u64>; 6],
}

impl Candidates {
    /// What the conditions on a call in all these policies distinguish.
    pub(crate) fn new(decisions: &[(&Policy, Answer)]) -> Candidates {
        let mut candidates = Candidates {
            values: std::array::from_fn(|_| vec![0]),
        };
        for (policy, answer) in decisions {
            if let Answer::Decision(decision) = answer {
                for &Case { condition, .. } in policy.cases(decision) {
                    candidates.take_up(policy.conditions(), condition);
                }
            }
        }
        for values in &mut candidates.values {
            values.sort_unstable();
            values.dedup();
        }
        candidates
    }

    fn take_up(&mut self, conditions: &Conditions, id: Id) {
        match conditions.node(id) {
            Node::All(left, right) | Node::Any(left, right) => {
                self.take_up(conditions, left);
                self.take_up(conditions, right);
            }
            Node::Compare(_, left, right) => {
                let (mut arguments, mut numbers) = (Vec::new(), vec![0, u64::MAX]);
                leaves(conditions, left, &mut arguments, &mut numbers);
                leaves(conditions, right, &mut arguments, &mut numbers);
                for (index, part) in arguments {
                    for &number in &numbers {
                        self.values[usize::from(index)].extend(around(number, part));
                    }
                }
            }
            _ => {}
        }
    }

    /// One argument has this value and no other.
    pub(crate) fn fix(&mut self, index: usize, value: u64) {
        self.values[index] = vec![value];
    }

    /// Hands all combinations to `visit` until it has seen enough; whether they were all there are
    /// among the candidates, and not a sample.
    pub(crate) fn each(&self, mut visit: impl FnMut(&[u64; 6]) -> bool) -> bool {
        let product = self.values.iter().try_fold(1_usize, |product, values| {
            product
                .checked_mul(values.len())
                .filter(|&product| product <= MOST)
        });
        let count = product.unwrap_or(MOST);
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for number in 0..count {
            let mut rest = number;
            let vector = std::array::from_fn(|index| {
                let values = &self.values[index];
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
        product.is_some()
    }
}

/// xorshift64*: the sample is the same each time.
fn random(state: &mut u64) -> u64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_f491_4f6c_dd1d)
}

/// A number and its neighbours as a register holds them, each bit of it, and what lacks it.
fn around(number: u64, part: Part) -> Vec<u64> {
    let near = [
        number,
        number.wrapping_add(1),
        number.wrapping_sub(1),
        !number,
    ];
    let mut values: Vec<u64> = near.to_vec();
    // Masks: a few bits are tested one by one, many only together.
    if number.count_ones() <= 16 {
        values.extend(
            (0..64)
                .map(|bit| number & (1 << bit))
                .filter(|&bit| bit != 0),
        );
    }
    match part {
        Part::Full => values,
        Part::High => values
            .into_iter()
            .flat_map(|value| [value << 32, value << 32 | 1])
            .collect(),
        Part::Low | Part::Short => {
            let low = values.into_iter().map(|value| value & 0xffff_ffff);
            low.flat_map(|value| [value, value | GARBAGE]).collect()
        }
    }
}

fn leaves(
    conditions: &Conditions,
    id: Id,
    arguments: &mut Vec<(u8, Part)>,
    numbers: &mut Vec<u64>,
) {
    match conditions.node(id) {
        Node::Number(number) => numbers.push(number),
        Node::Argument(index, part) => arguments.push((index, part)),
        Node::Binary(_, left, right) => {
            leaves(conditions, left, arguments, numbers);
            leaves(conditions, right, arguments, numbers);
        }
        _ => {}
    }
}
