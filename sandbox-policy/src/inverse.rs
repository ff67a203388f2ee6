//! Which arguments make a number come to something: arithmetic, done backwards.

use policy::{Conditions, Id, Node, Operator, Part};

const LOW: u64 = 0xffff_ffff;
/// Upper halves that a register may hold where nothing looks.
const GARBAGE: u64 = 0xdead_beef_0000_0000;

/// Values of one argument.
pub(crate) struct Reach {
    pub(crate) index: u8,
    pub(crate) values: Vec<u64>,
    /// The bits of the register that matter.
    pub(crate) mask: u64,
    /// Whether no other values come to the same, but for bits that do not matter.
    pub(crate) exact: bool,
}

/// Values of the only argument in a number with which it comes to `target`, or close to it; nothing
/// where it depends on several arguments, or in a way that cannot be done backwards.
pub(crate) fn reach(conditions: &Conditions, id: Id, target: u64) -> Option<Reach> {
    match conditions.node(id) {
        Node::Argument(index, part) => Some(place(index, part, target)),
        Node::Binary(operator, left, right) => {
            match (conditions.node(left), conditions.node(right)) {
                (_, Node::Number(constant)) => behind(conditions, operator, left, constant, target),
                (Node::Number(constant), _) => {
                    in_front(conditions, operator, constant, right, target)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// A value in the bits of a register that a part names, with and without garbage in the others.
fn place(index: u8, part: Part, target: u64) -> Reach {
    let (mask, value) = match part {
        Part::Full => (u64::MAX, target),
        Part::Low => (LOW, target & LOW),
        Part::High => (LOW << 32, target << 32),
        Part::Short => (0xffff, target & 0xffff),
    };
    let mut values = vec![value];
    if part != Part::Full {
        values.push(value | GARBAGE & !mask);
    }
    Reach {
        index,
        values,
        mask,
        exact: true,
    }
}

/// `inner OPERATOR constant`.
fn behind(
    conditions: &Conditions,
    operator: Operator,
    inner: Id,
    constant: u64,
    target: u64,
) -> Option<Reach> {
    let shift = u32::try_from(constant).unwrap_or(u32::MAX);
    let inverse = match operator {
        Operator::And => {
            let mut reach = several(conditions, inner, &[target & constant, target | !constant])?;
            reach.mask &= constant_in(conditions, inner, constant);
            return Some(reach);
        }
        Operator::Or => target & !constant,
        Operator::Xor => target ^ constant,
        Operator::Left => target.checked_shr(shift).unwrap_or(0),
        Operator::Right => target.checked_shl(shift).unwrap_or(0),
        Operator::Add => target.wrapping_sub(constant) & LOW,
        Operator::Subtract => target.wrapping_add(constant) & LOW,
        Operator::Multiply => {
            let factor = target.checked_div(constant)?;
            let mut reach = several(conditions, inner, &[factor, factor.wrapping_add(1)])?;
            // Products wrap, so other numbers come to the same.
            reach.exact = false;
            return Some(reach);
        }
        Operator::Divide => {
            let first = target.wrapping_mul(constant);
            return several(
                conditions,
                inner,
                &[first, first.wrapping_add(constant - 1)],
            );
        }
    };
    reach(conditions, inner, inverse)
}

/// `constant OPERATOR inner`: what changes places is turned round.
fn in_front(
    conditions: &Conditions,
    operator: Operator,
    constant: u64,
    inner: Id,
    target: u64,
) -> Option<Reach> {
    match operator {
        Operator::And | Operator::Or | Operator::Xor | Operator::Add | Operator::Multiply => {
            behind(conditions, operator, inner, constant, target)
        }
        Operator::Subtract => reach(conditions, inner, constant.wrapping_sub(target) & LOW),
        _ => None,
    }
}

fn several(conditions: &Conditions, inner: Id, targets: &[u64]) -> Option<Reach> {
    let mut all: Option<Reach> = None;
    for &target in targets {
        let found = reach(conditions, inner, target)?;
        match &mut all {
            None => all = Some(found),
            Some(all) => all.values.extend(found.values),
        }
    }
    all
}

/// A mask on a number, as a mask on the register that the number is part of.
fn constant_in(conditions: &Conditions, inner: Id, constant: u64) -> u64 {
    match conditions.node(inner) {
        Node::Argument(_, Part::High) => constant << 32,
        Node::Argument(..) => constant,
        // What stands between may move bits.
        _ => u64::MAX,
    }
}
