//! From a tree to a typed condition: words get their meaning, macros are taken apart, constants
//! are worked out, negation moves into the comparisons, and what a filter cannot compute is refused.
//!
//! The same tree means different things for different calls: `flags` is another argument, and
//! of another width, so this happens once per call and ABI.

use alloc::vec::Vec;

use crate::condition::{Comparison, Conditions, Id, Node, Operator, Part};
use crate::error::{Fault, Problem};
use crate::tree::{Expression, Index, NONE, Sign, Tree};

/// `name = expression` or `name(parameters) = expression`.
#[derive(Clone, Copy)]
pub(crate) struct Binding {
    pub(crate) at: u32,
    pub(crate) length: u32,
    pub(crate) parameters: Index,
    pub(crate) body: Index,
}

/// What an expression is resolved for.
#[derive(Clone, Copy)]
pub(crate) struct Purpose<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) tree: &'a Tree,
    /// The bindings in sight, the latest last.
    pub(crate) bindings: &'a [Binding],
    /// The call's name, when it has one.
    pub(crate) call: &'a str,
    /// The first argument that this ABI passes otherwise than the prototype says.
    pub(crate) differs_from: usize,
    /// Whether the call is refused where the condition holds.
    pub(crate) denies: bool,
}

/// The arguments of a macro in use.
struct Frame {
    parameters: Index,
    arguments: Index,
    /// Where the arguments were written.
    caller: usize,
}

/// Outside all macros.
const OUTSIDE: usize = usize::MAX;

/// A number, not yet in the arena.
#[derive(Clone, Copy)]
struct Value {
    node: Node,
    width: Width,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    /// A constant: as wide as it has to be.
    Any,
    /// 64 bits.
    Wide,
    /// `argL0`, `argH0`: 32 bits.
    Half,
    /// An argument by its name, of 32 bits or fewer; the C type says what fits.
    Typed,
}

/// What a word stands for.
enum Meaning {
    Expression(Index, usize),
    Value(Value),
}

/// Macros within macros, and operators within operators.
const DEEPEST: u32 = 256;
/// More steps than any expression takes that comes to something the kernel would load.
const MOST_STEPS: u32 = 1 << 20;
const LOW: u64 = 0xffff_ffff;

pub(crate) struct Resolver<'a> {
    purpose: Purpose<'a>,
    conditions: &'a mut Conditions,
    frames: Vec<Frame>,
    depth: u32,
    steps: u32,
}

/// The condition that a tree comes to.
pub(crate) fn resolve(
    purpose: Purpose<'_>,
    conditions: &mut Conditions,
    root: Index,
) -> Result<Id, Fault> {
    let mut resolver = Resolver {
        purpose,
        conditions,
        frames: Vec::new(),
        depth: 0,
        steps: 0,
    };
    resolver.condition(root, OUTSIDE, true)
}

/// The number that a tree without arguments comes to.
pub(crate) fn evaluate(text: &[u8], tree: &Tree, root: Index) -> Result<u64, Fault> {
    let mut resolver = Resolver {
        purpose: Purpose {
            text,
            tree,
            bindings: &[],
            call: "",
            differs_from: usize::MAX,
            denies: false,
        },
        conditions: &mut Conditions::default(),
        frames: Vec::new(),
        depth: 0,
        steps: 0,
    };
    match resolver.value(root, OUTSIDE)?.node {
        Node::Number(number) => Ok(number),
        _ => fault(0, Problem::NotConstant),
    }
}

impl<'a> Resolver<'a> {
    fn enter(&mut self, at: u32) -> Result<(), Fault> {
        self.depth += 1;
        self.steps += 1;
        match self.depth > DEEPEST || self.steps > MOST_STEPS {
            true => Err(Fault {
                at,
                problem: Problem::TooDeep,
            }),
            false => Ok(()),
        }
    }

    /// The condition that holds where the tree is `wanted`.
    fn condition(&mut self, index: Index, frame: usize, wanted: bool) -> Result<Id, Fault> {
        let branch = self.purpose.tree.branch(index);
        self.enter(branch.at)?;
        let found = match branch.expression {
            Expression::Truth(truth) => self.put(branch.at, Node::Constant(truth == wanted)),
            Expression::Not(inner) => self.condition(inner, frame, !wanted),
            Expression::Binary(sign @ (Sign::Or | Sign::And), ..) => {
                self.chain(index, sign, frame, wanted)
            }
            Expression::Binary(sign, left, right) => match comparison(sign) {
                Some(comparison) => {
                    let left = self.value(left, frame)?;
                    let right = self.value(right, frame)?;
                    self.compare(branch.at, sign, comparison, (left, right), wanted)
                }
                None => fault(branch.at, Problem::NotCondition),
            },
            Expression::Within(inside, list) => {
                self.within(branch.at, list, frame, inside == wanted)
            }
            Expression::Name(length, arguments) => {
                match self.meaning(branch.at, length, arguments, frame)? {
                    Meaning::Expression(body, frame) => self.condition(body, frame, wanted),
                    Meaning::Value(_) => fault(branch.at, Problem::NotCondition),
                }
            }
            _ => fault(branch.at, Problem::NotCondition),
        };
        self.depth -= 1;
        found
    }

    /// A chain of `||` or of `&&`, however long.
    fn chain(&mut self, index: Index, sign: Sign, frame: usize, wanted: bool) -> Result<Id, Fault> {
        let mut parts = Vec::new();
        let mut rest = index;
        loop {
            let branch = self.purpose.tree.branch(rest);
            match branch.expression {
                Expression::Binary(next, left, right) if next == sign => {
                    parts.push(self.condition(left, frame, wanted)?);
                    rest = right;
                }
                _ => {
                    parts.push(self.condition(rest, frame, wanted)?);
                    return self.join(branch.at, (sign == Sign::And) == wanted, &parts);
                }
            }
        }
    }

    /// All of the parts, or any of them.
    fn join(&mut self, at: u32, all: bool, parts: &[Id]) -> Result<Id, Fault> {
        let mut joined = None;
        for &part in parts.iter().rev() {
            joined = match (self.conditions.node(part), joined) {
                (Node::Constant(neutral), _) if neutral == all => joined,
                (Node::Constant(_), _) => return Ok(part),
                (_, None) => Some(part),
                (_, Some(rest)) if all => Some(self.put(at, Node::All(part, rest))?),
                (_, Some(rest)) => Some(self.put(at, Node::Any(part, rest))?),
            };
        }
        match joined {
            Some(joined) => Ok(joined),
            None => self.put(at, Node::Constant(all)),
        }
    }

    /// `in(sought, …)`; with `inside` false, `notIn`.
    fn within(&mut self, at: u32, list: Index, frame: usize, inside: bool) -> Result<Id, Fault> {
        let tree = self.purpose.tree;
        let mut items = tree.cells(list);
        let sought = self.value(items.next().unwrap_or(NONE), frame)?;
        let mut parts = Vec::new();
        for item in items {
            let value = self.value(item, frame)?;
            let at = tree.branch(item).at;
            let pair = (sought, value);
            parts.push(self.compare(at, Sign::Equal, Comparison::Equal, pair, inside)?);
        }
        match parts.is_empty() {
            true => fault(at, Problem::NothingWithin),
            false => self.join(at, !inside, &parts),
        }
    }

    fn compare(
        &mut self,
        at: u32,
        sign: Sign,
        comparison: Comparison,
        pair: (Value, Value),
        wanted: bool,
    ) -> Result<Id, Fault> {
        let (mut left, mut right) = pair;
        fit(at, &mut left, right.width)?;
        fit(at, &mut right, left.width)?;
        if sign == Sign::HasBits {
            left = self.combine(at, Operator::And, left, right)?;
        }
        let comparison = match wanted {
            true => comparison,
            false => comparison.negated(),
        };
        if let (Node::Number(left), Node::Number(right)) = (left.node, right.node) {
            return self.put(at, Node::Constant(comparison.holds(left, right)));
        }
        let left = self.put(at, left.node)?;
        let right = self.put(at, right.node)?;
        self.put(at, Node::Compare(comparison, left, right))
    }

    fn value(&mut self, index: Index, frame: usize) -> Result<Value, Fault> {
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
        let typed = syscalls::arguments(self.purpose.call)
            .and_then(|mut known| known.nth(usize::from(index)));
        let named = match part {
            Part::Low => 32,
            _ => 64,
        };
        let narrow = typed.is_some_and(|argument| argument.bits < named);
        if self.purpose.denies && narrow {
            return fault(at, Problem::Narrow);
        }
        let width = match part {
            Part::Full => Width::Wide,
            _ => Width::Half,
        };
        Ok(Value {
            node: Node::Argument(index, part),
            width,
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
    fn combine(
        &mut self,
        at: u32,
        operator: Operator,
        mut left: Value,
        mut right: Value,
    ) -> Result<Value, Fault> {
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
        let left = self.put(at, left.node)?;
        let right = self.put(at, right.node)?;
        Ok(Value {
            node: Node::Binary(operator, left, right),
            width,
        })
    }

    fn put(&mut self, at: u32, node: Node) -> Result<Id, Fault> {
        let problem = Problem::TooDeep;
        self.conditions.put(node).ok_or(Fault { at, problem })
    }

    /// What a word stands for: a macro's parameter, a binding, an argument of the call or a
    /// constant, whichever is found first.
    fn meaning(
        &mut self,
        at: u32,
        length: u32,
        arguments: Index,
        frame: usize,
    ) -> Result<Meaning, Fault> {
        let word = self.word(at, length);
        if let Some(frame) = self.frames.get(frame) {
            let mut cells = self.purpose.tree.cells(frame.arguments);
            for parameter in self.purpose.tree.cells(frame.parameters) {
                let argument = cells.next().unwrap_or(NONE);
                if self.named(parameter) == word {
                    return Ok(Meaning::Expression(argument, frame.caller));
                }
            }
        }
        let same = |binding: &&Binding| self.word(binding.at, binding.length) == word;
        if let Some(&binding) = self.purpose.bindings.iter().rev().find(same) {
            return self.expand(at, binding, arguments, frame);
        }
        let word = core::str::from_utf8(word).unwrap_or_default();
        if arguments == NONE {
            if let Some(value) = self.argument(at, word)? {
                return Ok(Meaning::Value(value));
            }
            if let Some(number) = syscalls::constant(word) {
                return Ok(Meaning::Value(constant(number)));
            }
        }
        fault(at, Problem::UnknownWord)
    }

    fn expand(
        &mut self,
        at: u32,
        binding: Binding,
        arguments: Index,
        caller: usize,
    ) -> Result<Meaning, Fault> {
        let tree = self.purpose.tree;
        if tree.cells(binding.parameters).count() != tree.cells(arguments).count() {
            return fault(at, Problem::ArgumentCount);
        }
        self.frames.push(Frame {
            parameters: binding.parameters,
            arguments,
            caller,
        });
        Ok(Meaning::Expression(binding.body, self.frames.len() - 1))
    }

    /// An argument by its name in the kernel's prototype, on the bits that the kernel reads.
    fn argument(&self, at: u32, word: &str) -> Result<Option<Value>, Fault> {
        let Some(known) = syscalls::arguments(self.purpose.call) else {
            return Ok(None);
        };
        let mut numbered = (0_u8..).zip(known);
        let Some((index, argument)) = numbered.find(|(_, argument)| argument.name == word) else {
            return Ok(None);
        };
        if usize::from(index) >= self.purpose.differs_from {
            return fault(at, Problem::OtherArguments);
        }
        let (part, width) = match argument.bits {
            64 => (Part::Full, Width::Wide),
            32 => (Part::Low, Width::Typed),
            _ => (Part::Short, Width::Typed),
        };
        let node = Node::Argument(index, part);
        Ok(Some(Value { node, width }))
    }

    fn named(&self, index: Index) -> &'a [u8] {
        let branch = self.purpose.tree.branch(index);
        match branch.expression {
            Expression::Name(length, _) => self.word(branch.at, length),
            _ => &[],
        }
    }

    fn word(&self, at: u32, length: u32) -> &'a [u8] {
        let start = at as usize;
        let text: &'a [u8] = self.purpose.text;
        text.get(start..start + length as usize).unwrap_or_default()
    }
}

/// Makes a constant fit beside a narrow number. A typed argument may be compared with a negative
/// number, whose upper bits are all ones; beside `argL` such a constant is a slip.
fn fit(at: u32, value: &mut Value, beside: Width) -> Result<(), Fault> {
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

fn constant(number: u64) -> Value {
    Value {
        node: Node::Number(number),
        width: Width::Any,
    }
}

fn fault<T>(at: u32, problem: Problem) -> Result<T, Fault> {
    Err(Fault { at, problem })
}

/// The comparison that a sign asks for; `a &? b` is `a & b == b`.
fn comparison(sign: Sign) -> Option<Comparison> {
    Some(match sign {
        Sign::Equal | Sign::HasBits => Comparison::Equal,
        Sign::NotEqual => Comparison::NotEqual,
        Sign::Less => Comparison::Less,
        Sign::LessEqual => Comparison::LessEqual,
        Sign::Greater => Comparison::Greater,
        Sign::GreaterEqual => Comparison::GreaterEqual,
        _ => return None,
    })
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
