//! Constants: names and numbers, or-ed, complemented and in parentheses.

use super::statement::Cursor;
use super::token::Kind;
use crate::Error;

/// Parentheses within each other.
const DEEPEST: usize = 64;

impl Cursor<'_> {
    /// The value of an expression of constants.
    pub(super) fn value(&mut self) -> Result<u64, Error> {
        self.value_within(0)
    }

    fn value_within(&mut self, depth: usize) -> Result<u64, Error> {
        let mut value = self.part(depth)?;
        while self.accept("|") {
            value |= self.part(depth)?;
        }
        Ok(value)
    }

    fn part(&mut self, depth: usize) -> Result<u64, Error> {
        if depth > DEEPEST {
            return Err(self.error("too many parentheses"));
        }
        let complemented = self.accept("~");
        let value = if self.accept("(") {
            let value = self.value_within(depth + 1)?;
            self.require(")")?;
            value
        } else {
            self.single()?
        };
        Ok(if complemented {
            !value & self.ones
        } else {
            value
        })
    }

    fn single(&mut self) -> Result<u64, Error> {
        let token = self.peek();
        let value = match token.map(|token| (token.kind, token.text)) {
            Some((Kind::Number, text)) => number(text, self.ones),
            Some((Kind::Word, text)) => named(text).map(|value| value & self.ones),
            _ => None,
        };
        let value = value.ok_or_else(|| self.error("not a constant"))?;
        self.next();
        Ok(value)
    }
}

/// A constant by its name, in the case in which the headers have it.
fn named(name: &str) -> Option<u64> {
    let exact = !name.bytes().any(|byte| byte.is_ascii_lowercase());
    syscalls::constant(name).filter(|_| exact)
}

/// A number in C's notation that a register can hold; a negative one as its two's complement.
fn number(text: &str, ones: u64) -> Option<u64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let hexadecimal = digits.strip_prefix("0x").or(digits.strip_prefix("0X"));
    let (digits, radix) = match (hexadecimal, digits.strip_prefix('0')) {
        (Some(digits), _) => (digits, 16),
        (None, Some(octal)) if !octal.is_empty() => (octal, 8),
        _ => (digits, 10),
    };
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let value = u64::from_str_radix(digits, radix).ok().filter(|_| plain)?;
    match negative {
        false => (value <= ones).then_some(value),
        true => (value <= ones / 2 + 1).then(|| value.wrapping_neg() & ones),
    }
}
