//! Why a file cannot hold a filter, or does not hold the one that it shows.

/// What stands against a filter in a file. Each says what to do next, where there is something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A file that begins with `#!`.
    #[error(
        "a script; its interpreter runs, so use sandboxify, or embed the filter in a copy of that"
    )]
    Script,
    /// Something else than ELF.
    #[error("not an ELF file")]
    NotElf,
    /// A file larger than [`LARGEST`](crate::LARGEST).
    #[error("larger than 1 GiB")]
    TooLarge,
    /// A 32-bit program, x32 among them.
    #[error("a 32-bit program; filters are embedded in 64-bit ones, so use sandboxify")]
    Narrow,
    /// Neither x86_64 nor aarch64, or not little-endian.
    #[error("for another machine (ELF machine {machine}); x86_64 and aarch64 are known here")]
    Machine {
        /// `e_machine` as it stands in the file.
        machine: u16,
    },
    /// An object file or a core dump.
    #[error("not a program but an object file or a memory image")]
    NotProgram,
    /// A shared library.
    #[error("a shared library; embed the filter in the program that uses it")]
    Library,
    /// A program that the dynamic loader starts.
    #[error(
        "a dynamic program; the loader would run before the filter. Give it the object as a library instead: patchelf --add-needed /usr/local/lib/libsandbox.so FILE"
    )]
    Dynamic,
    /// A program that unpacks itself.
    #[error("packed ({sign}); embed the filter before packing, or unpack it first (upx -d)")]
    Packed {
        /// How one sees it.
        sign: &'static str,
    },
    /// A file with a signature that would be worth nothing afterwards.
    #[error(
        "signed ({sign}); the signature would no longer be valid. Embed the filter first, then sign"
    )]
    Signed {
        /// Where the signature is.
        sign: String,
    },
    /// A file that has a filter already.
    #[error("it has an embedded filter already; start from the original file")]
    Sealed,
    /// Data behind everything that ELF headers speak of.
    #[error(
        "{length} bytes of data lie behind the ELF file's end; the program may look for them from there. Append them after embedding, or use sandboxify"
    )]
    Appended {
        /// How many.
        length: u64,
    },
    /// Headers that contradict themselves or the file.
    #[error("a broken ELF file: {what}")]
    Broken {
        /// What does not fit.
        what: &'static str,
    },
    /// No place for one more program header.
    #[error("no room for a program header, and the headers cannot be moved: {why}; use sandboxify")]
    NoRoom {
        /// What is in the way.
        why: &'static str,
    },
    /// A jump cannot reach the program's entry point.
    #[error(
        "the program is too large: its entry point is {distance} bytes from its end; use sandboxify"
    )]
    TooFar {
        /// From the stub to the entry point.
        distance: u64,
    },
    /// The text does not fit the format.
    #[error("the policy's text is longer than 1 MiB")]
    TextTooLong,
    /// A file that shows a filter which does not hold.
    #[error("it shows an embedded filter that does not hold: {why}")]
    DoesNotHold {
        /// What was found instead.
        why: &'static str,
    },
}
