//! `key=value` fields of an audit record (audit_log_format and audit_log_untrustedstring in
//! kernel/audit.c).
//!
//! Fields are separated by spaces, and no value has one: names of programs that hold a space, a quote or
//! a byte that is no printable ASCII are written as hexadecimal digits. What auditd adds in its enriched
//! form stands behind the byte 0x1d and is not read.

/// The fields of a record, as a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    text: &'a str,
}

/// The value of a field, and where in the text it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(text: &'a str) -> Fields<'a> {
        let text = text.split('\u{1d}').next().unwrap_or_default();
        Fields { text }
    }

    /// The first field of a name.
    pub(crate) fn get(&self, name: &str) -> Option<Value<'a>> {
        let mut at = 0;
        for word in self.text.split(' ') {
            if let Some(text) = word
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('='))
            {
                let at = at + name.len() + 1;
                return Some(Value {
                    text: text.trim_end_matches(['\n', '\r', '\0']),
                    at,
                });
            }
            at += word.len() + 1;
        }
        None
    }

    /// A field as a decimal number.
    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.text.parse().ok()
    }

    /// A field as a hexadecimal number, with 0x or without.
    pub(crate) fn hexadecimal(&self, name: &str) -> Option<u64> {
        hexadecimal(self.get(name)?.text)
    }

    /// A field that a program chose; empty where there is none.
    pub(crate) fn name(&self, name: &str) -> String {
        self.get(name)
            .map(|value| chosen(value.text))
            .unwrap_or_default()
    }
}

pub(crate) fn hexadecimal(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x").unwrap_or(text), 16).ok()
}

/// A string as programs chose it: in quotes, or as hexadecimal digits.
fn chosen(text: &str) -> String {
    if let Some(inner) = text.strip_prefix('"') {
        return inner.strip_suffix('"').unwrap_or(inner).to_owned();
    }
    let digits = text.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair)
            .ok()
            .filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16)
            .ok()
            .filter(|_| !pair.starts_with('+'))
    });
    match (text, digits.collect::<Option<Vec<u8>>>()) {
        ("(null)" | "?" | "", _) => String::new(),
        (_, Some(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        (text, None) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_the_kernel_wrote_them() {
        let text = "pid=7 comm=\"nginx\" exe=2F746D702F6120622200FF x=\"a\u{1d}EXE=\"z\"";
        let fields = Fields::new(text);
        assert_eq!(fields.name("comm"), "nginx");
        assert_eq!(fields.name("exe"), "/tmp/a b\"\0\u{fffd}");
        assert_eq!(fields.name("x"), "a");
        assert_eq!(fields.get("EXE"), None);
        assert_eq!(fields.get("pid"), Some(Value { text: "7", at: 4 }));
        assert_eq!(fields.number::<i32>("pid"), Some(7));
        assert_eq!(fields.name("key"), "");
    }
}
