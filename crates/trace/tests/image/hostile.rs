//! Damaged files: nothing panics, and nothing takes long.

use std::fs;
use std::time::{Duration, Instant};

use trace::image::{Maps, Symbols, is_go, main_of, virtual_address};

/// A generator of numbers that gives the same ones each time (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

fn ask_everything(file: &[u8], number: u64) {
    let entry = file
        .get(24..32)
        .map_or(0, |bytes| u64::from_le_bytes(bytes.try_into().unwrap()));
    let _ = main_of(file, entry);
    let _ = main_of(file, number);
    let bare = if file.len() < 64 {
        file.to_vec()
    } else {
        super::without_sections(file)
    };
    let _ = main_of(&bare, entry);
    let _ = is_go(file);
    let _ = virtual_address(file, number % (file.len() as u64 + 1));
    let symbols = Symbols::new(file);
    for address in [0, entry, number, u64::MAX] {
        let _ = symbols.at(address);
    }
}

/// Where damage matters: the headers, the sections' headers, the code at the entry, anywhere.
fn place(numbers: &mut Numbers, file: &[u8]) -> usize {
    let sections = u64::from_le_bytes(file[40..48].try_into().unwrap()) as usize;
    let entry = super::entry_of(file);
    let code = (entry & 0xf_ffff) as usize;
    let at = match numbers.below(5) {
        0 => numbers.below(64),
        1 => numbers.below(1024),
        2 => sections + numbers.below(2560),
        3 => code + numbers.below(64),
        _ => numbers.below(file.len()),
    };
    at % file.len()
}

fn programs() -> Vec<Vec<u8>> {
    let names = ["/usr/bin/env", "/usr/bin/busybox", "/bin/ls"];
    let mut files: Vec<Vec<u8>> = names
        .iter()
        .filter_map(|name| fs::read(name).ok())
        .collect();
    files.push(super::bytes::program(
        62,
        3,
        b"\x31\xed\x48\x8d\x3d\x10\0\0\0\xe8\0\0\0\0",
    ));
    let directory = tempfile::tempdir().unwrap();
    files.push(fs::read(super::build("cc", &[], directory.path())).unwrap());
    files
}

#[test]
fn damaged_files_do_no_harm() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for file in programs() {
        for _ in 0..300 {
            let mut damaged = file.clone();
            for _ in 0..=numbers.below(6) {
                let at = place(&mut numbers, &file);
                damaged[at] = match numbers.below(3) {
                    0 => 0xff,
                    1 => damaged[at] ^ 1 << numbers.below(8),
                    _ => numbers.next() as u8,
                };
            }
            ask_everything(&damaged, numbers.next());
        }
        for _ in 0..100 {
            let length = numbers.below(file.len());
            ask_everything(&file[..length], numbers.next());
        }
        for length in 0..200.min(file.len()) {
            ask_everything(&file[..length], numbers.next());
        }
    }
}

#[test]
fn random_instructions_do_no_harm() {
    let mut numbers = Numbers(7);
    for round in 0..20_000 {
        let (machine, start) = match round % 2 {
            0 => (62, &b"\x31\xed"[..]),
            _ => (183, &b"\x1d\x00\x80\xd2"[..]),
        };
        let mut code = start.to_vec();
        code.extend((0..32).flat_map(|_| numbers.next().to_le_bytes()));
        let file = super::bytes::program(machine, 3, &code);
        let _ = main_of(&file, super::entry_of(&file));
    }
}

#[test]
fn damaged_mappings_do_no_harm() {
    let text = fs::read("/proc/self/maps").unwrap();
    let mut numbers = Numbers(5);
    for _ in 0..2000 {
        let mut damaged = text.clone();
        for _ in 0..5 {
            let at = numbers.below(damaged.len());
            damaged[at] = b" -0f\nrwxps\xff\\[]/"[numbers.below(15)];
        }
        let maps = Maps::parse(&damaged);
        for mapping in maps.iter() {
            assert!(maps.find(mapping.start).is_some());
            let _ = maps.scratch(mapping.end, numbers.below(5000));
        }
        let _ = maps.scratch(numbers.next(), usize::MAX);
    }
}

const SYMBOLS: usize = 400_000;

/// A program whose symbols all have endless names.
fn program_of_symbols() -> Vec<u8> {
    let mut file = super::bytes::program(62, 3, &[0x90; 64]);
    file.resize(file.len().next_multiple_of(8), 0);
    let symbols = file.len();
    for index in 0..SYMBOLS {
        let mut symbol = [0; 24];
        symbol[..4].copy_from_slice(&(index as u32).to_le_bytes());
        symbol[4] = 0x12; // a global function
        symbol[6] = 1; // of a section
        symbol[8..16].copy_from_slice(&(0x40_0000 + index as u64 % 0x2000).to_le_bytes());
        file.extend(symbol);
    }
    let strings = file.len();
    file.resize(strings + SYMBOLS * 2, b'm');
    let sections = file.len() as u64;
    for (kind, link, offset, size) in [
        (0_u32, 0_u32, 0, 0),
        (2, 2, symbols, SYMBOLS * 24),
        (3, 0, strings, SYMBOLS * 2),
    ] {
        let mut header = [0; 64];
        header[4..8].copy_from_slice(&kind.to_le_bytes());
        header[24..32].copy_from_slice(&(offset as u64).to_le_bytes());
        header[32..40].copy_from_slice(&(size as u64).to_le_bytes());
        header[40..44].copy_from_slice(&link.to_le_bytes());
        header[56..64].copy_from_slice(&24_u64.to_le_bytes());
        file.extend(header);
    }
    file[40..48].copy_from_slice(&sections.to_le_bytes());
    file[60] = 3; // e_shnum
    file[62] = 2; // e_shstrndx
    file
}

#[test]
fn many_symbols_with_endless_names_are_read_in_bounded_time() {
    let file = program_of_symbols();
    let begun = Instant::now();
    let symbols = Symbols::new(&file);
    let found = symbols
        .at(0x40_0001)
        .map(|(name, inside)| (name.len(), inside));
    assert_eq!(found, Some((1024, 0)));
    ask_everything(&file, 1);
    let taken = begun.elapsed();
    assert!(taken < Duration::from_secs(20), "{taken:?}");
}
