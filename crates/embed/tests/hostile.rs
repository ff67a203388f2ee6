//! Foreign bytes: headers that lie are refused or give a file that others read, and no change to a sealed
//! file goes unseen. The files are made here, so that each field can be what it likes.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

mod file;

use embed::{Error, Sealed, embed, examine};
use filter::{Checked, Program};
use object::LittleEndian;
use object::elf::{FileHeader64, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};
use policy::{Action, Mode, Request};
use proptest::prelude::*;
use syscalls::Abi;

use file::{File, MACHINES};

const TEXT: &str = "SECCOMP_SYSCALL_ALLOW='write:exit_group'\n";

fn filter(abi: Abi) -> Checked {
    let request = Request::plain(
        Mode::AllowList,
        "",
        b"write:exit_group",
        Action::KillProcess,
    );
    let compiled = request.compile(abi, &policy::no_files).unwrap();
    let program = Program::compile(&compiled.policy, None).unwrap();
    program.check(&compiled.policy, None).unwrap()
}

fn sealed(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let abi = examine(bytes)?;
    embed(bytes, &filter(abi), TEXT)
}

/// A file's mapped segments: offset, address, bytes; as another reader sees them.
fn segments(file: &[u8]) -> Vec<(u64, u64, Vec<u8>)> {
    // That reader wants it aligned.
    let words: Vec<u64> = file
        .chunks(8)
        .map(|chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(word)
        })
        .collect();
    let aligned = object::pod::bytes_of_slice(&words);
    let header = FileHeader64::<LittleEndian>::parse(aligned).unwrap();
    let headers = header.program_headers(LittleEndian, aligned).unwrap();
    let loads = headers
        .iter()
        .filter(|header| header.p_type(LittleEndian) == PT_LOAD);
    let segment = |header: &object::elf::ProgramHeader64<LittleEndian>| {
        let data = header.data(LittleEndian, aligned).unwrap();
        let offset = header.p_offset(LittleEndian);
        (offset, header.p_vaddr(LittleEndian), data.to_vec())
    };
    loads.map(segment).collect()
}

/// Asserts what every file with a filter must be, given the one without.
fn is_sealed(before: &[u8], after: &[u8]) {
    let found = Sealed::find(after).unwrap().unwrap();
    let entry = u64::from_le_bytes(before[24..32].try_into().unwrap());
    assert_eq!((found.entry(), found.policy_text()), (entry, TEXT));
    assert_eq!(found.instructions(), filter(found.abi()).instructions());
    assert!(after.len() > before.len());
    let (old, new) = (segments(before), segments(after));
    assert_eq!(new.len(), old.len() + 1);
    assert!(new.windows(2).all(|pair| pair[0].1 <= pair[1].1));
    let table = u64::from_le_bytes(before[32..40].try_into().unwrap());
    let count = u64::from(u16::from_le_bytes([before[56], before[57]]));
    let table_now = u64::from_le_bytes(after[32..40].try_into().unwrap());
    if table_now != table {
        // As kernels before 5.18 compute AT_PHDR.
        let (first_offset, first_address, _) = &new[0];
        let (_, address, _) = new.last().unwrap();
        assert_eq!(first_address - first_offset + table_now, *address);
    }
    let changes = |at: u64| at < 64 || (table..table + 56 * (count + 1)).contains(&at);
    for ((offset, address, bytes), (offset_now, address_now, bytes_now)) in old.iter().zip(&new) {
        assert_eq!((offset, address), (offset_now, address_now));
        for (at, byte) in bytes.iter().enumerate() {
            let same = bytes_now.get(at) == Some(byte);
            assert!(
                same || changes(offset + at as u64),
                "byte {at} of {address:#x}"
            );
        }
    }
}

#[test]
fn files_of_every_layout_and_machine_take_a_filter() {
    let mut count = 0;
    for file in File::all() {
        let bytes = file.bytes();
        is_sealed(&bytes, &sealed(&bytes).unwrap());
        count += 1;
    }
    assert_eq!(count, 2 * 2 * 2 * 2 * 2);
}

#[test]
fn a_sealed_file_takes_no_other_and_an_open_one_shows_none() {
    for file in File::all() {
        let bytes = file.bytes();
        assert_eq!(Sealed::find(&bytes), Ok(None));
        let once = sealed(&bytes).unwrap();
        assert_eq!(sealed(&once), Err(Error::Sealed));
    }
}

#[test]
fn files_cut_off_anywhere_are_refused_or_hold_nothing() {
    for file in File::all().step_by(7) {
        let bytes = sealed(&file.bytes()).unwrap();
        for length in (0..1024).step_by(3).chain((1024..bytes.len()).step_by(997)) {
            let cut = &bytes[..length];
            assert!(
                !matches!(Sealed::find(cut), Ok(Some(_))) || !file.sections,
                "{length}"
            );
            assert!(sealed(cut).is_err(), "{length}");
        }
    }
}

#[test]
fn no_more_than_a_megabyte_of_text_is_taken() {
    let bytes = File::all().next().unwrap().bytes();
    let program = filter(Abi::X86_64);
    let text = "#".repeat(1 << 20);
    let after = embed(&bytes, &program, &text).unwrap();
    let found = Sealed::find(&after).unwrap().unwrap();
    assert_eq!(found.policy_text(), text);
    let more = text + "#";
    assert_eq!(embed(&bytes, &program, &more), Err(Error::TextTooLong));
}

#[test]
fn an_entry_point_beyond_the_reach_of_a_jump_is_refused() {
    for (machine, reach) in MACHINES.into_iter().zip([1_u64 << 31, 1 << 27]) {
        let mut file = File {
            machine,
            note: true,
            ..File::default()
        };
        file.zeros = reach - 0x10_0000;
        assert!(sealed(&file.bytes()).is_ok());
        file.zeros = reach;
        assert!(matches!(sealed(&file.bytes()), Err(Error::TooFar { .. })));
    }
}

#[test]
fn headers_that_old_kernels_would_not_find_are_not_moved() {
    let mut file = File {
        tight: true,
        ..File::default()
    };
    file.zeros = 17 << 20;
    assert!(matches!(sealed(&file.bytes()), Err(Error::NoRoom { .. })));
    file.zeros = 15 << 20;
    let bytes = file.bytes();
    is_sealed(&bytes, &sealed(&bytes).unwrap());
}

fn any_file() -> impl Strategy<Value = File> {
    let files: Vec<File> = File::all().collect();
    proptest::sample::select(files)
}

/// Numbers that headers are wrong by.
fn any_word() -> impl Strategy<Value = u64> {
    let edges: [u64; 14] = [
        0,
        1,
        2,
        3,
        8,
        55,
        56,
        64,
        0xfff,
        0x1000,
        0x40_0000,
        1 << 31,
        1 << 47,
        1 << 63,
    ];
    let edge = proptest::sample::select(edges.to_vec());
    let near = (edge, -2_i64..3).prop_map(|(edge, by)| edge.wrapping_add_signed(by));
    prop_oneof![near, any::<u64>(), (0..0x3000_u64)]
}

fn cases() -> u32 {
    match std::env::var_os("SANDBOX_FULL_TESTS") {
        Some(_) => 5_000,
        None => 500,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn headers_that_lie_are_refused_or_give_a_file_that_holds(
        file in any_file(),
        changes in proptest::collection::vec((0..0x280_usize, any_word(), 0..4_u32), 1..4),
        in_sections in any::<bool>(),
    ) {
        let mut bytes = file.bytes();
        let base = match in_sections {
            true => bytes.len().saturating_sub(0x280),
            false => 0,
        };
        for (at, word, size) in changes {
            let word = word.to_le_bytes();
            let size = 1 << size;
            let at = base + at / size * size;
            if let Some(place) = bytes.get_mut(at..at + size) {
                place.copy_from_slice(&word[..size]);
            }
        }
        if let Ok(after) = sealed(&bytes) {
            is_sealed(&bytes, &after);
        }
    }

    #[test]
    fn any_bytes_behind_a_magic_number_are_answered(mut bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for (place, byte) in bytes.iter_mut().zip(*b"\x7fELF\x02\x01\x01") {
            *place = byte;
        }
        prop_assert!(sealed(&bytes).is_err());
        prop_assert!(!matches!(Sealed::find(&bytes), Ok(Some(_))));
    }

    #[test]
    fn what_is_found_in_a_changed_file_is_what_the_kernel_would_load(
        file in any_file(),
        at in any::<prop::sample::Index>(),
        bits in 1..=255_u8,
    ) {
        let before = sealed(&file.bytes()).unwrap();
        let mut bytes = before.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= bits;
        let (Ok(Some(was)), now) = (Sealed::find(&before), Sealed::find(&bytes)) else {
            return Err(TestCaseError::fail("it held before"));
        };
        let magic = bytes.windows(8).position(|eight| eight == b"SANDBOX\0");
        if let Ok(Some(now)) = now {
            let stub = magic.unwrap() - 256;
            prop_assert_eq!(&bytes[stub..stub + 256], &before[stub..stub + 256]);
            prop_assert_eq!((now.entry(), now.abi()), (was.entry(), was.abi()));
            let behind = at.checked_sub(stub + 288);
            let in_content = behind.is_some_and(|behind| behind < 8 * was.instructions().len() + TEXT.len());
            let content = |sealed: &Sealed| (sealed.instructions().to_vec(), sealed.policy_text().to_string());
            prop_assert_eq!(content(&now) != content(&was), in_content);
        }
    }
}
