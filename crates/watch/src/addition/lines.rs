//! Lines of `.seccomp` files that would allow a call.
//!
//! A file has one rule for a call. So a call that no file names gets a new line, and one that a line
//! names has that line changed, or taken out where it denies.

use policy::{List, Mode, Target};
use syscalls::Abi;

use super::{Edit, Line, Trial};
use crate::judge::Ground;

/// A rule of a file that decided.
struct Known<'a> {
    path: &'a [u8],
    text: &'a [u8],
    /// `FILE:LINE`
    place: String,
    /// The line, from 1.
    number: usize,
    rule: &'a str,
}

impl Trial<'_> {
    /// The first line that works, where the policy has a file.
    pub(crate) fn line(&self, ground: &Ground, besides: Option<Abi>) -> Option<Line> {
        let name = self.name()?;
        let condition = self.condition.as_deref();
        let works = |edit: Edit<'_>| self.allows(&self.basis.list, besides, Some(edit));
        let known = ground.rule().and_then(|rule| self.known(rule));
        if let Some(known) = known {
            let said = ground.is_said();
            let texts = self.changed(name, &known, said);
            let text = texts
                .into_iter()
                .find(|text| works(known.changed_to(text)))?;
            let replaces = Some(known.place);
            return Some(Line { text, replaces });
        }
        let (path, text) = self.first_file()?;
        let lines = condition.into_iter().chain(["1"]);
        let mut lines = lines.map(|body| format!("{name}: {body}"));
        let added = |line: &String| [text, b"\n", line.as_bytes(), b"\n"].concat();
        let text = lines.find(|line| works((&path, added(line))))?;
        let replaces = None;
        Some(Line { text, replaces })
    }

    /// What a rule for the call may become, the narrowest first.
    fn changed(&self, name: &str, known: &Known<'_>, said: bool) -> Vec<String> {
        let Some((head, body)) = known.rule.split_once(':') else {
            return Vec::new();
        };
        // A rule for a group, or one with actions of its own, says more than this call's.
        if !head.trim().eq_ignore_ascii_case(name) {
            return Vec::new();
        }
        let always = format!("{name}: 1");
        match (self.basis.mode, &self.condition) {
            (Mode::DenyList, _) => vec![String::new()],
            (_, Some(condition)) if said => vec![format!("{name}: {condition}"), always],
            (_, Some(condition)) => {
                let body = body.split('#').next().unwrap_or(body).trim();
                vec![format!("{name}: ({body}) || {condition}"), always]
            }
            (_, None) => vec![always],
        }
    }

    /// The rule of a file, from `FILE:LINE: rule`.
    fn known<'r>(&'r self, shown: &'r str) -> Option<Known<'r>> {
        self.basis.files.iter().find_map(|(path, text)| {
            let name = std::str::from_utf8(path).ok()?;
            let rest = shown.strip_prefix(name)?.strip_prefix(':')?;
            let (number, rule) = rest.split_once(": ")?;
            Some(Known {
                path,
                text: text.as_ref().ok()?,
                place: format!("{name}:{number}"),
                number: number.parse().ok()?,
                rule,
            })
        })
    }

    /// The first file of the list, and its text.
    fn first_file(&self) -> Option<(Vec<u8>, &[u8])> {
        let list = List::parse(self.basis.origin, &self.basis.list).ok()?;
        let path = list.items.iter().find_map(|item| match item.target {
            Target::File(path) => Some(unescaped(path)),
            _ => None,
        })?;
        let text = self.basis.files.get(&path)?.as_ref().ok()?;
        Some((path, text))
    }
}

impl Known<'_> {
    /// The file with another line in the rule's place.
    fn changed_to(&self, line: &str) -> Edit<'_> {
        let mut lines: Vec<&[u8]> = self.text.split(|&byte| byte == b'\n').collect();
        if let Some(place) = self.number.checked_sub(1).and_then(|at| lines.get_mut(at)) {
            *place = line.as_bytes();
        }
        (self.path, lines.join(&b'\n'))
    }
}

/// A path as the file system knows it: in a list, `\:` and `\\` stand for themselves.
fn unescaped(path: &[u8]) -> Vec<u8> {
    let mut bytes = path.iter();
    let next = || {
        let byte = bytes.next()?;
        match byte {
            b'\\' => bytes.next().copied().or(Some(b'\\')),
            byte => Some(*byte),
        }
    };
    std::iter::from_fn(next).collect()
}
