//! The known word that a misspelt one was probably meant to be.

use alloc::string::String;
use alloc::vec::Vec;

use syscalls::Abi;

use crate::action::WORDS;
use crate::error::Problem;
use crate::request::OTHER;

/// For what is unknown: the end of a message that names the closest known word, if one is close.
/// `call` is the call whose arguments could be meant.
pub(crate) fn hint(problem: Problem, word: &[u8], call: &str, abis: &[Abi]) -> String {
    let mut nearest = Nearest::to(word);
    match problem {
        Problem::UnknownCall => {
            let names = abis.iter().flat_map(|&abi| syscalls::names(abi));
            names.for_each(|(name, _)| nearest.offer(name));
        }
        Problem::UnknownGroup => {
            syscalls::groups().for_each(|group| nearest.offer(group.name()));
            for promise in crate::pledge::promises() {
                nearest.offer(&alloc::format!("pledge-{promise}"));
            }
        }
        Problem::UnknownAction => {
            WORDS.iter().for_each(|(word, _)| nearest.offer(word));
            syscalls::errno::names().for_each(|name| nearest.offer(name));
        }
        Problem::UnknownWord => {
            let arguments = syscalls::arguments(call).into_iter().flatten();
            arguments.for_each(|argument| nearest.offer(argument.name));
            syscalls::manual_names(call).for_each(|name| nearest.offer(name));
            syscalls::constants().for_each(|(name, _)| nearest.offer(&name));
        }
        Problem::BadAbi => nearest.found = Some((0, OTHER.name().into())),
        _ => {}
    }
    match nearest.found {
        Some((_, closest)) => alloc::format!("; did you mean \"{closest}\"?"),
        None => String::new(),
    }
}

/// The candidate that a misspelt word is closest to, if one is close: at most a third of its bytes are
/// wrong. Case does not count.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut nearest = Nearest::to(word.as_bytes());
    candidates.into_iter().for_each(|name| nearest.offer(name));
    nearest.found.map(|(_, closest)| closest)
}

/// The candidate with the fewest edits so far, ignoring case, when it is close enough to be worth
/// naming: at most a third of the word, at least one edit.
struct Nearest<'a> {
    word: &'a [u8],
    found: Option<(usize, String)>,
}

impl<'a> Nearest<'a> {
    fn to(word: &'a [u8]) -> Nearest<'a> {
        Nearest { word, found: None }
    }

    fn offer(&mut self, candidate: &str) {
        const LONGEST: usize = 40;
        let limit = match &self.found {
            Some((distance, _)) => distance.saturating_sub(1),
            None => (self.word.len() / 3).max(1),
        };
        // Each byte more or less is an edit: most candidates need no closer look.
        if self.word.len() > LONGEST || self.word.len().abs_diff(candidate.len()) > limit {
            return;
        }
        let distance = edits(self.word, candidate.as_bytes());
        let closer = self.found.as_ref().is_none_or(|found| distance < found.0);
        if distance <= limit && closer {
            self.found = Some((distance, candidate.into()));
        }
    }
}

/// Edit distance where swapping two neighbours counts as one edit, case aside.
fn edits(a: &[u8], b: &[u8]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = above[j] + usize::from(!x.eq_ignore_ascii_case(y));
            let mut best = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0
                && j > 0
                && x.eq_ignore_ascii_case(&b[j - 1])
                && a[i - 1].eq_ignore_ascii_case(y);
            if swapped {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = core::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_counts_inserts_replacements_and_swaps() {
        for (a, b, expected) in [
            ("open", "open", 0),
            ("opne", "open", 1),
            ("read", "readv", 1),
            ("Log", "log", 0),
            ("", "ab", 2),
        ] {
            assert_eq!(edits(a.as_bytes(), b.as_bytes()), expected, "{a} {b}");
        }
    }

    #[test]
    fn the_closest_of_some_words_is_found() {
        let words = ["whitelist", "blacklist", "name"];
        assert_eq!(nearest("WhiteLits", words), Some("whitelist".into()));
        assert_eq!(nearest("nam", words), Some("name".into()));
        assert_eq!(nearest("network", words), None);
    }

    #[test]
    fn the_closest_word_of_its_kind_is_named() {
        let named =
            |problem, word: &str, call| hint(problem, word.as_bytes(), call, &[Abi::X86_64]);
        for (problem, word, call, closest) in [
            (Problem::UnknownCall, "opne", "", "open"),
            (Problem::UnknownGroup, "pledge-stdoi", "", "pledge-stdio"),
            (Problem::UnknownAction, "Log", "", "log"),
            (Problem::UnknownAction, "EPREM", "", "EPERM"),
            (Problem::UnknownWord, "famly", "socket", "family"),
            (Problem::UnknownWord, "domian", "socket", "domain"),
            (Problem::UnknownWord, "AF_UNXI", "socket", "AF_UNIX"),
        ] {
            let expected = alloc::format!("; did you mean \"{closest}\"?");
            assert_eq!(named(problem, word, call), expected, "{word}");
        }
        assert_eq!(named(Problem::UnknownCall, "xyzzy", ""), "");
        assert_eq!(named(Problem::UnknownCall, &"o".repeat(1000), ""), "");
        assert_eq!(named(Problem::Malformed, "open", ""), "");
    }
}
