//! What happens to a call: the words of the language and the kernel's actions behind them.

use core::fmt;

use crate::error::Problem;

/// An error number that a filter can answer with: 1 to 4095.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Errno(u16);

impl Errno {
    /// "Function not implemented", the answer that makes a libc fall back to an older call.
    pub const ENOSYS: Errno = Errno(syscalls::errno::ENOSYS);

    /// The error with this number, if a system call can return it.
    pub fn new(number: u32) -> Option<Errno> {
        let number = u16::try_from(number).ok()?;
        (1..=syscalls::errno::MAX)
            .contains(&number)
            .then_some(Errno(number))
    }

    /// The number.
    pub fn number(self) -> u16 {
        self.0
    }
}

/// What the kernel does with a call (seccomp(2), "Return values" of a filter).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// The call runs.
    Allow,
    /// The process dies of SIGSYS.
    KillProcess,
    /// The calling thread dies of SIGSYS.
    KillThread,
    /// The thread gets SIGSYS, which a program can handle.
    Trap,
    /// The call runs and leaves an audit record.
    Log,
    /// A tracer decides; the call fails with ENOSYS where there is none. Only files have a word for
    /// it, for a tracer that comes with its own filter: it is no denial.
    Trace,
    /// The call fails with this error.
    Errno(Errno),
}

/// The words that stand for an action without a parameter.
pub(crate) const WORDS: [(&str, Action); 6] = [
    ("allow", Action::Allow),
    ("kill", Action::KillProcess),
    ("kill_process", Action::KillProcess),
    ("kill_thread", Action::KillThread),
    ("trap", Action::Trap),
    ("log", Action::Log),
];

impl Action {
    /// Reads an action: a word, the name of an error, or `errno(NAME-or-NUMBER)`.
    ///
    /// # Errors
    /// [`Problem::UnknownAction`], [`Problem::BadErrno`] for a number outside 1–4095.
    pub fn parse(text: &str) -> Result<Action, Problem> {
        if let Some((_, action)) = WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(*action);
        }
        if let Some(inner) = text
            .strip_prefix("errno(")
            .and_then(|rest| rest.strip_suffix(')'))
        {
            return parse_errno(inner.trim_ascii()).map(Action::Errno);
        }
        match syscalls::errno::number(text) {
            Some(number) => Ok(Action::Errno(Errno(number))),
            None => Err(Problem::UnknownAction),
        }
    }

    /// Whether a call with this action gets executed.
    pub fn runs(self) -> bool {
        matches!(self, Action::Allow | Action::Log)
    }
}

fn parse_errno(text: &str) -> Result<Errno, Problem> {
    let number = match syscalls::errno::number(text) {
        Some(number) => Some(u32::from(number)),
        None => parse_number(text),
    };
    number.and_then(Errno::new).ok_or(Problem::BadErrno)
}

/// Reads a decimal number or one in hexadecimal with `0x`; no sign, no separator.
pub(crate) fn parse_number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain
        .then(|| u32::from_str_radix(digits, radix).ok())
        .flatten()
}

/// As [`parse_number`], but a leading zero makes it octal.
pub(crate) fn parse_c_number(text: &str) -> Option<u32> {
    match text.strip_prefix('0') {
        Some(octal) if octal.starts_with(|first: char| first.is_ascii_digit()) => {
            u32::from_str_radix(octal, 8).ok()
        }
        _ => parse_number(text),
    }
}

/// The spelling that [`Action::parse`] reads back.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Action::Allow => f.write_str("allow"),
            Action::KillProcess => f.write_str("kill_process"),
            Action::KillThread => f.write_str("kill_thread"),
            Action::Trap => f.write_str("trap"),
            Action::Log => f.write_str("log"),
            Action::Trace => f.write_str("trace"),
            Action::Errno(errno) => match syscalls::errno::name(errno.0) {
                Some(name) => f.write_str(name),
                None => write!(f, "errno({})", errno.0),
            },
        }
    }
}

/// An action in prose, where a bare error name would not say what it is.
pub(crate) struct Described(pub Action);

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Action::Errno(errno) => match syscalls::errno::name(errno.0) {
                Some(name) => write!(f, "errno {name}"),
                None => write!(f, "errno {}", errno.0),
            },
            other => other.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn words_errors_and_numbers_are_read() {
        let eperm = Action::Errno(Errno(1));
        for (text, action) in [
            ("kill", Action::KillProcess),
            ("kill_process", Action::KillProcess),
            ("kill_thread", Action::KillThread),
            ("trap", Action::Trap),
            ("log", Action::Log),
            ("allow", Action::Allow),
            ("EPERM", eperm),
            ("errno(EPERM)", eperm),
            ("errno(1)", eperm),
            ("errno(0x1)", eperm),
            ("errno(4095)", Action::Errno(Errno(4095))),
        ] {
            assert_eq!(Action::parse(text).unwrap(), action, "{text}");
            assert_eq!(
                Action::parse(&action.to_string()).unwrap(),
                action,
                "{text}, printed and read"
            );
        }
    }

    #[test]
    fn what_is_no_action_is_refused() {
        for text in [
            "errno(0)",
            "errno(4096)",
            "errno()",
            "errno(-1)",
            "errno(+1)",
            "errno(99999999999)",
        ] {
            assert_eq!(Action::parse(text), Err(Problem::BadErrno), "{text}");
        }
        for text in ["", " log", "trace", "user_notif"] {
            assert!(
                matches!(Action::parse(text), Err(Problem::UnknownAction)),
                "{text}"
            );
        }
    }
}
