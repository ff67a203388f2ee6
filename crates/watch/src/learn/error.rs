//! Why no policy is written.

/// A file that is left as it was, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file is no policy, or would be none.
    #[error(transparent)]
    Policy(#[from] policy::Error),
    /// Calls that the file does not list are allowed.
    #[error("the file allows what it does not list; there is nothing to learn for it")]
    AllowsUnlisted,
    /// `DEFAULT_POSITIVE` is not `allow`.
    #[error(
        "line {line}: with this default a rule allows nothing; learning needs DEFAULT_POSITIVE = allow"
    )]
    Positive {
        /// The line, from 1.
        line: usize,
    },
    /// A rule that would have to be wider and says more than a condition.
    #[error(
        "line {line}: the rule for {call} has actions or an answer of its own and must be widened by hand: {wanted}"
    )]
    Answered {
        /// The line, from 1.
        line: usize,
        /// The call.
        call: String,
        /// What was seen and is not allowed.
        wanted: String,
    },
    /// Two rules for one call: either would contradict the other when widened.
    #[error(
        "line {line}: a second rule for {call}; take one out, so that the other can be widened"
    )]
    Twice {
        /// The line of the second rule, from 1.
        line: usize,
        /// The call.
        call: String,
    },
    /// The condition for a call is in a group or in another file.
    #[error(
        "the condition for {call} is in a group or an included file and cannot be widened here: {wanted}"
    )]
    Elsewhere {
        /// The call.
        call: String,
        /// What was seen and is not allowed.
        wanted: String,
    },
    /// A rule looks at an argument that was not told apart while watching.
    #[error(
        "the rule for {call} looks at an argument that was not watched (number {argument}, from 0)"
    )]
    Unwatched {
        /// The call.
        call: String,
        /// The argument's place.
        argument: usize,
    },
    /// Too many different values to name them.
    #[error(
        "{call} was seen with more values than a rule can name; use --generalise calls or --assume {call}"
    )]
    TooMany {
        /// The call.
        call: String,
    },
    /// The kernel would not take the filter.
    #[error("{problem}; --generalise values or --generalise calls makes it shorter")]
    Filter {
        /// What is wrong with it.
        problem: filter::Error,
    },
    /// A name of `--assume` that no architecture has, or not this one.
    #[error("--assume: no system call of this machine is named \"{name}\"")]
    Unknown {
        /// The name.
        name: String,
    },
    /// What would be written does not mean what was seen: names that the file redefines, for example.
    #[error(
        "the file would not allow {wanted}, which was seen; a name that it defines may mean something else there"
    )]
    Mismatch {
        /// The call with its values.
        wanted: String,
    },
}
