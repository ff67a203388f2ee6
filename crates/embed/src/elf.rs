//! The ELF headers of a file, read with bounds (elf(5)). What does not fit the file is an error, since a
//! file that the tools of others take otherwise than we do is none to change.

use syscalls::Abi;

use crate::Error;
use crate::sections::Sections;

pub(crate) const PT_LOAD: u32 = 1;
pub(crate) const PT_DYNAMIC: u32 = 2;
pub(crate) const PT_INTERP: u32 = 3;
pub(crate) const PT_NOTE: u32 = 4;
pub(crate) const PT_PHDR: u32 = 6;
/// The properties of a program that the kernel itself reads (include/uapi/linux/elf.h).
pub(crate) const PT_GNU_PROPERTY: u32 = 0x6474_e553;

pub(crate) const PF_X: u32 = 1;
pub(crate) const PF_W: u32 = 2;
pub(crate) const PF_R: u32 = 4;

/// The size of a program header, in bytes.
pub(crate) const SEGMENT: u64 = 56;

const ET_EXEC: u16 = 2;
const ET_DYN: u16 = 3;

/// Where a process's addresses end on the smaller of both machines (47 bits, x86_64).
pub(crate) const HIGHEST: u64 = 1 << 47;

/// A program header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) kind: u32,
    pub(crate) flags: u32,
    pub(crate) offset: u64,
    pub(crate) address: u64,
    pub(crate) physical: u64,
    pub(crate) in_file: u64,
    pub(crate) in_memory: u64,
    pub(crate) alignment: u64,
}

/// A 64-bit program.
#[derive(Debug)]
pub(crate) struct Elf<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) abi: Abi,
    /// Whether it is position independent.
    pub(crate) moves: bool,
    pub(crate) entry: u64,
    /// Where the program headers lie in the file.
    pub(crate) table: u64,
    pub(crate) segments: Vec<Segment>,
    /// Where the section headers lie in the file; 0 where there are none.
    pub(crate) section_table: u64,
    pub(crate) sections: Option<Sections<'a>>,
}

impl<'a> Elf<'a> {
    /// # Errors
    /// What keeps the file from being a 64-bit program of a machine that is known here.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Elf<'a>, Error> {
        if bytes.starts_with(b"#!") {
            return Err(Error::Script);
        }
        if !bytes.starts_with(b"\x7fELF") {
            return Err(Error::NotElf);
        }
        let header = Reader(
            bytes
                .get(..64)
                .ok_or(broken("it is shorter than its header"))?,
        );
        let abi = abi(header)?;
        if header.0.get(6) != Some(&1) {
            return Err(broken("it is of an unknown version of ELF"));
        }
        let moves = match header.half(16)? {
            ET_EXEC => false,
            ET_DYN => true,
            _ => return Err(Error::NotProgram),
        };
        let (table, section_table) = (header.word(32)?, header.word(40)?);
        Ok(Elf {
            bytes,
            abi,
            moves,
            entry: header.word(24)?,
            table,
            segments: segments(bytes, table, header)?,
            section_table,
            sections: Sections::read(bytes, section_table, header)?,
        })
    }

    /// The length of the file.
    pub(crate) fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The segments that are mapped.
    pub(crate) fn loads(&self) -> impl Iterator<Item = &Segment> {
        self.of_kind(PT_LOAD)
    }

    pub(crate) fn of_kind(&self, kind: u32) -> impl Iterator<Item = &Segment> {
        self.segments
            .iter()
            .filter(move |segment| segment.kind == kind)
    }

    /// The end of the program headers in the file.
    pub(crate) fn table_end(&self) -> u64 {
        // Both were in bounds when it was read.
        self.table + self.segments.len() as u64 * SEGMENT
    }

    /// The size of a page on this machine, the largest that its kernels may have: where segments share one,
    /// they cannot have permissions of their own.
    pub(crate) fn page(&self) -> u64 {
        match self.abi {
            Abi::Aarch64 => 0x1_0000,
            _ => 0x1000,
        }
    }
}

impl Segment {
    /// The end of its bytes in the file; they are all there.
    pub(crate) fn end(&self) -> u64 {
        self.offset + self.in_file
    }

    /// The end of its addresses, which are all below [`HIGHEST`] if it is mapped.
    pub(crate) fn top(&self) -> u64 {
        self.address.saturating_add(self.in_memory)
    }

    /// As it stands in a file.
    pub(crate) fn bytes(&self) -> [u8; 56] {
        let mut bytes = [0; 56];
        let words = [
            u64::from(self.kind) | u64::from(self.flags) << 32,
            self.offset,
            self.address,
            self.physical,
            self.in_file,
            self.in_memory,
            self.alignment,
        ];
        for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

/// Numbers of a piece of a file, little-endian.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl Reader<'_> {
    pub(crate) fn half(self, at: usize) -> Result<u16, Error> {
        self.array(at).map(u16::from_le_bytes)
    }

    pub(crate) fn single(self, at: usize) -> Result<u32, Error> {
        self.array(at).map(u32::from_le_bytes)
    }

    pub(crate) fn word(self, at: usize) -> Result<u64, Error> {
        self.array(at).map(u64::from_le_bytes)
    }

    fn array<const N: usize>(self, at: usize) -> Result<[u8; N], Error> {
        let bytes = at.checked_add(N).and_then(|end| self.0.get(at..end));
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or(broken("a header ends too early"))
    }
}

pub(crate) const fn broken(what: &'static str) -> Error {
    Error::Broken { what }
}

/// A piece of a file; nothing where the file does not have all of it.
pub(crate) fn piece(bytes: &[u8], start: u64, length: u64) -> Option<&[u8]> {
    let end = usize::try_from(start.checked_add(length)?).ok()?;
    bytes.get(usize::try_from(start).ok()?..end)
}

fn abi(header: Reader<'_>) -> Result<Abi, Error> {
    const CLASS_64: u8 = 2;
    const LITTLE_ENDIAN: u8 = 1;
    let machine = header.half(18)?;
    match (header.0.get(5), header.0.get(4), machine) {
        (Some(&LITTLE_ENDIAN), Some(&CLASS_64), 62) => Ok(Abi::X86_64),
        (Some(&LITTLE_ENDIAN), Some(&CLASS_64), 183) => Ok(Abi::Aarch64),
        (Some(&LITTLE_ENDIAN), Some(1), _) => Err(Error::Narrow),
        _ => Err(Error::Machine { machine }),
    }
}

fn segments(bytes: &[u8], table: u64, header: Reader<'_>) -> Result<Vec<Segment>, Error> {
    let (size, count) = (header.half(54)?, header.half(56)?);
    if u64::from(size) != SEGMENT || count == 0 {
        return Err(broken("it has no program headers"));
    }
    if table % 8 != 0 {
        return Err(broken("program headers are not aligned"));
    }
    let table = piece(bytes, table, u64::from(count) * SEGMENT);
    let table = table.ok_or(broken("program headers lie outside of it"))?;
    let entries = table.chunks_exact(56);
    entries.map(|entry| segment(bytes, Reader(entry))).collect()
}

fn segment(bytes: &[u8], entry: Reader<'_>) -> Result<Segment, Error> {
    let segment = Segment {
        kind: entry.single(0)?,
        flags: entry.single(4)?,
        offset: entry.word(8)?,
        address: entry.word(16)?,
        physical: entry.word(24)?,
        in_file: entry.word(32)?,
        in_memory: entry.word(40)?,
        alignment: entry.word(48)?,
    };
    if segment.kind != PT_LOAD {
        // What is not mapped may lie anywhere: PT_GNU_STACK has no place, and strippers leave others behind.
        return Ok(segment);
    }
    if piece(bytes, segment.offset, segment.in_file).is_none() {
        return Err(broken("a segment lies outside of it"));
    }
    let top = segment.address.checked_add(segment.in_memory);
    if segment.in_file > segment.in_memory || top.is_none_or(|top| top > HIGHEST) {
        return Err(broken("a segment has no place in memory"));
    }
    Ok(segment)
}
