//! Why a file is not learned into. The file itself is named by whoever asked for it.

/// What stands against learning into a file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A directory, a device or a pipe, which must not be replaced.
    #[error("is no regular file")]
    NotRegular,
    /// It is there and cannot be read.
    #[error("{0}")]
    Unreadable(std::io::Error),
    /// It is no UTF-8.
    #[error("is no text")]
    NoText,
    /// The path of a file in another format than `.seccomp` is no UTF-8.
    #[error("the path is no UTF-8")]
    Path,
    /// It, or a file beside it, cannot be written.
    #[error("cannot be written: {0}")]
    Unwritable(std::io::Error),
    /// A file of another format that cannot be read, or a policy that its format cannot say.
    #[error(transparent)]
    Format(#[from] formats::Error),
    /// A policy that cannot be compiled.
    #[error(transparent)]
    Policy(#[from] policy::Error),
    /// A policy that cannot grow as it would have to.
    #[error(transparent)]
    Learn(#[from] watch::learn::Error),
}
