//! What is kept of a mapped file: how its bytes become addresses, its functions, and its unwind tables.

use std::time::Instant;

use super::elf::{Program, Segment, address_of};
use super::frames::FrameTable;
use super::symbols::Symbols;

/// A file of which code is mapped.
#[derive(Debug)]
pub struct Module {
    segments: Vec<Segment>,
    symbols: Symbols,
    frames: FrameTable,
}

impl Module {
    /// Reads an ELF file; nothing for any other. Of its tables only as much as there is time for. The
    /// bytes have to be aligned to 8, as every allocation is.
    #[must_use]
    pub fn read(file: &[u8], until: Instant) -> Option<Self> {
        let program = Program::parse(file)?;
        Some(Self {
            segments: program.segments().to_vec(),
            symbols: Symbols::new(file),
            frames: FrameTable::new(&program, until),
        })
    }

    /// The address that the byte at an offset of the file has in the file's own numbering: see
    /// [`virtual_address`](super::virtual_address).
    #[must_use]
    pub fn address_of(&self, offset: u64) -> Option<u64> {
        address_of(&self.segments, offset)
    }

    /// The functions.
    #[must_use]
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// The unwind tables.
    #[must_use]
    pub fn frames(&self) -> &FrameTable {
        &self.frames
    }

    /// About how many bytes it takes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.symbols.size().saturating_add(self.frames.size())
    }
}
