//! Arguments that put a decision to the test: each comparison once true and, by a change in each half
//! of the register alone, false, with the rest deciding where that can be had.

use alloc::vec::Vec;

use policy::{Case, Conditions, Decision, Id, Node, Part, Policy};

/// Upper halves that a careless program or a hostile one leaves in a register.
const GARBAGE: u64 = 0xdead_beef_0000_0000;
const LOW: u64 = 0xffff_ffff;

/// Above this many comparisons the others are not arranged around each: it would cost their square.
const MOST_ARRANGED: usize = 48;
/// Constants and registers of a comparison that are tried: more would cost their product.
const MOST_TRIED: usize = 12;
/// Conditions that are evaluated for a decision, on the search for arguments; each comparison has its
/// share, and at least so many that its own constants are tried.
const MOST_STEPS: usize = 20_000;
const FEWEST_STEPS: usize = 200;

/// Hands the vectors of a decision to `test`, until it fails: four, and four per comparison.
pub(crate) fn each<E>(
    policy: &Policy,
    decision: &Decision,
    mut test: impl FnMut(&[u64; 6]) -> Result<(), E>,
) -> Result<(), E> {
    for fixed in [0, u64::MAX, GARBAGE, 1] {
        test(&[fixed; 6])?;
    }
    let mut search = Search {
        conditions: policy.conditions(),
        steps: 0,
        registers: Vec::new(),
        values: Vec::new(),
    };
    let cases = policy.cases(decision);
    let mut comparisons = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        search.collect(case.condition, number, &mut comparisons);
    }
    let arranged = comparisons.len() <= MOST_ARRANGED;
    let share = (MOST_STEPS / comparisons.len().max(1)).max(FEWEST_STEPS);
    for &(number, comparison) in &comparisons {
        for (base, half) in [(0, LOW), (GARBAGE, !LOW)] {
            let mut arguments = [base; 6];
            search.steps = share;
            if arranged {
                search.arrange(&cases[..=number], comparison, &mut arguments);
            }
            search.steps = search.steps.max(FEWEST_STEPS);
            search.make(comparison, true, u64::MAX, &mut arguments);
            test(&arguments)?;
            search.make(comparison, false, half, &mut arguments);
            test(&arguments)?;
        }
    }
    Ok(())
}

/// A search for arguments.
struct Search<'a> {
    conditions: &'a Conditions,
    /// How many conditions may still be evaluated.
    steps: usize,
    /// Of the comparison at hand: its arguments and its constants.
    registers: Vec<(usize, Part)>,
    values: Vec<u64>,
}

impl Search<'_> {
    /// The comparisons of a condition, each with the number of its case.
    fn collect(&self, id: Id, case: usize, found: &mut Vec<(usize, Id)>) {
        let mut id = id;
        while let Node::All(first, rest) | Node::Any(first, rest) = self.conditions.node(id) {
            self.collect(first, case, found);
            id = rest;
        }
        found.push((case, id));
    }

    /// Makes earlier cases false, and in the last one leaves the outcome to `target`.
    fn arrange(&mut self, cases: &[Case], target: Id, arguments: &mut [u64; 6]) {
        let Some((last, earlier)) = cases.split_last() else {
            return;
        };
        for case in earlier {
            self.steer(case.condition, false, arguments);
        }
        let mut id = last.condition;
        while let node @ (Node::All(first, rest) | Node::Any(first, rest)) =
            self.conditions.node(id)
        {
            let neutral = matches!(node, Node::All(..));
            let within = self.contains(first, target);
            let (on, aside) = if within { (first, rest) } else { (rest, first) };
            self.steer(aside, neutral, arguments);
            id = on;
        }
    }

    fn contains(&self, id: Id, target: Id) -> bool {
        let mut id = id;
        while let Node::All(first, rest) | Node::Any(first, rest) = self.conditions.node(id) {
            if self.contains(first, target) {
                return true;
            }
            id = rest;
        }
        id == target
    }

    /// Changes arguments until a condition is what is wanted, or nothing likely is left to try.
    fn steer(&mut self, id: Id, wanted: bool, arguments: &mut [u64; 6]) {
        if self.holds(id, arguments) == wanted {
            return;
        }
        match self.conditions.node(id) {
            Node::All(first, rest) | Node::Any(first, rest) => {
                self.steer(first, wanted, arguments);
                self.steer(rest, wanted, arguments);
            }
            _ => self.make(id, wanted, u64::MAX, arguments),
        }
    }

    fn holds(&mut self, id: Id, arguments: &[u64; 6]) -> bool {
        self.steps = self.steps.saturating_sub(1);
        self.conditions.holds(id, arguments)
    }

    /// Makes a comparison what is wanted by a change in some bits of one register: at its constants
    /// if that does it, else as near to them as possible.
    fn make(&mut self, id: Id, wanted: bool, bits: u64, arguments: &mut [u64; 6]) {
        let Node::Compare(_, left, right) = self.conditions.node(id) else {
            return;
        };
        self.registers.clear();
        self.values.clear();
        for side in [left, right] {
            self.leaves(side);
        }
        let sides = [left, right].map(|side| self.conditions.number(side, arguments));
        self.values.extend(sides.into_iter().chain([0, u64::MAX]));
        for at in 0..self.registers.len() {
            let register = self.registers[at];
            let before = arguments[register.0];
            if self.try_register(id, wanted, register, bits, arguments) {
                return;
            }
            arguments[register.0] = before;
        }
    }

    /// Tries changes of one register, and says whether one did it or none more can be tried.
    fn try_register(
        &mut self,
        id: Id,
        wanted: bool,
        (index, part): (usize, Part),
        bits: u64,
        arguments: &mut [u64; 6],
    ) -> bool {
        const NEAR: [fn(u64, u64, u64) -> u64; 7] = [
            |value, _, _| value,
            |value, _, _| value.wrapping_add(1),
            |value, _, _| value.wrapping_sub(1),
            |value, _, _| value.wrapping_add(1 << 32),
            |value, before, _| before ^ (value & value.wrapping_neg()),
            |value, before, bits| before ^ highest(value & bits),
            |value, _, _| value << 32,
        ];
        let before = arguments[index];
        // A half that the comparison does not look at decides nothing.
        let bits = match with_part(0, part, u64::MAX) & bits {
            0 => u64::MAX,
            _ => bits,
        };
        for place in 0..self.values.len() {
            for step in NEAR {
                let value = step(self.values[place], part.of(before), bits);
                let changed = with_part(before, part, value);
                arguments[index] = before & !bits | changed & bits;
                if self.steps == 0 || self.holds(id, arguments) == wanted {
                    return true;
                }
            }
        }
        arguments[index] = before;
        self.under_masks(id, wanted, (index, part), bits, arguments);
        self.steps == 0 || self.holds(id, arguments) == wanted
    }

    /// Other comparisons may look at other bits of a register: only those of a mask change.
    fn under_masks(
        &mut self,
        id: Id,
        wanted: bool,
        (index, part): (usize, Part),
        bits: u64,
        arguments: &mut [u64; 6],
    ) {
        let before = arguments[index];
        for mask in 0..self.values.len() {
            for value in 0..self.values.len() {
                let (mask, value) = (self.values[mask], self.values[value]);
                let kept = part.of(before) & !mask;
                let changed = with_part(before, part, kept | value & mask);
                arguments[index] = before & !bits | changed & bits;
                if self.steps == 0 || self.holds(id, arguments) == wanted {
                    return;
                }
            }
        }
    }

    /// The arguments and constants that a number is made of, each once.
    fn leaves(&mut self, id: Id) {
        match self.conditions.node(id) {
            Node::Number(number) => {
                for value in [number, !number] {
                    if self.values.len() < MOST_TRIED && !self.values.contains(&value) {
                        self.values.push(value);
                    }
                }
            }
            Node::Argument(index, part) => {
                let register = (usize::from(index), part);
                if self.registers.len() < MOST_TRIED && !self.registers.contains(&register) {
                    self.registers.push(register);
                }
            }
            Node::Binary(_, left, right) => {
                self.leaves(left);
                self.leaves(right);
            }
            _ => {}
        }
    }
}

/// The highest bit of a number, if it has any.
fn highest(number: u64) -> u64 {
    number.checked_ilog2().map_or(0, |bit| 1 << bit)
}

/// A register with another value in one of its parts.
fn with_part(register: u64, part: Part, value: u64) -> u64 {
    let (mask, value) = match part {
        Part::Full => (u64::MAX, value),
        Part::Low => (LOW, value),
        Part::High => (LOW << 32, value << 32),
        Part::Short => (0xffff, value),
    };
    register & !mask | value & mask
}
