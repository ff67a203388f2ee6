//! Why libseccomp gives no second opinion.

/// What went wrong between a policy and libseccomp's program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A call's conditions cannot be said in rules of libseccomp.
    #[error("libseccomp cannot express the conditions of {call}: {why}")]
    Inexpressible {
        /// The call's name, or its number where it has none.
        call: String,
        /// What stands against it.
        why: Why,
    },
    /// A policy for calls of another ABI than the native one.
    #[error(
        "libseccomp has rules of its own for {}, where one call stands for several",
        .abi.name()
    )]
    OtherAbi {
        /// The ABI.
        abi: syscalls::Abi,
    },
    /// libseccomp failed.
    #[error("libseccomp cannot {what}: {cause}")]
    Library {
        /// What was asked of it.
        what: &'static str,
        /// What it says.
        cause: String,
    },
    /// The program could not be put behind the prologue.
    #[error(transparent)]
    Filter(#[from] filter::Error),
}

/// Why a condition cannot be said in rules of libseccomp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Arguments are compared or combined with each other.
    #[error("arguments are compared with constants alone, not with each other")]
    TwoArguments,
    /// Sums, products and the like.
    #[error("it does not calculate with arguments")]
    Arithmetic,
    /// More rules than are good for the program's length.
    #[error("they take more than {} rules", crate::rules::MOST_RULES)]
    TooManyRules,
    /// A number that is negative to libseccomp.
    #[error("the call's number is above 0x7fffffff")]
    Number,
}
