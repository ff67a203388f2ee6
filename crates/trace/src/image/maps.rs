//! `/proc/PID/maps`: what a process has mapped, and where there is room for a few bytes of ours.
//!
//! Format: proc_pid_maps(5) and show_map_vma() in the kernel's fs/proc/task_mmu.c. Lines that don't have
//! it are skipped.

/// The bytes below the stack pointer that a function may use without moving it (System V ABI of x86_64,
/// 3.2.2; aarch64 has none).
const RED_ZONE: u64 = 128;

/// The alignment of scratch memory, enough for all structures of system calls.
const ALIGNMENT: u64 = 16;

/// A file by the numbers that the kernel has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Inode {
    /// The device's major number; 0 for file systems without a device.
    pub major: u64,
    /// The device's minor number.
    pub minor: u64,
    /// The number in the file system; 0 where no file is mapped.
    pub number: u64,
}

/// A range of a process's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The first address.
    pub start: u64,
    /// The address behind the last.
    pub end: u64,
    /// `r`
    pub readable: bool,
    /// `w`
    pub writable: bool,
    /// `x`
    pub executable: bool,
    /// `s`: writes are seen by others. Otherwise `p`, private, copied when written to.
    pub shared: bool,
    /// Where in the file it begins.
    pub offset: u64,
    /// Which file it is, for what maps one.
    pub inode: Inode,
    /// What is mapped: a path, or a name such as `[heap]`; nothing for anonymous memory. Newlines, which the
    /// kernel writes as `\012`, are put back; ` (deleted)` stays, since a file's name can end so too.
    pub path: Option<Vec<u8>>,
}

impl Mapping {
    /// The offset in the mapped file of the byte at an address.
    #[must_use]
    pub fn file_offset(&self, address: u64) -> Option<u64> {
        let inside = address.checked_sub(self.start)?;
        let offset = self.offset.checked_add(inside);
        offset.filter(|_| address < self.end)
    }

    /// The path of the mapped file, unless that was deleted.
    #[must_use]
    pub fn file(&self) -> Option<&[u8]> {
        let path = self.path.as_deref()?;
        (path.starts_with(b"/") && !path.ends_with(b" (deleted)")).then_some(path)
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = line.splitn(6, |byte| *byte == b' ');
        let range = fields.next()?;
        let &[read, write, execute, share] = fields.next()? else {
            return None;
        };
        let offset = hexadecimal(fields.next()?)?;
        let inode = Inode::parse(fields.next()?, fields.next()?)?;
        let path = fields.next().unwrap_or_default().trim_ascii_start();
        let dash = range.iter().position(|byte| *byte == b'-')?;
        let (start, end) = (range.get(..dash)?, range.get(dash + 1..)?);
        let mapping = Self {
            start: hexadecimal(start)?,
            end: hexadecimal(end)?,
            readable: read == b'r',
            writable: write == b'w',
            executable: execute == b'x',
            shared: share == b's',
            offset,
            inode,
            path: (!path.is_empty()).then(|| unescape(path)),
        };
        (mapping.start < mapping.end).then_some(mapping)
    }

    /// How well it suits as scratch memory, least first; nothing if it does not.
    fn rank(&self) -> Option<u8> {
        if self.shared || !self.readable || !self.writable {
            return None;
        }
        match self.path.as_deref() {
            Some(b"[heap]") => Some(0),
            None => Some(1),
            Some(name) if name.starts_with(b"[anon:") || name.starts_with(b"[stack") => Some(1),
            // [vvar] and its kind are the kernel's.
            Some(name) if name.starts_with(b"[") => None,
            Some(_) => Some(2),
        }
    }
}

impl Inode {
    fn parse(device: &[u8], number: &[u8]) -> Option<Self> {
        let colon = device.iter().position(|byte| *byte == b':')?;
        Some(Self {
            major: hexadecimal(device.get(..colon)?)?,
            minor: hexadecimal(device.get(colon + 1..)?)?,
            number: std::str::from_utf8(number).ok()?.parse().ok()?,
        })
    }
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    // from_str_radix would take a sign.
    let digits = Some(digits).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// seq_path() writes a newline as `\012` and a backslash as it is: a path that really holds these four
/// characters can't be told apart.
fn unescape(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [first, others @ ..] = rest {
        if let Some(others) = rest.strip_prefix(b"\\012") {
            plain.push(b'\n');
            rest = others;
        } else {
            plain.push(*first);
            rest = others;
        }
    }
    plain
}

/// All mappings of a process, in the order of their addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maps {
    mappings: Vec<Mapping>,
}

impl Maps {
    /// Reads the text of `/proc/PID/maps`.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let lines = text.split(|byte| *byte == b'\n');
        let mut mappings: Vec<Mapping> = lines.filter_map(Mapping::parse).collect();
        mappings.sort_by_key(|mapping| mapping.start);
        Self { mappings }
    }

    /// The mapping that an address lies in.
    #[must_use]
    pub fn find(&self, address: u64) -> Option<&Mapping> {
        let behind = self
            .mappings
            .partition_point(|mapping| mapping.start <= address);
        let mapping = self.mappings.get(behind.checked_sub(1)?)?;
        (address < mapping.end).then_some(mapping)
    }

    /// The end of the memory for data that an address lies in, over mappings that touch each other; the
    /// address may be that end, as the pointer of an empty stack is.
    #[must_use]
    pub fn end_of_data(&self, address: u64) -> Option<u64> {
        let is_data = |mapping: &Mapping| mapping.readable && mapping.writable;
        let here = self.find(address).filter(|one| is_data(one));
        let below = || {
            self.find(address.checked_sub(1)?)
                .filter(|one| is_data(one))
        };
        let mut end = here.or_else(below)?.end;
        let behind = self.mappings.partition_point(|one| one.start < end);
        for next in self.mappings.iter().skip(behind) {
            if next.start != end || !is_data(next) {
                break;
            }
            end = next.end;
        }
        Some(end)
    }

    /// Whether code may run at an address.
    #[must_use]
    pub fn is_code(&self, address: u64) -> bool {
        self.find(address).is_some_and(|mapping| mapping.executable)
    }

    /// All mappings, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = &Mapping> {
        self.mappings.iter()
    }

    /// The address of `length` bytes that may be written to while the program stands still: on the stack
    /// below all that is in use, where nothing needs to be put back; or else the start of a mapping, whose
    /// contents the caller has to put back.
    #[must_use]
    pub fn scratch(&self, stack_pointer: u64, length: usize) -> Option<u64> {
        let length = u64::try_from(length).ok()?;
        self.below(stack_pointer, length).or_else(|| {
            let fits = |mapping: &&Mapping| mapping.end - mapping.start >= length;
            let ranked = self.mappings.iter().filter(fits);
            let ranked = ranked.filter_map(|mapping| Some((mapping.rank()?, mapping.start)));
            ranked.min().map(|(_, start)| start)
        })
    }

    fn below(&self, stack_pointer: u64, length: u64) -> Option<u64> {
        // The pointer of an empty stack is the end of its mapping, so the byte below counts.
        let stack = self.find(stack_pointer.checked_sub(1)?)?;
        stack.rank()?;
        let top = stack_pointer.checked_sub(RED_ZONE)?;
        let start = top.checked_sub(length)? & !(ALIGNMENT - 1);
        (start >= stack.start).then_some(start)
    }
}
