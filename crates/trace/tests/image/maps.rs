//! `/proc/PID/maps`, made up and of this process.

use std::fs;

use trace::image::Maps;

const TEXT: &[u8] = b"\
00400000-00401000 r-xp 00002000 fe:00 1234                               /usr/bin/a program (1)\n\
00600000-00602000 rw-p 00001000 fe:00 1234                               /usr/bin/old (deleted)\n\
00700000-00710000 rw-s 00000000 00:01 99                                 /dev/shm/x\\012y\n\
00800000-00821000 rw-p 00000000 00:00 0                                  [heap]\n\
7f0000000000-7f0000100000 rw-p 00000000 00:00 0 \n\
7f0000200000-7f0000201000 r--p 00000000 00:00 0                          [vvar]\n\
7f0000300000-7f0000400000 rw-p 00000000 00:00 0                          [vvar_vclock]\n\
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]\n\
not a line\n\
00a00000-00900000 rw-p 00000000 00:00 0 \n\
+0900000-00a00000 rw-p 00000000 00:00 0 \n\
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]";

#[test]
fn mappings_are_read_with_all_they_say() {
    let maps = Maps::parse(TEXT);
    assert_eq!(maps.iter().count(), 9);
    let code = maps.find(0x40_0fff).unwrap();
    assert!(code.readable && !code.writable && code.executable && !code.shared);
    assert_eq!(
        (code.start, code.end, code.offset),
        (0x40_0000, 0x40_1000, 0x2000)
    );
    assert_eq!(code.path.as_deref(), Some(&b"/usr/bin/a program (1)"[..]));
    assert_eq!(code.file(), code.path.as_deref());
    assert_eq!(code.file_offset(0x40_0010), Some(0x2010));
    assert_eq!(code.file_offset(0x40_1000), None);
    assert_eq!(code.file_offset(0x3f_ffff), None);
    assert_eq!(maps.find(0x40_1000), None);
    assert_eq!(maps.find(0), None);
    let deleted = maps.find(0x60_0000).unwrap();
    assert_eq!(
        deleted.path.as_deref(),
        Some(&b"/usr/bin/old (deleted)"[..])
    );
    assert_eq!(deleted.file(), None);
    let shared = maps.find(0x70_0000).unwrap();
    assert!(shared.shared && shared.file() == Some(b"/dev/shm/x\ny"));
    assert_eq!(maps.find(0x7f00_0000_0000).unwrap().path, None);
    assert_eq!(maps.find(u64::MAX), None);
    assert_eq!(maps.find(0xffff_ffff_ff60_0000).unwrap().file(), None);
}

#[test]
fn scratch_memory_is_below_the_stack_pointer() {
    let maps = Maps::parse(TEXT);
    let top = 0x7ffd_0002_1000;
    assert_eq!(maps.scratch(top, 16), Some(top - 128 - 16));
    assert_eq!(
        maps.scratch(top - 7, 100),
        Some((top - 7 - 128 - 100) & !15)
    );
    let start = 0x7ffd_0000_0000;
    assert_eq!(maps.scratch(start + 128 + 4096, 4096), Some(start));
    // A stack of a thread or a coroutine counts as well.
    assert_eq!(
        maps.scratch(0x7f00_0008_0000, 256),
        Some(0x7f00_0008_0000 - 384)
    );
}

#[test]
fn scratch_memory_is_elsewhere_where_the_stack_is_full() {
    let maps = Maps::parse(TEXT);
    let full = 0x7ffd_0000_0100;
    assert_eq!(maps.scratch(full, 4096), Some(0x80_0000), "the heap");
    assert_eq!(
        maps.scratch(full, 0x2_2000),
        Some(0x7f00_0000_0000),
        "anonymous"
    );
    assert_eq!(maps.scratch(full, 0x20_0000), None);
    for nowhere in [
        0,
        1,
        0x1000,
        0x40_0800,
        0x70_0800,
        0x7f00_0030_0800,
        u64::MAX,
    ] {
        assert_eq!(maps.scratch(nowhere, 64), Some(0x80_0000), "{nowhere:x}");
    }
    assert_eq!(maps.scratch(full, usize::MAX), None);
    let only = b"1000-3000 rw-p 00000000 fe:00 7   /lib/x.so\n4000-5000 rw-p 00000000 00:00 0\n";
    assert_eq!(
        Maps::parse(only).scratch(0, 8192),
        Some(0x1000),
        "of a file"
    );
    assert_eq!(
        Maps::parse(only).scratch(0, 4096),
        Some(0x4000),
        "anonymous before a file"
    );
    assert_eq!(Maps::parse(b"").scratch(0x1000, 1), None);
}

#[test]
fn the_mappings_of_this_process_are_read() {
    let local = 5_u8;
    let address = std::ptr::from_ref(&local) as u64;
    let text = fs::read("/proc/self/maps").unwrap();
    let maps = Maps::parse(&text);
    let lines = text.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(maps.iter().count(), lines);
    let stack = maps.find(address).unwrap();
    assert!(stack.readable && stack.writable && !stack.shared);
    let scratch = maps.scratch(address, 512).unwrap();
    assert!(scratch >= stack.start && scratch + 512 + 128 <= address && scratch & 15 == 0);
    let code = maps.find(the_mappings_of_this_process_are_read as fn() as usize as u64);
    let program = fs::read_link("/proc/self/exe").unwrap();
    assert_eq!(
        code.unwrap().file(),
        Some(program.as_os_str().as_encoded_bytes())
    );
}
