//! Conditions on arguments, typed: what an expression comes to for one call on one ABI.
//!
//! All conditions of a policy live in one arena, [`Conditions`], and refer to each other by index: it
//! is small, cheap to build before every start of a program, and anything can walk it. Negation is
//! gone (it was pushed into the comparisons), and so are names, macros and `in`.

use alloc::vec::Vec;

/// The place of a [`Node`] in its [`Conditions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(u32);

/// The bits of an argument's register that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All 64.
    Full,
    /// The lower 32.
    Low,
    /// The upper 32.
    High,
    /// The lower 16.
    Short,
}

/// How two numbers are compared, without sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

/// What makes one number of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `&`
    And,
    /// `|`
    Or,
    /// `^`
    Xor,
    /// `<<`, 64 bits; the right operand is a constant.
    Left,
    /// `>>`; the right operand is a constant.
    Right,
    /// `+` of 32 bits each, wrapping.
    Add,
    /// `-` of 32 bits each, wrapping.
    Subtract,
    /// `*` of 32 bits each, wrapping.
    Multiply,
    /// `/` of 32 bits; the right operand is a constant and not zero.
    Divide,
}

/// A condition or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// Always or never.
    Constant(bool),
    /// Both conditions.
    All(Id, Id),
    /// At least one of two conditions.
    Any(Id, Id),
    /// Two numbers compared.
    Compare(Comparison, Id, Id),
    /// A constant number.
    Number(u64),
    /// (Part of) the argument with this index.
    Argument(u8, Part),
    /// A number made of two.
    Binary(Operator, Id, Id),
}

/// The arena.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conditions {
    nodes: Vec<Node>,
}

/// More nodes than any policy needs whose filter the kernel would take.
const MOST_NODES: usize = 1 << 17;

impl Conditions {
    /// Puts a node in, if there is room. Its operands must be in already.
    pub(crate) fn put(&mut self, node: Node) -> Option<Id> {
        let id = u32::try_from(self.nodes.len()).ok()?;
        if self.nodes.len() == MOST_NODES {
            return None;
        }
        self.nodes.push(node);
        Some(Id(id))
    }

    /// The node with this index.
    pub fn node(&self, id: Id) -> Node {
        // Ids come from `put` of the same arena alone; a stranger's would read as "never".
        let index = usize::try_from(id.0).unwrap_or(usize::MAX);
        self.nodes
            .get(index)
            .copied()
            .unwrap_or(Node::Constant(false))
    }

    /// Whether two conditions or numbers are made of the same nodes in the same order.
    pub(crate) fn same(&self, one: Id, other: Id) -> bool {
        let (mut one, mut other) = (one, other);
        loop {
            let (left, right) = match (self.node(one), self.node(other)) {
                (Node::All(a, rest), Node::All(b, behind))
                | (Node::Any(a, rest), Node::Any(b, behind)) => ((a, b), (rest, behind)),
                (Node::Compare(x, a, rest), Node::Compare(y, b, behind)) if x == y => {
                    ((a, b), (rest, behind))
                }
                (Node::Binary(x, a, rest), Node::Binary(y, b, behind)) if x == y => {
                    ((a, b), (rest, behind))
                }
                (one, other) => return one == other,
            };
            if !self.same(left.0, left.1) {
                return false;
            }
            (one, other) = right;
        }
    }

    /// Whether a condition holds for these argument registers. A number is no condition: false.
    pub fn holds(&self, id: Id, arguments: &[u64; 6]) -> bool {
        let mut id = id;
        loop {
            let (stop, first, rest) = match self.node(id) {
                Node::All(first, rest) => (false, first, rest),
                Node::Any(first, rest) => (true, first, rest),
                Node::Constant(always) => return always,
                Node::Compare(comparison, left, right) => {
                    return comparison
                        .holds(self.number(left, arguments), self.number(right, arguments));
                }
                _ => return false,
            };
            if self.holds(first, arguments) == stop {
                return stop;
            }
            id = rest;
        }
    }

    /// The value of a number for these argument registers. A condition is no number: zero.
    pub fn number(&self, id: Id, arguments: &[u64; 6]) -> u64 {
        match self.node(id) {
            Node::Number(number) => number,
            Node::Argument(index, part) => {
                let register = arguments.get(usize::from(index)).copied();
                part.of(register.unwrap_or_default())
            }
            Node::Binary(operator, left, right) => {
                operator.apply(self.number(left, arguments), self.number(right, arguments))
            }
            _ => 0,
        }
    }
}

impl Part {
    /// These bits of a register, as a number.
    pub fn of(self, register: u64) -> u64 {
        match self {
            Part::Full => register,
            Part::Low => register & LOW,
            Part::High => register >> 32,
            Part::Short => register & 0xffff,
        }
    }
}

const LOW: u64 = 0xffff_ffff;

impl Comparison {
    /// Whether two numbers compare so.
    pub fn holds(self, left: u64, right: u64) -> bool {
        match self {
            Comparison::Equal => left == right,
            Comparison::NotEqual => left != right,
            Comparison::Less => left < right,
            Comparison::LessEqual => left <= right,
            Comparison::Greater => left > right,
            Comparison::GreaterEqual => left >= right,
        }
    }

    /// The comparison that holds exactly where this one does not.
    pub fn negated(self) -> Comparison {
        match self {
            Comparison::Equal => Comparison::NotEqual,
            Comparison::NotEqual => Comparison::Equal,
            Comparison::Less => Comparison::GreaterEqual,
            Comparison::LessEqual => Comparison::Greater,
            Comparison::Greater => Comparison::LessEqual,
            Comparison::GreaterEqual => Comparison::Less,
        }
    }
}

impl Operator {
    /// The result; zero for a division by zero, which no policy contains.
    pub fn apply(self, left: u64, right: u64) -> u64 {
        let shift = u32::try_from(right).unwrap_or(u32::MAX);
        match self {
            Operator::And => left & right,
            Operator::Or => left | right,
            Operator::Xor => left ^ right,
            Operator::Left => left.checked_shl(shift).unwrap_or(0),
            Operator::Right => left.checked_shr(shift).unwrap_or(0),
            Operator::Add => left.wrapping_add(right) & LOW,
            Operator::Subtract => left.wrapping_sub(right) & LOW,
            Operator::Multiply => left.wrapping_mul(right) & LOW,
            Operator::Divide => left.checked_div(right).unwrap_or(0),
        }
    }
}
