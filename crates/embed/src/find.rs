//! A filter in a file, found again and taken for nothing but what the bytes prove: the kernel will start
//! the stub, the stub is ours to the last byte, and nothing is mapped over it or can write to it.

use filter::Instruction;
use syscalls::Abi;

use crate::Error;
use crate::elf::{Elf, PF_R, PF_X, PT_INTERP, Segment, piece};
use crate::rebuild::SECTION_NAME;
use crate::seal::{MAGIC, Seal};
use crate::stub::{self, stub};

/// A file whose program loads a filter before anything else. Whether that filter is what the text says
/// is for who can read the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    abi: Abi,
    seal: Seal,
}

impl Sealed {
    /// Looks for a filter: nothing in files without any trace of one, whatever they are.
    ///
    /// # Errors
    /// [`Error::DoesNotHold`] for a file that shows one which the kernel would not come to, or not as it
    /// is shown; [`Error::TooLarge`].
    pub fn find(file: &[u8]) -> Result<Option<Sealed>, Error> {
        if file.len() as u64 > crate::LARGEST {
            return Err(Error::TooLarge);
        }
        let elf = match Elf::parse(file) {
            Ok(elf) => elf,
            // A broken file that holds one is no file without.
            Err(Error::Broken { .. }) if contains_magic(file) => {
                return Err(does_not_hold("the ELF headers are broken"));
            }
            Err(_) => return Ok(None),
        };
        if !shows_a_seal(&elf) {
            return Ok(None);
        }
        let segment = started(&elf)?;
        alone(&elf, segment)?;
        let stub_offset = segment.offset + (elf.entry - segment.address);
        let rest = segment.end() - stub_offset;
        let bytes = piece(file, stub_offset, rest).unwrap_or_default();
        let seal = Seal::read(bytes)?;
        if seal.length() != Ok(rest) {
            return Err(does_not_hold("something lies behind its policy"));
        }
        let wanted = stub(elf.abi, elf.entry, seal.entry);
        if wanted.is_err() || wanted.as_deref().ok() != piece(bytes, 0, stub::LENGTH) {
            return Err(does_not_hold("its first instructions were changed"));
        }
        Ok(Some(Sealed { abi: elf.abi, seal }))
    }

    /// The machine that it is for.
    pub fn abi(&self) -> Abi {
        self.abi
    }

    /// The address at which the program itself begins, before it is moved.
    pub fn entry(&self) -> u64 {
        self.seal.entry
    }

    /// The filter, in running order.
    pub fn instructions(&self) -> &[Instruction] {
        &self.seal.instructions
    }

    /// What the filter is said to be made from: foreign text.
    pub fn policy_text(&self) -> &str {
        &self.seal.policy
    }
}

fn does_not_hold(why: &'static str) -> Error {
    Error::DoesNotHold { why }
}

/// Whether a file has any trace of an embedded filter: our section, or a magic number in what is mapped
/// to be executed.
pub(crate) fn shows_a_seal(elf: &Elf<'_>) -> bool {
    let sections = elf.sections.iter().flat_map(|sections| &sections.all);
    let mut names = sections.map(|section| section.name);
    let mut code = elf.loads().filter(|segment| segment.flags & PF_X != 0);
    names.any(|name| name == SECTION_NAME)
        || code.any(|segment| {
            // It stands near the beginning; sandbox-policy itself has the number elsewhere.
            let length = segment.in_file.min(2 * 4096);
            piece(elf.bytes, segment.offset, length).is_some_and(contains_magic)
        })
}

fn contains_magic(bytes: &[u8]) -> bool {
    bytes.windows(MAGIC.len()).any(|eight| eight == MAGIC)
}

/// The segment that the kernel starts, which must be one that nobody can write to.
fn started<'a>(elf: &'a Elf<'_>) -> Result<&'a Segment, Error> {
    if elf.of_kind(PT_INTERP).next().is_some() {
        return Err(does_not_hold("the kernel would start a loader instead"));
    }
    let mut holding = elf.loads().filter(|segment| {
        let inside = elf.entry.checked_sub(segment.address);
        inside.is_some_and(|inside| inside < segment.in_file)
    });
    let segment = holding.next();
    let segment = segment.ok_or(does_not_hold("the program does not begin with it"))?;
    if segment.flags != PF_R | PF_X {
        return Err(does_not_hold(
            "its memory can be written to, or not executed",
        ));
    }
    if segment.in_file != segment.in_memory {
        return Err(does_not_hold("not all of its memory is in the file"));
    }
    let page = elf.page();
    let aligned = |number: u64| number % page == 0;
    match aligned(segment.offset) && aligned(segment.address) {
        true => Ok(segment),
        false => Err(does_not_hold("its memory does not begin with a page")),
    }
}

/// Nothing else may be mapped to one of its pages: what comes later would lie over it.
fn alone(elf: &Elf<'_>, own: &Segment) -> Result<(), Error> {
    let page = elf.page();
    let pages = |segment: &Segment| {
        let start = segment.address - segment.address % page;
        (start, segment.top().next_multiple_of(page))
    };
    let (start, end) = pages(own);
    let others = elf.loads().filter(|segment| !std::ptr::eq(*segment, own));
    let mut places = others.map(pages);
    match places.all(|(from, to)| to <= start || end <= from) {
        true => Ok(()),
        false => Err(does_not_hold("another segment lies over its memory")),
    }
}
