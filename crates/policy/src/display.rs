//! Conditions back in words: the text that reads as the same condition.

use alloc::string::String;
use core::fmt;

use crate::condition::{Comparison, Conditions, Id, Node, Operator, Part};
use crate::meaning::{Answer, Policy};

/// A condition as an expression of the language; see [`Conditions::display`].
#[derive(Debug, Clone, Copy)]
pub struct Expression<'a> {
    conditions: &'a Conditions,
    id: Id,
    call: &'a str,
}

impl Conditions {
    /// The condition as text that the language reads back to the same meaning for this call. Arguments
    /// that are compared on the bits that the kernel reads have their names; with an empty `call`
    /// all are `argN`, `argLN` and `argHN`.
    pub fn display<'a>(&'a self, id: Id, call: &'a str) -> Expression<'a> {
        Expression {
            conditions: self,
            id,
            call,
        }
    }
}

impl Policy {
    /// What a call gets, in words: its action, or `ACTION if CONDITION, …, else ACTION`.
    pub fn words(&self, call: &str, answer: Answer) -> String {
        let decision = match answer {
            Answer::Action(action) => return alloc::format!("{action}"),
            Answer::Decision(decision) => decision,
        };
        let mut words = String::new();
        for case in self.cases(&decision) {
            let condition = self.conditions().display(case.condition, call);
            words.push_str(&alloc::format!("{} if {condition}, ", case.action));
        }
        words.push_str(&alloc::format!("else {}", decision.otherwise));
        words
    }
}

/// How tightly a text holds together; operands must hold tighter than what they stand in.
const ANY: u8 = 0;
const ALL: u8 = 1;
const COMPARED: u8 = 2;
const VALUE: u8 = 3;
const WORD: u8 = 4;

impl Expression<'_> {
    fn at(&self, id: Id) -> Self {
        Expression { id, ..*self }
    }

    /// Writes a part that must hold at least as tightly as `level`.
    fn write(&self, f: &mut fmt::Formatter<'_>, level: u8) -> fmt::Result {
        let node = self.conditions.node(self.id);
        let own = match node {
            Node::Any(..) => ANY,
            Node::All(..) => ALL,
            Node::Compare(..) => COMPARED,
            Node::Binary(..) => VALUE,
            Node::Argument(_, Part::Short) if self.name(node).is_none() => VALUE,
            _ => WORD,
        };
        if own < level {
            f.write_str("(")?;
            self.write_bare(f, node)?;
            return f.write_str(")");
        }
        self.write_bare(f, node)
    }

    fn write_bare(&self, f: &mut fmt::Formatter<'_>, node: Node) -> fmt::Result {
        match node {
            Node::Constant(constant) => write!(f, "{constant}"),
            Node::Any(..) => self.chain(f, " || ", ALL),
            Node::All(..) => self.chain(f, " && ", COMPARED),
            Node::Compare(comparison, left, right) => {
                self.pair(f, left, spelled(comparison), right, VALUE, VALUE)
            }
            // Everything associates to the right and levels differ: a parenthesis is clearer.
            Node::Binary(operator, left, right) => {
                self.pair(f, left, sign(operator), right, WORD, WORD)
            }
            Node::Number(number) if number < 1024 => write!(f, "{number}"),
            Node::Number(number) if !number < 1 << 32 => write!(f, "~{:#x}", !number),
            Node::Number(number) => write!(f, "{number:#x}"),
            Node::Argument(index, part) => match (self.name(node), part) {
                (Some(name), _) => f.write_str(name),
                (None, Part::Full) => write!(f, "arg{index}"),
                (None, Part::Low) => write!(f, "argL{index}"),
                (None, Part::High) => write!(f, "argH{index}"),
                (None, Part::Short) => write!(f, "argL{index} & 0xffff"),
            },
        }
    }

    /// A chain of the same operator, however long.
    fn chain(&self, f: &mut fmt::Formatter<'_>, between: &str, level: u8) -> fmt::Result {
        let any = level == ALL;
        let mut rest = self.id;
        loop {
            let (first, behind) = match self.conditions.node(rest) {
                Node::Any(first, behind) if any => (first, behind),
                Node::All(first, behind) if !any => (first, behind),
                _ => return self.at(rest).write(f, level),
            };
            self.at(first).write(f, level)?;
            f.write_str(between)?;
            rest = behind;
        }
    }

    fn pair(
        &self,
        f: &mut fmt::Formatter<'_>,
        left: Id,
        between: &str,
        right: Id,
        left_level: u8,
        right_level: u8,
    ) -> fmt::Result {
        self.at(left).write(f, left_level)?;
        f.write_str(between)?;
        self.at(right).write(f, right_level)
    }

    /// The name of an argument, where the name means these bits.
    fn name(&self, node: Node) -> Option<&'static str> {
        let Node::Argument(index, part) = node else {
            return None;
        };
        let argument = syscalls::arguments(self.call)?.nth(usize::from(index))?;
        let bits = match part {
            Part::Full => 64,
            Part::Low => 32,
            Part::Short => 16,
            Part::High => return None,
        };
        (argument.bits == bits).then_some(argument.name)
    }
}

fn spelled(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => " == ",
        Comparison::NotEqual => " != ",
        Comparison::Less => " < ",
        Comparison::LessEqual => " <= ",
        Comparison::Greater => " > ",
        Comparison::GreaterEqual => " >= ",
    }
}

fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::And => " & ",
        Operator::Or => " | ",
        Operator::Xor => " ^ ",
        Operator::Left => " << ",
        Operator::Right => " >> ",
        Operator::Add => " + ",
        Operator::Subtract => " - ",
        Operator::Multiply => " * ",
        Operator::Divide => " / ",
    }
}

impl fmt::Display for Expression<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, ANY)
    }
}
