//! Where a program is held before it is filtered.

use std::fs::File;
use std::io::Read;

use nix::unistd::Pid;

use crate::image::{self, Main};
use crate::memory::ProcessMemory;
use crate::registers::{BREAK, Registers};
use crate::{Error, status};

/// Where the filter begins to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before the first instruction of the new image, which is the loader's where there is one.
    Exec,
    /// At the program's own first instruction, behind the loader; with glibc behind the constructors
    /// of libraries, with musl before them.
    Entry,
    /// At `main`, behind everything that the C library does before it.
    Main,
}

/// A breakpoint in a program's code.
#[derive(Debug, Clone)]
pub(crate) struct Breakpoint {
    pub(crate) address: u64,
    code: Vec<u8>,
    /// What it is for: main's address may have to be looked up where the program begins.
    pub(crate) then: Then,
}

/// What follows a breakpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// The place is reached.
    Arrived,
    /// The address of `main` stands at this address now that the loader is done.
    MainAt(u64),
}

/// Programs beyond this size are not read for their `main`.
const LONGEST: u64 = 1 << 30;

/// Finds out where to break for a place. The process has just executed the program.
pub(crate) fn find(process: Pid, place: Place) -> Result<(u64, Then), Error> {
    let entry = status::auxiliary(process, libc::AT_ENTRY).ok_or(Error::NoEntry { process })?;
    if place != Place::Main {
        return Ok((entry, Then::Arrived));
    }
    let mut bytes = Vec::new();
    let file = File::open(format!("/proc/{process}/exe"));
    // A program may be executable without being readable: then its main cannot be found.
    if let Ok(file) = file {
        let _ = file.take(LONGEST).read_to_end(&mut bytes);
    }
    Ok(match image::main_of(&bytes, entry)? {
        Main::Address(main) => (main, Then::Arrived),
        Main::WordAt(address) => (entry, Then::MainAt(address)),
    })
}

impl Breakpoint {
    /// Puts a breakpoint into the code of a stopped process.
    pub(crate) fn plant(process: Pid, address: u64, then: Then) -> Result<Breakpoint, Error> {
        let memory = ProcessMemory::of(process.as_raw());
        let mut code = vec![0; BREAK.len()];
        memory.read_all(address, &mut code)?;
        memory.poke(address, BREAK)?;
        Ok(Breakpoint {
            address,
            code,
            then,
        })
    }

    /// Takes it out again.
    pub(crate) fn remove(&self, process: Pid) -> Result<(), Error> {
        ProcessMemory::of(process.as_raw()).poke(self.address, &self.code)
    }

    /// Whether a thread that got a SIGTRAP stands at it; then its registers are set back to where the
    /// instruction under it is yet to run.
    pub(crate) fn is_hit(&self, thread: Pid) -> Result<bool, Error> {
        let mut registers = Registers::of(thread)?;
        let behind = self.address.wrapping_add(crate::registers::BEHIND_BREAK);
        // A SIGTRAP that somebody sent says so (si_code, sigaction(2)).
        let information = nix::sys::ptrace::getsiginfo(thread);
        let by_hand = information.is_ok_and(|information| information.si_code <= 0);
        if registers.program_counter() != behind || by_hand {
            return Ok(false);
        }
        registers.set_program_counter(self.address);
        registers.write(thread)?;
        Ok(true)
    }
}
