//! The little of ELF that decides how a program can be filtered (elf(5)).

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use syscalls::Abi;

/// The beginning of an ELF file of either word size.
#[derive(Clone, Copy)]
pub(crate) struct Elf<'a> {
    bytes: &'a [u8],
}

/// What was looked for lies behind the bytes that are there.
#[derive(Debug)]
pub(crate) struct Elsewhere;

/// A program header of a 64-bit file.
struct Segment {
    kind: u32,
    offset: u64,
    length: u64,
}

/// `EM_X86_64`.
#[cfg(target_arch = "x86_64")]
const NATIVE_MACHINE: u16 = 62;
/// `EM_AARCH64`.
#[cfg(target_arch = "aarch64")]
const NATIVE_MACHINE: u16 = 183;

impl<'a> Elf<'a> {
    /// Takes bytes that begin as ELF does.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Elf<'a>> {
        (bytes.len() >= 20 && bytes.starts_with(b"\x7fELF")).then_some(Elf { bytes })
    }

    /// Whether its words have 64 bits (ELFCLASS64).
    pub(crate) fn is_64_bit(self) -> bool {
        self.bytes[4] == 2
    }

    /// The machine, `EM_*`.
    pub(crate) fn machine(self) -> u16 {
        u16::from_le_bytes([self.bytes[18], self.bytes[19]])
    }

    /// The ABI of its calls, where it is one that this machine's kernel may run.
    pub(crate) fn abi(self) -> Option<Abi> {
        const EM_386: u16 = 3;
        const EM_ARM: u16 = 40;
        match (Abi::NATIVE, self.is_64_bit(), self.machine()) {
            (native, true, NATIVE_MACHINE) => Some(native),
            (Abi::X86_64, false, EM_386) => Some(Abi::X86),
            (Abi::Aarch64, false, EM_ARM) => Some(Abi::Arm),
            _ => None,
        }
    }

    /// Whether it is for this machine.
    pub(crate) fn is_native(self) -> bool {
        self.is_64_bit() && self.machine() == NATIVE_MACHINE
    }

    /// The loader that the kernel starts in the program's stead (PT_INTERP): nothing where there is
    /// none.
    ///
    /// # Errors
    /// [`Elsewhere`] when what tells lies behind these bytes, as patchelf(1) may put it.
    pub(crate) fn loader(self) -> Result<Option<PathBuf>, Elsewhere> {
        const PT_INTERP: u32 = 3;
        let mut segments = self.segments().ok_or(Elsewhere)?;
        let Some(segment) = segments.find(|segment| segment.kind == PT_INTERP) else {
            return Ok(None);
        };
        let start = usize::try_from(segment.offset).map_err(|_| Elsewhere)?;
        let length = usize::try_from(segment.length).map_err(|_| Elsewhere)?;
        let end = start.checked_add(length).ok_or(Elsewhere)?;
        let path = self.bytes.get(start..end).ok_or(Elsewhere)?;
        let path = path.split(|&byte| byte == 0).next().unwrap_or_default();
        Ok(Some(PathBuf::from(OsStr::from_bytes(path))))
    }

    /// Whether these bytes are a shared object with everything that its program headers promise.
    pub(crate) fn is_whole_object(self) -> bool {
        const ET_DYN: u16 = 3;
        let within = |segment: Segment| {
            let end = segment.offset.checked_add(segment.length);
            end.is_some_and(|end| usize::try_from(end).is_ok_and(|end| end <= self.bytes.len()))
        };
        let object = self.half(16) == Some(ET_DYN) && self.is_native();
        object
            && self
                .segments()
                .is_some_and(|mut segments| segments.all(within))
    }

    /// The program headers; nothing when the bytes end before the last one.
    fn segments(self) -> Option<impl Iterator<Item = Segment>> {
        let table = usize::try_from(self.word(32)?).ok()?;
        let (size, count) = (usize::from(self.half(54)?), usize::from(self.half(56)?));
        let segment = move |index: usize| {
            let entry = table.checked_add(index * size)?;
            let kind = self.bytes.get(entry..entry.checked_add(4)?)?;
            Some(Segment {
                kind: u32::from_le_bytes(kind.try_into().ok()?),
                offset: self.word(entry + 8)?,
                length: self.word(entry + 32)?,
            })
        };
        let segments: Option<Vec<Segment>> = (0..count).map(segment).collect();
        Some(segments?.into_iter())
    }

    fn word(self, at: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(8)?)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }

    fn half(self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..at.checked_add(2)?)?;
        Some(u16::from_le_bytes(bytes.try_into().ok()?))
    }
}
