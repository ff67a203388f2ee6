//! From a tree to a typed condition: words get their meaning, macros are taken apart, constants
//! are worked out, negation moves into the comparisons, and what a filter cannot compute is refused.
//!
//! The same tree means different things for different calls: `flags` is another argument, and
//! of another width, so this happens once per call and ABI.

use alloc::vec::Vec;

use crate::condition::{Comparison, Conditions, Id, Node, Operator, Part};
use crate::error::{Fault, Problem};
use crate::tree::{Expression, Index, NONE, Sign, Tree};
use crate::value::{Value, Width, constant, fit};

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

/// What a word stands for.
pub(crate) enum Meaning {
    Expression(Index, usize),
    Value(Value),
}

/// Macros within macros, and operators within operators.
const DEEPEST: u32 = 256;
/// More steps than any policy takes that comes to something the kernel would load.
const MOST_STEPS: u32 = 1 << 22;

pub(crate) struct Resolver<'a> {
    pub(crate) purpose: Purpose<'a>,
    conditions: &'a mut Conditions,
    frames: Vec<Frame>,
    pub(crate) depth: u32,
    /// Taken for the whole policy so far.
    steps: &'a mut u32,
}

/// The condition that a tree comes to. `steps` counts on over all conditions of a policy.
pub(crate) fn resolve(
    purpose: Purpose<'_>,
    conditions: &mut Conditions,
    root: Index,
    steps: &mut u32,
) -> Result<Id, Fault> {
    let mut resolver = Resolver {
        purpose,
        conditions,
        frames: Vec::new(),
        depth: 0,
        steps,
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
        steps: &mut 0,
    };
    match resolver.value(root, OUTSIDE)?.node {
        Node::Number(number) => Ok(number),
        _ => fault(0, Problem::NotConstant),
    }
}

impl<'a> Resolver<'a> {
    pub(crate) fn enter(&mut self, at: u32) -> Result<(), Fault> {
        self.depth += 1;
        *self.steps += 1;
        match self.depth > DEEPEST || *self.steps > MOST_STEPS {
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
        // What never holds must not count as what may: a sleeping call that could run resumes, too.
        if let (Some(left), Some(right)) = (self.number(left.node), self.number(right.node)) {
            return self.put(at, Node::Constant(comparison.holds(left, right)));
        }
        let left = self.put(at, left.node)?;
        let right = self.put(at, right.node)?;
        self.put(at, Node::Compare(comparison, left, right))
    }

    /// The number that a value is, whatever the arguments.
    fn number(&self, node: Node) -> Option<u64> {
        let zero = |id| self.conditions.node(id) == Node::Number(0);
        match node {
            Node::Number(number) => Some(number),
            Node::Binary(Operator::And, left, right) if zero(left) || zero(right) => Some(0),
            _ => None,
        }
    }

    pub(crate) fn put(&mut self, at: u32, node: Node) -> Result<Id, Fault> {
        let problem = Problem::TooDeep;
        self.conditions.put(node).ok_or(Fault { at, problem })
    }

    /// What a word stands for: a macro's parameter, a binding, an argument of the call or a
    /// constant, whichever is found first.
    pub(crate) fn meaning(
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
                    if arguments != NONE {
                        return fault(at, Problem::ArgumentCount);
                    }
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
        let Some((index, argument)) = syscalls::argument(self.purpose.call, word) else {
            return Ok(None);
        };
        if index >= self.purpose.differs_from {
            return fault(at, Problem::OtherArguments);
        }
        let (part, width) = match argument.bits {
            64 => (Part::Full, Width::Wide),
            32 => (Part::Low, Width::Typed),
            _ => (Part::Short, Width::Typed),
        };
        // A call has six arguments at most.
        let node = Node::Argument(u8::try_from(index).unwrap_or_default(), part);
        let weight = 1;
        Ok(Some(Value {
            node,
            width,
            weight,
        }))
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

pub(crate) fn fault<T>(at: u32, problem: Problem) -> Result<T, Fault> {
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
