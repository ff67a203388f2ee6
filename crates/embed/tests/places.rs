//! Where a new program header finds its place, and which files have none: one field after the other.
#![allow(dead_code, clippy::unwrap_used, clippy::cast_possible_truncation)]

mod file;

use embed::{Error, embed, examine};
use filter::{Checked, Program};
use policy::{Action, Mode, Request};
use syscalls::Abi;

use file::{File, MACHINES};

/// Where things are in a program header (elf(5)).
const KIND: usize = 0;
const OFFSET: usize = 8;
const ADDRESS: usize = 16;
const IN_FILE: usize = 32;
const IN_MEMORY: usize = 40;
/// Where the entry point and the table are in the file's header, and how many headers that has.
const ENTRY: usize = 24;
const TABLE: usize = 32;
const COUNT: usize = 56;

/// Headers of a file without a note: its own, what is mapped first and next, the data, the stack.
const FIRST: usize = 64 + 56;
const NEXT: usize = FIRST + 56;
const DATA: usize = NEXT + 56;
const STACK: usize = DATA + 56;
const NOTE: usize = STACK;
const BASE: u64 = 0x40_0000;

fn filter(abi: Abi) -> Checked {
    let list = b"write:exit_group";
    let request = Request::plain(Mode::AllowList, "", list, Action::KillProcess);
    let compiled = request.compile(abi, &policy::no_files).unwrap();
    let program = Program::compile(&compiled.policy, None).unwrap();
    program.check(&compiled.policy, None).unwrap()
}

fn sealed(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    embed(bytes, &filter(examine(bytes)?), "")
}

fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

fn put(bytes: &mut [u8], at: usize, word: u64) {
    bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
}

/// A file with room behind its headers, and no note.
fn roomy() -> Vec<u8> {
    let bytes = File::default().bytes();
    let after = sealed(&bytes).unwrap();
    assert_eq!(word(&after, TABLE), 64, "the headers stay");
    bytes
}

#[track_caller]
fn moves(bytes: &[u8]) {
    let after = sealed(bytes).unwrap();
    assert_ne!(word(&after, TABLE), 64, "the headers move");
}

#[test]
fn bytes_behind_the_headers_that_are_not_zero_are_not_written_over() {
    let mut bytes = roomy();
    bytes[STACK + 56 + 55] = 1;
    moves(&bytes);
}

#[test]
fn a_first_segment_that_cannot_hold_one_more_header_is_not_asked_to() {
    let mut bytes = roomy();
    put(&mut bytes, FIRST + OFFSET, 0x1000);
    put(&mut bytes, FIRST + ADDRESS, BASE + 0x1000);
    moves(&bytes);

    let mut bytes = roomy();
    let more = word(&bytes, FIRST + IN_MEMORY) + 8;
    put(&mut bytes, FIRST + IN_MEMORY, more);
    moves(&bytes);

    let mut bytes = roomy();
    put(&mut bytes, FIRST + IN_FILE, 64);
    put(&mut bytes, FIRST + IN_MEMORY, 64);
    moves(&bytes);

    // The next segment has the rest of the page.
    let mut bytes = roomy();
    let near = BASE + 0x800;
    put(&mut bytes, NEXT + ADDRESS, near);
    put(&mut bytes, ENTRY, near);
    moves(&bytes);
}

#[test]
fn a_first_segment_that_begins_with_no_page_has_no_place() {
    let mut bytes = roomy();
    put(&mut bytes, FIRST + ADDRESS, BASE + 8);
    let why = "the first segment is not aligned";
    assert_eq!(sealed(&bytes), Err(Error::NoRoom { why }));
}

#[test]
fn headers_stay_within_what_old_kernels_read() {
    for (count, fits) in [(72_u16, true), (73, false)] {
        let mut bytes = roomy();
        bytes[COUNT..COUNT + 2].copy_from_slice(&count.to_le_bytes());
        let end = 64 + 56 * u64::from(count);
        put(&mut bytes, FIRST + IN_FILE, end);
        put(&mut bytes, FIRST + IN_MEMORY, end);
        let why = "there are too many of them";
        let expected = if fits {
            Ok(())
        } else {
            Err(Error::NoRoom { why })
        };
        assert_eq!(sealed(&bytes).map(drop), expected);
    }
}

#[test]
fn addresses_end_where_those_of_processes_do() {
    let mut bytes = roomy();
    let most = (1 << 47) - word(&bytes, DATA + ADDRESS);
    put(&mut bytes, DATA + IN_MEMORY, most);
    let why = "its addresses reach to the end of memory";
    assert_eq!(sealed(&bytes), Err(Error::NoRoom { why }));
    put(&mut bytes, DATA + IN_MEMORY, most + 1);
    let what = "a segment has no place in memory";
    assert_eq!(sealed(&bytes), Err(Error::Broken { what }));
    put(&mut bytes, DATA + IN_MEMORY, 0xff);
    assert_eq!(sealed(&bytes), Err(Error::Broken { what }));
}

#[test]
fn headers_that_are_not_aligned_are_refused() {
    let mut bytes = roomy();
    let table = bytes[64..STACK + 56].to_vec();
    bytes[68..STACK + 60].copy_from_slice(&table);
    put(&mut bytes, TABLE, 68);
    let what = "program headers are not aligned";
    assert_eq!(sealed(&bytes), Err(Error::Broken { what }));
}

#[test]
fn a_segment_begins_with_the_largest_page_of_its_machine() {
    for (machine, page) in MACHINES.into_iter().zip([0x1000, 0x1_0000]) {
        let file = File {
            machine,
            ..File::default()
        };
        let after = sealed(&file.bytes()).unwrap();
        let entry = word(&after, ENTRY);
        assert_eq!(entry % page, 0, "{machine}");
    }
}

/// A file whose dynamic section has one entry.
fn dynamic(moves: bool, tag: u64) -> Vec<u8> {
    let file = File {
        moves,
        note: true,
        ..File::default()
    };
    let mut bytes = file.bytes();
    let stack = STACK + 56;
    bytes[stack + KIND..stack + 4].copy_from_slice(&2_u32.to_le_bytes());
    let data = word(&bytes, DATA + OFFSET);
    put(&mut bytes, stack + OFFSET, data);
    put(&mut bytes, stack + IN_FILE, 32);
    let data = usize::try_from(data).unwrap();
    put(&mut bytes, data, tag);
    put(&mut bytes, data + 16, 0);
    bytes
}

#[test]
fn libraries_and_programs_that_need_some_are_told_apart() {
    const NEEDED: u64 = 1;
    const SONAME: u64 = 14;
    let no_loader = dynamic(false, NEEDED);
    assert_eq!(sealed(&no_loader), Err(Error::Dynamic));
    assert_eq!(sealed(&dynamic(true, NEEDED)), Err(Error::Library));
    // A library that can be run has a loader, too.
    let mut both = dynamic(true, SONAME);
    both[NOTE + KIND..NOTE + 4].copy_from_slice(&3_u32.to_le_bytes());
    assert_eq!(sealed(&both), Err(Error::Library));
    let mut program = dynamic(true, NEEDED);
    program[NOTE + KIND..NOTE + 4].copy_from_slice(&3_u32.to_le_bytes());
    assert_eq!(sealed(&program), Err(Error::Dynamic));
}
