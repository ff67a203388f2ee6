//! Lists of names for numbers: one of several, or flags side by side.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::text;

/// Names with their values, in the order in which flags are written: `0=RDONLY 0x40=CREAT`.
/// As text, because tables of pairs would be ten times as long to read.
pub(super) struct Names {
    prefix: &'static str,
    /// What strace says of a value without a name.
    unknown: &'static str,
    list: &'static str,
}

impl Names {
    pub const fn new(prefix: &'static str, unknown: &'static str, list: &'static str) -> Names {
        Names {
            prefix,
            unknown,
            list,
        }
    }

    /// Values, and names without the prefix.
    fn entries(&self) -> impl Iterator<Item = (u64, &'static str)> {
        let items = self.list.split_ascii_whitespace();
        items.filter_map(|item| {
            let (value, name) = item.split_once('=')?;
            Some((number(value)?, name))
        })
    }

    pub fn name(&self, value: u64) -> Option<String> {
        let mut known = self.entries();
        let found = known.find(|(known, _)| *known == value);
        found.map(|(_, name)| format!("{}{name}", self.prefix))
    }

    pub fn unknown(&self, value: u64) -> String {
        match value {
            0 => "0".into(),
            value => format!("{value:#x} /* {} */", self.unknown),
        }
    }

    /// One of several values.
    pub fn choice(&self, value: u64) -> String {
        match (self.name(value), value) {
            (Some(name), _) => name,
            (None, 0) => format!("0 /* {} */", self.unknown),
            (None, value) => self.unknown(value),
        }
    }

    /// Flags side by side, with what has no name at the end.
    pub fn flags(&self, value: u64) -> String {
        if let Some(whole) = self.name(value) {
            return whole;
        }
        let (mut names, rest) = self.split(value);
        match (names.is_empty(), rest) {
            (true, rest) => return self.unknown(rest),
            (false, 0) => {}
            (false, rest) => names.push(text::hex(rest)),
        }
        text::joined(names, "|")
    }

    /// The names of the flags that are set, and the bits without a name.
    pub fn split(&self, value: u64) -> (Vec<String>, u64) {
        let mut rest = value;
        let mut names = Vec::new();
        for (flag, name) in self.entries() {
            if flag != 0 && rest & flag == flag {
                names.push(format!("{}{name}", self.prefix));
                rest &= !flag;
            }
        }
        (names, rest)
    }
}

fn number(text: &str) -> Option<u64> {
    match text.split_at_checked(2) {
        Some(("0x", digits)) => u64::from_str_radix(digits, 16).ok(),
        Some(("0o", digits)) => u64::from_str_radix(digits, 8).ok(),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
impl Names {
    /// Full names and values, for the comparison with the table of constants.
    pub fn all(&self) -> Vec<(String, u64)> {
        let items = self.list.split_ascii_whitespace().count();
        let known = self.entries();
        let all: Vec<_> = known
            .map(|(value, name)| (format!("{}{name}", self.prefix), value))
            .collect();
        assert_eq!(all.len(), items, "{}", self.list);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::super::named;
    use super::*;

    /// Two that the table of constants has otherwise (`crate::constant` says why).
    const OTHERWISE: [&str; 1] = ["EPOLLET"];

    #[test]
    fn names_have_the_values_of_the_table_of_constants() {
        let lists = named::ALL.iter().chain(&named::ALL);
        let all: Vec<(String, u64)> = lists.flat_map(|names| names.all()).collect();
        let mut known = 0;
        for (name, value) in &all {
            if OTHERWISE.contains(&name.as_str()) {
                continue;
            }
            if let Some(constant) = crate::constant(name) {
                // The table holds them sign-extended.
                assert_eq!(constant & 0xffff_ffff, value & 0xffff_ffff, "{name}");
                known += 1;
            }
        }
        assert!(known > 500, "{known} of {}", all.len());
    }

    #[test]
    fn flags_are_named_in_the_order_of_the_list() {
        const FLAGS: Names = Names::new("X_", "X_???", "3=BOTH 1=A 2=B 0x10=C 0o10=D");
        for (value, text) in [
            (0, "0"),
            (1, "X_A"),
            (3, "X_BOTH"),
            (0x1a, "X_B|X_C|X_D"),
            (0x81, "X_A|0x80"),
            (0x80, "0x80 /* X_??? */"),
        ] {
            assert_eq!(FLAGS.flags(value), text);
        }
        assert_eq!(FLAGS.choice(0), "0 /* X_??? */");
        assert_eq!(FLAGS.choice(8), "X_D");
    }
}
