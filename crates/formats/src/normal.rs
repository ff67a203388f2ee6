//! Conditions in disjunctive normal form over single arguments, which is all that libseccomp's rules
//! can say: any of several rows, each of them all of at most one test for each argument.
//!
//! Everything that compares bits of one argument with a constant has such a form. Where libseccomp
//! has no operator (an ordering of 32 bits, two tests of one argument), the numbers that pass are
//! split into blocks that share their upper bits, as networks are in a routing table.

use policy::{Comparison, Conditions, Id, Node, Operator, Part};

/// A test of an argument's whole register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Test {
    /// These bits have this value.
    Bits {
        /// The bits; not zero.
        mask: u64,
        /// Their value; no bit outside the mask.
        value: u64,
    },
    /// Anything but this value.
    Not(u64),
    /// Less than this value, which is not zero.
    Below(u64),
    /// More than this value, which is not the highest.
    Above(u64),
}

/// Tests that must all pass, one for each argument that has one.
pub(crate) type Row = [Option<Test>; 6];

/// Any of several rows; none is "never", an empty row is "always".
pub(crate) type Rows = Vec<Row>;

/// Rows for one call beyond which a profile is no longer a policy that somebody reads.
const MOST: usize = 256;

/// What the form cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obstacle {
    TwoArguments,
    Arithmetic,
    TooMany,
}

impl Obstacle {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Obstacle::TwoArguments => "it compares two arguments",
            Obstacle::Arithmetic => "it calculates with an argument",
            Obstacle::TooMany => "it takes too many rules",
        }
    }
}

pub(crate) const ALWAYS: Row = [None; 6];

/// Where a condition holds or, if not `wanted`, where it does not.
pub(crate) fn rows(conditions: &Conditions, id: Id, wanted: bool) -> Result<Rows, Obstacle> {
    let first = conditions.node(id);
    let all_of = matches!(first, Node::All(..)) == wanted;
    let mut joined = if all_of { vec![ALWAYS] } else { Rows::new() };
    let mut rest = id;
    // Chains lean to the right and may be long: no recursion along them.
    loop {
        let (part, next) = match (first, conditions.node(rest)) {
            (Node::All(..), Node::All(part, next)) | (Node::Any(..), Node::Any(part, next)) => {
                (rows(conditions, part, wanted)?, Some(next))
            }
            (Node::All(..) | Node::Any(..), _) => (rows(conditions, rest, wanted)?, None),
            _ => return single(conditions, first, wanted),
        };
        joined = match all_of {
            true => all(&joined, &part)?,
            false => any(joined, part)?,
        };
        match next {
            Some(next) => rest = next,
            None => return Ok(joined),
        }
    }
}

fn single(conditions: &Conditions, node: Node, wanted: bool) -> Result<Rows, Obstacle> {
    match node {
        Node::Constant(constant) if constant == wanted => Ok(vec![ALWAYS]),
        Node::Compare(comparison, left, right) => {
            let comparison = match wanted {
                true => comparison,
                false => comparison.negated(),
            };
            compare(conditions, comparison, left, right)
        }
        _ => Ok(Rows::new()),
    }
}

/// Where one of two forms holds.
pub(crate) fn any(mut left: Rows, right: Rows) -> Result<Rows, Obstacle> {
    for row in right {
        if !left.contains(&row) {
            left.push(row);
        }
    }
    bounded(left)
}

/// Where two forms hold.
pub(crate) fn all(left: &[Row], right: &[Row]) -> Result<Rows, Obstacle> {
    let mut joined = Rows::new();
    for one in left {
        for other in right {
            joined = any(joined, join(one, other)?)?;
        }
    }
    Ok(joined)
}

fn bounded(rows: Rows) -> Result<Rows, Obstacle> {
    if rows.contains(&ALWAYS) {
        return Ok(vec![ALWAYS]);
    }
    match rows.len() > MOST {
        true => Err(Obstacle::TooMany),
        false => Ok(rows),
    }
}

/// Where two rows pass.
pub(crate) fn join(one: &Row, other: &Row) -> Result<Rows, Obstacle> {
    let mut joined = vec![ALWAYS];
    for (index, pair) in one.iter().zip(other).enumerate() {
        let tests = match pair {
            (None, None) => continue,
            (Some(test), None) | (None, Some(test)) => vec![*test],
            (Some(one), Some(other)) => meet(*one, *other),
        };
        let mut longer = Rows::new();
        for row in &joined {
            for test in &tests {
                let mut row = *row;
                row[index] = Some(*test);
                longer.push(row);
            }
        }
        joined = bounded(longer)?;
    }
    Ok(joined)
}

/// The tests of which any passes where both of these pass.
fn meet(one: Test, other: Test) -> Vec<Test> {
    match (one, other) {
        _ if one == other => vec![one],
        (exact @ Test::Bits { mask, value }, test) | (test, exact @ Test::Bits { mask, value })
            if mask == u64::MAX =>
        {
            test.passes(value).then_some(exact).into_iter().collect()
        }
        (
            Test::Bits { mask, value },
            Test::Bits {
                mask: more,
                value: other,
            },
        ) => {
            let both = Test::Bits {
                mask: mask | more,
                value: value | other,
            };
            let agreed = (value & more == other & mask).then_some(both);
            agreed.into_iter().collect()
        }
        (Test::Bits { mask, value }, Test::Not(not))
        | (Test::Not(not), Test::Bits { mask, value })
            if not & mask != value =>
        {
            vec![Test::Bits { mask, value }]
        }
        (Test::Below(one), Test::Below(other)) => vec![Test::Below(one.min(other))],
        (Test::Above(one), Test::Above(other)) => vec![Test::Above(one.max(other))],
        (Test::Not(not), test) | (test, Test::Not(not)) => without(not, test),
        (one, other) => {
            let pairs = one.blocks().into_iter().flat_map(|block| {
                let more = other.blocks().into_iter();
                more.flat_map(move |more| meet(block, more))
            });
            pairs.collect()
        }
    }
}

/// Where a test passes and the argument is not this value.
fn without(not: u64, test: Test) -> Vec<Test> {
    if !test.passes(not) {
        return vec![test];
    }
    let below = (not > 0).then_some(Test::Below(not));
    let above = (not < u64::MAX).then_some(Test::Above(not));
    let sides = [below, above].into_iter().flatten();
    sides.flat_map(|side| meet(side, test)).collect()
}

impl Test {
    /// Whether a register passes.
    pub(crate) fn passes(self, register: u64) -> bool {
        match self {
            Test::Bits { mask, value } => register & mask == value,
            Test::Not(value) => register != value,
            Test::Below(value) => register < value,
            Test::Above(value) => register > value,
        }
    }

    /// The same as comparisons of bits, of which exactly one passes.
    fn blocks(self) -> Vec<Test> {
        match self {
            Test::Bits { .. } => vec![self],
            Test::Not(value) => [below(u64::MAX, value), above(u64::MAX, value)].concat(),
            Test::Below(value) => below(u64::MAX, value),
            Test::Above(value) => above(u64::MAX, value),
        }
    }
}

/// The blocks of numbers less than `value` among those that have only bits of the mask.
fn below(mask: u64, value: u64) -> Vec<Test> {
    let cleared = (0..u64::BITS).rev().filter(|bit| value >> bit & 1 == 1);
    cleared
        .filter_map(|bit| block(mask, value & !(1 << bit), bit))
        .collect()
}

/// The blocks of numbers more than `value` among those that have only bits of the mask.
fn above(mask: u64, value: u64) -> Vec<Test> {
    let set = (0..u64::BITS).rev().filter(|bit| value >> bit & 1 == 0);
    set.filter_map(|bit| block(mask, value | 1 << bit, bit))
        .collect()
}

/// The numbers that have only bits of the mask and are equal to `value` from `bit` upwards.
fn block(mask: u64, value: u64, bit: u32) -> Option<Test> {
    let upper = u64::MAX << bit;
    let (mask, bits) = (mask & upper, value & upper);
    (bits & !mask == 0).then_some(Test::Bits { mask, value: bits })
}

/// Some bits of an argument, as a number: `(register & mask) >> shift`.
#[derive(Clone, Copy)]
struct Operand {
    index: u8,
    mask: u64,
    shift: u32,
}

fn compare(
    conditions: &Conditions,
    comparison: Comparison,
    left: Id,
    right: Id,
) -> Result<Rows, Obstacle> {
    let (operand, comparison, value) = match (conditions.node(left), conditions.node(right)) {
        (_, Node::Number(value)) => (operand(conditions, left)?, comparison, value),
        (Node::Number(value), _) => (operand(conditions, right)?, mirrored(comparison), value),
        _ => return Err(Obstacle::TwoArguments),
    };
    Ok(operand.rows(comparison, value))
}

/// Where some bits of a whole register compare so with a number.
pub(crate) fn whole(index: usize, mask: u64, comparison: Comparison, value: u64) -> Rows {
    let index = u8::try_from(index).unwrap_or(u8::MAX);
    Operand {
        index,
        mask,
        shift: 0,
    }
    .rows(comparison, value)
}

fn mirrored(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessEqual => Comparison::GreaterEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterEqual => Comparison::LessEqual,
        same => same,
    }
}

fn operand(conditions: &Conditions, id: Id) -> Result<Operand, Obstacle> {
    let (operator, left, right) = match conditions.node(id) {
        Node::Argument(index, part) => return Ok(Operand::argument(index, part)),
        Node::Binary(operator, left, right) => (operator, left, right),
        _ => return Err(Obstacle::Arithmetic),
    };
    let (inner, number) = match (operator, conditions.node(left), conditions.node(right)) {
        (_, _, Node::Number(number)) => (left, number),
        (Operator::And, Node::Number(number), _) => (right, number),
        _ => return Err(Obstacle::Arithmetic),
    };
    let inner = operand(conditions, inner)?;
    match operator {
        Operator::And => Ok(inner.masked(number)),
        Operator::Right => Ok(inner.shifted(number)),
        _ => Err(Obstacle::Arithmetic),
    }
}

/// What a comparison of some bits comes to.
enum Tests {
    Always,
    Any(Vec<Test>),
}

impl Operand {
    fn argument(index: u8, part: Part) -> Operand {
        let (mask, shift) = match part {
            Part::Full => (u64::MAX, 0),
            Part::Low => (0xffff_ffff, 0),
            Part::High => (0xffff_ffff << 32, 32),
            Part::Short => (0xffff, 0),
        };
        Operand { index, mask, shift }
    }

    fn masked(self, number: u64) -> Operand {
        let mask = self.mask & number.checked_shl(self.shift).unwrap_or(0);
        Operand { mask, ..self }
    }

    fn shifted(self, by: u64) -> Operand {
        let shift = u64::from(self.shift).saturating_add(by).min(64);
        let shift = u32::try_from(shift).unwrap_or(u64::BITS);
        let mask = self.mask & u64::MAX.checked_shl(shift).unwrap_or(0);
        Operand {
            mask,
            shift,
            ..self
        }
    }

    fn rows(self, comparison: Comparison, value: u64) -> Rows {
        let row = |test| {
            let mut row = ALWAYS;
            *row.get_mut(usize::from(self.index))? = Some(test);
            Some(row)
        };
        match self.tests(comparison, value) {
            Tests::Always => vec![ALWAYS],
            Tests::Any(tests) => tests.into_iter().filter_map(row).collect(),
        }
    }

    fn tests(self, comparison: Comparison, value: u64) -> Tests {
        let (mask, shift) = match self.mask {
            // Nothing is left of the argument; any shift of nothing will do.
            0 => (0, 0),
            mask => (mask, self.shift),
        };
        // Both sides shifted back: the order of multiples is that of what they are multiples of.
        let Some(value) = value.checked_mul(1 << shift) else {
            return match comparison.holds(0, 1) {
                true => Tests::Always,
                false => Tests::Any(Vec::new()),
            };
        };
        // At the ends of what these bits can be, nothing is left to test.
        let ends = (comparison.holds(0, value), comparison.holds(mask, value));
        match (comparison, value) {
            (Comparison::Less | Comparison::LessEqual, _) if ends.1 => Tests::Always,
            (Comparison::Greater | Comparison::GreaterEqual, _) if ends.0 => Tests::Always,
            (Comparison::NotEqual, value) if value & !mask != 0 => Tests::Always,
            (Comparison::Equal, 0) if mask == 0 => Tests::Always,
            _ => Tests::Any(tests(mask, comparison, value)),
        }
    }
}

/// Tests of bits of a register, where they are neither always nor by their order never true.
fn tests(mask: u64, comparison: Comparison, value: u64) -> Vec<Test> {
    let full = mask == u64::MAX;
    match comparison {
        Comparison::Equal if value & !mask != 0 => Vec::new(),
        Comparison::Equal => vec![Test::Bits { mask, value }],
        Comparison::NotEqual if full => vec![Test::Not(value)],
        Comparison::NotEqual => [below(mask, value), above(mask, value)].concat(),
        Comparison::Less if full && value > 0 => vec![Test::Below(value)],
        Comparison::LessEqual if full => vec![Test::Below(value + 1)],
        Comparison::Greater if full && value < u64::MAX => vec![Test::Above(value)],
        Comparison::GreaterEqual if full => vec![Test::Above(value - 1)],
        Comparison::Less => below(mask, value),
        Comparison::LessEqual => below(mask, value + 1),
        Comparison::Greater => above(mask, value),
        Comparison::GreaterEqual => above(mask, value - 1),
    }
}
