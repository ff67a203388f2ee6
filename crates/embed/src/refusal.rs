//! Files that look like programs and cannot hold a filter, each with its reason. Whatever is refused here
//! stays as it is; nothing is embedded on a guess.

use crate::Error;
use crate::dynamic::Dynamic;
use crate::elf::{Elf, PF_W, PF_X, PT_INTERP, Segment, broken, piece};
use crate::find;

/// The largest file that is read, in bytes.
pub const LARGEST: u64 = 1 << 30;

/// What signers append to a file (scripts/sign-file.c of the kernel).
const APPENDED_SIGNATURE: &[u8] = b"~Module signature appended~\n";

/// Sections in which tools for signing ELF files keep their signatures.
const SIGNATURE_SECTIONS: [&[u8]; 5] = [
    b".sig",
    b".signature",
    b"signature",
    b".text_sig",
    b".SUNW_signature",
];

/// How far into a file the mark of a packer lies: behind two or three program headers.
const MARK_WITHIN: usize = 1024;

/// # Errors
/// Why this file cannot hold a filter.
pub(crate) fn refuse(elf: &Elf<'_>) -> Result<(), Error> {
    if elf.length() > LARGEST {
        return Err(Error::TooLarge);
    }
    // First what one can do something about: a packed file has odd headers, too.
    packed(elf)?;
    linked(elf)?;
    segments(elf)?;
    signed(elf)?;
    if find::shows_a_seal(elf) {
        return Err(Error::Sealed);
    }
    appended(elf)
}

fn packed(elf: &Elf<'_>) -> Result<(), Error> {
    let beginning = elf.bytes.get(..MARK_WITHIN).unwrap_or(elf.bytes);
    if beginning.windows(4).any(|four| four == b"UPX!") {
        return Err(Error::Packed {
            sign: "it has the mark of UPX",
        });
    }
    let both = |segment: &Segment| segment.flags & (PF_W | PF_X) == PF_W | PF_X;
    if elf.sections.is_none() && elf.loads().any(both) {
        return Err(Error::Packed {
            sign: "no sections, and memory to write and execute",
        });
    }
    Ok(())
}

fn linked(elf: &Elf<'_>) -> Result<(), Error> {
    let dynamic = Dynamic::read(elf)?;
    let has_loader = elf.of_kind(PT_INTERP).next().is_some();
    let library = elf.moves && dynamic.there && !dynamic.program;
    match () {
        () if library && (dynamic.named || !has_loader) => Err(Error::Library),
        () if has_loader || dynamic.needs => Err(Error::Dynamic),
        () => Ok(()),
    }
}

/// The kernel maps segments in their order and takes the first and the last for the ends.
fn segments(elf: &Elf<'_>) -> Result<(), Error> {
    let loads: Vec<&Segment> = elf.loads().collect();
    let ordered = loads
        .windows(2)
        .all(|pair| matches!(pair, [one, next] if one.top() <= next.address));
    if loads.is_empty() || !ordered {
        return Err(broken("its segments are not in order"));
    }
    let starts = |segment: &&Segment| {
        segment.flags & PF_X != 0 && (segment.address..segment.top()).contains(&elf.entry)
    };
    match loads.iter().copied().any(|segment| starts(&segment)) {
        true => Ok(()),
        false => Err(broken("its entry point lies in no executable segment")),
    }
}

fn signed(elf: &Elf<'_>) -> Result<(), Error> {
    if elf.bytes.ends_with(APPENDED_SIGNATURE) {
        let sign = "a signature is appended".to_string();
        return Err(Error::Signed { sign });
    }
    let sections = elf.sections.iter().flat_map(|sections| &sections.all);
    let mut names = sections.map(|section| section.name);
    match names.find(|name| SIGNATURE_SECTIONS.contains(name)) {
        Some(name) => Err(Error::Signed {
            sign: format!("section {}", String::from_utf8_lossy(name)),
        }),
        None => Ok(()),
    }
}

/// What lies behind everything that headers speak of belongs to somebody who finds it from the end. Zeros
/// mark no place: Go's linker fills a stripped program up with them.
fn appended(elf: &Elf<'_>) -> Result<(), Error> {
    let sections = elf.sections.iter();
    let ends = sections.clone().flat_map(|sections| &sections.all);
    let tables = sections.map(|sections| elf.section_table + sections.table.len() as u64);
    let last = elf.loads().map(Segment::end);
    let last = last.chain(ends.map(|section| section.end)).chain(tables);
    let last = last.chain([elf.table_end()]).max().unwrap_or(0);
    let length = elf.length().saturating_sub(last);
    let behind = piece(elf.bytes, last, length).unwrap_or_default();
    match behind.iter().all(|&byte| byte == 0) {
        true => Ok(()),
        false => Err(Error::Appended { length }),
    }
}
