//! Expressions as written: text becomes a tree, before any name has a meaning.
//!
//! The grammar is that of Oz's policy language: C's operators, except that bit operators bind tighter
//! than comparisons and that everything associates to the right. Nodes live in one arena and
//! refer to each other and to the text by index.

use alloc::vec::Vec;

use crate::condition::Part;
use crate::error::{Fault, Problem};

/// The place of a node in its [`Tree`].
pub(crate) type Index = u32;

/// No node: the end of a list.
pub(crate) const NONE: Index = Index::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Branch {
    /// Where it stands in the text.
    pub(crate) at: u32,
    pub(crate) expression: Expression,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expression {
    Number(u64),
    Truth(bool),
    Argument(u8, Part),
    /// A word of so many bytes, with arguments in a list of cells where it has parentheses.
    Name(u32, Index),
    Not(Index),
    Complement(Index),
    Binary(Sign, Index, Index),
    /// `in` or, with `false`, `notIn`: a list of cells, the number sought first.
    Within(bool, Index),
    /// An item of a list, and the next cell.
    Cell(Index, Index),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    Or,
    And,
    Equal,
    NotEqual,
    HasBits,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    BitOr,
    BitXor,
    BitAnd,
    Left,
    Right,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Sign {
    /// Whether it makes a number of numbers.
    pub(crate) fn is_number(self) -> bool {
        self as u8 >= Sign::BitOr as u8
    }
}

/// Spelling, level (the loosest first) and meaning; longer spellings before those they start with.
const SIGNS: [(&[u8], u8, Sign); 19] = [
    (b"||", 0, Sign::Or),
    (b"&&", 1, Sign::And),
    (b"==", 2, Sign::Equal),
    (b"!=", 2, Sign::NotEqual),
    (b"&?", 2, Sign::HasBits),
    (b"<<", 7, Sign::Left),
    (b">>", 7, Sign::Right),
    (b"<=", 3, Sign::LessEqual),
    (b">=", 3, Sign::GreaterEqual),
    (b"<", 3, Sign::Less),
    (b">", 3, Sign::Greater),
    (b"|", 4, Sign::BitOr),
    (b"^", 5, Sign::BitXor),
    (b"&", 6, Sign::BitAnd),
    (b"+", 8, Sign::Add),
    (b"-", 8, Sign::Subtract),
    (b"*", 9, Sign::Multiply),
    (b"/", 9, Sign::Divide),
    (b"%", 9, Sign::Remainder),
];

/// Parentheses and operators within each other; chains of `||` and `&&` do not count.
const DEEPEST: u32 = 64;
/// More parameters than any macro has use for.
const MOST_PARAMETERS: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tree {
    branches: Vec<Branch>,
}

impl Tree {
    pub(crate) fn branch(&self, index: Index) -> Branch {
        let known = self.branches.get(index as usize).copied();
        known.unwrap_or(Branch {
            at: 0,
            expression: Expression::Truth(false),
        })
    }

    pub(crate) fn branches(&self) -> impl Iterator<Item = &Branch> {
        self.branches.iter()
    }

    /// The items of a list of cells.
    pub(crate) fn cells(&self, first: Index) -> impl Iterator<Item = Index> {
        let mut next = first;
        core::iter::from_fn(move || match self.branch(next).expression {
            Expression::Cell(item, behind) if next != NONE => {
                next = behind;
                Some(item)
            }
            _ => None,
        })
    }

    /// Whether a node is this word.
    fn is_named(&self, index: Index, text: &[u8], word: &[u8]) -> bool {
        let branch = self.branch(index);
        let start = branch.at as usize;
        match branch.expression {
            Expression::Name(length, _) => text.get(start..start + length as usize) == Some(word),
            _ => false,
        }
    }

    fn put(&mut self, at: u32, expression: Expression) -> Index {
        self.branches.push(Branch { at, expression });
        // One node a byte of text at most, and texts are bounded.
        Index::try_from(self.branches.len() - 1).unwrap_or(NONE)
    }

    /// A list of what was collected, in order.
    fn list(&mut self, at: u32, items: &[Index]) -> Index {
        let chain = |next, &item| self.put(at, Expression::Cell(item, next));
        items.iter().rev().fold(NONE, chain)
    }
}

/// A reader of `text[at..end]`; positions count from the start of `text`.
pub(crate) struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    tree: &'a mut Tree,
    depth: u32,
}

type Parsed = Result<Index, Fault>;

impl<'a> Parser<'a> {
    /// Reads the whole of `text[start..]` as one expression.
    pub(crate) fn expression_in(text: &'a [u8], start: usize, tree: &'a mut Tree) -> Parsed {
        let mut parser = Parser::new(text, start, tree);
        let parsed = parser.expression(0)?;
        parser.end()?;
        Ok(parsed)
    }

    pub(crate) fn new(text: &'a [u8], start: usize, tree: &'a mut Tree) -> Parser<'a> {
        Parser {
            text,
            at: start,
            tree,
            depth: 0,
        }
    }

    /// Names in parentheses and commas, as a list; nothing where no parenthesis opens.
    pub(crate) fn parameters(&mut self) -> Parsed {
        if !self.accept(b"(") {
            return Ok(NONE);
        }
        let start = self.here();
        let mut names = Vec::new();
        while !self.accept(b")") {
            let at = self.here();
            let Some(length) = self.word() else {
                return self.fault(Problem::ExpectedName);
            };
            let word = &self.text[at as usize..self.at];
            let known = |&name: &Index| self.tree.is_named(name, self.text, word);
            if names.len() == MOST_PARAMETERS {
                let problem = Problem::TooDeep;
                return Err(Fault { at, problem });
            }
            if is_reserved(word) || names.iter().any(known) {
                let problem = Problem::Reserved;
                return Err(Fault { at, problem });
            }
            names.push(self.tree.put(at, Expression::Name(length, NONE)));
            if !self.accept(b",") && !self.next_is(b")") {
                return self.fault(Problem::ExpectedClose);
            }
        }
        Ok(self.tree.list(start, &names))
    }

    pub(crate) fn end(&mut self) -> Result<(), Fault> {
        self.skip_blanks();
        match self.at == self.text.len() {
            true => Ok(()),
            false => Err(self.fault_here(Problem::ExpectedOperator)),
        }
    }

    pub(crate) fn expression(&mut self, level: u8) -> Parsed {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.fault(Problem::TooDeep);
        }
        let mut left = self.unary()?;
        while let Some((sign, tightness)) = self.sign().filter(|sign| sign.1 >= level) {
            let at = self.take_sign(sign);
            left = match sign {
                Sign::Or | Sign::And => self.chain(at, sign, tightness, left)?,
                _ => {
                    let right = self.expression(tightness)?;
                    self.tree.put(at, Expression::Binary(sign, left, right))
                }
            };
        }
        self.depth -= 1;
        Ok(left)
    }

    /// What follows the first `||` or `&&` of a chain. Chains are long, so they are read in a loop.
    fn chain(&mut self, at: u32, sign: Sign, tightness: u8, first: Index) -> Parsed {
        let mut operands = alloc::vec![first];
        loop {
            operands.push(self.expression(tightness + 1)?);
            if self.sign().is_none_or(|next| next.0 != sign) {
                break;
            }
            self.take_sign(sign);
        }
        let last = operands.pop().unwrap_or(first);
        let join = |right, &left| self.tree.put(at, Expression::Binary(sign, left, right));
        Ok(operands.iter().rev().fold(last, join))
    }

    fn unary(&mut self) -> Parsed {
        let mut wraps: Vec<(u32, u8)> = Vec::new();
        self.skip_blanks();
        while let Some(&byte @ (b'!' | b'~')) = self.text.get(self.at) {
            wraps.push((self.here(), byte));
            self.at += 1;
            self.skip_blanks();
        }
        let mut inner = self.primary()?;
        for (at, byte) in wraps.into_iter().rev() {
            let wrapped = match byte {
                b'!' => Expression::Not(inner),
                _ => Expression::Complement(inner),
            };
            inner = self.tree.put(at, wrapped);
        }
        Ok(inner)
    }

    fn primary(&mut self) -> Parsed {
        let at = self.here();
        if self.accept(b"(") {
            let inner = self.expression(0)?;
            return match self.accept(b")") {
                true => Ok(inner),
                false => self.fault(Problem::ExpectedClose),
            };
        }
        if self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            let number = self.number()?;
            return Ok(self.tree.put(at, Expression::Number(number)));
        }
        let Some(length) = self.word() else {
            return self.fault(Problem::ExpectedOperand);
        };
        let word = &self.text[at as usize..self.at];
        let expression = if word.eq_ignore_ascii_case(b"true") {
            Expression::Truth(true)
        } else if word.eq_ignore_ascii_case(b"false") {
            Expression::Truth(false)
        } else if word.eq_ignore_ascii_case(b"in") {
            Expression::Within(true, self.operands()?)
        } else if word.eq_ignore_ascii_case(b"notin") {
            Expression::Within(false, self.operands()?)
        } else if let Some((index, part)) = register(word) {
            Expression::Argument(index, part)
        } else if self.next_is(b"(") {
            Expression::Name(length, self.operands()?)
        } else {
            Expression::Name(length, NONE)
        };
        Ok(self.tree.put(at, expression))
    }

    /// Expressions in parentheses and commas, at least one.
    fn operands(&mut self) -> Parsed {
        let at = self.here();
        if !self.accept(b"(") {
            return self.fault(Problem::ExpectedOpen);
        }
        let mut operands = Vec::new();
        loop {
            operands.push(self.expression(0)?);
            if self.accept(b")") {
                return Ok(self.tree.list(at, &operands));
            }
            if !self.accept(b",") {
                return self.fault(Problem::ExpectedClose);
            }
        }
    }

    /// Decimal, or hexadecimal, binary or octal by its prefix; too large ones saturate.
    fn number(&mut self) -> Result<u64, Fault> {
        let start = self.at;
        let second = self.text.get(start + 1).map(u8::to_ascii_lowercase);
        let (skipped, radix) = match (self.text[start], second) {
            (b'0', Some(b'x')) => (2, 16),
            (b'0', Some(b'b')) => (2, 2),
            (b'0', Some(b'0'..=b'9')) => (1, 8),
            _ => (0, 10),
        };
        self.at += skipped;
        let mut number = 0_u64;
        while let Some(byte) = self.text.get(self.at).filter(|byte| is_word(byte)) {
            let Some(digit) = char::from(*byte).to_digit(radix) else {
                return Err(Fault {
                    at: place(self.at),
                    problem: Problem::BadDigit,
                });
            };
            let larger = number.checked_mul(u64::from(radix));
            let larger = larger.and_then(|larger| larger.checked_add(u64::from(digit)));
            number = larger.unwrap_or(u64::MAX);
            self.at += 1;
        }
        match skipped == 2 && self.at == start + 2 {
            true => Err(Fault {
                at: place(self.at),
                problem: Problem::BadDigit,
            }),
            false => Ok(number),
        }
    }

    /// The length of the word that starts here; it is passed over.
    pub(crate) fn word(&mut self) -> Option<u32> {
        self.skip_blanks();
        let start = self.at;
        if self.text.get(start).is_none_or(u8::is_ascii_digit) {
            return None;
        }
        while self.text.get(self.at).is_some_and(is_word) {
            self.at += 1;
        }
        let length = u32::try_from(self.at - start).ok()?;
        (length > 0).then_some(length)
    }

    fn sign(&mut self) -> Option<(Sign, u8)> {
        self.skip_blanks();
        let rest = self.text.get(self.at..)?;
        // Most words are followed by no sign that starts so, and no comparison is needed.
        let mut alike = SIGNS.iter().filter(|sign| rest.first() == sign.0.first());
        let found = alike.find(|sign| rest.starts_with(sign.0))?;
        Some((found.2, found.1))
    }

    /// Passes over the sign that was found, and gives its place.
    fn take_sign(&mut self, sign: Sign) -> u32 {
        let at = self.here();
        let length = SIGNS.iter().find(|known| known.2 == sign);
        self.at += length.map_or(0, |known| known.0.len());
        at
    }

    pub(crate) fn accept(&mut self, wanted: &[u8]) -> bool {
        let found = self.next_is(wanted);
        if found {
            self.at += wanted.len();
        }
        found
    }

    fn next_is(&mut self, wanted: &[u8]) -> bool {
        self.skip_blanks();
        self.text[self.at..].starts_with(wanted)
    }

    fn skip_blanks(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    pub(crate) fn here(&mut self) -> u32 {
        self.skip_blanks();
        place(self.at)
    }

    fn fault<T>(&mut self, problem: Problem) -> Result<T, Fault> {
        Err(self.fault_here(problem))
    }

    fn fault_here(&mut self, problem: Problem) -> Fault {
        Fault {
            at: self.here(),
            problem,
        }
    }
}

/// An offset in the text. Texts are far smaller than 4 GiB.
pub(crate) fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

pub(crate) fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

/// Whether a word has a meaning that no binding can take its place of.
pub(crate) fn is_reserved(word: &[u8]) -> bool {
    let keywords = [&b"true"[..], b"false", b"in", b"notin"];
    let keyword = keywords
        .iter()
        .any(|keyword| word.eq_ignore_ascii_case(keyword));
    keyword || register(word).is_some()
}

/// `arg0` to `arg5`, `argL0`…, `argH0`….
fn register(word: &[u8]) -> Option<(u8, Part)> {
    let (part, digit) = match word.strip_prefix(b"arg")? {
        [digit] => (Part::Full, digit),
        [b'L', digit] => (Part::Low, digit),
        [b'H', digit] => (Part::High, digit),
        _ => return None,
    };
    matches!(digit, b'0'..=b'5').then_some((digit - b'0', part))
}
