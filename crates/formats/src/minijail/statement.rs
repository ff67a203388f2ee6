//! What stands behind a colon: conditions on arguments and what a call gets.

use policy::{Action, Errno};

use super::token::{Kind, Token, error};
use crate::Error;

/// A condition, if there is one, in our language, and what the call gets where it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) condition: Option<String>,
    pub(super) action: Action,
}

/// The tokens of a statement that were not read yet.
pub(super) struct Cursor<'a> {
    pub(super) path: &'a str,
    tokens: &'a [Token<'a>],
    at: usize,
    /// All bits of a register.
    pub(super) ones: u64,
    /// Whether calls are allowed unless named.
    pub(super) denies: bool,
    /// The place of an error behind a condition, on which the dialects disagree.
    pub(super) disputed: Option<Token<'a>>,
}

/// What one filter says in one dialect or the other.
enum Clause<'a> {
    /// An action for all arguments.
    Always(Action),
    /// A condition with nothing behind it.
    If(String),
    /// A condition, the action behind it and the place of its `return`, if it is an error.
    Then(String, Action, Option<Token<'a>>),
}

impl<'a> Cursor<'a> {
    pub(super) fn new(path: &'a str, tokens: &'a [Token<'a>], ones: u64, denies: bool) -> Self {
        Cursor {
            path,
            tokens,
            at: 0,
            ones,
            denies,
            disputed: None,
        }
    }

    pub(super) fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        let token = self.peek();
        self.at += usize::from(token.is_some());
        token
    }

    pub(super) fn accept(&mut self, sign: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.text == sign);
        self.at += usize::from(found);
        found
    }

    pub(super) fn require(&mut self, sign: &str) -> Result<(), Error> {
        match self.accept(sign) {
            true => Ok(()),
            false => Err(self.error(&format!("expected \"{sign}\""))),
        }
    }

    /// An error at the next token, or behind the last.
    pub(super) fn error(&self, problem: &str) -> Error {
        let (line, column) = match (self.peek(), self.tokens.last()) {
            (Some(token), _) => (token.line, token.column),
            (None, Some(last)) => (last.line, last.column + last.text.len()),
            (None, None) => (1, 1),
        };
        error(self.path, line, column, problem)
    }

    /// An error at the token before the next.
    pub(super) fn error_before(&mut self, problem: &str) -> Error {
        self.at = self.at.saturating_sub(1);
        self.error(problem)
    }

    /// Everything behind the colon: filters of which the first that applies answers.
    pub(super) fn filters(&mut self) -> Result<Vec<Filter>, Error> {
        let mut filters = Vec::new();
        if !self.accept("{") {
            let start = self.at;
            let clause = self.clause()?;
            self.outside(start, clause, &mut filters)?;
            return Ok(filters);
        }
        loop {
            let (condition, action) = match self.clause()? {
                Clause::Always(action) => (None, action),
                Clause::If(condition) => (Some(condition), Action::Allow),
                Clause::Then(condition, action, _) => (Some(condition), action),
            };
            filters.push(Filter { condition, action });
            if !self.accept(",") {
                self.require("}")?;
                return Ok(filters);
            }
        }
    }

    /// The one filter of a statement without braces.
    fn outside(
        &mut self,
        start: usize,
        clause: Clause<'a>,
        filters: &mut Vec<Filter>,
    ) -> Result<(), Error> {
        let mut push = |condition, action| filters.push(Filter { condition, action });
        match clause {
            Clause::Always(action) => push(None, action),
            Clause::If(_) if self.denies => {
                self.at = start;
                return Err(self.error("every rule of a @denylist must return an error"));
            }
            Clause::If(condition) => push(Some(condition), Action::Allow),
            Clause::Then(_, _, Some(_)) if self.denies => {
                self.at = start;
                let problem = "minijail0 and its compiler disagree on which arguments get the error; write {CONDITION; return ERROR} for those that meet the condition";
                return Err(self.error(problem));
            }
            Clause::Then(condition, action, Some(token)) => {
                push(Some(condition), Action::Allow);
                push(None, action);
                self.disputed = Some(token);
            }
            Clause::Then(condition, action, None) => push(Some(condition), action),
        }
        Ok(())
    }

    fn clause(&mut self) -> Result<Clause<'a>, Error> {
        let argument = |token: Token<'_>| {
            let digits = token.text.strip_prefix("arg").unwrap_or_default();
            digits.starts_with(|first: char| first.is_ascii_digit())
        };
        // A word that starts like an argument is meant as one.
        let meant = |token: Token<'_>| token.text.starts_with("arg") && token.kind == Kind::Word;
        if !self
            .peek()
            .is_some_and(|token| argument(token) || meant(token))
        {
            return self.action().map(Clause::Always);
        }
        let condition = self.disjunction()?;
        if !self.accept(";") {
            return Ok(Clause::If(condition));
        }
        let token = self.peek().filter(|token| token.text == "return");
        let action = self.action()?;
        Ok(Clause::Then(condition, action, token))
    }

    fn action(&mut self) -> Result<Action, Error> {
        const ACTIONS: [(&str, Action); 7] = [
            ("1", Action::Allow),
            ("allow", Action::Allow),
            ("kill", Action::KillProcess),
            ("kill-process", Action::KillProcess),
            ("kill-thread", Action::KillThread),
            ("trap", Action::Trap),
            ("log", Action::Log),
        ];
        let Some(token) = self.next() else {
            return Err(self.error("expected a condition or what the call gets"));
        };
        if token.text == "return" {
            return self.error_number();
        }
        let problem = match token.text {
            "trace" | "user-notify" => {
                "no denial: a program can answer for its own tracer or listener"
            }
            _ if self.denies => "every rule of a @denylist must return an error",
            text => match ACTIONS.iter().find(|(word, _)| *word == text) {
                Some((_, action)) => return Ok(*action),
                None => "not a condition, and nothing that a call can get",
            },
        };
        Err(self.error_before(problem))
    }

    /// What follows `return`. Without an error, minijail0 kills.
    fn error_number(&mut self) -> Result<Action, Error> {
        if self.peek().is_none() && !self.denies {
            return Ok(Action::KillProcess);
        }
        let start = self.at;
        let number = self.value()?;
        let errno = u32::try_from(number).ok().and_then(Errno::new);
        errno.map(Action::Errno).ok_or_else(|| {
            self.at = start;
            self.error("not an error; use a name such as EPERM or a number from 1 to 4095")
        })
    }

    fn disjunction(&mut self) -> Result<String, Error> {
        let mut text = self.conjunction()?;
        while self.accept("||") {
            text.push_str(" || ");
            text.push_str(&self.conjunction()?);
        }
        Ok(text)
    }

    fn conjunction(&mut self) -> Result<String, Error> {
        let mut text = self.atom()?;
        while self.accept("&&") {
            text.push_str(" && ");
            text.push_str(&self.atom()?);
        }
        Ok(text)
    }

    /// A comparison of a whole register with a constant.
    fn atom(&mut self) -> Result<String, Error> {
        let index = self.peek().and_then(|token| token.text.strip_prefix("arg"));
        let index = index.and_then(|digits| match digits.as_bytes() {
            [digit @ b'0'..=b'5'] => Some(digit - b'0'),
            _ => None,
        });
        let index = index.ok_or_else(|| self.error("expected an argument, arg0 to arg5"))?;
        self.next();
        let operator = self.peek().map_or("", |token| token.text);
        if !["==", "!=", "<", "<=", ">", ">=", "&", "in"].contains(&operator) {
            return Err(self.error("expected ==, !=, <, <=, >, >=, & or in"));
        }
        self.next();
        let value = self.value()?;
        Ok(match operator {
            "&" => format!("arg{index} & {value:#x} != 0"),
            "in" => format!("arg{index} & {:#x} == 0", !value & self.ones),
            operator => format!("arg{index} {operator} {value:#x}"),
        })
    }
}
