//! The parts of an ELF file that the others ask for: segments, sections and symbol tables.
//!
//! A program runs without section headers, so broken ones only mean that there are no symbols.

use object::LittleEndian;
use object::elf::{
    EM_AARCH64, EM_X86_64, ET_DYN, ET_EXEC, FileHeader64, Machine, PF_W, PF_X, PT_GNU_EH_FRAME,
    PT_INTERP, PT_LOAD, ProgramHeader64, SectionType, Sym64,
};
use object::read::elf::{FileHeader, ProgramHeader as _, SectionHeader as _, SectionTable};

type Header = FileHeader64<LittleEndian>;

/// The byte order of both machines.
pub(super) const ORDER: LittleEndian = LittleEndian;

/// Loadable segments beyond these are ignored: linkers make four or five.
const MOST_SEGMENTS: usize = 64;

/// A `PT_LOAD` segment.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    address: u64,
    size: u64,
    offset: u64,
    size_in_file: u64,
    executable: bool,
    writable: bool,
}

impl Segment {
    fn holds(&self, address: u64) -> bool {
        address
            .checked_sub(self.address)
            .is_some_and(|inside| inside < self.size)
    }

    /// The bytes from an address on, as the file has them.
    fn bytes<'a>(&self, file: &'a [u8], address: u64) -> Option<&'a [u8]> {
        let skipped = address.checked_sub(self.address)?;
        let left = self.size_in_file.checked_sub(skipped)?;
        let start = usize::try_from(self.offset.checked_add(skipped)?).ok()?;
        let rest = file.get(start..)?;
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        Some(rest.get(..left).unwrap_or(rest))
    }
}

/// An ELF program.
pub(super) struct Program<'a> {
    file: &'a [u8],
    machine: Machine,
    moves: bool,
    has_interpreter: bool,
    entry: u64,
    unwind_header: Option<u64>,
    segments: Vec<Segment>,
    sections: SectionTable<'a, Header>,
}

impl<'a> Program<'a> {
    /// Nothing if this is no 64-bit ELF program for a machine that is known here.
    pub(super) fn parse(file: &'a [u8]) -> Option<Self> {
        let header = Header::parse(file).ok()?;
        let machine = header.e_machine(ORDER);
        let kind = header.e_type(ORDER);
        if header.endian().is_err()
            || ![EM_X86_64, EM_AARCH64].contains(&machine)
            || ![ET_EXEC, ET_DYN].contains(&kind)
        {
            return None;
        }
        let segments = header.program_headers(ORDER, file).ok()?;
        Some(Self {
            file,
            machine,
            moves: kind == ET_DYN,
            has_interpreter: segments
                .iter()
                .any(|header| header.p_type(ORDER) == PT_INTERP),
            entry: header.e_entry(ORDER),
            unwind_header: segments
                .iter()
                .find(|header| header.p_type(ORDER) == PT_GNU_EH_FRAME)
                .map(|header| header.p_vaddr(ORDER)),
            segments: loadable(segments),
            sections: header.sections(ORDER, file).unwrap_or_default(),
        })
    }

    pub(super) fn machine(&self) -> Machine {
        self.machine
    }

    pub(super) fn entry(&self) -> u64 {
        self.entry
    }

    /// Whether the kernel could have loaded the program so far from its own addresses: by whole pages,
    /// and not at all unless it is position independent.
    pub(super) fn may_be_moved_by(&self, bias: u64) -> bool {
        const PAGE: u64 = 4096; // the smallest of both machines
        bias == 0 || self.moves && bias & (PAGE - 1) == 0
    }

    /// Whether its words hold addresses as soon as it reaches its entry point: they always do, or the dynamic
    /// linker sees to it before. A static-pie program relocates itself later.
    pub(super) fn is_relocated_at_entry(&self) -> bool {
        self.has_interpreter || !self.moves
    }

    pub(super) fn is_executable(&self, address: u64) -> bool {
        self.executable_end(address).is_some()
    }

    /// The end of the executable segment that an address lies in.
    pub(super) fn executable_end(&self, address: u64) -> Option<u64> {
        let mut code = self.segments.iter().filter(|segment| segment.executable);
        let segment = code.find(|segment| segment.holds(address))?;
        Some(segment.address.saturating_add(segment.size))
    }

    pub(super) fn is_loaded(&self, address: u64) -> bool {
        self.segments.iter().any(|segment| segment.holds(address))
    }

    /// The instructions from an address on.
    pub(super) fn code(&self, address: u64) -> Option<&'a [u8]> {
        let mut code = self.segments.iter().filter(|segment| segment.executable);
        let segment = code.find(|segment| segment.holds(address))?;
        segment.bytes(self.file, address)
    }

    pub(super) fn writable_segments(&self) -> impl Iterator<Item = &'a [u8]> {
        let writable = self.segments.iter().filter(|segment| segment.writable);
        writable.filter_map(|segment| segment.bytes(self.file, segment.address))
    }

    /// The address of a byte of the file.
    pub(super) fn address_of(&self, offset: u64) -> Option<u64> {
        address_of(&self.segments, offset)
    }

    /// The segments, for who keeps them longer than the file.
    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The bytes from an address on, to the end of its segment.
    pub(super) fn bytes(&self, address: u64) -> Option<&'a [u8]> {
        let segment = self.segments.iter().find(|one| one.holds(address))?;
        segment.bytes(self.file, address)
    }

    /// Where the header of the unwind tables is (`PT_GNU_EH_FRAME`).
    pub(super) fn unwind_header(&self) -> Option<u64> {
        self.unwind_header
    }

    /// The address and the bytes of the section with this name.
    pub(super) fn section(&self, name: &[u8]) -> Option<(u64, &'a [u8])> {
        let strings = self.section_names()?;
        let mut sections = self.sections.iter();
        let found = sections.find(|one| is_named(strings, one.sh_name.get(ORDER), name))?;
        Some((found.sh_addr(ORDER), found.data(ORDER, self.file).ok()?))
    }

    pub(super) fn has_section(&self, name: &[u8]) -> bool {
        let mut sections = self.sections.iter();
        // The string table would search each name to its end, however far that is in a hostile file.
        let strings = self.section_names().unwrap_or_default();
        sections.any(|section| is_named(strings, section.sh_name.get(ORDER), name))
    }

    fn section_names(&self) -> Option<&'a [u8]> {
        let header = Header::parse(self.file).ok()?;
        let index = header.section_strings_index(ORDER, self.file).ok()?;
        self.sections
            .section(index)
            .ok()?
            .data(ORDER, self.file)
            .ok()
    }

    /// The symbols of a table (`SHT_SYMTAB` or `SHT_DYNSYM`) and the strings that name them.
    pub(super) fn symbols(
        &self,
        table: SectionType,
    ) -> Option<(&'a [Sym64<LittleEndian>], &'a [u8])> {
        let table = self.sections.symbols(ORDER, self.file, table).ok()?;
        let strings = self.sections.section(table.string_section()).ok()?;
        Some((table.symbols(), strings.data(ORDER, self.file).ok()?))
    }
}

/// The address of a byte of a file. Where segments share the byte, the executable one's.
pub(super) fn address_of(segments: &[Segment], offset: u64) -> Option<u64> {
    let inside = |segment: &Segment| {
        let inside = offset.checked_sub(segment.offset)?;
        let address = segment.address.checked_add(inside)?;
        (inside < segment.size_in_file).then_some((!segment.executable, address))
    };
    let found = segments.iter().filter_map(inside);
    found.min_by_key(|&(rank, _)| rank).map(|(_, at)| at)
}

fn loadable(headers: &[ProgramHeader64<LittleEndian>]) -> Vec<Segment> {
    let loads = headers
        .iter()
        .filter(|header| header.p_type(ORDER) == PT_LOAD);
    let segments = loads.take(MOST_SEGMENTS).map(|header| Segment {
        address: header.p_vaddr(ORDER),
        size: header.p_memsz(ORDER),
        offset: header.p_offset(ORDER),
        size_in_file: header.p_filesz(ORDER),
        executable: header.p_flags(ORDER).contains(PF_X),
        writable: header.p_flags(ORDER).contains(PF_W),
    });
    segments.collect()
}

/// Whether the string at an offset of a string table is this one.
pub(super) fn is_named(strings: &[u8], offset: u32, name: &[u8]) -> bool {
    let rest = usize::try_from(offset)
        .ok()
        .and_then(|start| strings.get(start..));
    rest.and_then(|rest| rest.strip_prefix(name))
        .is_some_and(|rest| rest.first() == Some(&0))
}
