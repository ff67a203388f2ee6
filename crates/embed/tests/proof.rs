//! What a file must be for its filter to hold, one field after the other: each test changes nothing else.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation
)]

mod file;

use embed::{Error, Sealed, embed};
use filter::Program;
use policy::{Action, Mode, Request};
use syscalls::Abi;

use file::File;

/// Where things are in a program header (elf(5)).
const KIND: usize = 0;
const FLAGS: usize = 4;
const OFFSET: usize = 8;
const ADDRESS: usize = 16;
const IN_FILE: usize = 32;
const IN_MEMORY: usize = 40;
/// Where the entry point and the size of a program header are in the file's header.
const ENTRY: usize = 24;
const HEADER_SIZE: usize = 54;

const STACK: u32 = 0x6474_e551;

/// A file with a filter, whose program headers moved in front of the stub.
struct Changed(Vec<u8>);

impl Changed {
    fn new() -> Changed {
        let file = File {
            tight: true,
            ..File::default()
        };
        let list = b"write:exit_group";
        let request = Request::plain(Mode::AllowList, "", list, Action::KillProcess);
        let compiled = request.compile(Abi::X86_64, &policy::no_files).unwrap();
        let program = Program::compile(&compiled.policy, None).unwrap();
        let program = program.check(&compiled.policy, None).unwrap();
        let text = "SECCOMP_SYSCALL_ALLOW='write:exit_group'\n";
        let changed = Changed(embed(&file.bytes(), &program, text).unwrap());
        assert!(matches!(Sealed::find(&changed.0), Ok(Some(_))));
        changed
    }

    fn word(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.0[at..at + 8].try_into().unwrap())
    }

    fn put(mut self, at: usize, bytes: &[u8]) -> Changed {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    fn add(self, at: usize, by: i64) -> Changed {
        let word = self.word(at).wrapping_add_signed(by);
        self.put(at, &word.to_le_bytes())
    }

    /// Offsets of the headers of a kind.
    fn headers(&self, kind: u32) -> Vec<usize> {
        let count = usize::from(u16::from_le_bytes([self.0[56], self.0[57]]));
        let table = self.word(32) as usize;
        let all = (0..count).map(|at| table + 56 * at);
        all.filter(|&at| self.0[at..at + 4] == kind.to_le_bytes())
            .collect()
    }

    /// The header of the segment with the filter, which is the last that is mapped.
    fn own(&self) -> usize {
        *self.headers(1).last().unwrap()
    }

    #[track_caller]
    fn does_not_hold(&self, why: &str) {
        match Sealed::find(&self.0) {
            Err(Error::DoesNotHold { why: said }) => assert_eq!(said, why),
            other => panic!("{why}: {other:?}"),
        }
    }
}

#[test]
fn a_loader_beside_it_would_be_started() {
    let changed = Changed::new();
    let at = changed.headers(STACK)[0];
    let changed = changed.put(at + KIND, &[3, 0, 0, 0]);
    changed.does_not_hold("the kernel would start a loader instead");
}

#[test]
fn its_memory_can_be_read_and_executed_and_no_more() {
    for flags in [0, 1, 4, 6, 7, 5 | 8] {
        let changed = Changed::new();
        let at = changed.own() + FLAGS;
        let changed = changed.put(at, &[flags, 0, 0, 0]);
        changed.does_not_hold("its memory can be written to, or not executed");
    }
}

#[test]
fn zeros_behind_what_is_in_the_file_are_refused() {
    let changed = Changed::new();
    let at = changed.own() + IN_MEMORY;
    let changed = changed.add(at, 1);
    changed.does_not_hold("not all of its memory is in the file");
}

#[test]
fn nothing_lies_behind_the_policy() {
    let changed = Changed::new();
    let own = changed.own();
    let changed = changed.add(own + IN_FILE, 1).add(own + IN_MEMORY, 1);
    changed.does_not_hold("something lies behind its policy");
}

#[test]
fn it_begins_with_a_page_in_the_file_and_in_memory() {
    for place in [OFFSET, ADDRESS] {
        let changed = Changed::new();
        let at = changed.own() + place;
        let changed = changed.add(at, 64);
        changed.does_not_hold("its memory does not begin with a page");
    }
}

#[test]
fn no_other_segment_has_a_part_of_its_last_page() {
    let changed = Changed::new();
    let own = changed.own();
    let top = changed.word(own + ADDRESS) + changed.word(own + IN_MEMORY);
    let page = 0x1000;
    assert!(top % page < page - 16, "no room for it");
    let last = top.next_multiple_of(page);
    let other = changed.headers(1)[0];
    let moved = |to: u64| Changed::new().put(other + ADDRESS, &to.to_le_bytes());
    moved(top + 8).does_not_hold("another segment lies over its memory");
    moved(last - 1).does_not_hold("another segment lies over its memory");
    assert!(matches!(Sealed::find(&moved(last).0), Ok(Some(_))));
}

#[test]
fn the_program_begins_with_the_stub_and_within_the_segment() {
    let changed = Changed::new();
    let own = changed.own();
    let (start, size) = (changed.word(own + ADDRESS), changed.word(own + IN_FILE));
    for entry in [start - 1, start + size] {
        let changed = Changed::new().put(ENTRY, &entry.to_le_bytes());
        let said = Sealed::find(&changed.0);
        assert!(matches!(said, Err(Error::DoesNotHold { .. })), "{said:?}");
    }
}

#[test]
fn a_broken_file_that_shows_a_filter_is_no_file_without_one() {
    let changed = Changed::new().put(HEADER_SIZE, &[57, 0]);
    changed.does_not_hold("the ELF headers are broken");
}

#[test]
fn a_section_alone_shows_a_filter() {
    let changed = Changed::new();
    let magic = changed.0.windows(8).position(|eight| eight == b"SANDBOX\0");
    let changed = changed.put(magic.unwrap(), &[0; 8]);
    changed.does_not_hold("the header behind the stub is missing");
}

#[test]
fn numbers_of_the_header_are_those_that_are_written() {
    const VERSION: usize = 8;
    const COUNT: usize = 12;
    const LENGTH: usize = 24;
    const ZERO: usize = 28;
    let version = "it is of another version of this program";
    let lengths = "its lengths are impossible";
    for (place, value, why) in [
        (VERSION, 2, version),
        (ZERO, 1, version),
        (COUNT, 0, lengths),
        (COUNT, 4097, lengths),
        (LENGTH, (1_u32 << 20) + 1, lengths),
    ] {
        let changed = Changed::new();
        let magic = changed.0.windows(8).position(|eight| eight == b"SANDBOX\0");
        let at = magic.unwrap() + place;
        changed.put(at, &value.to_le_bytes()).does_not_hold(why);
    }
}

#[test]
fn more_than_a_gigabyte_is_not_looked_at() {
    // Nobody touches these pages, so they take no memory.
    let file = vec![0; 1 + embed::LARGEST as usize];
    assert_eq!(Sealed::find(&file), Err(Error::TooLarge));
}
