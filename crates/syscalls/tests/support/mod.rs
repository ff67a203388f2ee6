//! Memory made up by a test.
#![allow(
    dead_code,
    clippy::cast_possible_truncation,
    reason = "each test uses its part"
)]

use syscalls::render::Memory;

/// Pieces of memory with nothing in between.
#[derive(Default)]
pub struct Pieces {
    all: Vec<(u64, Vec<u8>)>,
    pub descriptors: Vec<(i32, &'static str)>,
}

impl Pieces {
    /// Puts bytes somewhere and says where.
    pub fn put(&mut self, bytes: impl AsRef<[u8]>) -> u64 {
        let address = 0x7ffc_0000_0000 + 0x1_0000 * self.all.len() as u64;
        self.all.push((address, bytes.as_ref().to_vec()));
        address
    }

    /// A string with its zero byte.
    pub fn text(&mut self, text: &str) -> u64 {
        self.put([text.as_bytes(), &[0]].concat())
    }

    /// Longs, one behind the other.
    pub fn longs(&mut self, values: &[u64]) -> u64 {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.put(bytes)
    }
}

impl Memory for Pieces {
    fn read(&self, address: u64, bytes: &mut [u8]) -> usize {
        let found = self.all.iter().find_map(|(start, piece)| {
            let offset = usize::try_from(address.checked_sub(*start)?).ok()?;
            piece.get(offset..)
        });
        let rest = found.unwrap_or_default();
        let count = rest.len().min(bytes.len());
        bytes[..count].copy_from_slice(&rest[..count]);
        count
    }

    fn descriptor(&self, number: i32) -> Option<Vec<u8>> {
        let known = self.descriptors.iter().find(|(known, _)| *known == number);
        known.map(|(_, target)| target.as_bytes().to_vec())
    }
}
