//! From names to numbers and back.

use crate::Abi;
use crate::table::{CALLS, Call, EMPTY, NAMES, NEWEST, NONE, PRIVATE, SLOTS};

/// Arm's private calls are counted from here (arch/arm/include/uapi/asm/unistd.h).
const ARM_PRIVATE: u32 = 0x000f_0000;

/// The column of an ABI in the table.
fn column(abi: Abi) -> usize {
    match abi {
        Abi::X86_64 => 0,
        Abi::X86 => 1,
        Abi::X32 => 2,
        Abi::Aarch64 => 3,
        Abi::Arm => 4,
    }
}

impl Call {
    /// The number on an ABI.
    pub(crate) fn number(&self, abi: Abi) -> Option<u32> {
        match self.numbers[column(abi)] {
            NONE => None,
            private if private & PRIVATE != 0 => Some(ARM_PRIVATE + u32::from(private & !PRIVATE)),
            number => Some(u32::from(number)),
        }
    }

    fn name(&self) -> &'static str {
        let start = usize::from(self.start);
        &NAMES[start..start + usize::from(self.length)]
    }
}

/// The index of a name in the table: at the place that it hashes to, or soon behind it. A list of
/// names is looked up at every start of a program, so this is worth a table.
pub(crate) fn find(name: &str) -> Option<usize> {
    let mut slot = hash(name);
    loop {
        match SLOTS[slot % SLOTS.len()] {
            EMPTY => return None,
            index => {
                let index = usize::from(index);
                // Byte by byte: comparing slices would call memcmp.
                if CALLS[index].name().bytes().eq(name.bytes()) {
                    return Some(index);
                }
            }
        }
        slot += 1;
    }
}

/// FNV-1a, 32 bits; the generator has the same.
fn hash(name: &str) -> usize {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = name.bytes().fold(0x811c_9dc5, step);
    usize::try_from(hash).unwrap_or(0) % SLOTS.len()
}

/// The number of the call with this name, or nothing where the ABI has no such call.
///
/// Numbers of x32 come without bit 30. The table holds the numbers of Linux 6.18 and the two that
/// later kernels have reserved.
pub fn number(abi: Abi, name: &str) -> Option<u32> {
    CALLS[find(name)?].number(abi)
}

/// The name of the call with this number.
pub fn name(abi: Abi, number: u32) -> Option<&'static str> {
    CALLS
        .iter()
        .find(|call| call.number(abi) == Some(number))
        .map(Call::name)
}

/// Whether any Linux architecture has a call of this name.
pub fn exists(name: &str) -> bool {
    find(name).is_some()
}

/// All names that an ABI has, in alphabetical order, with their numbers.
pub fn names(abi: Abi) -> impl Iterator<Item = (&'static str, u32)> {
    CALLS
        .iter()
        .filter_map(move |call| Some((call.name(), call.number(abi)?)))
}

/// The highest number that the table knows for an ABI. Arm's private calls do not count: they are
/// no sign of a kernel's age.
pub fn newest(abi: Abi) -> u32 {
    NEWEST[column(abi)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_kernels_tables() {
        for (abi, name, expected) in [
            (Abi::X86_64, "read", Some(0)),
            (Abi::X86_64, "execve", Some(59)),
            (Abi::X86_64, "newfstatat", Some(262)),
            (Abi::X86_64, "mseal", Some(462)),
            (Abi::X86_64, "file_setattr", Some(469)),
            (Abi::X86, "execve", Some(11)),
            (Abi::X32, "execve", Some(520)),
            (Abi::Aarch64, "execve", Some(221)),
            (Abi::Aarch64, "open", None),
            (Abi::X86_64, "socketcall", None),
            (Abi::X86_64, "no_such_call", None),
        ] {
            assert_eq!(number(abi, name), expected, "{name} on {abi}");
        }
    }

    #[test]
    fn every_name_is_found_and_every_number_has_one_name() {
        assert!(CALLS.windows(2).all(|pair| pair[0].name() < pair[1].name()));
        assert!(CALLS.iter().all(|call| exists(call.name())));
        for abi in [Abi::X86_64, Abi::X86, Abi::Aarch64, Abi::Arm] {
            for (spelled, number) in names(abi) {
                assert_eq!(name(abi, number), Some(spelled), "{number} on {abi}");
            }
        }
    }

    #[test]
    fn names_of_other_architectures_exist_without_a_number_here() {
        for foreign in [
            "socketcall",
            "mmap2",
            "riscv_hwprobe",
            "s390_runtime_instr",
            "spu_run",
        ] {
            assert!(exists(foreign), "{foreign}");
        }
        assert!(!exists("newfstat"), "a kernel-internal spelling is no name");
    }

    #[test]
    fn newest_is_the_end_of_the_generic_table() {
        assert_eq!(newest(Abi::X86_64), newest(Abi::Aarch64));
        assert!((471..1000).contains(&newest(Abi::Arm)));
    }
}
