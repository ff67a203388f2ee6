//! From conditions to jumps: each condition becomes tests of words, with a way for yes and one for no.

use alloc::vec::Vec;

use policy::{Case, Comparison, Conditions, Decision, Id, Node, Policy};

use crate::assemble::{Assembler, Label};
use crate::instruction::{
    JUMP_EQUAL, JUMP_GREATER, JUMP_GREATER_EQUAL, JUMP_SET, WITH_X, action_value,
};
use crate::words::{Pair, TooComplicated, Word, Words};

/// Writes the cases of a decision, the last first, and gives the place where the first begins.
/// `otherwise` is where a call goes to which none applies.
pub(crate) fn decide(
    assembler: &mut Assembler,
    policy: &Policy,
    decision: &Decision,
    otherwise: Label,
) -> Result<Label, TooComplicated> {
    let mut writer = Writer {
        assembler,
        conditions: policy.conditions(),
        words: Words::default(),
    };
    let mut next = otherwise;
    for &Case {
        condition, action, ..
    } in policy.cases(decision).iter().rev()
    {
        let yes = writer.assembler.answer(action_value(action));
        next = writer.condition(condition, yes, next)?;
    }
    Ok(next)
}

struct Writer<'a> {
    assembler: &'a mut Assembler,
    conditions: &'a Conditions,
    words: Words,
}

type Written = Result<Label, TooComplicated>;

impl Writer<'_> {
    fn condition(&mut self, id: Id, yes: Label, no: Label) -> Written {
        match self.conditions.node(id) {
            Node::Constant(true) => Ok(yes),
            Node::Constant(false) => Ok(no),
            Node::All(..) | Node::Any(..) => self.chain(id, yes, no),
            Node::Compare(comparison, left, right) => {
                let left = self.words.pair(self.conditions, left)?;
                let right = self.words.pair(self.conditions, right)?;
                self.compare(comparison, left, right, yes, no)
            }
            _ => Err(TooComplicated),
        }
    }

    /// A chain of `||` or of `&&`, from its end. In a run of equalities with one number, its upper
    /// word is tested once.
    fn chain(&mut self, id: Id, yes: Label, no: Label) -> Written {
        let any = matches!(self.conditions.node(id), Node::Any(..));
        let mut parts = self.parts(id, any);
        let hit = if any { yes } else { no };
        let mut next = if any { no } else { yes };
        while let Some(last) = parts.pop() {
            let Some((number, value)) = self.equality(last, any)? else {
                next = match any {
                    true => self.condition(last, yes, next)?,
                    false => self.condition(last, next, no)?,
                };
                continue;
            };
            let mut values = alloc::vec![value.low];
            while let Some(&part) = parts.last() {
                match self.equality(part, any)? {
                    Some((other, with)) if other == number && with.high == value.high => {
                        values.push(with.low);
                        parts.pop();
                    }
                    _ => break,
                }
            }
            let miss = next;
            let low = self.one_of(number.low, &values, hit, miss)?;
            next = self.word(JUMP_EQUAL, number.high, value.high, low, miss)?;
        }
        Ok(next)
    }

    /// Tests whether a word is one of several, which come the last first.
    fn one_of(&mut self, word: Word, values: &[Word], hit: Label, miss: Label) -> Written {
        let constants: Option<Vec<u32>> =
            values.iter().rev().map(|value| value.constant()).collect();
        if let (None, Some(constants), 2..) = (word.constant(), constants, values.len()) {
            let mut prefix = Vec::new();
            self.words.compute(word, 0, &mut prefix)?;
            return Ok(self.assembler.test_any(&prefix, &constants, hit, miss));
        }
        let mut next = miss;
        for &value in values {
            next = self.word(JUMP_EQUAL, word, value, hit, next)?;
        }
        Ok(next)
    }

    fn parts(&self, id: Id, any: bool) -> Vec<Id> {
        let mut parts = Vec::new();
        let mut rest = id;
        loop {
            match self.conditions.node(rest) {
                Node::Any(first, behind) if any => (parts.push(first), rest = behind).1,
                Node::All(first, behind) if !any => (parts.push(first), rest = behind).1,
                _ => {
                    parts.push(rest);
                    return parts;
                }
            }
        }
    }

    /// The number and the constant, where a part of a chain is `number == constant`, or in a chain
    /// of `&&` `number != constant`.
    fn equality(&mut self, id: Id, any: bool) -> Result<Option<(Pair, Pair)>, TooComplicated> {
        let (left, right) = match self.conditions.node(id) {
            Node::Compare(Comparison::Equal, left, right) if any => (left, right),
            Node::Compare(Comparison::NotEqual, left, right) if !any => (left, right),
            _ => return Ok(None),
        };
        let left = self.words.pair(self.conditions, left)?;
        let right = self.words.pair(self.conditions, right)?;
        Ok(match (left.low, right.low) {
            (_, Word::Constant(_)) => Some((left, right)),
            (Word::Constant(_), _) => Some((right, left)),
            _ => None,
        })
    }

    fn compare(
        &mut self,
        comparison: Comparison,
        left: Pair,
        right: Pair,
        yes: Label,
        no: Label,
    ) -> Written {
        let (code, yes, no) = match comparison {
            Comparison::Equal => (JUMP_EQUAL, yes, no),
            Comparison::NotEqual => (JUMP_EQUAL, no, yes),
            Comparison::Greater => (JUMP_GREATER, yes, no),
            Comparison::LessEqual => (JUMP_GREATER, no, yes),
            Comparison::GreaterEqual => (JUMP_GREATER_EQUAL, yes, no),
            Comparison::Less => (JUMP_GREATER_EQUAL, no, yes),
        };
        let low = self.word(code, left.low, right.low, yes, no)?;
        let level = self.word(JUMP_EQUAL, left.high, right.high, low, no)?;
        match code {
            JUMP_EQUAL => Ok(level),
            _ => self.word(JUMP_GREATER, left.high, right.high, yes, level),
        }
    }

    /// Tests a word against another.
    fn word(&mut self, code: u16, left: Word, right: Word, yes: Label, no: Label) -> Written {
        let constant = match (left, right) {
            (_, Word::Constant(constant)) => constant,
            (Word::Constant(_), _) => {
                return match code {
                    JUMP_GREATER => self.word(JUMP_GREATER_EQUAL, right, left, no, yes),
                    JUMP_GREATER_EQUAL => self.word(JUMP_GREATER, right, left, no, yes),
                    _ => self.word(code, right, left, yes, no),
                };
            }
            _ => {
                let mut prefix = Vec::new();
                self.words.compute_beside(left, right, 0, &mut prefix)?;
                return Ok(self.assembler.test(&prefix, code | WITH_X, 0, yes, no));
            }
        };
        if let Some(known) = foregone(code, left, constant) {
            return Ok(if known { yes } else { no });
        }
        if let (JUMP_EQUAL, Some((word, mask))) = (code, self.words.masked(left)) {
            match constant {
                0 => return self.word(JUMP_SET, word, Word::Constant(mask), no, yes),
                _ if constant & !mask != 0 => return Ok(no),
                _ if constant == mask && mask.is_power_of_two() => {
                    return self.word(JUMP_SET, word, right, yes, no);
                }
                _ => {}
            }
        }
        if yes == no {
            return Ok(yes);
        }
        let mut prefix = Vec::new();
        self.words.compute(left, 0, &mut prefix)?;
        Ok(self.assembler.test(&prefix, code, constant, yes, no))
    }
}

/// The outcome of a test that does not depend on the call.
fn foregone(code: u16, left: Word, right: u32) -> Option<bool> {
    match (code, left, right) {
        (JUMP_EQUAL, Word::Constant(left), right) => Some(left == right),
        (JUMP_GREATER, Word::Constant(left), right) => Some(left > right),
        (JUMP_GREATER_EQUAL, Word::Constant(left), right) => Some(left >= right),
        (JUMP_SET, Word::Constant(left), right) => Some(left & right != 0),
        (JUMP_GREATER, _, u32::MAX) => Some(false),
        (JUMP_GREATER_EQUAL, _, 0) => Some(true),
        _ => None,
    }
}
