//! Arguments that put a decision to the test: each comparison once true and once false, with the
//! rest deciding where that can be had.

use alloc::vec::Vec;

use policy::{Case, Conditions, Decision, Id, Node, Part, Policy};

/// Upper halves that a careless program or a hostile one leaves in a register.
const GARBAGE: u64 = 0xdead_beef_0000_0000;

/// Above this many comparisons the others are not arranged around each: it would cost their square.
const MOST_ARRANGED: usize = 48;

/// Hands the vectors of a decision to `test`, until it fails: four, and four per comparison.
pub(crate) fn each<E>(
    policy: &Policy,
    decision: &Decision,
    mut test: impl FnMut(&[u64; 6]) -> Result<(), E>,
) -> Result<(), E> {
    let conditions = policy.conditions();
    for fixed in [0, u64::MAX, GARBAGE, 1] {
        test(&[fixed; 6])?;
    }
    let cases = policy.cases(decision);
    let mut comparisons = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        collect(conditions, case.condition, number, &mut comparisons);
    }
    let arranged = comparisons.len() <= MOST_ARRANGED;
    for &(number, comparison) in &comparisons {
        for (base, wanted) in [(0, true), (GARBAGE, false), (GARBAGE, true), (0, false)] {
            let mut arguments = [base; 6];
            if arranged {
                arrange(conditions, &cases[..=number], comparison, &mut arguments);
            }
            steer(conditions, comparison, wanted, &mut arguments);
            test(&arguments)?;
        }
    }
    Ok(())
}

/// The comparisons of a condition, each with the number of its case.
fn collect(conditions: &Conditions, id: Id, case: usize, found: &mut Vec<(usize, Id)>) {
    let mut id = id;
    while let Node::All(first, rest) | Node::Any(first, rest) = conditions.node(id) {
        collect(conditions, first, case, found);
        id = rest;
    }
    found.push((case, id));
}

/// Makes earlier cases false, and in the last one leaves the outcome to `target`.
fn arrange(conditions: &Conditions, cases: &[Case], target: Id, arguments: &mut [u64; 6]) {
    let Some((last, earlier)) = cases.split_last() else {
        return;
    };
    for case in earlier {
        steer(conditions, case.condition, false, arguments);
    }
    let mut id = last.condition;
    while let node @ (Node::All(first, rest) | Node::Any(first, rest)) = conditions.node(id) {
        let neutral = matches!(node, Node::All(..));
        let within = contains(conditions, first, target);
        let (on, aside) = if within { (first, rest) } else { (rest, first) };
        steer(conditions, aside, neutral, arguments);
        id = on;
    }
}

fn contains(conditions: &Conditions, id: Id, target: Id) -> bool {
    let mut id = id;
    while let Node::All(first, rest) | Node::Any(first, rest) = conditions.node(id) {
        if contains(conditions, first, target) {
            return true;
        }
        id = rest;
    }
    id == target
}

/// Changes arguments until a condition is what is wanted, or nothing likely is left to try.
fn steer(conditions: &Conditions, id: Id, wanted: bool, arguments: &mut [u64; 6]) {
    if conditions.holds(id, arguments) == wanted {
        return;
    }
    match conditions.node(id) {
        Node::All(first, rest) | Node::Any(first, rest) => {
            steer(conditions, first, wanted, arguments);
            steer(conditions, rest, wanted, arguments);
        }
        Node::Compare(_, left, right) => {
            let mut registers = Vec::new();
            let mut values = Vec::with_capacity(8);
            for side in [left, right] {
                leaves(conditions, side, &mut registers, &mut values);
            }
            let sides = [left, right].map(|side| conditions.number(side, arguments));
            values.extend(sides.into_iter().chain([0, u64::MAX]));
            try_all(conditions, id, wanted, arguments, &registers, &values);
        }
        _ => {}
    }
}

fn try_all(
    conditions: &Conditions,
    id: Id,
    wanted: bool,
    arguments: &mut [u64; 6],
    registers: &[(usize, Part)],
    values: &[u64],
) {
    for &(index, part) in registers {
        let before = arguments[index];
        for &value in values {
            for near in [
                value,
                value.wrapping_add(1),
                value.wrapping_sub(1),
                value << 32,
            ] {
                arguments[index] = with_part(before, part, near);
                if conditions.holds(id, arguments) == wanted {
                    return;
                }
            }
        }
        // Other comparisons may look at other bits: only those of a mask change.
        for (&mask, &value) in values
            .iter()
            .flat_map(|mask| values.iter().map(move |value| (mask, value)))
        {
            let kept = part.of(before) & !mask;
            arguments[index] = with_part(before, part, kept | value & mask);
            if conditions.holds(id, arguments) == wanted {
                return;
            }
        }
        arguments[index] = before;
    }
}

/// A register with another value in one of its parts.
fn with_part(register: u64, part: Part, value: u64) -> u64 {
    let (mask, value) = match part {
        Part::Full => (u64::MAX, value),
        Part::Low => (0xffff_ffff, value),
        Part::High => (0xffff_ffff << 32, value << 32),
        Part::Short => (0xffff, value),
    };
    register & !mask | value & mask
}

/// More values are not tried: it would cost their square.
const MOST_VALUES: usize = 12;

/// The arguments and constants that a number is made of, each once.
fn leaves(
    conditions: &Conditions,
    id: Id,
    registers: &mut Vec<(usize, Part)>,
    values: &mut Vec<u64>,
) {
    match conditions.node(id) {
        Node::Number(number) => {
            for value in [number, !number] {
                if values.len() < MOST_VALUES && !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        Node::Argument(index, part) => {
            let register = (usize::from(index), part);
            if !registers.contains(&register) {
                registers.push(register);
            }
        }
        Node::Binary(_, left, right) => {
            leaves(conditions, left, registers, values);
            leaves(conditions, right, registers, values);
        }
        _ => {}
    }
}
