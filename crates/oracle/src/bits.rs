//! Comparisons of numbers with numbers, bit by bit.
//!
//! Whatever masks, shifts and turned bits make of an argument, each bit of the result is a constant or
//! one bit of the register. So a comparison of it with a constant says something of bits of the
//! register, which libseccomp can be told.

use policy::{Comparison, Conditions, Id, Node, Operator, Part};

use crate::error::Why;
use crate::limit::Limit;
use crate::rules::Rule;

/// A bit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bit {
    Constant(bool),
    /// This bit of the register, turned over or as it is.
    Register {
        bit: u32,
        turned: bool,
    },
}

/// A number.
enum Number {
    Constant(u64),
    /// Made from one argument; the lowest bit first.
    Made {
        argument: u8,
        bits: Bits,
    },
}

type Bits = Box<[Bit; 64]>;

/// The rules, any of which may apply, that say what a comparison says.
pub(crate) fn compare(
    conditions: &Conditions,
    comparison: Comparison,
    left: Id,
    right: Id,
) -> Result<Vec<Rule>, Why> {
    let (argument, bits, comparison, constant) =
        match (number(conditions, left)?, number(conditions, right)?) {
            (Number::Constant(left), Number::Constant(right)) => {
                let holds = comparison.holds(left, right);
                return Ok(if holds { vec![Rule::ALWAYS] } else { vec![] });
            }
            (Number::Made { argument, bits }, Number::Constant(constant)) => {
                (argument, bits, comparison, constant)
            }
            (Number::Constant(constant), Number::Made { argument, bits }) => {
                (argument, bits, mirrored(comparison), constant)
            }
            _ => return Err(Why::TwoArguments),
        };
    let Some(limit) = limit(comparison, constant) else {
        return Ok(vec![]);
    };
    let limits = if bits == part(Part::Full) {
        vec![limit]
    } else {
        limit
            .masked()
            .into_iter()
            .filter_map(|set| in_register(set, &bits))
            .collect()
    };
    Ok(limits
        .into_iter()
        .map(|limit| Rule::one(argument, limit))
        .collect())
}

/// The comparison with its sides exchanged.
fn mirrored(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Equal | Comparison::NotEqual => comparison,
        Comparison::Less => Comparison::Greater,
        Comparison::LessEqual => Comparison::GreaterEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterEqual => Comparison::LessEqual,
    }
}

/// The numbers that compare so with a constant; nothing if there are none.
fn limit(comparison: Comparison, constant: u64) -> Option<Limit> {
    let at_least = |first| match first {
        0 => Limit::Masked { mask: 0, value: 0 },
        _ => Limit::AtLeast(first),
    };
    let below = |end| match end {
        0 => None,
        _ => Some(Limit::Below(end)),
    };
    match comparison {
        Comparison::Equal => Some(Limit::equal(constant)),
        Comparison::NotEqual => Some(Limit::NotEqual(constant)),
        Comparison::Less => below(constant),
        Comparison::LessEqual => match constant.checked_add(1) {
            Some(end) => below(end),
            None => Some(at_least(0)),
        },
        Comparison::Greater => constant.checked_add(1).map(at_least),
        Comparison::GreaterEqual => Some(at_least(constant)),
    }
}

/// What a set of numbers says of the register; nothing if no register has such a number.
fn in_register(set: Limit, bits: &Bits) -> Option<Limit> {
    let Limit::Masked { mask, value } = set else {
        return Some(set);
    };
    let (mut register_mask, mut register_value) = (0, 0);
    for (place, &bit) in bits
        .iter()
        .enumerate()
        .filter(|(at, _)| mask >> at & 1 == 1)
    {
        let wanted = value >> place & 1 == 1;
        match bit {
            Bit::Constant(is) if is != wanted => return None,
            Bit::Constant(_) => {}
            Bit::Register { bit, turned } => {
                register_mask |= 1 << bit;
                register_value |= u64::from(wanted != turned) << bit;
            }
        }
    }
    Some(Limit::Masked {
        mask: register_mask,
        value: register_value,
    })
}

fn number(conditions: &Conditions, id: Id) -> Result<Number, Why> {
    match conditions.node(id) {
        Node::Number(number) => Ok(Number::Constant(number)),
        Node::Argument(argument, which) => Ok(Number::Made {
            argument,
            bits: part(which),
        }),
        Node::Binary(operator, left, right) => {
            match (number(conditions, left)?, number(conditions, right)?) {
                (Number::Constant(left), Number::Constant(right)) => {
                    Ok(Number::Constant(operator.apply(left, right)))
                }
                (Number::Made { argument, bits }, Number::Constant(constant)) => {
                    let bits = with_constant(operator, bits, constant).ok_or(Why::Arithmetic)?;
                    Ok(Number::Made { argument, bits })
                }
                (Number::Constant(constant), Number::Made { argument, bits }) => {
                    // A shift by an argument is no shift of it.
                    let bits = bitwise(operator, bits, constant).ok_or(Why::Arithmetic)?;
                    Ok(Number::Made { argument, bits })
                }
                _ => Err(Why::TwoArguments),
            }
        }
        // As `Conditions::number` has it: a condition is no number.
        _ => Ok(Number::Constant(0)),
    }
}

/// The bits that a part of a register gives.
fn part(which: Part) -> Bits {
    let (first, count) = match which {
        Part::Full => (0, 64),
        Part::Low => (0, 32),
        Part::High => (32, 32),
        Part::Short => (0, 16),
    };
    let mut bits = Box::new([Bit::Constant(false); 64]);
    for (bit, register) in bits.iter_mut().zip(first..first + count) {
        *bit = Bit::Register {
            bit: register,
            turned: false,
        };
    }
    bits
}

/// What an operator with a constant on its right makes of bits; nothing where carries mix them.
fn with_constant(operator: Operator, bits: Bits, constant: u64) -> Option<Bits> {
    let distance = usize::try_from(constant.min(64)).unwrap_or(64);
    let shifted = |from: Option<usize>| {
        from.and_then(|at| bits.get(at).copied())
            .unwrap_or(Bit::Constant(false))
    };
    match operator {
        Operator::Left => Some(each_bit(|at| shifted(at.checked_sub(distance)))),
        Operator::Right => Some(each_bit(|at| shifted(Some(at + distance)))),
        _ => bitwise(operator, bits, constant),
    }
}

fn bitwise(operator: Operator, bits: Bits, constant: u64) -> Option<Bits> {
    let with =
        |with: fn(Bit, bool) -> Bit| Some(each_bit(|at| with(bits[at], constant >> at & 1 == 1)));
    match operator {
        Operator::And => with(|bit, kept| if kept { bit } else { Bit::Constant(false) }),
        Operator::Or => with(|bit, set| if set { Bit::Constant(true) } else { bit }),
        Operator::Xor => with(|bit, turn| match bit {
            Bit::Constant(is) => Bit::Constant(is != turn),
            Bit::Register { bit, turned } => Bit::Register {
                bit,
                turned: turned != turn,
            },
        }),
        _ => None,
    }
}

fn each_bit(bit: impl FnMut(usize) -> Bit) -> Bits {
    Box::new(std::array::from_fn(bit))
}
