//! Every call of the table against its C prototype: an argument that is more than a number by its type
//! or its name is shown as more than a number, for some registers and some memory. What is a number by
//! right stands here, with the reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use syscalls::render::{Memory, Style, call};
use syscalls::{Abi, arguments, c_type, names};

#[path = "prototypes/numbers.rs"]
mod numbers;

use numbers::{BARE_ARGUMENTS, NUMBERS};

/// Where everything lies.
const ADDRESS: u64 = 0x7000_0000_0000;

/// Memory that has the same bytes everywhere, and a file behind every descriptor.
struct Filled(&'static [u8]);

impl Memory for Filled {
    fn read(&self, address: u64, bytes: &mut [u8]) -> usize {
        if address < 0x1000 {
            return 0;
        }
        for (byte, filler) in bytes.iter_mut().zip(self.0.iter().cycle()) {
            *byte = *filler;
        }
        bytes.len()
    }

    fn descriptor(&self, _: i32) -> Option<Vec<u8>> {
        Some(b"/file".to_vec())
    }
}

/// Text, zeros, small numbers in every field, and sizes that are large enough for every structure.
const FILLINGS: [&[u8]; 4] = [b"ab\0", &[0], &[1, 0, 0, 0], &[64, 0, 0, 0]];

/// Arguments at the top level of a line.
fn parts(line: &str) -> Vec<String> {
    let (_, rest) = line.split_once('(').expect("a call");
    let (mut depth, mut all) = (0, vec![String::new()]);
    for letter in rest.strip_suffix(')').expect("its end").chars() {
        match letter {
            '[' | '{' | '(' => depth += 1,
            ']' | '}' | ')' => depth -= 1,
            ',' if depth == 0 => {
                all.push(String::new());
                continue;
            }
            _ => {}
        }
        all.last_mut().expect("an argument").push(letter);
    }
    all.iter().map(|part| part.trim().to_owned()).collect()
}

fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches('-');
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    // A mode is in octal.
    let is_octal = text.len() > 1 && text.starts_with('0') && !text.starts_with("0x");
    text == "NULL" || !is_octal && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Small numbers, bits, and numbers of commands.
fn values() -> impl Iterator<Item = u64> {
    let bits = (5..64).map(|bit| 1 << bit);
    let others = [
        0x5401,
        0x4200,
        0x80_0007 << 8,
        u64::MAX,
        0x27,
        0x101,
        0x3e0000,
        0xffff_ffff,
    ];
    (0..33).chain(bits).chain(others)
}

/// Commands that other arguments depend on: sizes, ptrace's, quotactl's, reboot's, ioctl's, prctl's.
const COMMANDS: [u64; 11] = [
    22,
    62,
    64,
    0x4000,
    0x4200,
    0x4203,
    0x4205,
    0x80_0002 << 8,
    0xa1b2_c3d4,
    0x5402,
    0x5356_4d41,
];

/// Is the argument ever shown as something else than a number?
fn speaks(name: &str, number: u32, place: usize, count: usize) -> bool {
    let is_pointer = |place| c_type(name, place).is_some_and(points);
    let tried: Vec<u64> = match is_pointer(place) {
        true => vec![ADDRESS],
        false => values().chain([ADDRESS]).collect(),
    };
    let others: Vec<u64> = match is_pointer(place) {
        true => (0..33).chain(COMMANDS).collect(),
        false => [1, 2, 0, 3, 5, 9, 19, 30]
            .into_iter()
            .chain(COMMANDS)
            .collect(),
    };
    let fillings = FILLINGS.iter();
    fillings.into_iter().any(|filling| {
        tried.iter().any(|&value| {
            others.iter().any(|&other| {
                let mut registers = [other; 6];
                for (at, register) in registers.iter_mut().enumerate() {
                    if is_pointer(at) {
                        *register = ADDRESS;
                    }
                }
                registers[place] = value;
                let line = call(
                    Abi::X86_64,
                    number,
                    &registers,
                    &Filled(filling),
                    Style::Plain,
                );
                let all = parts(&line);
                // The last one, where one in front of it is left out.
                let last = (place + 1 == count).then(|| all.last()).flatten();
                let shown = all.get(place).or(last);
                shown.is_some_and(|text| !is_number(text))
            })
        })
    })
}

fn points(kind: &str) -> bool {
    kind.contains('*') || kind.starts_with("cap_user")
}

#[test]
fn no_argument_is_a_number_where_its_prototype_says_more() {
    let mut silent = BTreeSet::new();
    for (name, number) in names(Abi::X86_64) {
        let Some(known) = arguments(name) else {
            continue;
        };
        let known: Vec<_> = known.collect();
        for (place, argument) in known.iter().enumerate() {
            let kind = c_type(name, place).expect("a type");
            let is_plain = !points(kind) && NUMBERS.contains(&argument.name);
            if !is_plain && !speaks(name, number, place, known.len()) {
                silent.insert(format!("{name}.{}", argument.name));
            }
        }
    }
    let excused: Vec<&str> = BARE_ARGUMENTS
        .iter()
        .flat_map(|(_, calls)| calls.split_ascii_whitespace())
        .collect();
    let excused: BTreeSet<String> = excused.iter().map(|&one| one.to_owned()).collect();
    let unexcused: Vec<_> = silent.difference(&excused).collect();
    assert!(unexcused.is_empty(), "only numbers: {unexcused:#?}");
    let needless: Vec<_> = excused.difference(&silent).collect();
    assert!(needless.is_empty(), "no excuse needed: {needless:#?}");
}

#[test]
fn names_of_plain_numbers_are_names_of_arguments() {
    let all = names(Abi::X86_64).filter_map(|(name, _)| arguments(name));
    let all: BTreeSet<&str> = all.flatten().map(|argument| argument.name).collect();
    for name in NUMBERS {
        assert!(all.contains(name), "{name}");
    }
}
