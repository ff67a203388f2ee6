//! Words of unit lines: names of calls, and errors.

/// Whether systemd knows a call or a group; calls of other architectures count.
pub(super) fn known(name: &str) -> bool {
    match name.strip_prefix('@') {
        Some(group) => syscalls::group(group).is_some(),
        None => syscalls::exists(name),
    }
}

/// Stands for `kill`: no error has this number.
pub(super) const KILL: u32 = u32::MAX;

/// An error's number, written as a number in C's notation or as a name in any case, or `kill`.
pub(super) fn error_number(text: &str) -> Option<u32> {
    if text == "kill" {
        return Some(KILL);
    }
    if let Some(number) = syscalls::errno::number(&text.to_ascii_uppercase()) {
        return Some(number.into());
    }
    let (digits, radix) = match text.strip_prefix('0') {
        Some(rest) => match rest.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, 16),
            None if rest.is_empty() => (text, 10),
            None => (rest, 8),
        },
        None => (text, 10),
    };
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u32::from_str_radix(digits, radix).ok().filter(|_| plain)?;
    (number <= syscalls::errno::MAX.into()).then_some(number)
}
