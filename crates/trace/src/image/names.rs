//! Names of functions as people know them.

use std::fmt::{self, Write};

/// Longer names are cut: a few bytes of a mangled one can stand for a megabyte.
const LONGEST: usize = 1024;

/// The name without what Rust's compiler adds; any other as it is.
#[must_use]
pub fn demangled(name: &str) -> String {
    let Ok(rust) = rustc_demangle::try_demangle(name) else {
        return name.to_owned();
    };
    let mut short = Short(String::new());
    // An error means that it is long enough.
    let _ = write!(short, "{rust:#}");
    short.0
}

/// Takes no more than a name's length.
struct Short(String);

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len().saturating_add(text.len()) > LONGEST {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_stands_for_a_longer_one_is_cut() {
        // A function of a tuple with 600 numbers.
        let mangled = format!("_RINvC1a1fT{}EE", "h".repeat(600));
        let name = demangled(&mangled);
        assert!(name.starts_with("a::f::<(u8, u8, u8"), "{name}");
        assert!(
            name.len() > LONGEST / 2 && name.len() <= LONGEST,
            "{}",
            name.len()
        );
    }
}
