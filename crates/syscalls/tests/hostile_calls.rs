//! Any call with any arguments and any memory: a line comes out, the same every time, and short.
#![allow(clippy::cast_possible_truncation, clippy::unwrap_used, clippy::panic)]

use std::cell::Cell;

use syscalls::render::{Memory, NoMemory, Style, call};
use syscalls::{Abi, newest, number};

const ABIS: [Abi; 5] = [Abi::X86_64, Abi::X86, Abi::X32, Abi::Aarch64, Abi::Arm];
/// Where the renderer cuts a line, and what Oz's tracer shows at most.
const LONGEST_LINE: usize = 8192 + 1;
const MOST_READS: u32 = 5000;

/// SplitMix64, for numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Small, special, single-bit and wild values.
    fn argument(&mut self) -> u64 {
        let value = self.next();
        match self.next() % 8 {
            0 => 0,
            1 => value % 64,
            2 => u64::MAX - value % 200,
            3 => 1 << (value % 64),
            4 => value & 0xffff_ffff,
            5 => value & value >> 7 & value >> 13,
            6 => 0x1000 + value % 4096,
            _ => value,
        }
    }
}

/// Memory that is everywhere, or ends after some bytes, with bytes that change from seed to seed.
struct Wild {
    seed: u64,
    reads: Cell<u32>,
}

impl Memory for Wild {
    fn read(&self, address: u64, bytes: &mut [u8]) -> usize {
        self.reads.set(self.reads.get() + 1);
        let mut random = Random(self.seed ^ address);
        let kind = self.seed % 5;
        for byte in bytes.iter_mut() {
            *byte = match kind {
                0 => 0xff,
                1 => b'a',
                2 => random.next() as u8,
                3 => random.argument() as u8,
                _ => 0,
            };
        }
        match self.seed % 7 {
            0 => 0,
            1 => bytes.len().min(random.next() as usize % 64),
            _ => bytes.len(),
        }
    }

    fn descriptor(&self, number: i32) -> Option<Vec<u8>> {
        (number % 2 == 0).then(|| vec![self.seed as u8; 5000])
    }
}

#[test]
fn every_call_gives_a_line() {
    let rounds = match std::env::var_os("SANDBOX_FULL_TESTS") {
        Some(_) => 500,
        None => 20,
    };
    let mut random = Random(1);
    for abi in ABIS {
        let numbers = (0..=newest(abi) + 3).chain([0x4000_0001, 0xf0002, u32::MAX]);
        for number in numbers {
            for _ in 0..rounds {
                let arguments = [(); 6].map(|()| random.argument());
                let memory = Wild {
                    seed: random.next(),
                    reads: Cell::new(0),
                };
                for style in [Style::Plain, Style::Oz, Style::OzGeneric] {
                    let line = call(abi, number, &arguments, &memory, style);
                    assert_eq!(line, call(abi, number, &arguments, &memory, style));
                    assert!(line.len() < LONGEST_LINE, "{} bytes", line.len());
                    assert!(line.ends_with(')') && line.contains('('), "{line}");
                    let printable = line.bytes().all(|byte| (b' '..=b'~').contains(&byte));
                    assert!(printable, "{line:?}");
                }
                assert!(memory.reads.get() < MOST_READS, "{abi} {number}");
            }
        }
    }
}

fn line(abi: Abi, name: &str, arguments: [u64; 6]) -> String {
    let number = number(abi, name).unwrap();
    call(abi, number, &arguments, &NoMemory, Style::Plain)
}

#[test]
fn a_number_without_a_name_shows_all_registers() {
    let line = call(
        Abi::X86_64,
        0x1f4,
        &[0, 1, 2, 3, 4, u64::MAX],
        &NoMemory,
        Style::Plain,
    );
    assert_eq!(
        line,
        "syscall_0x1f4(0x0, 0x1, 0x2, 0x3, 0x4, 0xffffffffffffffff)"
    );
}

#[test]
fn without_memory_pointers_are_numbers() {
    for (name, arguments, expected) in [
        (
            "openat",
            [0xffff_ff9c, 8, 0o102, 0o644, 0, 0],
            "openat(AT_FDCWD, 0x8, O_RDWR|O_CREAT, 0644)",
        ),
        ("connect", [3, 8, 16, 0, 0, 0], "connect(3, 0x8, 16)"),
        (
            "futex",
            [8, 0, 1, 0x10, 0, 0],
            "futex(0x8, FUTEX_WAIT, 1, 0x10)",
        ),
        ("execve", [8, 9, 0, 0, 0, 0], "execve(0x8, 0x9, NULL)"),
        ("write", [1, 8, 5, 0, 0, 0], "write(1, 0x8, 5)"),
        ("write", [1, 0, 0, 0, 0, 0], "write(1, NULL, 0)"),
        ("writev", [1, 8, 1, 0, 0, 0], "writev(1, 0x8, 1)"),
    ] {
        assert_eq!(line(Abi::NATIVE, name, arguments), expected);
    }
}

/// ABI, call, its registers (the rest are zero), and its line.
type Row = (Abi, &'static str, &'static [u64], &'static str);

const OTHER_ABIS: &[Row] = &[
    // Flags of open on Arm, and on 32-bit x86.
    (
        Abi::Arm,
        "open",
        &[8, 0o4_0000],
        "open(0x8, O_RDONLY|O_DIRECTORY)",
    ),
    (
        Abi::Aarch64,
        "openat",
        &[0xffff_ff9c, 8, 0o4_0000],
        "openat(AT_FDCWD, 0x8, O_RDONLY|O_DIRECTORY)",
    ),
    (
        Abi::X86,
        "open",
        &[8, 0o20_0000],
        "open(0x8, O_RDONLY|O_DIRECTORY)",
    ),
    // The halves of a long value, which an even register begins on Arm.
    (
        Abi::X86,
        "pread64",
        &[3, 8, 5, 1, 2],
        "pread64(3, 0x8, 5, 8589934593)",
    ),
    (
        Abi::Arm,
        "pread64",
        &[3, 8, 5, 9, 1, 2],
        "pread64(3, 0x8, 5, 8589934593)",
    ),
    (
        Abi::Arm,
        "truncate64",
        &[0, 9, 1, 2],
        "truncate64(NULL, 8589934593)",
    ),
    // Arguments in memory that is not there.
    (Abi::X86, "mmap", &[8, 1, 2, 3, 4, 5], "mmap(0x8)"),
    (
        Abi::X86,
        "mmap2",
        &[0, 4096, 1, 2, 0xffff_ffff, 3],
        "mmap2(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0x3000)",
    ),
    (
        Abi::X86,
        "_llseek",
        &[3, 1, 5, 8, 2],
        "_llseek(3, 4294967301, 0x8, SEEK_END)",
    ),
    (Abi::X86, "waitpid", &[5, 8, 1], "waitpid(5, 0x8, WNOHANG)"),
    (Abi::X86, "chown", &[0, 0xffff, 5], "chown(NULL, -1, 5)"),
    (
        Abi::X86,
        "fcntl64",
        &[3, 13, 8],
        "fcntl64(3, F_SETLK64, 0x8)",
    ),
    (
        Abi::X86,
        "ipc",
        &[0x1_0017, 5, 6, 0o600],
        "ipc(SHMGET, shmget(0x5, 6, 0600))",
    ),
    // A long of 32 bits has its sign there.
    (
        Abi::X86,
        "lseek",
        &[3, 0xffff_ffff, 2],
        "lseek(3, -1, SEEK_END)",
    ),
    (
        Abi::Arm,
        "clone",
        &[0x8_0011, 0, 1, 2, 3],
        "clone(child_stack=NULL, flags=CLONE_SETTLS|SIGCHLD, tls=0x2)",
    ),
    (
        Abi::X86_64,
        "clone",
        &[0x8_0011, 0, 1, 2, 3],
        "clone(child_stack=NULL, flags=CLONE_SETTLS|SIGCHLD, tls=0x3)",
    ),
];

#[test]
fn other_abis_have_their_own_arguments() {
    for (abi, name, arguments, expected) in OTHER_ABIS {
        let mut registers = [0; 6];
        registers[..arguments.len()].copy_from_slice(arguments);
        assert_eq!(line(*abi, name, registers), *expected, "{abi}");
    }
    let x32 = Abi::X32_BIT + number(Abi::X32, "close").unwrap();
    let line = call(Abi::X32, x32, &[5, 0, 0, 0, 0, 0], &NoMemory, Style::Plain);
    assert_eq!(line, "close(5)");
}

/// An x32 program is one of 64 bits with pointers of 32: what its structures look like depends on the
/// call, so their addresses are all that is sure.
#[test]
fn structures_of_x32_programs_are_not_guessed() {
    let memory = Wild {
        seed: 6,
        reads: Cell::new(0),
    };
    for (name, arguments, expected) in [
        ("nanosleep", [8, 0, 0, 0, 0, 0], "nanosleep(0x8, NULL)"),
        ("fcntl", [1, 6, 8, 0, 0, 0], "fcntl(1, F_SETLK, 0x8)"),
    ] {
        let number = Abi::X32_BIT + number(Abi::X32, name).unwrap();
        let line = call(Abi::X32, number, &arguments, &memory, Style::Plain);
        assert_eq!(line, expected);
    }
}
