//! SECOND OPINION: the same policy, laid out by libseccomp.
//!
//! Conditions become rules of libseccomp, which knows constants and masks only and looks at each
//! argument once in a rule; where a case goes before another one, the rules of the later are made
//! disjoint from it. What libseccomp makes of them comes back through a memfd and goes behind our own
//! prologue ([`filter::Program::behind_prologue`]): libseccomp would let x32 and newer calls get
//! other answers than the policy gives. The result is checked as any other program is.
#![forbid(unsafe_code)]

mod bits;
mod error;
mod library;
mod limit;
mod rules;

use filter::{Program, Ticket};
use policy::Policy;

pub use error::{Error, Why};

/// Lays out a policy by libseccomp. With a ticket, its three calls are also allowed to who holds it.
///
/// # Errors
/// [`Error::Inexpressible`] for a condition that libseccomp cannot express; nothing weaker is made.
pub fn compile(policy: &Policy, ticket: Option<&Ticket>) -> Result<Program, Error> {
    let body = library::Library::of(policy)?.instructions()?;
    Ok(Program::behind_prologue(policy, ticket, body)?)
}

/// What libseccomp makes of a policy, in its pseudo code (seccomp_export_pfc(3)), without our prologue.
///
/// # Errors
/// As [`compile`].
pub fn pseudo_code(policy: &Policy) -> Result<String, Error> {
    library::Library::of(policy)?.pseudo_code()
}
