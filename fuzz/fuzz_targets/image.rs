//! Any bytes as a program's file and as a list of mappings: no answer is worse than a wrong one, and
//! nothing panics or takes for ever.
//!
//! ```text
//! cargo +nightly fuzz run image -- -max_len=65536
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;
use trace::image::{Mapping, Maps, Symbols, is_go, main_of, virtual_address};

fuzz_target!(|bytes: &[u8]| {
    let (numbers, file) = bytes.split_at(bytes.len().min(16));
    let mut words = numbers.chunks_exact(8).map(|word| {
        let mut number = [0; 8];
        number.copy_from_slice(word);
        u64::from_le_bytes(number)
    });
    let (one, other) = (words.next().unwrap_or(0), words.next().unwrap_or(0));
    let _ = main_of(file, one);
    let _ = is_go(file);
    let _ = virtual_address(file, other);
    if let Some((name, behind)) = Symbols::new(file).at(one) {
        assert!(behind <= one && name.len() <= file.len());
    }
    let maps = Maps::parse(file);
    if let Some(mapping) = maps.find(one) {
        assert!(mapping.start <= one && one < mapping.end);
    }
    if let Some(address) = maps.scratch(one, 64) {
        let holds = |mapping: &Mapping| {
            let room = mapping.start <= address && mapping.end.saturating_sub(address) >= 64;
            room && mapping.writable && !mapping.shared
        };
        assert!(maps.iter().any(holds), "{address:#x} lies in no mapping");
    }
});
