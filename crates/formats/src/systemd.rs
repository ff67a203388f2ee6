//! Lines of a systemd unit: `SystemCallFilter=`, `SystemCallErrorNumber=` and
//! `SystemCallArchitectures=` (systemd.exec(5)).
//!
//! Two things of a unit have no counterpart in our language and stay as policies have them: systemd
//! kills for a call of an ABI that is not listed where we give the default action, and answers calls
//! that it knows nothing of with the default error where we answer ENOSYS.

mod lines;
mod reader;
mod words;
mod writer;

pub(crate) use reader::read;
pub(crate) use writer::write;

use syscalls::Abi;

/// What systemd calls an ABI (`ConditionArchitecture=`, systemd.unit(5)).
fn architecture(abi: Abi) -> &'static str {
    match abi {
        Abi::X86_64 => "x86-64",
        Abi::X86 => "x86",
        Abi::X32 => "x32",
        Abi::Aarch64 => "arm64",
        Abi::Arm => "arm",
    }
}
