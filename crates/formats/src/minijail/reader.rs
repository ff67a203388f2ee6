//! From a policy file and what it includes to a list.

use std::collections::BTreeMap;
use std::fmt::Write;

use policy::{Action, Mode, Request};
use syscalls::Abi;

use super::statement::{Cursor, Filter};
use super::token::{Kind, Token, error, statements};
use crate::{Context, Error, Reading};

/// Files within files, as minijail's compiler counts them.
const DEEPEST: usize = 10;
/// All files of a policy together.
const MOST: usize = 256;

/// Reads a policy file.
pub(crate) fn read(text: &[u8], context: &Context<'_>) -> Result<Reading, Error> {
    let mut policy = Policy {
        context,
        denies: false,
        default: None,
        calls: Vec::new(),
        known: BTreeMap::new(),
        files: 0,
        notes: Vec::new(),
        disputed: false,
    };
    policy.file(context.path, text, 1)?;
    Ok(policy.finish())
}

struct Policy<'a> {
    context: &'a Context<'a>,
    denies: bool,
    default: Option<Action>,
    /// Names or numbers with what is said of them, in order.
    calls: Vec<(String, Vec<Filter>)>,
    /// The places of calls in `calls`.
    known: BTreeMap<u32, usize>,
    files: usize,
    notes: Vec<String>,
    /// Whether the note on what the dialects disagree on was made.
    disputed: bool,
}

impl Policy<'_> {
    fn file(&mut self, path: &str, text: &[u8], depth: usize) -> Result<(), Error> {
        self.files += 1;
        let text = decode(path, text)?;
        let mut first = depth == 1;
        for tokens in statements(path, text)? {
            let mut cursor = Cursor::new(path, &tokens, self.ones(), self.denies);
            let directive = cursor.peek().filter(|token| token.kind == Kind::Directive);
            match directive.map(|token| token.text) {
                Some(directive) => {
                    cursor.next();
                    self.directive(directive, &mut cursor, first, depth)?;
                }
                None => self.rule(&mut cursor)?,
            }
            if cursor.peek().is_some() {
                return Err(cursor.error("nothing can follow here"));
            }
            first = false;
        }
        Ok(())
    }

    fn directive(
        &mut self,
        directive: &str,
        cursor: &mut Cursor<'_>,
        first: bool,
        depth: usize,
    ) -> Result<(), Error> {
        match directive {
            "@denylist" if first => self.denies = true,
            // What a deny-list includes may say again what it is.
            "@denylist" if self.denies => {}
            "@denylist" => {
                return Err(cursor.error_before("@denylist must stand before everything else"));
            }
            "@default" if self.denies => {
                return Err(cursor.error_before("a @denylist allows what it does not name"));
            }
            "@default" => self.default = Some(default(cursor)?),
            // How often calls are made says nothing about what they get.
            "@frequency" => {
                included(cursor)?;
            }
            "@include" => {
                let token = included(cursor)?;
                self.include(cursor.path, token, depth)?;
            }
            _ => return Err(cursor.error_before("not a directive of minijail")),
        }
        Ok(())
    }

    fn include(&mut self, path: &str, token: Token<'_>, depth: usize) -> Result<(), Error> {
        let fail = |problem: &str| error(path, token.line, token.column, problem);
        if depth == DEEPEST || self.files == MOST {
            return Err(fail("includes go too deep; does the file include itself?"));
        }
        let directory = path.rsplit_once('/').map(|(directory, _)| directory);
        let included = match (token.text.strip_prefix("./"), directory) {
            (Some(relative), Some(directory)) => format!("{directory}/{relative}"),
            (Some(relative), None) => relative.into(),
            (None, _) => token.text.into(),
        };
        let text = (self.context.read)(included.as_bytes()).map_err(|errno| {
            let name = u16::try_from(errno).ok().and_then(syscalls::errno::name);
            let cause = name.map_or_else(|| format!("error {errno}"), String::from);
            fail(&format!("{included} cannot be read: {cause}"))
        })?;
        self.file(&included, &text, depth + 1)
    }

    fn rule(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Error> {
        let mut calls = Vec::new();
        if cursor.accept("{") {
            loop {
                calls.extend(self.call(cursor)?);
                if !cursor.accept(",") {
                    break;
                }
            }
            cursor.require("}")?;
        } else {
            calls.extend(self.call(cursor)?);
        }
        let colon = cursor.peek();
        cursor.require(":")?;
        let filters = cursor.filters()?;
        for (number, name) in calls {
            self.add(number, name, &filters).map_err(|problem| {
                let (line, column) = colon.map_or((1, 1), |token| (token.line, token.column));
                error(cursor.path, line, column, &problem)
            })?;
        }
        if let Some(token) = cursor.disputed.filter(|_| !self.disputed) {
            self.disputed = true;
            let path = cursor.path.escape_debug();
            self.notes.push(format!(
                "{path}:{}:{}: the error is for arguments that do not meet the condition, as minijail0(5) has it; compile_seccomp_policy.py reads it the other way round",
                token.line, token.column
            ));
        }
        Ok(())
    }

    /// A call by its name or number; nothing where it is for other architectures.
    fn call(&self, cursor: &mut Cursor<'_>) -> Result<Option<(u32, String)>, Error> {
        let Some(token) = cursor.next() else {
            return Err(cursor.error("expected a system call"));
        };
        let number = match token.kind {
            Kind::Word if token.text.contains('@') => {
                return Err(cursor.error_before("groups of a constants.json are not known"));
            }
            Kind::Word => syscalls::number(self.context.abi, token.text),
            Kind::Number => token
                .text
                .parse()
                .ok()
                .filter(|&number| number < Abi::X32_BIT),
            _ => return Err(cursor.error_before("expected a system call")),
        };
        if cursor.accept("[") && !self.is_meant(cursor)? {
            return Ok(None);
        }
        let unknown = || error(cursor.path, token.line, token.column, &self.unknown(token));
        let number = number.ok_or_else(unknown)?;
        let name = syscalls::name(self.context.abi, number);
        Ok(Some((
            number,
            name.map_or_else(|| number.to_string(), String::from),
        )))
    }

    /// What to say of a call that is not known.
    fn unknown(&self, token: Token<'_>) -> String {
        if token.kind == Kind::Number {
            return "not a system call number".into();
        }
        if syscalls::exists(token.text) {
            return format!("not a system call of {}", self.context.abi);
        }
        let request = Request::plain(
            Mode::AllowList,
            "",
            token.text.as_bytes(),
            Action::KillProcess,
        );
        match request.compile(self.context.abi, &policy::no_files) {
            Err(policy::Error::Item { problem, hint, .. }) => format!("{problem}{hint}"),
            _ => "unknown system call".into(),
        }
    }

    /// Whether what stands in brackets is about this architecture.
    fn is_meant(&self, cursor: &mut Cursor<'_>) -> Result<bool, Error> {
        let own = match self.context.abi {
            Abi::Aarch64 => "arm64",
            abi => abi.name(),
        };
        let mut meant = true;
        loop {
            let key = word(cursor, "expected arch")?;
            cursor.require("=")?;
            let mut found = false;
            loop {
                found |= word(cursor, "expected an architecture")? == own;
                if !cursor.accept(",") {
                    break;
                }
            }
            meant &= found || key != "arch";
            if !cursor.accept(";") {
                cursor.require("]")?;
                return Ok(meant);
            }
        }
    }

    fn add(&mut self, number: u32, name: String, filters: &[Filter]) -> Result<(), String> {
        let place = *self.known.entry(number).or_insert(self.calls.len());
        if place == self.calls.len() {
            self.calls.push((name, Vec::new()));
        }
        let (name, said) = &mut self.calls[place];
        for filter in filters {
            if said.last().is_some_and(|last| last.condition.is_none()) {
                return Err(format!("{name} already has something for all arguments"));
            }
            said.push(filter.clone());
        }
        Ok(())
    }

    fn ones(&self) -> u64 {
        match self.context.abi {
            Abi::X86 | Abi::Arm => u32::MAX.into(),
            Abi::X86_64 | Abi::X32 | Abi::Aarch64 => u64::MAX,
        }
    }

    fn finish(self) -> Reading {
        let mut list = String::new();
        for (name, filters) in &self.calls {
            say(&mut list, name, filters);
        }
        let mut notes = self.notes;
        if self.default.is_none() && !self.denies {
            notes.push(
                "what is not listed kills the process; minijail0 without threads to synchronize kills the thread alone".into(),
            );
        }
        Reading {
            mode: match self.denies {
                true => Mode::DenyList,
                false => Mode::AllowList,
            },
            default: self.default.unwrap_or(Action::KillProcess),
            list,
            besides: None,
            notes,
        }
    }
}

/// Adds the items for a call: what it gets anyway, and before that each condition, the last one first,
/// because of a list's items the latest is tried first.
fn say(list: &mut String, name: &str, filters: &[Filter]) {
    for filter in filters.iter().rev() {
        let separator = if list.is_empty() { "" } else { ":" };
        let action = filter.action;
        // Writing to a String cannot fail.
        let _ = match &filter.condition {
            Some(condition) => write!(list, "{separator}{name}({condition})={action}"),
            None => write!(list, "{separator}{name}={action}"),
        };
    }
}

/// What calls get that are not named.
fn default(cursor: &mut Cursor<'_>) -> Result<Action, Error> {
    let action = match cursor.next().map(|token| token.text) {
        Some("kill" | "kill-process") => Action::KillProcess,
        Some("kill-thread") => Action::KillThread,
        Some("trap") => Action::Trap,
        Some(_) => {
            return Err(cursor.error_before("expected kill, kill-process, kill-thread or trap"));
        }
        None => return Err(cursor.error("expected what calls get that are not named")),
    };
    Ok(action)
}

fn included<'a>(cursor: &mut Cursor<'a>) -> Result<Token<'a>, Error> {
    let path = cursor.peek().filter(|token| token.kind == Kind::Path);
    let path = path.ok_or_else(|| cursor.error("expected a path that starts with / or ./"))?;
    cursor.next();
    Ok(path)
}

fn word<'a>(cursor: &mut Cursor<'a>, problem: &str) -> Result<&'a str, Error> {
    let word = cursor.peek().filter(|token| token.kind == Kind::Word);
    let word = word.ok_or_else(|| cursor.error(problem))?;
    cursor.next();
    Ok(word.text)
}

/// The text of a file, which must be UTF-8 even in comments.
fn decode<'a>(path: &str, text: &'a [u8]) -> Result<&'a str, Error> {
    std::str::from_utf8(text).map_err(|wrong| {
        let before = &text[..wrong.valid_up_to()];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        let start = before
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        error(path, line, before.len() - start + 1, "not text")
    })
}
