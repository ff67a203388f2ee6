//! Files with damaged unwind tables, and any registers and memory: nothing panics, takes long, or leads
//! down the stack.

use std::fs;
use std::sync::Arc;

use proptest::prelude::*;
use trace::image::{Maps, Module};

use super::*;

/// Files with tables: each with those of its compiler.
fn files() -> Vec<Vec<u8>> {
    let names = [
        "/bin/true",
        "/usr/bin/env",
        "/lib/x86_64-linux-gnu/libc.so.6",
    ];
    let files = names.iter().filter_map(|name| fs::read(name).ok());
    let files: Vec<Vec<u8>> = files.collect();
    assert!(!files.is_empty());
    files
}

/// The range of a file's unwind tables.
fn tables(file: &[u8]) -> std::ops::Range<usize> {
    let word = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap()) as usize;
    let half = |at: usize| u16::from_le_bytes([file[at], file[at + 1]]) as usize;
    let section = |index: usize| word(40) + index * half(58);
    let names = word(section(half(62)) + 24);
    let is_tables = |index: &usize| {
        let name = u32::from_le_bytes(file[section(*index)..][..4].try_into().unwrap()) as usize;
        file[names + name..].starts_with(b".eh_frame\0")
    };
    let index = (0..half(60)).find(is_tables).expect(".eh_frame");
    let start = word(section(index) + 24);
    start..start + word(section(index) + 32)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// Any bytes as a stack, everywhere.
struct Noise(Vec<u8>);

impl Memory for Noise {
    fn read(&self, address: u64, bytes: &mut [u8]) -> usize {
        for (n, byte) in bytes.iter_mut().enumerate() {
            *byte = self.0[(address as usize).wrapping_add(n) % self.0.len()];
        }
        bytes.len()
    }
}

/// Walks with a file mapped at [`CODE`] as it is, code and all.
fn walk_in(module: &Arc<Module>, context: &Context, memory: &dyn Memory) -> Stack {
    let lines = format!(
        "{:x}-{:x} r-xp 00000000 fe:01 7 /bin/made\n{:x}-{:x} rw-p 00000000 00:00 0\n",
        CODE,
        CODE + 0x20_0000,
        STACK,
        STACK + SIZE
    );
    let start = Instant::now();
    let stack = walk(
        context,
        &mut Surroundings {
            memory,
            maps: &Maps::parse(lines.as_bytes()),
            modules: &mut |_| Some(Arc::clone(module)),
            until: soon(),
        },
    );
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    assert!(stack.frames.len() <= MOST_FRAMES);
    stack
}

/// A file of which some bytes of the tables are others.
fn damaged() -> impl Strategy<Value = (usize, Vec<(usize, u8)>)> {
    let change = (any::<usize>(), any::<u8>());
    (any::<usize>(), prop::collection::vec(change, 0..40))
}

fn cases() -> u32 {
    match std::env::var_os("SANDBOX_FULL_TESTS") {
        Some(_) => 2000,
        None => 100,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_tables_do_no_harm(
        (which, changes) in damaged(),
        registers in prop::collection::vec(any::<u64>(), 32),
        noise in prop::collection::vec(any::<u8>(), 64..512),
        inside in 0..SIZE,
    ) {
        let files = files();
        let mut file = files[which % files.len()].clone();
        let range = tables(&file);
        for (place, byte) in changes {
            // The first entries decide how the others are read.
            let near = if place % 3 == 0 { 64 } else { range.len() };
            file[range.start + place % near.min(range.len())] = byte;
        }
        let module = Arc::new(Module::read(&file, soon()).unwrap());
        for machine in [Machine::X86_64, Machine::Aarch64] {
            let mut registers = registers.clone();
            let pointer = if machine == Machine::X86_64 { 7 } else { 31 };
            registers[pointer] = STACK + inside;
            for far in 0..32_u64 {
                let counter = CODE + (registers[0] ^ far.wrapping_mul(0x9e37)) % 0x20_0000;
                let context = Context::new(machine, counter, &registers[..=pointer.max(15)]);
                walk_in(&module, &context, &Noise(noise.clone()));
            }
        }
    }

    #[test]
    fn any_bytes_are_no_tables_or_some(bytes in prop::collection::vec(any::<u8>(), 0..2000), far in any::<u64>()) {
        let mut file = files()[0].clone();
        let range = tables(&file);
        let end = range.end.min(range.start + bytes.len());
        file[range.start..end].copy_from_slice(&bytes[..end - range.start]);
        let module = Arc::new(Module::read(&file, soon()).unwrap());
        let context = x86_64(CODE + far % 0x20_0000, STACK, STACK);
        walk_in(&module, &context, &Noise(vec![0xe8; 16]));
        prop_assert!(Module::read(&bytes, soon()).is_none());
    }
}

#[test]
fn tables_cover_the_functions_of_real_files() {
    for file in files() {
        let module = Module::read(&file, soon()).unwrap();
        assert!(module.size() > 0);
        let range = tables(&file);
        assert!(range.len() > 100);
        let entry = u64::from_le_bytes(file[24..32].try_into().unwrap());
        assert!(
            module.frames().covers(entry),
            "the program's first instruction"
        );
        assert!(!module.frames().covers(0));
    }
}

#[test]
fn a_file_is_read_in_part_when_there_is_no_time() {
    let file = &files()[0];
    let late = Instant::now() - Duration::from_millis(1);
    let module = Module::read(file, late).unwrap();
    let entry = u64::from_le_bytes(file[24..32].try_into().unwrap());
    assert!(!module.frames().covers(entry));
}
