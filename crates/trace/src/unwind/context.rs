//! The registers of a frame, as unwind tables number them.

/// The columns of unwind tables that registers stand in, on the machine with more of them.
const COLUMNS: usize = 33;

/// A kind of processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// x86_64.
    X86_64,
    /// aarch64.
    Aarch64,
}

/// The registers of a frame, as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    pub(super) machine: Machine,
    /// The instruction that comes next.
    pub(super) counter: u64,
    /// The lowest address that its frame can have: the stack pointer where that is known.
    pub(super) lowest: u64,
    words: [Option<u64>; COLUMNS],
}

impl Machine {
    /// The column of the stack pointer.
    pub(super) fn stack_pointer(self) -> u16 {
        match self {
            Machine::X86_64 => 7,
            Machine::Aarch64 => 31,
        }
    }

    /// The column of the frame pointer.
    pub(super) fn frame_pointer(self) -> u16 {
        match self {
            Machine::X86_64 => 6,
            Machine::Aarch64 => 29,
        }
    }

    /// The column of the register that a call leaves the return address in.
    pub(super) fn link(self) -> Option<u16> {
        match self {
            Machine::X86_64 => None,
            Machine::Aarch64 => Some(30),
        }
    }

    /// Whether functions give a register back as they found it (System V ABI of x86_64, figure 3.4;
    /// Procedure Call Standard for the Arm 64-bit Architecture, 6.1.1).
    pub(super) fn keeps(self, column: u16) -> bool {
        match self {
            Machine::X86_64 => matches!(column, 3 | 6 | 12..=15),
            Machine::Aarch64 => matches!(column, 19..=29),
        }
    }

    /// A return address without the signature that aarch64 may have put into bits which addresses of
    /// programs have no use for.
    pub(super) fn stripped(self, address: u64) -> u64 {
        match self {
            Machine::X86_64 => address,
            Machine::Aarch64 => address & ((1 << 48) - 1),
        }
    }
}

impl Context {
    /// A context from the registers in the order of their columns; those that are left out are unknown.
    #[must_use]
    pub fn new(machine: Machine, counter: u64, registers: &[u64]) -> Context {
        let mut words = [None; COLUMNS];
        for (word, register) in words.iter_mut().zip(registers) {
            *word = Some(*register);
        }
        let pointer = registers.get(usize::from(machine.stack_pointer()));
        Context {
            machine,
            counter,
            lowest: pointer.copied().unwrap_or_default(),
            words,
        }
    }

    /// A caller of which only this is known.
    pub(super) fn caller(&self, counter: u64, lowest: u64) -> Context {
        Context {
            counter: self.machine.stripped(counter),
            lowest,
            words: [None; COLUMNS],
            ..*self
        }
    }

    /// The register in a column.
    pub(super) fn get(&self, column: u16) -> Option<u64> {
        self.words.get(usize::from(column)).copied().flatten()
    }

    pub(super) fn set(&mut self, column: u16, word: Option<u64>) {
        if let Some(place) = self.words.get_mut(usize::from(column)) {
            *place = word;
        }
    }

    /// All columns.
    pub(super) fn columns() -> impl Iterator<Item = u16> {
        (0..).take(COLUMNS)
    }
}
