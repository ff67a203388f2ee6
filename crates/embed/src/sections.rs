//! The section headers of a file, which only tools look at: a program runs without. They say what of the file
//! is in use, and one more of them tells strip(1) what is to stay.

use crate::Error;
use crate::elf::{Reader, broken, piece};

/// The size of a section header, in bytes.
pub(crate) const SECTION: u64 = 64;

const SHT_NULL: u32 = 0;
const SHT_NOBITS: u32 = 8;

/// A section header, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Section<'a> {
    pub(crate) name: &'a [u8],
    /// Where its content lies in the file; empty for one that has none.
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// The sections of a file that has any.
#[derive(Debug)]
pub(crate) struct Sections<'a> {
    /// The table as it is.
    pub(crate) table: &'a [u8],
    /// The index of the section that holds the names.
    pub(crate) names_at: u16,
    pub(crate) names: &'a [u8],
    pub(crate) all: Vec<Section<'a>>,
}

impl<'a> Sections<'a> {
    /// Nothing for a file that has none.
    ///
    /// # Errors
    /// [`Error::Broken`] when one lies outside of the file.
    pub(crate) fn read(
        bytes: &'a [u8],
        table: u64,
        header: Reader<'_>,
    ) -> Result<Option<Sections<'a>>, Error> {
        let (size, count, names_at) = (header.half(58)?, header.half(60)?, header.half(62)?);
        if table == 0 || count == 0 {
            // With more than 65279 sections their number stands elsewhere (e_shnum, elf(5)).
            return match table {
                0 => Ok(None),
                _ => Err(broken("it counts no sections, or too many")),
            };
        }
        if u64::from(size) != SECTION || names_at >= count {
            return Err(broken("section headers of another kind"));
        }
        let table = piece(bytes, table, u64::from(count) * SECTION);
        let table = table.ok_or(broken("section headers lie outside of it"))?;
        let entry = |at: usize| Reader(table.get(at * 64..).unwrap_or_default());
        let (_, _, start, end) = place(entry(usize::from(names_at)))?;
        let names = piece(bytes, start, end.saturating_sub(start));
        let names = names.ok_or(broken("section names lie outside of it"))?;
        let all = (0..usize::from(count)).map(|at| section(bytes, names, entry(at)));
        Ok(Some(Sections {
            table,
            names_at,
            names,
            all: all.collect::<Result<_, _>>()?,
        }))
    }
}

/// A section's name and kind as numbers, and where its content starts and ends.
fn place(entry: Reader<'_>) -> Result<(u32, u32, u64, u64), Error> {
    let (start, size) = (entry.word(24)?, entry.word(32)?);
    let end = start.checked_add(size);
    let end = end.ok_or(broken("a section lies outside of it"))?;
    Ok((entry.single(0)?, entry.single(4)?, start, end))
}

fn section<'a>(bytes: &[u8], names: &'a [u8], entry: Reader<'_>) -> Result<Section<'a>, Error> {
    let (name, kind, start, end) = place(entry)?;
    let rest = usize::try_from(name).ok().and_then(|at| names.get(at..));
    let name = rest.unwrap_or_default().split(|&byte| byte == 0).next();
    let name = name.unwrap_or_default();
    if [SHT_NULL, SHT_NOBITS].contains(&kind) {
        let (start, end) = (0, 0);
        return Ok(Section { name, start, end });
    }
    if end > bytes.len() as u64 {
        return Err(broken("a section lies outside of it"));
    }
    Ok(Section { name, start, end })
}
