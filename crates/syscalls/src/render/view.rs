//! A call as the renderers see it: its registers, and careful looks at its memory.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Memory, narrow, text};
use crate::{Abi, differs_from};

/// The most that is read of one string or buffer, in bytes.
const MOST: usize = 4096;

#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub abi: Abi,
    pub name: &'static str,
    registers: [u64; 6],
    pub memory: &'a dyn Memory,
    /// Are structures with pointers or longs of 32 bits to be read too?
    reads_narrow: bool,
    /// Do structures of times have 64 bits on an ABI of 32?
    has_wide_times: bool,
    /// Is every argument where the prototype of 64-bit kernels has it?
    is_widened: bool,
    /// Which arguments of a 32-bit ABI have 64 bits?
    whole: &'static [usize],
}

impl<'a> View<'a> {
    pub fn new(
        abi: Abi,
        name: &'static str,
        registers: &'a [u64; 6],
        memory: &'a dyn Memory,
    ) -> View<'a> {
        View {
            abi,
            name,
            registers: *registers,
            memory,
            reads_narrow: false,
            has_wide_times: false,
            is_widened: false,
            whole: &[],
        }
    }

    /// The same call as 64-bit kernels would be given it, where its ABI passes it otherwise.
    pub fn widened(mut self) -> View<'a> {
        self.reads_narrow = matches!(self.abi, Abi::X86 | Abi::Arm);
        if let Some(wide) = narrow::widened(&self) {
            self.has_wide_times = wide.has_wide_times;
            self.is_widened = true;
            self.whole = wide.whole;
            self.name = wide.name;
            self.registers = wide.registers;
        }
        self
    }

    /// Another call of the same program with these registers.
    pub fn reaching(&self, name: &'static str, registers: [u64; 6]) -> View<'a> {
        View {
            name,
            registers,
            is_widened: true,
            whole: &[],
            ..*self
        }
    }

    pub fn register(&self, place: usize) -> u64 {
        self.registers.get(place).copied().unwrap_or(0)
    }

    pub fn registers(&self) -> impl Iterator<Item = u64> {
        self.registers.iter().copied()
    }

    /// The lower half, which is all that the kernel reads of an int.
    pub fn low(&self, place: usize) -> u64 {
        self.register(place) & u64::from(u32::MAX)
    }

    pub fn int(&self, place: usize) -> i32 {
        text::signed(self.register(place))
    }

    /// A signed value as wide as a register.
    pub fn long(&self, place: usize) -> i64 {
        match self.abi {
            Abi::X86 | Abi::Arm if !self.whole.contains(&place) => i64::from(self.int(place)),
            _ => i64::from_ne_bytes(self.register(place).to_ne_bytes()),
        }
    }

    /// Are pointers and longs 64 bits wide, so that structures are laid out as we know them?
    pub fn is_wide(&self) -> bool {
        matches!(self.abi, Abi::X86_64 | Abi::Aarch64)
    }

    /// Arm's numbers for some flags of open differ (arch/arm/include/uapi/asm/fcntl.h, arch/arm64's).
    pub fn is_arm(&self) -> bool {
        matches!(self.abi, Abi::Aarch64 | Abi::Arm)
    }

    /// The first argument that is not as the prototype says.
    pub fn first_different(&self) -> usize {
        match self.abi {
            Abi::X86 | Abi::Arm if !self.is_widened => differs_from(self.name),
            _ => usize::MAX,
        }
    }

    /// clone differs only in the order of its last two arguments, which its renderer knows.
    pub fn is_as_the_prototype_says(&self) -> bool {
        self.first_different() == usize::MAX || self.name == "clone"
    }

    /// As many bytes as there are, up to a count.
    pub fn some(&self, address: u64, count: usize) -> Vec<u8> {
        let mut bytes = alloc::vec![0; count.min(MOST)];
        let read = self.memory.read(address, &mut bytes);
        bytes.truncate(read);
        bytes
    }

    /// Bytes that are all there, or nothing.
    pub fn bytes(&self, address: u64, count: usize) -> Option<Vec<u8>> {
        let bytes = self.some(address, count);
        (address != 0 && bytes.len() == count).then_some(bytes)
    }

    /// A structure of fixed-width fields, the same on every ABI.
    pub fn fixed<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        let whole = address != 0 && self.memory.read(address, &mut bytes) == N;
        whole.then_some(bytes)
    }

    /// A structure with pointers or longs.
    pub fn structure<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        self.is_wide().then(|| self.fixed(address)).flatten()
    }

    /// The size of a pointer and of a long; nothing where structures with them are not known.
    pub fn word(&self) -> Option<usize> {
        match self.abi {
            Abi::X86_64 | Abi::Aarch64 => Some(8),
            Abi::X86 | Abi::Arm if self.reads_narrow => Some(4),
            _ => None,
        }
    }

    /// Pointers or longs, one behind the other.
    pub fn longs<const N: usize>(&self, address: u64) -> Option<[u64; N]> {
        let word = self.word()?;
        let bytes = self.bytes(address, N * word)?;
        Some(core::array::from_fn(|place| match word {
            4 => text::u32_in(&bytes, 4 * place).into(),
            _ => text::u64_in(&bytes, 8 * place),
        }))
    }

    /// The same with their signs.
    pub fn signed_longs<const N: usize>(&self, address: u64) -> Option<[i64; N]> {
        let is_short = self.word()? == 4;
        let longs = self.longs(address)?;
        Some(longs.map(|long| match is_short {
            true => text::signed(long).into(),
            false => i64::from_ne_bytes(long.to_ne_bytes()),
        }))
    }

    /// Is it a call of 32 bits that has a younger double for larger values?
    pub fn is_older_double(&self) -> bool {
        self.word() == Some(4) && !self.is_widened
    }

    /// The two fields of a time (`struct timespec`).
    pub fn time(&self, address: u64) -> Option<[i64; 2]> {
        match self.has_wide_times {
            true => {
                let time = self.fixed::<16>(address)?;
                // The upper half of the nanoseconds is padding, which need not be zero
                // (get_timespec64(), kernel/time/time.c).
                Some([text::i64_in(&time, 0), text::u32_in(&time, 8).into()])
            }
            false => self.signed_longs(address),
        }
    }

    pub fn has_wide_times(&self) -> bool {
        self.has_wide_times
    }

    /// Elements of an array as text, shortened as strace shortens it; the address alone where none can
    /// be read.
    pub fn list(
        &self,
        address: u64,
        count: u64,
        size: usize,
        show: impl Fn(&[u8]) -> String,
    ) -> String {
        let mut all = Vec::new();
        for place in 0..count.min(text::LONGEST_DATA as u64) {
            let at = address.wrapping_add((size as u64).wrapping_mul(place));
            let Some(bytes) = self.bytes(at, size) else {
                break;
            };
            all.push(show(&bytes));
        }
        if all.is_empty() && (count != 0 || address == 0) {
            return text::pointer(address);
        }
        if (all.len() as u64) < count {
            all.push("...".into());
        }
        alloc::format!("[{}]", text::list(all))
    }

    /// A descriptor with what it is open on, as strace's option -y has it; a number where that is not
    /// known.
    pub fn descriptor(&self, number: i32) -> String {
        let known = (number >= 0).then(|| self.memory.descriptor(number));
        match known.flatten() {
            Some(target) => alloc::format!("{number}<{}>", text::target(&target)),
            None => alloc::format!("{number}"),
        }
    }

    /// A descriptor for a path to start from (openat(2)).
    pub fn base(&self, place: usize) -> String {
        self.base_of(self.int(place))
    }

    pub fn base_of(&self, number: i32) -> String {
        match number {
            -100 => "AT_FDCWD".into(),
            number => self.descriptor(number),
        }
    }

    /// `[7]`: the offset that a pointer leads to. It has 64 bits for every call but the sendfile of
    /// 32-bit kernels that has a double for such offsets (fs/read_write.c).
    pub fn pointed_offset(&self, address: u64) -> String {
        if self.name == "sendfile" && self.is_older_double() {
            return self.pointed_int(address);
        }
        match self.fixed(address).map(i64::from_le_bytes) {
            Some(value) => alloc::format!("[{value}]"),
            None => text::pointer(address),
        }
    }

    /// `[7]`: the int that a pointer leads to.
    pub fn pointed_int(&self, address: u64) -> String {
        match self.fixed(address).map(i32::from_le_bytes) {
            Some(value) => alloc::format!("[{value}]"),
            None => text::pointer(address),
        }
    }

    pub fn pointer(&self, place: usize) -> String {
        text::pointer(self.register(place))
    }

    /// A string that ends with a zero byte.
    pub fn string(&self, address: u64, most: usize) -> String {
        let bytes = self.some(address, most + 1);
        if address == 0 {
            return text::pointer(address);
        }
        match bytes.iter().position(|&byte| byte == 0) {
            Some(end) => text::quoted(bytes.get(..end).unwrap_or_default()),
            None if bytes.len() > most => text::shortened(&bytes, most),
            None => text::pointer(address),
        }
    }

    pub fn path(&self, place: usize) -> String {
        self.string(self.register(place), text::LONGEST_PATH)
    }

    /// The beginning of a buffer.
    pub fn data(&self, address: u64, count: u64) -> String {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        match self.bytes(address, count.min(text::LONGEST_DATA)) {
            Some(bytes) if count > bytes.len() => text::shortened(&bytes, bytes.len()),
            Some(bytes) => text::quoted(&bytes),
            None => text::pointer(address),
        }
    }

    /// The same as a number alone, which is what Oz's tracer shows.
    pub fn directory(&self, place: usize) -> String {
        match self.int(place) {
            -100 => "AT_FDCWD".into(),
            number => alloc::format!("{number}"),
        }
    }
}
