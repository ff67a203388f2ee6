//! What the dynamic section of a file says of it: a library, a program that needs some, or a program that
//! relocates itself (elf(5), ElfN_Dyn).

use crate::Error;
use crate::elf::{Elf, PT_DYNAMIC, Reader, broken, piece};

/// The entries that tell the kinds apart.
#[derive(Debug, Default)]
pub(crate) struct Dynamic {
    /// There is such a section.
    pub(crate) there: bool,
    /// It names a library (DT_NEEDED).
    pub(crate) needs: bool,
    /// It has a name as a library (DT_SONAME).
    pub(crate) named: bool,
    /// The linker made it as a program (DF_1_PIE in DT_FLAGS_1).
    pub(crate) program: bool,
}

impl Dynamic {
    /// # Errors
    /// [`Error::Broken`] when it lies outside of the file.
    pub(crate) fn read(elf: &Elf<'_>) -> Result<Dynamic, Error> {
        const DT_NULL: u64 = 0;
        const DT_NEEDED: u64 = 1;
        const DT_SONAME: u64 = 14;
        const DT_FLAGS_1: u64 = 0x6fff_fffb;
        const DF_1_PIE: u64 = 0x0800_0000;
        let mut found = Dynamic::default();
        for segment in elf.of_kind(PT_DYNAMIC) {
            found.there = true;
            let entries = piece(elf.bytes, segment.offset, segment.in_file);
            let entries = entries.ok_or(broken("its dynamic section lies outside of it"))?;
            for entry in entries.chunks_exact(16).map(Reader) {
                match entry.word(0)? {
                    DT_NULL => break,
                    DT_NEEDED => found.needs = true,
                    DT_SONAME => found.named = true,
                    DT_FLAGS_1 => found.program |= entry.word(8)? & DF_1_PIE != 0,
                    _ => {}
                }
            }
        }
        Ok(found)
    }
}
