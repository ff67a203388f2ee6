//! Where the new segment goes, and where its program header finds a place.
//!
//! The segment lies above all others, so that none moves and the order of addresses stays. For the header
//! there are three places, tried in this order: free bytes behind the table; the entry of a note, whose
//! content stays where it is; the new segment itself, to which the whole table moves. Kernels before 5.18 tell the
//! program where its table is by counting from the beginning of the first segment (AT_PHDR,
//! fs/binfmt_elf.c), so a moved table must lie as far from there in memory as in the file.

use crate::Error;
use crate::elf::{Elf, HIGHEST, PT_GNU_PROPERTY, PT_LOAD, PT_NOTE, SEGMENT, Segment, piece};

/// Where the header of the new segment finds its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Behind the last one.
    Behind,
    /// In place of the note with this index.
    Note(usize),
    /// In a new table at the beginning of the new segment.
    Moved,
}

/// The new segment. It is mapped as it lies in the file.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) place: Place,
    /// Where it begins in the file, at a multiple of the page.
    pub(crate) offset: u64,
    /// Where it begins in memory, at a multiple of the page.
    pub(crate) address: u64,
    /// The address of the stub, behind the table if that moved.
    pub(crate) stub: u64,
    /// Its length.
    pub(crate) length: u64,
}

/// Program headers must fit a page in kernels before 5.1 (load_elf_phdrs, fs/binfmt_elf.c).
const MOST_SEGMENTS: u64 = 4096 / SEGMENT;

/// How much longer a file may become so that a moved table is found by old kernels, in bytes.
const LARGEST_GAP: u64 = 16 << 20;

/// # Errors
/// [`Error::NoRoom`], with what is in the way.
pub(crate) fn plan(elf: &Elf<'_>, length: u64) -> Result<Layout, Error> {
    let place = place(elf);
    let count = elf.segments.len() as u64 + 1;
    if !matches!(place, Place::Note(_)) && count > MOST_SEGMENTS {
        return Err(no_room("there are too many of them"));
    }
    let top = elf.loads().map(Segment::top).max().unwrap_or(0);
    let (address, offset, before) = match place {
        Place::Moved => {
            let (address, offset) = moved(elf, top)?;
            // The stub begins at a multiple of 64, as code does.
            (address, offset, (count * SEGMENT).next_multiple_of(64))
        }
        _ => {
            let page = elf.page();
            let (address, offset) = (top.next_multiple_of(page), elf.length());
            (address, offset.next_multiple_of(page), 0)
        }
    };
    let layout = Layout {
        place,
        offset,
        address,
        stub: address + before,
        length: before + length,
    };
    match layout.address + layout.length <= HIGHEST {
        true => Ok(layout),
        false => Err(no_room("its addresses reach to the end of memory")),
    }
}

fn no_room(why: &'static str) -> Error {
    Error::NoRoom { why }
}

fn place(elf: &Elf<'_>) -> Place {
    if is_free_behind(elf) {
        return Place::Behind;
    }
    let notes = elf.segments.iter().enumerate();
    let notes: Vec<(usize, &Segment)> = notes.filter(|(_, one)| one.kind == PT_NOTE).collect();
    // What a property says twice is not lost when it is said once.
    let twice = |note: &Segment| {
        let mut properties = elf.of_kind(PT_GNU_PROPERTY);
        properties.any(|other| (other.offset, other.in_file) == (note.offset, note.in_file))
    };
    let spare = notes.iter().find(|(_, note)| twice(note));
    match spare.or(notes.last()) {
        Some(&(at, _)) => Place::Note(at),
        None => Place::Moved,
    }
}

/// Whether nothing and nobody uses the bytes behind the table, and the first segment can hold them.
fn is_free_behind(elf: &Elf<'_>) -> bool {
    let (start, end) = (elf.table_end(), elf.table_end() + SEGMENT);
    let zeros = piece(elf.bytes, start, SEGMENT).is_some_and(|bytes| bytes.iter().all(|&b| b == 0));
    let apart = |from: u64, to: u64| to <= start || end <= from;
    let sections = elf.sections.iter();
    let tables = sections.clone().map(|sections| {
        let table = elf.section_table;
        (table, table + sections.table.len() as u64)
    });
    let contents = sections.flat_map(|sections| &sections.all);
    let contents = contents.map(|section| (section.start, section.end));
    let segments = elf.segments.iter();
    // What is mapped may be data although it is zero, unless sections say that it is none.
    let mapped = segments.map(|one| (one.offset, one.offset.saturating_add(one.in_file)));
    let mut used = tables.chain(contents).chain(mapped);
    zeros && used.all(|(from, to)| apart(from, to)) && first_can_hold(elf, end)
}

/// Whether the first segment begins with the file's header and may grow to an offset in the file.
fn first_can_hold(elf: &Elf<'_>, end: u64) -> bool {
    let mut loads = elf.loads();
    let Some(first) = loads.next() else {
        return false;
    };
    let page = elf.page();
    let next = loads.next().map_or(HIGHEST, |next| next.address);
    first.offset == 0
        && first.in_file == first.in_memory
        && first.in_file >= elf.table_end()
        && first.address % page == 0
        && first.address + end <= next - next % page
}

/// Address and offset for a segment that the table moves to.
fn moved(elf: &Elf<'_>, top: u64) -> Result<(u64, u64), Error> {
    let first = elf.segments.iter().find(|segment| segment.kind == PT_LOAD);
    let base = first.and_then(|first| first.address.checked_sub(first.offset));
    let base = base.ok_or(no_room("the first segment has no beginning in the file"))?;
    let page = elf.page();
    if base % page != 0 {
        return Err(no_room("the first segment is not aligned"));
    }
    let address = top.max(base + elf.length()).next_multiple_of(page);
    let offset = address - base;
    match offset - elf.length() <= LARGEST_GAP {
        true => Ok((address, offset)),
        false => Err(no_room("the program's memory is too large for old kernels")),
    }
}
