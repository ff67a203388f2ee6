//! The known word that a misspelt one was probably meant to be.

use alloc::string::String;
use alloc::vec::Vec;

/// The candidate with the fewest edits to `word`, ignoring case, when it is close enough to be
/// worth naming: at most a third of the word, at least one edit.
pub(crate) fn nearest<T: AsRef<str>>(word: &str, candidates: impl Iterator<Item = T>) -> Option<T> {
    const LONGEST: usize = 40;
    if word.len() > LONGEST {
        return None;
    }
    let limit = (word.len() / 3).max(1);
    candidates
        .map(|candidate| {
            (
                edits(word.as_bytes(), candidate.as_ref().as_bytes()),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The closest argument of a call or constant.
pub(crate) fn nearest_word(word: &str, call: &str) -> Option<String> {
    let arguments = syscalls::arguments(call).into_iter().flatten();
    let arguments = arguments.map(|argument| String::from(argument.name));
    let constants = syscalls::constants().map(|(name, _)| String::from(name));
    nearest(word, arguments.chain(constants))
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
    fn far_words_have_no_neighbour() {
        let words = || ["open", "openat", "close"].into_iter();
        assert_eq!(nearest("opne", words()), Some("open"));
        assert_eq!(nearest("xyzzy", words()), None);
        assert_eq!(nearest(&"o".repeat(1000), words()), None);
    }
}
