//! SEAL: a filter inside of a static ELF file, which loads it before its own first instruction.
//!
//! [`embed`](fn@embed) adds a segment with a stub, the filter and the policy's text, and makes the stub the
//! file's entry; [`Sealed::find`] takes such a file for nothing but what its bytes prove. Files are foreign
//! bytes: every read is bounded, all arithmetic checked. No I/O.
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::cast_possible_truncation
    )
)]

mod dynamic;
mod elf;
mod error;
mod find;
mod layout;
mod rebuild;
mod refusal;
mod seal;
mod sections;
mod stub;
mod stub_aarch64;
mod stub_x86_64;
#[cfg(test)]
#[path = "../../../tests/support/report.rs"]
mod tests_report;

use filter::Checked;
use syscalls::Abi;

pub use error::Error;
pub use find::Sealed;
pub use refusal::LARGEST;

use elf::Elf;
use seal::Seal;

/// The machine whose calls a file makes, if a filter can be put into it.
///
/// # Errors
/// Whatever stands against it; each reason is one of [`Error`].
pub fn examine(file: &[u8]) -> Result<Abi, Error> {
    let elf = Elf::parse(file)?;
    refusal::refuse(&elf)?;
    Ok(elf.abi)
}

/// A copy of a file in which the program starts with loading this filter. The filter must be for the
/// machine that [`examine`] gave; `policy_text` is what the filter was made from, for people and for
/// whoever wants to make it again.
///
/// # Errors
/// As [`examine`]; [`Error::NoRoom`] where the file has no place for one more segment, and
/// [`Error::TooFar`] where its entry point cannot be reached from there.
pub fn embed(file: &[u8], program: &Checked, policy_text: &str) -> Result<Vec<u8>, Error> {
    let elf = Elf::parse(file)?;
    refusal::refuse(&elf)?;
    let seal = Seal {
        entry: elf.entry,
        instructions: program.instructions().to_vec(),
        policy: policy_text.to_string(),
    };
    let layout = layout::plan(&elf, seal.length()?)?;
    let bytes = seal.bytes(elf.abi, layout.stub)?;
    rebuild::rebuild(&elf, &layout, &bytes)
}
