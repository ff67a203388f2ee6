//! A call as a user writes it: `openat(AT_FDCWD, *, O_RDONLY|O_CLOEXEC)`.

use syscalls::Abi;

use crate::failure::Failure;

/// A call that is asked about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) number: u32,
    /// Values of arguments; nothing where any value is meant.
    pub(crate) arguments: [Option<u64>; 6],
}

/// Reads a call: a name or a number, with arguments or without.
pub(crate) fn parse(abi: Abi, text: &str) -> Result<Asked, Failure> {
    let malformed = |why: &'static str| Failure::Call {
        call: text.to_string(),
        why,
    };
    let (name, arguments) = match text.split_once('(') {
        Some((name, rest)) => {
            let inside = rest.trim_end().strip_suffix(')');
            let inside = inside.ok_or_else(|| malformed("expected \")\" at the end"))?;
            (name.trim(), inside)
        }
        None => (text.trim(), ""),
    };
    let number = number(abi, name).ok_or_else(|| Failure::Unknown {
        kind: "system call of this ABI",
        word: name.to_string(),
        hint: "; sandbox-policy syscalls lists them",
    })?;
    let mut asked = Asked {
        number,
        arguments: [None; 6],
    };
    if arguments.trim().is_empty() {
        return Ok(asked);
    }
    for (index, argument) in split(arguments).into_iter().enumerate() {
        let place = asked.arguments.get_mut(index);
        let place = place.ok_or_else(|| malformed("a call has at most six arguments"))?;
        *place = value(text, argument)?;
    }
    Ok(asked)
}

/// Arguments between commas; those within parentheses or quotes do not count.
fn split(text: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    text.split(|letter| {
        match letter {
            _ if std::mem::take(&mut escaped) => {}
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0 && !quoted
    })
    .collect()
}

/// A number, or an expression of constants. A string stands for a pointer to it, which is any number.
fn value(call: &str, text: &str) -> Result<Option<u64>, Failure> {
    let text = text.trim();
    if let Some(string) = text.strip_prefix('"') {
        let ended = string.ends_with('"') && !string.ends_with("\\\"");
        return match ended {
            true => Ok(None),
            false => Err(Failure::Call {
                call: call.to_string(),
                why: "a string that does not end",
            }),
        };
    }
    match text {
        "*" | "_" | "..." => return Ok(None),
        "NULL" => return Ok(Some(0)),
        _ => {}
    }
    let (negative, positive) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let value = policy::evaluate("argument", positive)?;
    Ok(Some(match negative {
        true => value.wrapping_neg(),
        false => value,
    }))
}

/// A call by name or by number, decimal or hexadecimal.
pub(crate) fn number(abi: Abi, word: &str) -> Option<u32> {
    syscalls::number(abi, word).or_else(|| match word.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    })
}
