//! What can be wrong with a policy, and where.

use alloc::string::String;
use core::fmt;

/// A policy that cannot be read. One line, with the place and the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An item of a list.
    #[error("{origin}: item \"{item}\" (column {column}): {problem}{hint}")]
    Item {
        /// The variable or option that holds the list.
        origin: &'static str,
        /// The item as written, control characters escaped, cut when long.
        item: String,
        /// The byte of the list at which the problem starts, from 1.
        column: usize,
        /// What is wrong there.
        problem: Problem,
        /// The closest known word, if there is one, ready to be printed.
        hint: String,
    },
    /// A line of a file.
    #[error("{path}:{line}:{column}: {problem}{hint}\n{excerpt}")]
    Line {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// The byte of the line at which the problem starts, from 1.
        column: usize,
        /// The line, cut when long, and a caret below the place.
        excerpt: String,
        /// What is wrong there.
        problem: Problem,
        /// The closest known word, if there is one, ready to be printed.
        hint: String,
    },
    /// A file that cannot be read.
    #[error("{path}: {}", Cause(*.errno))]
    Unreadable {
        /// The file.
        path: String,
        /// The error number.
        errno: i32,
    },
    /// A variable or option with a single value.
    #[error("{origin}: \"{value}\": {problem}{hint}")]
    Value {
        /// The variable or option.
        origin: &'static str,
        /// Its value, control characters escaped, cut when long.
        value: String,
        /// What is wrong with it.
        problem: Problem,
        /// The closest known word, if there is one, ready to be printed.
        hint: String,
    },
}

/// A problem and its place in the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) at: u32,
    pub(crate) problem: Problem,
}

/// What is wrong at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No architecture has a call of this name.
    #[error("unknown system call")]
    UnknownCall,
    /// No group has this name.
    #[error("unknown group")]
    UnknownGroup,
    /// No action of this name.
    #[error(
        "unknown action; actions are kill_process, kill_thread, trap, log, allow, an errno name, errno(1..4095)"
    )]
    UnknownAction,
    /// A word in an expression that is neither bound, nor an argument of the call, nor a constant.
    #[error("unknown word")]
    UnknownWord,
    /// `allow` where a violation's action is wanted.
    #[error("a violation cannot be allowed; use log to let it run and be recorded")]
    AllowAsDefault,
    /// An error number that no call can return.
    #[error("not an error; use a name such as EPERM or a number from 1 to 4095")]
    BadErrno,
    /// A number that cannot be a native call.
    #[error("not a system call number; numbers go from 0 to 0x3fffffff")]
    BadNumber,
    /// `!` or `@` or `=` without what belongs to it, or a blank inside a name.
    #[error("not an item; write NAME, NUMBER, @GROUP, !NAME, NAME(CONDITION) or NAME=ACTION")]
    Malformed,
    /// `!name=action` or `!name(condition)`.
    #[error("\"!\" takes an item out and cannot have an action or a condition")]
    ActionOnRemoval,
    /// A parenthesis that nothing closes.
    #[error("\"(\" without its \")\"")]
    Unclosed,
    /// A switch that is neither 1 nor 0.
    #[error("must be 1, or 0, or not set")]
    BadSwitch,
    /// An ABI that this machine's kernel does not run, or that is always refused.
    #[error("not an ABI that can be added here")]
    BadAbi,
    /// An operand is missing.
    #[error("expected a number, an argument, a constant or \"(\"")]
    ExpectedOperand,
    /// Something that continues no expression.
    #[error("expected an operator or the end")]
    ExpectedOperator,
    /// `in` without its list.
    #[error("expected \"(\"")]
    ExpectedOpen,
    /// A list or parenthesis that does not end.
    #[error("expected \")\" or \",\"")]
    ExpectedClose,
    /// A parameter that is no name.
    #[error("expected a name")]
    ExpectedName,
    /// `;` without `return`.
    #[error("expected \"return ERROR\"")]
    ExpectedReturn,
    /// A digit that its number cannot have.
    #[error("not a digit of this number")]
    BadDigit,
    /// Nesting, recursion or size beyond all use.
    #[error("too complicated, or defined by itself")]
    TooDeep,
    /// A number where a condition is wanted.
    #[error("a number, not a condition; compare it with something")]
    NotCondition,
    /// A condition where a number is wanted.
    #[error("a condition, not a number")]
    NotNumber,
    /// An argument where only constants have a value.
    #[error("not a constant")]
    NotConstant,
    /// A name that an expression would take for something else, or that is there twice.
    #[error("a name that means something else in expressions, or is there twice")]
    Reserved,
    /// A deny rule on an argument that the call does not have.
    #[error("the call has no such argument")]
    NoArgument,
    /// Full arguments in arithmetic.
    #[error(
        "64-bit arguments cannot be calculated with; use argL0…, argH0… or the name of a 32-bit argument"
    )]
    WideArithmetic,
    /// A variable divisor, or zero.
    #[error("a divisor must be a constant other than 0")]
    Divisor,
    /// A variable shift.
    #[error("a shift must be by a constant")]
    Shift,
    /// A constant that the number beside it cannot have.
    #[error("a constant above 0xffffffff beside a number of 32 bits")]
    TooLarge,
    /// `in(x)`
    #[error("no values to look in; write in(NUMBER, VALUE, ...)")]
    NothingWithin,
    /// A macro with too many or too few arguments.
    #[error("wrong number of arguments")]
    ArgumentCount,
    /// A deny rule on bits that the kernel ignores.
    #[error(
        "the kernel reads fewer bits of this argument, so garbage in the others would pass the rule; use the argument's name"
    )]
    Narrow,
    /// A named argument on an ABI that splits or moves it.
    #[error("another ABI passes this argument differently; leave the ABI out, or the condition")]
    OtherArguments,
    /// A line of a file that is none of the language.
    #[error("not a rule (NAME: CONDITION), default, binding (NAME = ...) or include \"FILE\"")]
    NoLine,
    /// What stands before a colon.
    #[error("not the name of a system call or @GROUP")]
    BadRuleName,
    /// What stands before an equals sign.
    #[error("not a name, or a name with parameters")]
    BadBindingName,
    /// A rule without a body.
    #[error("no condition; write 1 for always")]
    NoBody,
    /// What stands in brackets.
    #[error("expected [+ACTION,-ACTION], each at most once")]
    BadActions,
    /// A call with two rules that differ.
    #[error("another rule for the same system call")]
    Duplicate,
    /// DEFAULT_POLICY in a file that is one item among others.
    #[error("DEFAULT_POLICY only works in a file that is the whole list")]
    PolicyInPart,
    /// A promise as anything but an item of an allow-list.
    #[error("a promise can be added to an allow-list or taken out again, and nothing else")]
    Promise,
    /// A promise for a 32-bit ABI.
    #[error("promises speak of 64-bit calls; leave the other ABI out")]
    PromiseAbi,
    /// A default in a file that another one includes.
    #[error("a default in an included file; put it into the file that includes it")]
    DefaultInInclude,
    /// Files that include each other.
    #[error("includes go too deep or are too many; does the file include itself?")]
    IncludeLoop,
    /// An included file that cannot be read.
    #[error("{}", Cause(*.0))]
    Unreadable(i32),
}

/// An error number as its name.
struct Cause(i32);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ESPIPE: i32 = 29;
        let name = u16::try_from(self.0).ok().and_then(syscalls::errno::name);
        match name {
            Some(_) if self.0 == ESPIPE => f.write_str("cannot be read: not a regular file"),
            Some(name) => write!(f, "cannot be read: {name}"),
            None => write!(f, "cannot be read: error {}", self.0),
        }
    }
}

/// Foreign text for a message: printable, on one line, of bounded length.
pub(crate) fn quoted(text: &[u8]) -> String {
    const LONGEST: usize = 60;
    let shown = &text[..text.len().min(LONGEST)];
    let mut quoted = escaped(shown);
    if shown.len() < text.len() {
        quoted.push_str("...");
    }
    quoted
}

/// Foreign text, printable and on one line.
pub(crate) fn escaped(text: &[u8]) -> String {
    let mut printable = String::new();
    for escaped in text.iter().flat_map(|byte| byte.escape_ascii()) {
        printable.push(char::from(escaped));
    }
    printable
}

/// Foreign text, a byte of it a character, so that a caret below it stays in place.
pub(crate) fn column_true(text: &[u8]) -> String {
    let visible = |&byte: &u8| match byte {
        b' '..=b'~' => char::from(byte),
        _ => ' ',
    };
    text.iter().map(visible).collect()
}
