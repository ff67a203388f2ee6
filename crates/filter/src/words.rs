//! Numbers of 64 bits as pairs of 32-bit words, which is all that classic BPF can compute with.
//!
//! Constants are folded on the way: the upper word of a narrow argument is known to be zero, and no
//! instruction is spent on it.

use alloc::vec::Vec;

use policy::{Conditions, Id, Node, Operator, Part};

use crate::instruction::{
    ADD, AND, COPY_TO_X, DIVIDE, Instruction, LEFT, LOAD, LOAD_X_MEMORY, MEMORY_WORDS, MULTIPLY,
    OR, RIGHT, STORE, SUBTRACT, WITH_X, XOR, argument_high, argument_low,
};
use crate::interpret::calculate;

/// A 32-bit word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Constant(u32),
    /// Part of an argument, by its offset in `seccomp_data`.
    Loaded(u32),
    /// A result, by its place in [`Words`].
    Computed(u16),
}

impl Word {
    /// The value of a constant.
    pub(crate) fn constant(self) -> Option<u32> {
        match self {
            Word::Constant(constant) => Some(constant),
            _ => None,
        }
    }
}

/// A number: lower and upper word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) low: Word,
    pub(crate) high: Word,
}

/// Results of operations; equal ones are stored once, so that they compare by place.
#[derive(Default)]
pub(crate) struct Words {
    operations: Vec<(u16, Word, Word)>,
}

/// More words, or more of them waiting in memory at once, than there is room for.
pub(crate) struct TooComplicated;

const ZERO: Word = Word::Constant(0);

impl Words {
    /// The words of a number.
    pub(crate) fn pair(&mut self, conditions: &Conditions, id: Id) -> Result<Pair, TooComplicated> {
        match conditions.node(id) {
            Node::Number(number) => Ok(Pair {
                low: Word::Constant(half(number)),
                high: Word::Constant(half(number >> 32)),
            }),
            Node::Argument(index, part) => self.argument(u32::from(index), part),
            Node::Binary(operator, left, right) => {
                let left = self.pair(conditions, left)?;
                let right = self.pair(conditions, right)?;
                self.binary(operator, left, right)
            }
            _ => Err(TooComplicated),
        }
    }

    fn argument(&mut self, index: u32, part: Part) -> Result<Pair, TooComplicated> {
        let low = Word::Loaded(argument_low(index));
        let high = Word::Loaded(argument_high(index));
        let (low, high) = match part {
            Part::Full => (low, high),
            Part::Low => (low, ZERO),
            Part::High => (high, ZERO),
            Part::Short => (self.operation(AND, low, Word::Constant(0xffff))?, ZERO),
        };
        Ok(Pair { low, high })
    }

    fn binary(
        &mut self,
        operator: Operator,
        left: Pair,
        right: Pair,
    ) -> Result<Pair, TooComplicated> {
        let (code, wide) = match operator {
            Operator::And => (AND, true),
            Operator::Or => (OR, true),
            Operator::Xor => (XOR, true),
            Operator::Add => (ADD, false),
            Operator::Subtract => (SUBTRACT, false),
            Operator::Multiply => (MULTIPLY, false),
            Operator::Divide => (DIVIDE, false),
            Operator::Left | Operator::Right => return self.shift(operator, left, right),
        };
        let low = self.operation(code, left.low, right.low)?;
        let high = match wide {
            true => self.operation(code, left.high, right.high)?,
            false => ZERO,
        };
        Ok(Pair { low, high })
    }

    /// A shift by a constant moves bits from one word into the other.
    fn shift(
        &mut self,
        operator: Operator,
        number: Pair,
        by: Pair,
    ) -> Result<Pair, TooComplicated> {
        let (Word::Constant(count), Word::Constant(beyond)) = (by.low, by.high) else {
            return Err(TooComplicated);
        };
        if beyond != 0 || count >= 64 {
            let (low, high) = (ZERO, ZERO);
            return Ok(Pair { low, high });
        }
        // From the word that bits leave to the word that they enter.
        let (out, back, from, to) = match operator {
            Operator::Left => (LEFT, RIGHT, number.low, number.high),
            _ => (RIGHT, LEFT, number.high, number.low),
        };
        let (from, to) = if count >= 32 {
            (ZERO, self.operation(out, from, Word::Constant(count - 32))?)
        } else {
            let kept = self.operation(out, to, Word::Constant(count))?;
            let entering = self.operation(back, from, Word::Constant(32 - count))?;
            let to = self.operation(OR, kept, entering)?;
            (self.operation(out, from, Word::Constant(count))?, to)
        };
        Ok(match operator {
            Operator::Left => Pair {
                low: from,
                high: to,
            },
            _ => Pair {
                low: to,
                high: from,
            },
        })
    }

    /// One operation, or what it comes to without any.
    fn operation(&mut self, code: u16, left: Word, right: Word) -> Result<Word, TooComplicated> {
        const ALL: Word = Word::Constant(u32::MAX);
        let same = match (code, left, right) {
            (LEFT | RIGHT, _, Word::Constant(32..)) => Some(ZERO),
            (_, Word::Constant(left), Word::Constant(right)) => {
                calculate(code, left, right).ok().map(Word::Constant)
            }
            (AND | MULTIPLY, ZERO, _) | (AND | MULTIPLY, _, ZERO) => Some(ZERO),
            (AND, ALL, other) | (AND, other, ALL) => Some(other),
            (OR | XOR | ADD, ZERO, other) => Some(other),
            (OR | XOR | ADD | SUBTRACT | LEFT | RIGHT, other, ZERO) => Some(other),
            _ => None,
        };
        if let Some(same) = same {
            return Ok(same);
        }
        let operation = match (code, left) {
            // A constant belongs to the right, where an instruction has room for it.
            (AND | OR | XOR | ADD | MULTIPLY, Word::Constant(_)) => (code, right, left),
            _ => (code, left, right),
        };
        let known = self.operations.iter().position(|known| *known == operation);
        let place = known.unwrap_or_else(|| {
            self.operations.push(operation);
            self.operations.len() - 1
        });
        u16::try_from(place)
            .map(Word::Computed)
            .map_err(|_| TooComplicated)
    }

    /// The word and the constant that it is and-ed with, if it is.
    pub(crate) fn masked(&self, word: Word) -> Option<(Word, u32)> {
        match self.operations.get(usize::from(computed(word)?))? {
            (AND, word, Word::Constant(mask)) => Some((*word, *mask)),
            _ => None,
        }
    }

    /// Instructions that leave a word in A, and leave X alone unless they have to use it. `depth`
    /// words of memory are taken.
    pub(crate) fn compute(
        &self,
        word: Word,
        depth: u32,
        out: &mut Vec<Instruction>,
    ) -> Result<(), TooComplicated> {
        let place = match word {
            Word::Constant(constant) => {
                out.push(Instruction::plain(
                    crate::instruction::LOAD_CONSTANT,
                    constant,
                ));
                return Ok(());
            }
            Word::Loaded(offset) => {
                out.push(Instruction::plain(LOAD, offset));
                return Ok(());
            }
            Word::Computed(place) => usize::from(place),
        };
        let &(code, left, right) = self.operations.get(place).ok_or(TooComplicated)?;
        if let Word::Constant(constant) = right {
            self.compute(left, depth, out)?;
            out.push(Instruction::plain(code, constant));
            return Ok(());
        }
        self.compute_beside(left, right, depth, out)?;
        out.push(Instruction::plain(code | WITH_X, 0));
        Ok(())
    }

    /// Instructions that leave one word in A and another in X.
    pub(crate) fn compute_beside(
        &self,
        in_a: Word,
        in_x: Word,
        depth: u32,
        out: &mut Vec<Instruction>,
    ) -> Result<(), TooComplicated> {
        self.compute(in_x, depth, out)?;
        if !self.needs_x(in_a) {
            out.push(Instruction::plain(COPY_TO_X, 0));
            return self.compute(in_a, depth, out);
        }
        if depth as usize >= MEMORY_WORDS {
            return Err(TooComplicated);
        }
        out.push(Instruction::plain(STORE, depth));
        self.compute(in_a, depth + 1, out)?;
        out.push(Instruction::plain(LOAD_X_MEMORY, depth));
        Ok(())
    }

    fn needs_x(&self, word: Word) -> bool {
        let mut word = word;
        loop {
            let operation =
                computed(word).and_then(|place| self.operations.get(usize::from(place)));
            match operation {
                None => return false,
                Some((_, left, Word::Constant(_))) => word = *left,
                Some(_) => return true,
            }
        }
    }
}

fn computed(word: Word) -> Option<u16> {
    match word {
        Word::Computed(place) => Some(place),
        _ => None,
    }
}

fn half(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default()
}
