//! Start-up code of which this machine has no compiler, as bytes, and what is no start-up code.

use trace::image::{Main, NoMain, main_of, virtual_address};

const X86_64: u16 = 62;
const AARCH64: u16 = 183;
/// Where the code of these files is.
const CODE: u64 = 0x40_0000;
const OFFSET: usize = 0x1000;
/// Where their data are, which are not in the file.
const DATA: u64 = 0x60_0000;

/// An ELF program with a segment of code and one of data.
pub fn program(machine: u16, kind: u16, code: &[u8]) -> Vec<u8> {
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    for half in [kind, machine, 1, 0] {
        file.extend(half.to_le_bytes());
    }
    for word in [CODE, 64, 0] {
        file.extend(word.to_le_bytes());
    }
    for half in [0_u16, 0, 64, 56, 2, 64, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    let length = code.len() as u64;
    for (flags, offset, address, in_file) in [(5_u32, OFFSET, CODE, length), (6, 0, DATA, 0)] {
        file.extend(1_u32.to_le_bytes());
        file.extend(flags.to_le_bytes());
        for word in [offset as u64, address, address, in_file, 0x2000, 0x1000] {
            file.extend(word.to_le_bytes());
        }
    }
    file.resize(OFFSET, 0);
    file.extend(code);
    file
}

fn arm(words: &[u32]) -> Result<Main, NoMain> {
    let code: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    main_of(&program(AARCH64, 2, &code), CODE)
}

const NO_FRAME: u32 = 0xd280_001d; // mov x29, #0
const NO_LINK: u32 = 0xd280_001e; // mov x30, #0

/// `adrp` with a destination and a distance in pages.
fn adrp(register: u32, pages: u32) -> u32 {
    0x9000_0000 | register | (pages & 3) << 29 | (pages >> 2 & 0x7_ffff) << 5
}

/// glibc's `_start` around what loads `main`.
const GLIBC_START: [u32; 7] = [
    0xd503_245f, // bti c
    NO_FRAME,
    NO_LINK,
    0xaa00_03e5, // mov x5, x0
    0xf940_03e1, // ldr x1, [sp]
    0x9100_23e2, // add x2, sp, #8
    0x9100_03e6, // mov x6, sp
];
const GLIBC_END: [u32; 3] = [
    0xd280_0003, // mov x3, #0
    0xd280_0004, // mov x4, #0
    0x9400_0040, // bl __libc_start_main
];

#[test]
fn main_is_found_in_start_up_code_of_glibc_for_aarch64() {
    let with = |middle: &[u32]| arm(&[&GLIBC_START, middle, &GLIBC_END].concat());
    // adrp x0, main; add x0, x0, #0x740
    let found = with(&[adrp(0, 0), 0x911d_0000]);
    assert_eq!(found, Ok(Main::Address(CODE + 0x740)));
    // adrp x0, 0x600000; ldr x0, [x0, #0xfd8]
    let found = with(&[adrp(0, 0x200), 0xf947_ec00]);
    assert_eq!(found, Ok(Main::WordAt(DATA + 0xfd8)));
    // nop; adr x0, main, as linkers relax the first
    let found = with(&[0xd503_201f, 0x1000_3a00]);
    assert_eq!(found, Ok(Main::Address(CODE + 0x20 + 0x740)));
    // movz x0, #0x40, lsl #16; movk x0, #0x740, which is the old order reversed
    let found = with(&[0xd2a0_0800, 0xf280_e800]);
    assert_eq!(found, Ok(Main::Address(CODE + 0x740)));
    // ldr x0, =main
    let found = with(&[0x5800_0080]);
    assert_eq!(found, Ok(Main::WordAt(CODE + 0x1c + 16)));
    // Backwards, to what is not in a segment.
    assert_eq!(
        with(&[adrp(0, 0x1f_ffff), 0x911d_0000]),
        Err(NoMain::UnknownStart)
    );
    // Data are no code.
    assert_eq!(
        with(&[adrp(0, 0x200), 0x911d_0000]),
        Err(NoMain::UnknownStart)
    );
}

#[test]
fn main_is_found_in_start_up_code_of_musl_for_aarch64() {
    let start = [
        NO_FRAME,
        NO_LINK,
        0x9100_03e0, // mov x0, sp
        adrp(1, 0x200),
        0x9120_0021, // add x1, x1, #0x800
        0x927c_ec1f, // and sp, x0, #-16
        0x1400_0002, // b _start_c
        0xd503_201f, // nop
    ];
    let loads = [
        0xaa00_03e2,    // mov x2, x0
        adrp(5, 0x200), // _fini
        0xf840_8441,    // ldr x1, [x2], #8
        adrp(0, 0x200),
        0xf947_d800, // ldr x0, [x0, #0xfb0]
        0x1400_0040, // b __libc_start_main
    ];
    let code = [&start[..], &loads].concat();
    assert_eq!(arm(&code), Ok(Main::WordAt(DATA + 0xfb0)));
    // In static-pie programs with a branch, a loop and an indirect jump between them.
    let relocation = [
        0xb400_0060, // cbz x0, +12
        0x1400_0002, // b +8
        0x54ff_ffc1, // b.ne -8
        adrp(3, 0),  // adrp x3, __dls2
        0x9101_1063, // add x3, x3, #0x44
        0xa9bf_7bfd, // stp x29, x30, [sp, #-16]!
        0xa8c1_03e0, // ldp x0, x0, [sp], #16
        0xd61f_0060, // br x3
        0xd420_0000, // brk
    ];
    let code = [&start[..], &relocation, &loads].concat();
    assert_eq!(arm(&code), Ok(Main::WordAt(DATA + 0xfb0)));
}

#[test]
fn what_is_no_start_up_code_has_no_main() {
    let endless = [b"\x31\xed".to_vec(), vec![0x90; 8000]].concat();
    let to_itself = b"\x31\xed\xeb\xfc".to_vec();
    let cases: [&[u8]; 9] = [
        b"",
        b"\x31",
        b"\x31\xed",
        // A program without a C library that calls with a function as its argument.
        b"\x48\x8d\x3d\x08\x00\x00\x00\xe8\x00\x00\x00\x00\xc3\x90\x90\x90\x90",
        // mov edi, 5; call; an unknown instruction
        b"\x31\xed\xbf\x05\x00\x00\x00\xe8\x00\x00\x00\x00\x0f\x0b",
        // call *%rax
        b"\x31\xed\xff\xd0",
        &endless,
        &to_itself,
        // Prefixes without end.
        &[0x66; 64],
    ];
    for code in cases {
        let file = program(X86_64, 2, code);
        assert_eq!(main_of(&file, CODE), Err(NoMain::UnknownStart), "{code:x?}");
    }
    assert_eq!(arm(&[NO_FRAME; 4000]), Err(NoMain::UnknownStart));
    assert_eq!(arm(&[NO_FRAME, 0x17ff_ffff]), Err(NoMain::UnknownStart));
}

#[test]
fn immediates_and_relative_addresses_are_told_apart() {
    for (code, wanted) in [
        (&b"\xbf\x10\x00\x40\x00"[..], Main::Address(CODE + 0x10)),
        (b"\x48\xc7\xc7\x10\x00\x40\x00", Main::Address(CODE + 0x10)),
        (
            b"\x48\xbf\x10\x00\x40\x00\x00\x00\x00\x00",
            Main::Address(CODE + 0x10),
        ),
        (
            b"\x48\x8d\x3d\x10\x00\x00\x00",
            Main::Address(CODE + 9 + 0x10),
        ),
        (
            b"\x48\x8b\x3d\x10\x00\x20\x00",
            Main::WordAt(DATA + 9 + 0x10),
        ),
        (
            b"\x48\x8d\x05\x10\x00\x00\x00\x48\x89\xc7",
            Main::Address(CODE + 9 + 0x10),
        ),
    ] {
        for call in [
            &b"\xe8\x00\x00\x00\x00"[..],
            b"\x67\xe8\x00\x00\x00\x00",
            b"\xff\x15\x00\x00\x00\x00",
        ] {
            let code = [b"\x31\xed", code, call].concat();
            let code = [code, vec![0x90; 64]].concat();
            assert_eq!(
                main_of(&program(X86_64, 2, &code), CODE),
                Ok(wanted),
                "{code:x?}"
            );
        }
    }
}

#[test]
fn a_register_that_is_changed_again_is_forgotten() {
    // A later instruction that changes the register.
    let code = b"\x31\xed\xbf\x10\x00\x40\x00\x48\x89\xe7\xff\x15\x00\x00\x00\x00";
    assert_eq!(
        main_of(&program(X86_64, 2, code), CODE),
        Err(NoMain::UnknownStart)
    );
}

#[test]
fn files_and_entry_points_that_do_not_fit_are_refused() {
    let code = [
        &b"\x31\xed\x48\x8d\x3d\x10\x00\x00\x00\xe8\x00\x00\x00\x00"[..],
        &[0x90; 64],
    ]
    .concat();
    let fixed = program(X86_64, 2, &code);
    let moving = program(X86_64, 3, &code);
    let main = CODE + 9 + 0x10;
    assert_eq!(main_of(&fixed, CODE), Ok(Main::Address(main)));
    assert_eq!(main_of(&fixed, CODE + 0x1000), Err(NoMain::OtherFile));
    assert_eq!(
        main_of(&moving, CODE + 0x1000),
        Ok(Main::Address(main + 0x1000))
    );
    assert_eq!(
        main_of(&moving, CODE - 0x1000),
        Ok(Main::Address(main - 0x1000))
    );
    assert_eq!(main_of(&moving, CODE + 8), Err(NoMain::OtherFile));
    for (at, value) in [(0, 0), (4, 1), (5, 2), (16, 1), (18, 3)] {
        let mut file = fixed.clone();
        file[at] = value;
        assert_eq!(main_of(&file, CODE), Err(NoMain::NotElf), "byte {at}");
    }
    let said = NoMain::NotElf.to_string();
    assert!(said.contains("use `--at entry`"), "{said}");
}

#[test]
fn an_offset_in_the_file_becomes_an_address() {
    let file = program(X86_64, 2, &[0x90; 16]);
    let offset = OFFSET as u64;
    assert_eq!(virtual_address(&file, offset + 15), Some(CODE + 15));
    assert_eq!(virtual_address(&file, offset + 16), None);
    assert_eq!(virtual_address(&file, offset - 1), None);
    assert_eq!(virtual_address(b"#!/bin/sh", 0), None);
}
