//! `.seccomp` files, the format of Oz's policies: one rule, default, binding or `include` a line.
//!
//! A file is read into [`Document`]: rules in order, each with the number of bindings that were in
//! sight. Nothing is looked up here; `compile.rs` does that for each ABI.

use alloc::string::String;
use alloc::vec::Vec;

use crate::action::{Action, Errno};
use crate::error::{Error, Fault, Problem};
use crate::resolve::Binding;
use crate::sources::Sources;
use crate::tree::{Index, Parser, Tree, is_reserved, place};

/// Reads a file for us: its bytes, or an error number.
pub type Read<'a> = dyn Fn(&[u8]) -> Result<Vec<u8>, i32> + 'a;

/// Where there are no files: every path is unknown.
///
/// # Errors
/// ENOENT, always.
pub fn no_files(_path: &[u8]) -> Result<Vec<u8>, i32> {
    const ENOENT: i32 = 2;
    Err(ENOENT)
}

/// What the lines of one file, with all that it includes, say.
pub(crate) struct Document {
    pub(crate) rules: Vec<Rule>,
    pub(crate) positive: Option<Action>,
    pub(crate) negative: Option<Action>,
    /// `DEFAULT_POLICY`, and where it stands.
    pub(crate) unlisted: Option<(Action, u32)>,
}

/// A line `name[actions]: body`.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) at: u32,
    /// The length of the name; a group's is counted with its `@`.
    pub(crate) length: u32,
    pub(crate) positive: Option<Action>,
    pub(crate) negative: Option<Action>,
    pub(crate) body: Body,
    /// The bindings that were defined before it.
    pub(crate) bindings: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// `1`
    Always,
    If(Index),
    /// `return ERROR`
    Answer(Action),
}

/// Everything that was read so far.
pub(crate) struct Reader<'a> {
    pub(crate) sources: Sources,
    pub(crate) tree: Tree,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) read: &'a Read<'a>,
    /// How many files were included so far.
    included: usize,
}

/// Files within files.
const DEEPEST: usize = 16;
/// Files in files, altogether.
const MOST_INCLUDED: usize = 256;

impl<'a> Reader<'a> {
    pub(crate) fn new(read: &'a Read<'a>) -> Reader<'a> {
        Reader {
            sources: Sources::default(),
            tree: Tree::default(),
            bindings: Vec::new(),
            read,
            included: 0,
        }
    }

    /// Reads a file's text and what it includes.
    pub(crate) fn document(&mut self, path: &[u8], text: &[u8]) -> Result<Document, Error> {
        let mut document = Document {
            rules: Vec::new(),
            positive: None,
            negative: None,
            unlisted: None,
        };
        self.lines(path, text, 0, &mut document)?;
        Ok(document)
    }

    fn lines(
        &mut self,
        path: &[u8],
        text: &[u8],
        depth: usize,
        document: &mut Document,
    ) -> Result<(), Error> {
        let mut start = self.sources.add(Some(printable(path)), text);
        for line in text.split(|&byte| byte == b'\n') {
            let end = start + line.len();
            if let Err(fault) = self.line(path, start, line, depth, document)? {
                return Err(self.sources.error(fault, "", &[]));
            }
            start = end + 1;
        }
        Ok(())
    }

    /// The outer error is one of an included file, the inner one of this line.
    fn line(
        &mut self,
        path: &[u8],
        start: usize,
        line: &[u8],
        depth: usize,
        document: &mut Document,
    ) -> Result<Result<(), Fault>, Error> {
        let code = line.split(|&byte| byte == b'#').next().unwrap_or_default();
        let start = start + code.len() - code.trim_ascii_start().len();
        let code = code.trim_ascii();
        let at = place(start);
        if code.is_empty() {
            return Ok(Ok(()));
        }
        if let Some(quoted) = code.strip_prefix(b"include") {
            if let [b'"', target @ .., b'"'] = quoted.trim_ascii_start() {
                return self.include(path, target, at, depth, document).map(Ok);
            }
        }
        let end = start + code.len();
        Ok(match code.iter().position(|byte| matches!(byte, b':')) {
            Some(colon) => self.rule(start, colon, end, document),
            None if depth > 0 && code.starts_with(b"DEFAULT_") => {
                fault(at, Problem::DefaultInInclude)
            }
            None if code.contains(&b'=') => self.assignment(start, end, document),
            None => fault(at, Problem::NoLine),
        })
    }

    fn include(
        &mut self,
        path: &[u8],
        target: &[u8],
        at: u32,
        depth: usize,
        document: &mut Document,
    ) -> Result<(), Error> {
        let full = beside(path, target);
        self.included += 1;
        let problem = match depth >= DEEPEST || self.included > MOST_INCLUDED {
            true => Some(Problem::IncludeLoop),
            false => None,
        };
        let text = (self.read)(&full).map_err(Problem::Unreadable);
        match (problem, text) {
            (None, Ok(text)) => self.lines(&full, &text, depth + 1, document),
            (Some(problem), _) | (None, Err(problem)) => {
                Err(self.sources.error(Fault { at, problem }, "", &[]))
            }
        }
    }

    /// `name[actions]: body`, where `colon` counts from `start`.
    fn rule(
        &mut self,
        start: usize,
        colon: usize,
        end: usize,
        document: &mut Document,
    ) -> Result<(), Fault> {
        let at = place(start);
        let text = self.sources.text();
        let head = text[start..start + colon].trim_ascii_end();
        let bracket = head.iter().position(|&byte| byte == b'[');
        let (name, actions) = head.split_at(bracket.unwrap_or(head.len()));
        let name = name.trim_ascii_end();
        let word = |byte: &u8| crate::tree::is_word(byte) || *byte == b'-';
        let plain = name.strip_prefix(b"@").unwrap_or(name);
        if plain.is_empty() || !plain.iter().all(word) {
            return fault(at, Problem::BadRuleName);
        }
        let length = place(name.len());
        let actions_at = place(start + bracket.unwrap_or_default());
        let (positive, negative) = actions_in(actions, actions_at)?;
        let (body, positive, negative) = self.body(start + colon + 1, end, positive, negative)?;
        document.rules.push(Rule {
            at,
            length,
            positive,
            negative,
            body,
            bindings: self.bindings.len(),
        });
        Ok(())
    }

    /// What is right of the colon; `; return ERROR` says what a false condition answers.
    fn body(
        &mut self,
        start: usize,
        end: usize,
        positive: Option<Action>,
        negative: Option<Action>,
    ) -> Result<(Body, Option<Action>, Option<Action>), Fault> {
        let text = &self.sources.text()[..end];
        let body = text[start..].trim_ascii();
        if body.is_empty() {
            return fault(place(start), Problem::NoBody);
        }
        if body == b"1" {
            return Ok((Body::Always, positive, negative));
        }
        let answered = body.iter().position(|&byte| byte == b';');
        let expression_end = answered.map_or(end, |at| end - body.len() + at);
        let answer_at = answered.map_or(end - body.len(), |at| end - body.len() + at + 1);
        let answer_at = end - text[answer_at..].trim_ascii_start().len();
        let answer = match answer(&text[answer_at..]) {
            Some(Ok(action)) => Some(action),
            Some(Err(problem)) => return fault(place(answer_at), problem),
            None if answered.is_some() => return fault(place(answer_at), Problem::ExpectedReturn),
            None => None,
        };
        match (answered, answer) {
            (None, Some(answer)) => Ok((Body::Answer(answer), positive, negative)),
            _ => {
                let text = &self.sources.text()[..expression_end];
                let root = Parser::expression_in(text, start, &mut self.tree)?;
                Ok((Body::If(root), positive, answer.or(negative)))
            }
        }
    }

    /// `DEFAULT_… = action`, or `name = expression`, or `name(parameters) = expression`.
    fn assignment(
        &mut self,
        start: usize,
        end: usize,
        document: &mut Document,
    ) -> Result<(), Fault> {
        let text = &self.sources.text()[..end];
        let mut parser = Parser::new(text, start, &mut self.tree);
        let at = parser.here();
        let Some(length) = parser.word() else {
            return fault(at, Problem::BadBindingName);
        };
        let word = &text[start..start + length as usize];
        if is_reserved(word) {
            return fault(at, Problem::Reserved);
        }
        let parameters = parser.parameters()?;
        let equals = parser.here();
        if !parser.accept(b"=") {
            return fault(equals, Problem::BadBindingName);
        }
        let value_at = parser.here();
        let value = text.get(value_at as usize..).unwrap_or_default();
        if word.starts_with(b"DEFAULT_") {
            return document.default(word, at, value, value_at);
        }
        if !value.is_empty() {
            let body = parser.expression(0)?;
            parser.end()?;
            self.bindings.push(Binding {
                at,
                length,
                parameters,
                body,
            });
        }
        Ok(())
    }
}

impl Document {
    /// `DEFAULT_… = action`
    fn default(&mut self, word: &[u8], at: u32, value: &[u8], value_at: u32) -> Result<(), Fault> {
        let action = action(value).map_err(|problem| {
            let at = value_at;
            Fault { at, problem }
        });
        match word {
            b"DEFAULT_POSITIVE" => self.positive = Some(action?),
            b"DEFAULT_NEGATIVE" => self.negative = Some(action?),
            b"DEFAULT_POLICY" => self.unlisted = Some((action?, at)),
            _ => return fault(at, Problem::NoLine),
        }
        Ok(())
    }
}

fn fault<T>(at: u32, problem: Problem) -> Result<T, Fault> {
    Err(Fault { at, problem })
}

fn printable(path: &[u8]) -> String {
    crate::error::escaped(path)
}

/// A path relative to the directory of another file.
fn beside(path: &[u8], target: &[u8]) -> Vec<u8> {
    let directory = path.iter().rposition(|&byte| byte == b'/');
    let mut full = match (target.first(), directory) {
        (Some(b'/'), _) | (_, None) => Vec::new(),
        (_, Some(slash)) => path[..=slash].to_vec(),
    };
    full.extend_from_slice(target);
    full
}

/// `return ERROR`; nothing when it is something else.
fn answer(text: &[u8]) -> Option<Result<Action, Problem>> {
    let rest = text.trim_ascii().strip_prefix(b"return")?;
    if !rest.first()?.is_ascii_whitespace() {
        return None;
    }
    Some(match action(rest) {
        Ok(action @ Action::Errno(_)) => Ok(action),
        _ => Err(Problem::BadErrno),
    })
}

type Pair = (Option<Action>, Option<Action>);

/// `[+action,-action]`, each at most once, in any order; or nothing.
fn actions_in(text: &[u8], at: u32) -> Result<Pair, Fault> {
    let (mut positive, mut negative) = (None, None);
    if text.is_empty() {
        return Ok((positive, negative));
    }
    let Some(inner) = text[1..].strip_suffix(b"]") else {
        return fault(at, Problem::BadActions);
    };
    for part in inner.split(|&byte| byte == b',') {
        let part = part.trim_ascii();
        let place = match part.first() {
            Some(b'+') => &mut positive,
            Some(b'-') => &mut negative,
            None if inner.trim_ascii().is_empty() => continue,
            _ => return fault(at, Problem::BadActions),
        };
        if place.is_some() {
            return fault(at, Problem::BadActions);
        }
        *place = Some(action(&part[1..]).map_err(|problem| Fault { at, problem })?);
    }
    Ok((positive, negative))
}

/// An action as Oz writes it: a word in any case, the name of an error, or its number.
fn action(text: &[u8]) -> Result<Action, Problem> {
    let text = text.trim_ascii();
    let text = core::str::from_utf8(text).unwrap_or_default();
    for (word, action) in crate::action::WORDS {
        if text.eq_ignore_ascii_case(word) {
            return Ok(action);
        }
    }
    if text.eq_ignore_ascii_case("trace") {
        return Ok(Action::Trace);
    }
    if text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_digit())
    {
        let number = crate::action::parse_c_number(text).and_then(Errno::new);
        return number.map(Action::Errno).ok_or(Problem::BadErrno);
    }
    match syscalls::errno::number(text) {
        Some(number) => Ok(Action::Errno(
            Errno::new(number.into()).unwrap_or(Errno::ENOSYS),
        )),
        None => Err(Problem::UnknownAction),
    }
}
