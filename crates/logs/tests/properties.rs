//! Whatever stands in a log, and records that are made up and read back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use logs::Format;
use proptest::prelude::*;
use support::{calls, read};

const FORMATS: [Option<Format>; 6] = [
    None,
    Some(Format::Dmesg),
    Some(Format::Auditd),
    Some(Format::Journal),
    Some(Format::Json),
    Some(Format::Strace),
];

/// Pieces that readers look for.
const PIECES: [&str; 34] = [
    "audit: ",
    "type=1326 ",
    "audit(1795361497.447:2)",
    ": ",
    "arch=c000003e ",
    "syscall=39 ",
    "sig=31 ",
    "pid=7 ",
    "comm=\"a\" ",
    "exe=2F61 ",
    "code=0x0 ",
    "kauditd_printk_skb: 9 callbacks suppressed",
    "[  517.2] ",
    "kernel: ",
    "type=SECCOMP msg=",
    "node=a ",
    "\n",
    "\n\n",
    "\u{1d}",
    "__CURSOR=x\n",
    "MESSAGE",
    "=",
    "_TRANSPORT=audit\n",
    "_AUDIT_TYPE=1326\n",
    "{\"MESSAGE\":\"",
    "\"}",
    "read(",
    "\"",
    ") = 0",
    "<unfinished ...>",
    "<... read resumed>",
    "[pid 7] ",
    "clone(flags=",
    "\0\0\0\0\0\0\0\u{1}",
];

fn counts() -> ProptestConfig {
    let full = std::env::var_os("SANDBOX_FULL_TESTS").is_some();
    ProptestConfig::with_cases(if full { 20_000 } else { 1_000 })
}

proptest! {
    #![proptest_config(counts())]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for format in FORMATS {
            let _ = read(format, &bytes);
        }
    }

    #[test]
    fn no_pieces_make_it_panic(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..30)) {
        let log = pieces.concat();
        for format in FORMATS {
            if let Ok((tally, entries)) = read(format, &log) {
                prop_assert_eq!(usize::try_from(tally.calls), Ok(calls(&entries).len()));
            }
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written(
        time in 0..4_000_000_000_000_u64,
        serial: u64,
        process in 1..i32::MAX,
        uid: u32,
        name in "\\PC{0,20}",
        signal in 0..65_u32,
        audit: u32,
        number: u32,
        instruction: u64,
        code: u32,
    ) {
        let plain = name.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'"');
        let written = match plain {
            true => format!("\"{name}\""),
            false => name.bytes().map(|byte| format!("{byte:02X}")).collect(),
        };
        let fields = format!(
            "audit({}.{:03}:{serial}): auid=1 uid={uid} gid=0 ses=1 pid={process} comm={written} exe={written} \
             sig={signal} arch={audit:x} syscall={number} compat=0 ip={instruction:#x} code={code:#x}",
            time / 1000, time % 1000,
        );
        for line in [format!("[ 1.0] audit: type=1326 {fields}\n"), format!("type=SECCOMP msg={fields}\n")] {
            let (_, entries) = read(None, line).unwrap();
            let record = calls(&entries)[0];
            prop_assert_eq!(&record.comm, &name);
            prop_assert_eq!(&record.exe, &name);
            prop_assert_eq!((record.serial, record.process, record.uid), (Some(serial), Some(process), Some(uid)));
            prop_assert_eq!((record.signal, record.audit, record.number), (signal, audit, number));
            prop_assert_eq!((record.instruction, record.code), (instruction, Some(code)));
            let since = record.time.unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
            prop_assert_eq!(since.as_millis(), u128::from(time));
        }
    }

    #[test]
    fn a_traced_call_is_read_as_it_was_written(numbers in prop::array::uniform6(any::<u64>()), path in "[^\"\\\\\n\r]{0,20}") {
        let written = numbers.map(|number| format!("{number:#x}")).join(", ");
        let log = format!("close(1) = 0\nmmap({written}) = 0x1\nopenat(AT_FDCWD, \"{path}\", O_RDWR) = -1 ENOENT (x)\n");
        let (_, entries) = read(None, log).unwrap();
        prop_assert_eq!(calls(&entries)[1].arguments, numbers.map(Some));
        prop_assert_eq!(calls(&entries)[2].arguments[2], Some(2));
    }
}
