//! `main` from start-up code: the value of the first argument's register where `_start` calls
//! `__libc_start_main`.
//!
//! glibc's `_start` (sysdeps/*/start.S) loads `main` itself. musl's (crt/crt1.c, crt/rcrt1.c) goes on
//! into `_start_c`, in static-pie programs into `__dls2` from there, and the last of them loads it. So
//! the instructions are read one after the other, without following branches inside a function, and
//! at each call or jump to another function the register is looked at.

use object::elf::EM_AARCH64;

use super::elf::Program;
use super::{Main, aarch64, x86_64};

/// What is known of the values in the registers, in addresses of the file.
#[derive(Default)]
pub(super) struct Registers([Option<Main>; 32]);

impl Registers {
    pub(super) fn get(&self, register: usize) -> Option<Main> {
        self.0.get(register).copied().flatten()
    }

    pub(super) fn set(&mut self, register: usize, value: Option<Main>) {
        if let Some(place) = self.0.get_mut(register) {
            *place = value;
        }
    }

    /// The address in a register, if it holds a known one.
    pub(super) fn address(&self, register: usize) -> Option<u64> {
        match self.get(register)? {
            Main::Address(address) => Some(address),
            Main::WordAt(_) => None,
        }
    }
}

/// What follows an instruction.
#[derive(Clone, Copy)]
pub(super) enum Next {
    /// The instruction behind it.
    On,
    /// An address to jump to, in this function or in another.
    Jump(u64),
    /// Another function, here if that is known.
    Function(Option<u64>),
}

/// An instruction: its length and what follows it.
pub(super) type Instruction = (usize, Next);

/// How the start-up code of a machine is read.
pub(super) struct Machine {
    /// The register of a function's first argument.
    pub(super) first_argument: usize,
    /// Whether the code begins as that of a C library does.
    pub(super) begins: fn(&[u8]) -> bool,
    /// Reads the instruction at an address and keeps what it does to the registers. Nothing for one that
    /// ends the function or is unknown.
    pub(super) read: fn(&[u8], u64, &mut Registers) -> Option<Instruction>,
}

/// Far more than the start-up code of any library has: musl's longest has about 150.
const MOST_INSTRUCTIONS: usize = 1024;

/// `_start`, `_start_c`, `__dls2` and one to spare.
const MOST_FUNCTIONS: usize = 4;

/// `main`, in addresses of the file.
pub(super) fn main(program: &Program<'_>) -> Option<Main> {
    let machine = if program.machine() == EM_AARCH64 {
        aarch64::MACHINE
    } else {
        x86_64::MACHINE
    };
    let mut registers = Registers::default();
    let mut address = program.entry();
    let mut code = program
        .code(address)
        .filter(|code| (machine.begins)(code))?;
    let mut functions = 1;
    for _ in 0..MOST_INSTRUCTIONS {
        let (length, next) = (machine.read)(code, address, &mut registers)?;
        let main = registers.get(machine.first_argument);
        let main = main.filter(|main| is_plausible(program, *main));
        if main.is_some() && !matches!(next, Next::On) {
            return main;
        }
        let target = match next {
            // `_start` has no branches, so it jumps elsewhere; the others do so with `main` in hand.
            Next::Jump(target) if functions == 1 => Some(target),
            Next::On | Next::Jump(_) => None,
            Next::Function(target) => Some(target?),
        };
        if let Some(target) = target {
            functions += 1;
            address = Some(target).filter(|_| functions <= MOST_FUNCTIONS)?;
            code = program.code(address)?;
        } else {
            address = address.wrapping_add(length as u64);
            code = code.get(length..)?;
        }
    }
    None
}

fn is_plausible(program: &Program<'_>, main: Main) -> bool {
    match main {
        Main::Address(address) => program.is_executable(address),
        Main::WordAt(address) => program.is_relocated_at_entry() && program.is_loaded(address),
    }
}
