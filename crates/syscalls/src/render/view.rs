//! A call as the renderers see it: its registers, and careful looks at its memory.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Memory, text};
use crate::{Abi, differs_from};

/// The most that is read of one string or buffer, in bytes.
const MOST: usize = 4096;

pub(super) struct View<'a> {
    pub abi: Abi,
    pub name: &'static str,
    registers: &'a [u64; 6],
    pub memory: &'a dyn Memory,
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
            registers,
            memory,
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
            Abi::X86 | Abi::Arm => i64::from(self.int(place)),
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
            Abi::X86 | Abi::Arm => differs_from(self.name),
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

    /// A descriptor of a directory for a path to start from (openat(2)).
    pub fn directory(&self, place: usize) -> String {
        match self.int(place) {
            -100 => "AT_FDCWD".into(),
            number => alloc::format!("{number}"),
        }
    }
}
