//! Any bytes as a program's file, its stack and its registers: a walk ends soon and goes upwards, and
//! nothing panics. Where the code and the stack are is taken modulo what is mapped, so that the
//! tables are met.
//!
//! ```text
//! cargo +nightly fuzz run unwind -- -max_len=65536
//! ```
#![no_main]

use std::sync::Arc;
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use trace::image::{Maps, Module, demangled};
use trace::unwind::{Context, MOST_FRAMES, Machine, Memory, Surroundings, walk};

const CODE: u64 = 0x40_0000;
const STACK: u64 = 0x7000_0000;
const SIZE: u64 = 0x10_0000;
const WORDS: usize = 33;

/// The file's bytes, over and over.
struct Repeated<'a>(&'a [u8]);

impl Memory for Repeated<'_> {
    fn read(&self, address: u64, bytes: &mut [u8]) -> usize {
        let from = usize::try_from(address).unwrap_or(0);
        for (n, byte) in bytes.iter_mut().enumerate() {
            let place = from.wrapping_add(n).checked_rem(self.0.len());
            *byte = place.and_then(|place| self.0.get(place)).copied().unwrap_or(0);
        }
        bytes.len()
    }
}

fuzz_target!(|bytes: &[u8]| {
    let (numbers, file) = bytes.split_at(bytes.len().min(WORDS * 8));
    let words: Vec<u64> = numbers
        .chunks_exact(8)
        .map(|word| word.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
        .collect();
    let soon = Instant::now() + Duration::from_secs(20);
    // Its bytes have to be aligned as an allocation's are.
    let Some(module) = Module::read(&file.to_vec(), soon).map(Arc::new) else {
        return;
    };
    let lines = format!(
        "{CODE:x}-{:x} r-xp 00000000 fe:01 7 /made\n{STACK:x}-{:x} rw-p 00000000 00:00 0\n",
        CODE + SIZE,
        STACK + SIZE
    );
    for (machine, pointer) in [(Machine::X86_64, 7), (Machine::Aarch64, 31)] {
        let mut registers = words.clone();
        registers.resize(WORDS, 0);
        registers[pointer] = STACK + registers[pointer] % SIZE;
        let counter = CODE + registers[32] % SIZE;
        registers.truncate(if machine == Machine::X86_64 { 16 } else { 32 });
        let stack = walk(
            &Context::new(machine, counter, &registers),
            &mut Surroundings {
                memory: &Repeated(file),
                maps: &Maps::parse(lines.as_bytes()),
                modules: &mut |_| Some(Arc::clone(&module)),
                until: soon,
            },
        );
        assert!((1..=MOST_FRAMES).contains(&stack.frames.len()));
        if let Some((name, _)) = module.symbols().at(counter) {
            assert!(demangled(name).len() <= 1024.max(name.len()));
        }
    }
});
