//! Reading words of a stack, as many as a walk may.

use std::cell::Cell;

use super::Memory;

/// Reads of a whole walk: each frame has some twenty registers, and an expression of a hostile table
/// could read for ever.
const MOST_READS: u32 = 8192;

/// The memory of a process, for one walk.
pub(super) struct Reader<'a> {
    memory: &'a dyn Memory,
    left: Cell<u32>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(memory: &'a dyn Memory) -> Reader<'a> {
        Reader {
            memory,
            left: Cell::new(MOST_READS),
        }
    }

    /// The word at an address.
    pub(super) fn word(&self, address: u64) -> Option<u64> {
        self.bytes(address).map(u64::from_le_bytes)
    }

    /// Some bytes from an address on; all or none.
    pub(super) fn bytes<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        self.left.set(self.left.get().checked_sub(1)?);
        let mut bytes = [0; N];
        (self.memory.read(address, &mut bytes) == N).then_some(bytes)
    }
}
