//! The new file: the old bytes where they were, behind them the segment and new section headers, and at
//! the front what leads there.

use crate::Error;
use crate::elf::{Elf, PF_R, PF_X, PT_LOAD, PT_PHDR, SEGMENT, Segment, broken};
use crate::layout::{Layout, Place};
use crate::sections::{SECTION, Sections};

/// The section by which tools such as strip(1) know that the segment has a content.
pub(crate) const SECTION_NAME: &[u8] = b".sandbox";

/// # Errors
/// [`Error::Broken`] when the headers do not fit where the layout has them.
pub(crate) fn rebuild(elf: &Elf<'_>, layout: &Layout, seal: &[u8]) -> Result<Vec<u8>, Error> {
    let mut file = elf.bytes.to_vec();
    let (table, segments) = segments(elf, layout);
    file.resize(index(layout.offset)?, 0);
    if layout.place == Place::Moved {
        let moved = layout.stub - layout.address;
        file.resize(index(layout.offset + moved)?, 0);
    }
    file.extend_from_slice(seal);
    for (at, segment) in segments.iter().enumerate() {
        put(&mut file, table + at as u64 * SEGMENT, &segment.bytes())?;
    }
    put(&mut file, 24, &layout.stub.to_le_bytes())?;
    put(&mut file, 32, &table.to_le_bytes())?;
    let count = u16::try_from(segments.len()).map_err(|_| broken("too many segments"))?;
    put(&mut file, 56, &count.to_le_bytes())?;
    if let Some(sections) = &elf.sections {
        add_section(&mut file, sections, layout)?;
    }
    Ok(file)
}

fn index(offset: u64) -> Result<usize, Error> {
    usize::try_from(offset).map_err(|_| Error::TooLarge)
}

fn put(file: &mut [u8], at: u64, bytes: &[u8]) -> Result<(), Error> {
    let start = index(at)?;
    let place = file.get_mut(start..start + bytes.len());
    place
        .ok_or(broken("headers lie outside of it"))?
        .copy_from_slice(bytes);
    Ok(())
}

/// The new program headers and where they lie: the new one behind the last that is mapped.
fn segments(elf: &Elf<'_>, layout: &Layout) -> (u64, Vec<Segment>) {
    let mut segments = elf.segments.clone();
    if let Place::Note(at) = layout.place {
        segments.remove(at);
    }
    let last = segments.iter().rposition(|one| one.kind == PT_LOAD);
    segments.insert(last.map_or(0, |at| at + 1), own_segment(elf, layout));
    let size = segments.len() as u64 * SEGMENT;
    let table = match layout.place {
        Place::Moved => layout.offset,
        _ => elf.table,
    };
    if layout.place == Place::Behind {
        // The first segment is what maps the table.
        if let Some(first) = segments.iter_mut().find(|one| one.kind == PT_LOAD) {
            let end = first.in_file.max(elf.table + size);
            (first.in_file, first.in_memory) = (end, end);
        }
    }
    for own in segments.iter_mut().filter(|one| one.kind == PT_PHDR) {
        if layout.place == Place::Moved {
            own.offset = layout.offset;
            (own.address, own.physical) = (layout.address, layout.address);
        }
        (own.in_file, own.in_memory) = (size, size);
    }
    (table, segments)
}

fn own_segment(elf: &Elf<'_>, layout: &Layout) -> Segment {
    Segment {
        kind: PT_LOAD,
        flags: PF_R | PF_X,
        offset: layout.offset,
        address: layout.address,
        physical: layout.address,
        in_file: layout.length,
        in_memory: layout.length,
        alignment: elf.page(),
    }
}

/// Puts a new table of sections at the end, with one more, and the names with one more before it.
fn add_section(file: &mut Vec<u8>, sections: &Sections<'_>, layout: &Layout) -> Result<(), Error> {
    const SHT_PROGBITS: u32 = 1;
    const WHERE: usize = 24;
    let names = file.len() as u64;
    file.extend_from_slice(sections.names);
    // The last name may lack its end.
    file.push(0);
    let name = u32::try_from(file.len() as u64 - names).map_err(|_| Error::TooLarge)?;
    file.extend_from_slice(SECTION_NAME);
    file.push(0);
    let length = file.len() as u64 - names;
    file.resize(file.len().next_multiple_of(64), 0);

    let table = file.len() as u64;
    let mut entries = sections.table.to_vec();
    let own = usize::from(sections.names_at) * 64 + WHERE;
    put(&mut entries, own as u64, &names.to_le_bytes())?;
    put(&mut entries, own as u64 + 8, &length.to_le_bytes())?;
    file.extend_from_slice(&entries);
    file.extend_from_slice(&section(name, SHT_PROGBITS, layout));
    let count = file.len() as u64 - table;
    let count = u16::try_from(count / SECTION).unwrap_or(u16::MAX);
    if count >= FIRST_RESERVED {
        return Err(broken("it counts no sections, or too many"));
    }
    put(file, 40, &table.to_le_bytes())?;
    put(file, 60, &count.to_le_bytes())
}

/// From here on numbers of sections mean something else (SHN_LORESERVE, elf(5)).
const FIRST_RESERVED: u16 = 0xff00;

fn section(name: u32, kind: u32, layout: &Layout) -> [u8; 64] {
    const SHF_ALLOC: u64 = 2;
    const SHF_EXECINSTR: u64 = 4;
    let (before, link, entry_size, alignment) = (layout.stub - layout.address, 0, 0, 64);
    let words = [
        u64::from(name) | u64::from(kind) << 32,
        SHF_ALLOC | SHF_EXECINSTR,
        layout.stub,
        layout.offset + before,
        layout.length - before,
        link,
        alignment,
        entry_size,
    ];
    let mut bytes = [0; 64];
    for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}
