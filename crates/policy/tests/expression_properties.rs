//! Random expressions against a second reading of the rules: a tree is made, printed with blanks
//! and parentheses that change nothing, worked out here, and compared with what a policy decides.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fmt::Write;

use policy::Mode;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngSeed, TestRunner};
use support::{allows, compile};

/// The same cases in every run, so that a failure is one for everybody; new ones under `make test-all`.
fn configuration() -> ProptestConfig {
    let full = std::env::var_os("SANDBOX_FULL_TESTS").is_some();
    ProptestConfig {
        cases: if full { 32_768 } else { 1024 },
        rng_seed: if full {
            RngSeed::Random
        } else {
            RngSeed::Fixed(1)
        },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

const LOW: u64 = 0xffff_ffff;
/// Constants from here up are negative numbers of 32 bits.
const NEGATIVE: u64 = 0xffff_ffff_8000_0000;

#[derive(Debug, Clone)]
enum Number {
    Constant(u64),
    /// Spelling, index, shift and mask of a register.
    Argument(&'static str, usize, u32, u64),
    Complement(Box<Number>),
    Binary(&'static str, Box<Number>, Box<Number>),
}

#[derive(Debug, Clone)]
enum Condition {
    Truth(bool),
    Compare(&'static str, Number, Number),
    Within(bool, Number, Vec<Number>),
    Not(Box<Condition>),
    Pair(&'static str, Box<Condition>, Box<Condition>),
}

/// How many bits a number has.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Width {
    Constant,
    Half,
    /// An argument by its name, of 32 bits: it takes negative constants, too.
    Named,
    Whole,
}

/// A number for certain registers; nothing where the language refuses the expression.
type Worked = Option<(u64, Width)>;

/// A constant as it is beside a number of this width.
fn fit((value, width): (u64, Width), beside: Width) -> Option<u64> {
    match (width, beside) {
        (Width::Constant, Width::Half | Width::Named) if value <= LOW => Some(value),
        (Width::Constant, Width::Named) if value >= NEGATIVE => Some(value & LOW),
        (Width::Constant, Width::Half | Width::Named) => None,
        _ => Some(value),
    }
}

/// A mask that is a complement is cut to what it masks.
fn mask((value, width): (u64, Width), beside: Width) -> (u64, Width) {
    match (width, beside) {
        (Width::Constant, Width::Named) if value >> 32 == LOW => (value & LOW, width),
        _ => (value, width),
    }
}

/// The width of two numbers taken together bit by bit.
fn joint(left: Width, right: Width) -> Width {
    match (left, right) {
        (Width::Constant, other) | (other, Width::Constant) => other,
        (Width::Whole, _) | (_, Width::Whole) => Width::Whole,
        (Width::Named, Width::Named) => Width::Named,
        _ => Width::Half,
    }
}

impl Number {
    fn work(&self, registers: &[u64; 6]) -> Worked {
        match self {
            Number::Constant(value) => Some((*value, Width::Constant)),
            Number::Argument(name, index, shift, mask) => {
                let width = match (*mask, name.starts_with("arg")) {
                    (u64::MAX, _) => Width::Whole,
                    (_, true) => Width::Half,
                    (_, false) => Width::Named,
                };
                Some(((registers[*index] >> shift) & mask, width))
            }
            Number::Complement(inner) => {
                let (value, width) = inner.work(registers)?;
                Some(match width {
                    Width::Half | Width::Named => (!value & LOW, width),
                    Width::Constant | Width::Whole => (!value, width),
                })
            }
            Number::Binary(sign, left, right) => {
                let (left, right) = (left.work(registers)?, right.work(registers)?);
                match (left.1, right.1) {
                    (Width::Constant, Width::Constant) => {
                        Some((in_64_bits(sign, left.0, right.0)?, Width::Constant))
                    }
                    _ => combine(sign, left, right),
                }
            }
        }
    }
}

/// Constants are worked out in 64 bits.
fn in_64_bits(sign: &str, left: u64, right: u64) -> Option<u64> {
    let (a, b) = (u128::from(left), u128::from(right));
    let modulus = 1_u128 << 64;
    let shifted = |shift: fn(u128, u32) -> u128| match u32::try_from(right) {
        Ok(places @ 0..64) => shift(a, places),
        _ => 0,
    };
    let exact = match sign {
        "&" => a & b,
        "|" => a | b,
        "^" => a ^ b,
        "+" => a + b,
        "-" => a + modulus - b,
        "*" => a.wrapping_mul(b),
        "/" => a.checked_div(b)?,
        "%" => a.checked_rem(b)?,
        "<<" => shifted(|value, places| value << places),
        ">>" => shifted(|value, places| value >> places),
        other => panic!("{other}"),
    };
    u64::try_from(exact % modulus).ok()
}

/// Two numbers that are not both constant.
fn combine(sign: &str, left: (u64, Width), right: (u64, Width)) -> Worked {
    if let "<<" | ">>" = sign {
        let Width::Constant = right.1 else {
            return None;
        };
        let shifted = in_64_bits(sign, left.0, right.0)?;
        return Some(match left.1 {
            Width::Half | Width::Named => (shifted & LOW, left.1),
            _ => (shifted, left.1),
        });
    }
    let (left, right) = match sign {
        "&" => (mask(left, right.1), mask(right, left.1)),
        _ => (left, right),
    };
    let (a, b) = (fit(left, right.1)?, fit(right, left.1)?);
    if let "&" | "|" | "^" = sign {
        return Some((in_64_bits(sign, a, b)?, joint(left.1, right.1)));
    }
    if left.1 == Width::Whole || right.1 == Width::Whole {
        return None;
    }
    if matches!(sign, "/" | "%") && right.1 != Width::Constant {
        return None;
    }
    Some((in_64_bits(sign, a, b)? & LOW, Width::Half))
}

fn compare(sign: &str, left: (u64, Width), right: (u64, Width)) -> Option<bool> {
    let (a, b) = (fit(left, right.1)?, fit(right, left.1)?);
    Some(match sign {
        "==" => a == b,
        "!=" => a != b,
        "<" => a < b,
        "<=" => a <= b,
        ">" => a > b,
        ">=" => a >= b,
        "&?" => a & b == b,
        other => panic!("{other}"),
    })
}

impl Condition {
    /// Whether it holds; nothing where any part of it is refused.
    fn work(&self, registers: &[u64; 6]) -> Option<bool> {
        Some(match self {
            Condition::Truth(truth) => *truth,
            Condition::Compare(sign, left, right) => {
                compare(sign, left.work(registers)?, right.work(registers)?)?
            }
            Condition::Within(inside, sought, values) => {
                let sought = sought.work(registers)?;
                let mut found = false;
                for value in values {
                    found |= compare("==", sought, value.work(registers)?)?;
                }
                found == *inside
            }
            Condition::Not(inner) => !inner.work(registers)?,
            Condition::Pair(sign, left, right) => {
                let (left, right) = (left.work(registers)?, right.work(registers)?);
                if *sign == "&&" {
                    left && right
                } else {
                    left || right
                }
            }
        })
    }
}

/// How tightly operators bind, the loosest first.
const LEVELS: [&[&str]; 10] = [
    &["||"],
    &["&&"],
    &["==", "!=", "&?"],
    &["<", "<=", ">", ">="],
    &["|"],
    &["^"],
    &["&"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];
const UNARY: usize = LEVELS.len();

fn level(sign: &str) -> usize {
    LEVELS
        .iter()
        .position(|signs| signs.contains(&sign))
        .unwrap()
}

/// Writes expressions, with blanks and parentheses as `noise` has them.
struct Printer {
    text: String,
    noise: u64,
}

impl Printer {
    /// One of four in the noise.
    fn now_and_then(&mut self) -> bool {
        self.noise = self
            .noise
            .rotate_left(7)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ 1;
        self.noise >> 62 == 0
    }

    fn token(&mut self, token: &str) {
        if self.now_and_then() {
            self.text.push_str([" ", "\t", "  "][self.text.len() % 3]);
        }
        self.text.push_str(token);
    }

    /// Writes something that must bind at least as tightly as `wanted`.
    fn within(&mut self, own: usize, wanted: usize, write: impl FnOnce(&mut Printer)) {
        let parentheses = own < wanted || self.now_and_then();
        if parentheses {
            self.token("(");
        }
        write(self);
        if parentheses {
            self.token(")");
        }
    }

    fn number(&mut self, number: &Number, wanted: usize) {
        match number {
            Number::Constant(value) => self.within(UNARY, wanted, |out| {
                let spelled = match value % 4 {
                    0 => format!("{value:#x}"),
                    1 => format!("{value:#b}"),
                    2 => format!("0{value:o}"),
                    _ => format!("{value}"),
                };
                out.token(&spelled);
            }),
            Number::Argument(name, ..) => self.within(UNARY, wanted, |out| out.token(name)),
            Number::Complement(inner) => self.within(UNARY, wanted, |out| {
                out.token("~");
                out.number(inner, UNARY);
            }),
            Number::Binary(sign, left, right) => {
                let own = level(sign);
                // To the right, so only the left one needs more.
                self.within(own, wanted, |out| {
                    out.number(left, own + 1);
                    out.token(sign);
                    out.number(right, own);
                });
            }
        }
    }

    fn condition(&mut self, condition: &Condition, wanted: usize) {
        match condition {
            Condition::Truth(truth) => self.token(&truth.to_string()),
            Condition::Compare(sign, left, right) => {
                let own = level(sign);
                self.within(own, wanted, |out| {
                    out.number(left, own + 1);
                    out.token(sign);
                    out.number(right, own + 1);
                });
            }
            Condition::Within(inside, sought, values) => {
                self.token(if *inside { "in" } else { "notIn" });
                self.token("(");
                self.number(sought, 0);
                for value in values {
                    self.token(",");
                    self.number(value, 0);
                }
                self.token(")");
            }
            Condition::Not(inner) => self.within(UNARY, wanted, |out| {
                out.token("!");
                out.condition(inner, UNARY);
            }),
            Condition::Pair(sign, left, right) => {
                let own = level(sign);
                self.within(own, wanted, |out| {
                    out.condition(left, own + 1);
                    out.token(sign);
                    out.condition(right, own);
                });
            }
        }
    }
}

fn print(condition: &Condition, noise: u64) -> String {
    let text = String::new();
    let mut printer = Printer { text, noise };
    printer.condition(condition, 0);
    printer.text
}

/// Numbers at which something may change.
const EDGES: [u64; 12] = [
    0,
    1,
    5,
    31,
    32,
    64,
    0x8000_0000,
    LOW - 1,
    LOW,
    LOW + 1,
    NEGATIVE,
    u64::MAX,
];

fn edge() -> impl Strategy<Value = u64> {
    prop_oneof![0..9_u64, select(&EDGES[..]), any::<u64>()]
}

fn constant() -> impl Strategy<Value = Number> {
    let half = edge().prop_map(|value| value & LOW);
    prop_oneof![40 => half, 1 => edge()].prop_map(Number::Constant)
}

/// Constants to divide and shift by: hardly ever 0.
fn divisor() -> impl Strategy<Value = Number> {
    prop_oneof![20 => edge().prop_map(|value| value & LOW | 1), 1 => Just(0)]
        .prop_map(Number::Constant)
}

/// Registers as `read` names them, of 32 bits or, where `whole`, of 64.
fn argument(whole: bool) -> impl Strategy<Value = Number> {
    let half = [
        ("argL0", 0, 0, LOW),
        ("argL1", 1, 0, LOW),
        ("argH1", 1, 32, LOW),
        ("fd", 0, 0, LOW),
    ];
    let full = [
        ("arg0", 0, 0, u64::MAX),
        ("arg1", 1, 0, u64::MAX),
        ("buf", 1, 0, u64::MAX),
        ("count", 2, 0, u64::MAX),
    ];
    let named = if whole { &full } else { &half };
    select(named.to_vec())
        .prop_map(|(name, index, shift, mask)| Number::Argument(name, index, shift, mask))
}

fn binary(
    signs: &'static [&'static str],
    left: impl Strategy<Value = Number>,
    right: impl Strategy<Value = Number>,
) -> impl Strategy<Value = Number> {
    (select(signs), left, right)
        .prop_map(|(sign, left, right)| Number::Binary(sign, left.into(), right.into()))
}

/// Numbers that are mostly not refused: of 32 bits with all operators, of 64 with some.
fn number() -> impl Strategy<Value = Number> {
    let leaf = prop_oneof![1 => constant(), 2 => argument(false)];
    let half = leaf.prop_recursive(3, 12, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        let mixed = binary(&["^"], argument(false), inner.clone());
        prop_oneof![
            16 => binary(&["+", "*", "&", "|", "^"], pair.0, pair.1),
            4 => binary(&["-"], argument(false), inner.clone()),
            8 => binary(&["/", "%", "<<", ">>"], argument(false), divisor()),
            1 => binary(&["-", "/", "%", "<<", ">>"], inner.clone(), inner.clone()),
            1 => inner.prop_map(|inner| Number::Complement(inner.into())),
            4 => mixed.prop_map(|inner| Number::Complement(inner.into())),
        ]
    });
    let whole = prop_oneof![edge().prop_map(Number::Constant), argument(true)];
    let whole = whole.prop_recursive(2, 6, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            16 => binary(&["&", "|", "^"], pair.0, pair.1),
            8 => binary(&["<<", ">>"], inner.clone(), constant()),
            1 => binary(&["+", "*"], inner.clone(), inner.clone()),
            4 => inner.prop_map(|inner| Number::Complement(inner.into())),
        ]
    });
    prop_oneof![3 => half, 2 => whole]
}

fn condition() -> impl Strategy<Value = Condition> {
    let compared = select(&["==", "!=", "<", "<=", ">", ">=", "&?"][..]);
    let compared = (compared, number(), number());
    let leaf = prop_oneof![
        1 => any::<bool>().prop_map(Condition::Truth),
        8 => compared.prop_map(|(sign, left, right)| Condition::Compare(sign, left, right)),
        2 => (any::<bool>(), number(), vec(number(), 1..4))
            .prop_map(|(inside, sought, values)| Condition::Within(inside, sought, values)),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let pair = (select(&["&&", "||"][..]), inner.clone(), inner.clone());
        prop_oneof![
            3 => pair.prop_map(|(sign, left, right)| Condition::Pair(sign, left.into(), right.into())),
            1 => inner.prop_map(|inner| Condition::Not(inner.into())),
        ]
    })
}

proptest! {
    #![proptest_config(configuration())]

    #[test]
    fn a_policy_decides_as_the_expression_comes_to(
        condition in condition(),
        noise in any::<u64>(),
        registers in vec(prop::array::uniform6(edge()), 8),
    ) {
        let mut list = String::from("read");
        write!(list, "({})", print(&condition, noise)).unwrap();
        let compiled = compile(Mode::AllowList, &list, &[]);
        for registers in registers {
            let expected = condition.work(&registers);
            match &compiled {
                Err(error) => prop_assert_eq!(expected, None, "{}", error),
                Ok(compiled) => {
                    let allowed = allows(&compiled.policy, "read", &registers);
                    prop_assert_eq!(Some(allowed), expected, "{} for {:x?}", &list, registers);
                }
            }
        }
    }
}

#[test]
fn most_random_expressions_are_accepted_and_some_refused() {
    let mut runner = TestRunner::deterministic();
    let strategy = condition();
    let trees = (0..500).map(|_| strategy.new_tree(&mut runner).unwrap().current());
    let accepted = trees.filter(|one| one.work(&[7; 6]).is_some()).count();
    assert!((250..450).contains(&accepted), "{accepted} of 500");
}
