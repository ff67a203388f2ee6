//! C constants: the numbers behind names such as `AF_UNIX` and `O_CREAT`.
//!
//! There are more than two thousand, and every program that loads the preloaded object maps them, so
//! the table is packed; `examples/generate_constants/encode.rs` says how.

use alloc::string::String;
use core::cmp::Ordering;

use crate::constant_table::{
    ABSENT, BITS, BLOCK, BLOCKS, BYTES, COUNT_BITS, ENTRIES, FIRST_BIT, FIRST_CHARACTER,
    LAST_CHARACTER, LEAST_BYTES, LONGEST, PAIRS, UPPERED, UPPERS, VARIES,
};
use crate::errno;

/// A place in the table, and the name of the entry before it.
struct Entries {
    at: usize,
    name: [u8; LONGEST],
    length: usize,
}

impl Entries {
    /// From a place where a block begins.
    fn from(at: usize) -> Entries {
        Entries {
            at,
            name: [0; LONGEST],
            length: 0,
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = ENTRIES.get(self.at).copied();
        self.at += 1;
        byte
    }

    /// Adds what a token stands for to the name.
    fn spell(&mut self, token: u8) -> Option<()> {
        if (FIRST_CHARACTER..=LAST_CHARACTER).contains(&token) {
            *self.name.get_mut(self.length)? = token;
            self.length += 1;
            return Some(());
        }
        let pair = token.wrapping_sub(LAST_CHARACTER + 1);
        let [first, second] = *PAIRS.get(usize::from(pair))?;
        self.spell(first)?;
        self.spell(second)
    }

    /// Takes up the name of the next entry. Its value must be taken up before the entry after it.
    fn next_name(&mut self) -> Option<&[u8]> {
        let header = self.byte()?;
        self.length = usize::from(header >> COUNT_BITS);
        let count = match header & ((1 << COUNT_BITS) - 1) {
            0 => self.byte()?,
            count => count,
        };
        for _ in 0..count {
            let token = self.byte()?;
            self.spell(token)?;
        }
        self.name.get(..self.length)
    }

    /// Takes up the value of the entry whose name was taken up: nothing where this machine has none.
    fn value(&mut self) -> Option<u64> {
        match self.byte()? {
            VARIES => {
                let [x86_64, aarch64] = [self.same_everywhere(), self.same_everywhere()];
                match cfg!(target_arch = "aarch64") {
                    true => aarch64,
                    false => x86_64,
                }
            }
            code => self.coded(code),
        }
    }

    fn same_everywhere(&mut self) -> Option<u64> {
        let code = self.byte()?;
        self.coded(code)
    }

    fn coded(&mut self, code: u8) -> Option<u64> {
        match code {
            ABSENT => None,
            BYTES.. => {
                let places = 0..u32::from(code - BYTES + LEAST_BYTES);
                places
                    .map(|place| Some(u64::from(self.byte()?) << (8 * place)))
                    .sum()
            }
            UPPERED.. => {
                let upper = i64::from(*UPPERS.get(usize::from(code - UPPERED))?);
                let value = upper << 8 | i64::from(self.byte()?);
                Some(u64::from_ne_bytes(value.to_ne_bytes()))
            }
            BITS.. => Some(1 << (code - BITS + FIRST_BIT)),
            value => Some(value.into()),
        }
    }
}

/// All entries, in the order of their names.
struct Constants(Entries);

impl Iterator for Constants {
    type Item = (String, u64);

    fn next(&mut self) -> Option<(String, u64)> {
        loop {
            let name = self.0.next_name()?;
            let name = name.iter().copied().map(char::from).collect();
            if let Some(value) = self.0.value() {
                return Some((name, value));
            }
        }
    }
}

/// The value of a C constant of Linux on this machine, error numbers included. Upper and lower case
/// are the same here. Negative values are sign-extended to 64 bits, as in a register.
///
/// There are all constants of Go's syscall package that policies could always use, and what newer
/// kernels and other arguments need. The values are those that the kernel's headers give, save six
/// that Go has otherwise: `AF_MAX`, `EPOLLET`, `MS_RMT_MASK`, `O_LARGEFILE`, `PTRACE_O_MASK` and
/// `SOMAXCONN` keep the meaning that policies already rely on.
pub fn constant(name: &str) -> Option<u64> {
    in_table(name).or_else(|| errno::number_in_any_case(name).map(u64::from))
}

fn in_table(name: &str) -> Option<u64> {
    let behind = BLOCKS.partition_point(|&start| {
        let mut entries = Entries::from(start.into());
        let first = entries.next_name();
        first.is_some_and(|first| compare(first, name).is_le())
    });
    let start = *BLOCKS.get(behind.checked_sub(1)?)?;
    let mut entries = Entries::from(start.into());
    for _ in 0..BLOCK {
        let found = compare(entries.next_name()?, name).is_eq();
        let value = entries.value();
        if found {
            return value;
        }
    }
    None
}

/// The order of a name of the table and one in any case.
fn compare(known: &[u8], name: &str) -> Ordering {
    let upper = name.bytes().map(|byte| byte.to_ascii_uppercase());
    known.iter().copied().cmp(upper)
}

/// The names of all constants that this machine has, each once, with their values: those of the
/// table in alphabetical order, then those of errors.
pub fn constants() -> impl Iterator<Item = (String, u64)> {
    let errors = errno::names().zip(errno::names().filter_map(errno::number));
    let errors = errors.map(|(name, number)| (String::from(name), number.into()));
    Constants(Entries::from(0)).chain(errors)
}
