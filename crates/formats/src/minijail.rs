//! Minijail's policy files (minijail0(5)).
//!
//! There are two dialects: what minijail0 reads at run time, and what compile_seccomp_policy.py reads,
//! which has more words. Both are accepted. They disagree on `CONDITION; return ERROR`: the manual
//! gives the error where the condition does not hold, the compiler where it does. Outside braces the
//! manual is right; inside, where only the compiler reads, the compiler is.
//!
//! Minijail kills for a call of another ABI whatever the policy says, and allows fstat even where it is
//! not listed; neither is part of a policy.

mod condition;
mod constant;
mod reader;
mod statement;
mod token;
mod writer;

pub(crate) use reader::read;
pub(crate) use writer::{HEADS, write};
