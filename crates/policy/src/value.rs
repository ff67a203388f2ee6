//! Numbers in expressions: how wide they are, and what a filter can compute with them.

use crate::condition::{Node, Operator, Part};
use crate::error::{Fault, Problem};
use crate::resolve::{Meaning, Resolver, fault};
use crate::tree::{Expression, Index, Sign};

/// A number, not yet in the arena.
#[derive(Clone, Copy)]
pub(crate) struct Value {
    pub(crate) node: Node,
    pub(crate) width: Width,
    /// How many steps it takes to compute it. A remainder has its number three times, so remainders
    /// of remainders would grow beyond all measure.
    pub(crate) weight: u32,
}

/// More steps than the longest program has instructions for.
const MOST_WEIGHT: u32 = 4096;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    /// A constant: as wide as it has to be.
    Any,
    /// 64 bits.
    Wide,
    /// `argL0`, `argH0`: 32 bits.
    Half,
    /// An argument by its name, of 32 bits or fewer; the C type says what fits.
    Typed,
}

const LOW: u64 = 0xffff_ffff;

impl Resolver<'_> {
    pub(crate) fn value(&mut self, index: Index, frame: usize) -> Result<Value, Fault> {
        let branch = self.purpose.tree.branch(index);
        let at = branch.at;
        self.enter(at)?;
        let value = match branch.expression {
            Expression::Number(number) => Ok(constant(number)),
            Expression::Argument(index, part) => self.register(at, index, part),
            Expression::Name(length, arguments) => {
                match self.meaning(at, length, arguments, frame)? {
                    Meaning::Expression(body, frame) => self.value(body, frame),
                    Meaning::Value(value) => Ok(value),
                }
            }
            Expression::Complement(inner) => {
                let inner = self.value(inner, frame)?;
                let ones = match inner.width {
                    Width::Any | Width::Wide => u64::MAX,
                    Width::Half | Width::Typed => LOW,
                };
                self.combine(at, Operator::Xor, inner, constant(ones))
            }
            Expression::Binary(sign, left, right) if sign.is_number() => {
                let left = self.value(left, frame)?;
                let right = self.value(right, frame)?;
                self.calculate(at, sign, left, right)
            }
            _ => fault(at, Problem::NotNumber),
        };
        self.depth -= 1;
        value
    }

    /// `argN` and its halves. Where a call is refused, they must not name more bits than the
    /// kernel reads: whatever a program puts into the others would pass the rule.
    fn register(&self, at: u32, index: u8, part: Part) -> Result<Value, Fault> {
        let named = match part {
            Part::Low => 32,
            _ => 64,
        };
        if self.purpose.denies && usize::from(index) >= self.purpose.differs_from {
            return fault(at, Problem::OtherArguments);
        }
        let known = syscalls::arguments(self.purpose.call).filter(|_| self.purpose.denies);
        if let Some(mut arguments) = known {
            match arguments.nth(usize::from(index)) {
                None => return fault(at, Problem::NoArgument),
                Some(argument) if argument.bits < named => return fault(at, Problem::Narrow),
                Some(_) => {}
            }
        }
        let width = match part {
            Part::Full => Width::Wide,
            _ => Width::Half,
        };
        Ok(Value {
            node: Node::Argument(index, part),
            width,
            weight: 1,
        })
    }

    fn calculate(
        &mut self,
        at: u32,
        sign: Sign,
        left: Value,
        right: Value,
    ) -> Result<Value, Fault> {
        if let (Node::Number(left), Node::Number(right)) = (left.node, right.node) {
            let folded = fold(sign, left, right);
            return match folded {
                Some(folded) => Ok(constant(folded)),
                None => fault(at, Problem::Divisor),
            };
        }
        match sign {
            Sign::BitAnd => self.combine(at, Operator::And, left, right),
            Sign::BitOr => self.combine(at, Operator::Or, left, right),
            Sign::BitXor => self.combine(at, Operator::Xor, left, right),
            Sign::Left | Sign::Right => self.shift(at, sign, left, right),
            _ => self.calculate_in_32_bits(at, sign, left, right),
        }
    }

    fn shift(&mut self, at: u32, sign: Sign, left: Value, right: Value) -> Result<Value, Fault> {
        if !matches!(right.node, Node::Number(_)) {
            return fault(at, Problem::Shift);
        }
        if sign == Sign::Right {
            return self.combine_as(at, Operator::Right, left, right, left.width);
        }
        let shifted = self.combine_as(at, Operator::Left, left, right, left.width)?;
        match left.width {
            Width::Any | Width::Wide => Ok(shifted),
            width => self.combine_as(at, Operator::And, shifted, constant(LOW), width),
        }
    }

    fn calculate_in_32_bits(
        &mut self,
        at: u32,
        sign: Sign,
        mut left: Value,
        mut right: Value,
    ) -> Result<Value, Fault> {
        if left.width == Width::Wide || right.width == Width::Wide {
            return fault(at, Problem::WideArithmetic);
        }
        fit(at, &mut left, right.width)?;
        fit(at, &mut right, left.width)?;
        let operator = match sign {
            Sign::Add => Operator::Add,
            Sign::Subtract => Operator::Subtract,
            Sign::Multiply => Operator::Multiply,
            _ => Operator::Divide,
        };
        if operator == Operator::Divide && !matches!(right.node, Node::Number(1..)) {
            return fault(at, Problem::Divisor);
        }
        if sign != Sign::Remainder {
            return self.combine_as(at, operator, left, right, Width::Half);
        }
        // The kernel's filters have no remainder: a % k is a - a / k * k.
        let quotient = self.combine_as(at, Operator::Divide, left, right, Width::Half)?;
        let rounded = self.combine_as(at, Operator::Multiply, quotient, right, Width::Half)?;
        self.combine_as(at, Operator::Subtract, left, rounded, Width::Half)
    }

    /// A bit operation: as wide as its wider operand.
    pub(crate) fn combine(
        &mut self,
        at: u32,
        operator: Operator,
        mut left: Value,
        mut right: Value,
    ) -> Result<Value, Fault> {
        if operator == Operator::And {
            left.mask(right.width);
            right.mask(left.width);
        }
        fit(at, &mut left, right.width)?;
        fit(at, &mut right, left.width)?;
        let width = match (left.width, right.width) {
            (Width::Any, other) | (other, Width::Any) => other,
            (Width::Wide, _) | (_, Width::Wide) => Width::Wide,
            (Width::Typed, Width::Typed) => Width::Typed,
            _ => Width::Half,
        };
        if let (Node::Number(left), Node::Number(right)) = (left.node, right.node) {
            return Ok(constant(operator.apply(left, right)));
        }
        self.combine_as(at, operator, left, right, width)
    }

    fn combine_as(
        &mut self,
        at: u32,
        operator: Operator,
        left: Value,
        right: Value,
        width: Width,
    ) -> Result<Value, Fault> {
        let weight = left.weight.saturating_add(right.weight);
        if weight > MOST_WEIGHT {
            return fault(at, Problem::TooDeep);
        }
        let left = self.put(at, left.node)?;
        let right = self.put(at, right.node)?;
        Ok(Value {
            node: Node::Binary(operator, left, right),
            width,
            weight,
        })
    }
}

impl Value {
    /// Cuts a mask that is a complement, such as `~O_CLOEXEC`, to what it masks.
    fn mask(&mut self, beside: Width) {
        if let (Node::Number(mask), Width::Typed) = (self.node, beside) {
            if mask >> 32 == LOW {
                self.node = Node::Number(mask & LOW);
            }
        }
    }
}

/// Makes a constant fit beside a narrow number. A typed argument may be compared with a negative
/// number, whose upper bits are all ones; beside `argL` such a constant is a slip.
pub(crate) fn fit(at: u32, value: &mut Value, beside: Width) -> Result<(), Fault> {
    const NEGATIVE: u64 = 0xffff_ffff_8000_0000;
    let Node::Number(number) = value.node else {
        return Ok(());
    };
    match beside {
        Width::Any | Width::Wide => {}
        _ if number <= LOW => {}
        Width::Typed if number >= NEGATIVE => value.node = Node::Number(number & LOW),
        Width::Typed | Width::Half => return fault(at, Problem::TooLarge),
    }
    Ok(())
}

pub(crate) fn constant(number: u64) -> Value {
    Value {
        node: Node::Number(number),
        width: Width::Any,
        weight: 1,
    }
}

/// Constants are worked out in 64 bits; nothing comes of a division by zero.
fn fold(sign: Sign, left: u64, right: u64) -> Option<u64> {
    Some(match sign {
        Sign::BitAnd => left & right,
        Sign::BitOr => left | right,
        Sign::BitXor => left ^ right,
        Sign::Left => Operator::Left.apply(left, right),
        Sign::Right => Operator::Right.apply(left, right),
        Sign::Add => left.wrapping_add(right),
        Sign::Subtract => left.wrapping_sub(right),
        Sign::Multiply => left.wrapping_mul(right),
        Sign::Divide => left.checked_div(right)?,
        _ => left.checked_rem(right)?,
    })
}
