//! Any call with any registers and any memory: a line of bounded length of printable ASCII, the
//! same each time.
//!
//! ```text
//! cargo +nightly fuzz run render
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;
use syscalls::Abi;
use syscalls::render::{Memory, Style, call};

/// Memory that repeats the input at every address, but for a hole.
struct Repeated<'a>(&'a [u8]);

impl Memory for Repeated<'_> {
    fn read(&self, address: u64, bytes: &mut [u8]) -> usize {
        if self.0.is_empty() || address < 4096 {
            return 0;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            let place = address.wrapping_add(at as u64) % self.0.len() as u64;
            *byte = self.0[place as usize];
        }
        bytes.len()
    }

    fn descriptor(&self, number: i32) -> Option<Vec<u8>> {
        (number % 2 == 0).then(|| self.0.to_vec())
    }
}

fuzz_target!(|bytes: &[u8]| {
    const REGISTERS: usize = 2 + 6 * 8;
    if bytes.len() < REGISTERS {
        return;
    }
    let number = u32::from(u16::from_le_bytes([bytes[0], bytes[1]]) % 512);
    let mut arguments = [0; 6];
    for (argument, word) in arguments.iter_mut().zip(bytes[2..REGISTERS].chunks_exact(8)) {
        *argument = u64::from_le_bytes(word.try_into().expect("eight bytes"));
    }
    let memory = Repeated(&bytes[REGISTERS..]);
    for abi in [Abi::X86_64, Abi::X86, Abi::X32, Abi::Aarch64, Abi::Arm] {
        for style in [Style::Plain, Style::Oz, Style::OzGeneric] {
            let line = call(abi, number, &arguments, &memory, style);
            let longest = if style == Style::Plain { 8192 } else { 65536 };
            assert!(line.len() <= longest, "{} bytes", line.len());
            assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line:?}");
            assert_eq!(line, call(abi, number, &arguments, &memory, style));
        }
    }
});
