//! The unwind tables of an ELF file: for each instruction, where a function's caller and its registers
//! are (`.eh_frame`; Linux Standard Base, "Exception Frames", and DWARF 5, 6.4).
//!
//! All entries are read once into an index. The table for searching that linkers add (`.eh_frame_hdr`)
//! would be faster and need not fit the entries, so it only says where they begin.

use std::collections::HashMap;
use std::time::Instant;

use gimli::{
    BaseAddresses, CieOrFde, CommonInformationEntry, EhFrame, EhFrameHdr, EhFrameOffset,
    EndianSlice, LittleEndian, UnwindContext, UnwindSection as _, UnwindTableRow, Vendor,
};
use object::elf::EM_AARCH64;

use super::elf::Program;

type Bytes<'a> = EndianSlice<'a, LittleEndian>;
type Shared<'a> = CommonInformationEntry<Bytes<'a>>;

/// Larger tables are not read: that of a browser's library has some 10 MiB.
const LARGEST: usize = 32 << 20;
/// Entries beyond these are ignored.
const MOST_ENTRIES: usize = 1_000_000;
/// The beginnings that entries share: compilers make some for each kind of function.
const MOST_SHARED: usize = 4096;
/// Instructions of an entry: each costs up to a copy of all rules.
const MOST_INSTRUCTIONS: usize = 64 << 10;
/// The longest field that an entry's length stands in, which the length does not count.
const LENGTH: usize = 12;
/// The clock is asked once in so many entries.
const ROUND: usize = 64;

/// What a file says of its functions' frames. Addresses are in the file's own numbering.
#[derive(Debug, Default)]
pub struct FrameTable {
    section: Vec<u8>,
    bases: BaseAddresses,
    vendor: Option<Vendor>,
    index: Vec<Entry>,
}

/// A range of code, and where in the section its entry is.
#[derive(Debug)]
struct Entry {
    start: u64,
    end: u64,
    offset: usize,
}

/// What holds at an instruction.
pub(crate) struct Row<'a> {
    /// The rules.
    pub(crate) rules: &'a UnwindTableRow<usize>,
    /// Where expressions are.
    pub(crate) section: EhFrame<Bytes<'a>>,
    /// The column of the return address.
    pub(crate) return_column: u16,
}

impl FrameTable {
    /// Reads a file's tables, in part where the time is over.
    pub(super) fn new(program: &Program<'_>, until: Instant) -> Self {
        let Some((address, header, section)) = find(program) else {
            return Self::default();
        };
        let bases = BaseAddresses::default()
            .set_eh_frame(address)
            .set_eh_frame_hdr(header);
        let vendor = (program.machine() == EM_AARCH64).then_some(Vendor::AArch64);
        let (index, used) = index(&parsed(section, vendor), &bases, until);
        Self {
            // Behind the last entry is the rest of the segment.
            section: section.get(..used).unwrap_or(section).to_vec(),
            bases,
            vendor,
            index,
        }
    }

    /// How much memory it takes.
    pub(super) fn size(&self) -> usize {
        self.section.len() + self.index.len().saturating_mul(size_of::<Entry>())
    }

    /// Whether an instruction has an entry.
    #[must_use]
    pub fn covers(&self, address: u64) -> bool {
        self.entry(address).is_some()
    }

    /// Gives the row of an instruction to a function; nothing where there is none or it makes no sense.
    pub(crate) fn with_row<T>(&self, address: u64, read: impl FnOnce(&Row<'_>) -> T) -> Option<T> {
        let entry = self.entry(address)?;
        let section = parsed(&self.section, self.vendor);
        let offset = EhFrameOffset(entry.offset);
        let fde = section.fde_from_offset(&self.bases, offset, EhFrame::cie_from_offset);
        let fde = fde.ok()?;
        let mut lengths = fde.entry_len().checked_add(fde.cie().entry_len());
        lengths = lengths.filter(|&both| both <= MOST_INSTRUCTIONS);
        lengths?;
        let mut context = UnwindContext::new();
        let rules = fde.unwind_info_for_address(&section, &self.bases, &mut context, address);
        Some(read(&Row {
            rules: rules.ok()?,
            section,
            return_column: fde.cie().return_address_register().0,
        }))
    }

    fn entry(&self, address: u64) -> Option<&Entry> {
        let behind = self.index.partition_point(|entry| entry.start <= address);
        let entry = self.index.get(behind.checked_sub(1)?)?;
        (address < entry.end).then_some(entry)
    }
}

/// The address of the tables, that of their header, and the bytes from their beginning on.
fn find<'a>(program: &Program<'a>) -> Option<(u64, u64, &'a [u8])> {
    by_header(program).or_else(|| {
        let (address, bytes) = program.section(b".eh_frame")?;
        (bytes.len() <= LARGEST).then_some((address, 0, bytes))
    })
}

/// What the program's own unwinder goes by; it needs no section headers.
fn by_header<'a>(program: &Program<'a>) -> Option<(u64, u64, &'a [u8])> {
    let header = program.unwind_header()?;
    let bases = BaseAddresses::default().set_eh_frame_hdr(header);
    let bytes = program.bytes(header)?;
    let parsed = EhFrameHdr::new(bytes, LittleEndian).parse(&bases, 8).ok()?;
    let address = parsed.eh_frame_ptr().direct().ok()?;
    let bytes = program.bytes(address)?;
    Some((address, header, bytes.get(..LARGEST).unwrap_or(bytes)))
}

fn parsed(section: &[u8], vendor: Option<Vendor>) -> EhFrame<Bytes<'_>> {
    let mut parsed = EhFrame::new(section, LittleEndian);
    parsed.set_address_size(8);
    parsed.set_vendor(vendor.unwrap_or(Vendor::Default));
    parsed
}

/// All entries by address, and how much of the section they take. What cannot be read is left out.
fn index<'a>(
    section: &EhFrame<Bytes<'a>>,
    bases: &BaseAddresses,
    until: Instant,
) -> (Vec<Entry>, usize) {
    let mut used = 0;
    let mut shared: HashMap<usize, Option<Shared<'a>>> = HashMap::new();
    let mut index: Vec<Entry> = Vec::new();
    let mut entries = section.entries(bases);
    for count in 0..MOST_ENTRIES {
        let Ok(Some(entry)) = entries.next() else {
            break;
        };
        let CieOrFde::Fde(partial) = entry else {
            continue;
        };
        let known = shared.len();
        let entry = partial.parse(|section, bases, offset| {
            let read = || section.cie_from_offset(bases, offset).ok();
            let found = shared.entry(offset.0).or_insert_with(read);
            found.clone().ok_or(gimli::Error::NotCiePointer)
        });
        // Each of the shared beginnings could be as long as the section.
        let is_time = count % ROUND == 0 || shared.len() != known;
        if is_time && Instant::now() > until || shared.len() > MOST_SHARED {
            break;
        }
        index.extend(entry.ok().and_then(|entry| {
            let (start, end) = (entry.initial_address(), entry.end_address());
            let offset = entry.offset();
            used = used.max(entry.entry_len().saturating_add(offset + LENGTH));
            (start < end).then_some(Entry { start, end, offset })
        }));
    }
    index.sort_by_key(|entry| entry.start);
    (index, used)
}
