//! auditd's files and the journal, as text and as data.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use logs::{Entry, Format, Loss, Reader};
use support::{calls, losses, numbers, read, record};

const SECCOMP: &str = "type=SECCOMP msg=audit(1795361497.447:91): auid=1000 uid=1000 gid=1000 ses=3 subj=unconfined \
    pid=4242 comm=\"nginx\" exe=\"/usr/sbin/nginx\" sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f00 code=0x7ffc0000";
const SYSCALL: &str = "type=SYSCALL msg=audit(1795361497.447:91): arch=c000003e syscall=41 success=yes exit=3 a0=2 a1=80801 \
    a2=0 a3=7ffd items=0 ppid=1 pid=4242 auid=1000 uid=1000 comm=\"nginx\" exe=\"/usr/sbin/nginx\" key=(null)";

#[test]
fn arguments_come_from_the_record_of_the_same_event() {
    let between = SYSCALL.replace(":91)", ":90)").replace("a0=2", "a0=ff");
    let log = format!("{SECCOMP}\n{between}\n{SYSCALL}\n");
    let (tally, entries) = read(None, &log).unwrap();
    assert_eq!(tally.format, Some(Format::Auditd));
    let record = calls(&entries)[0];
    let arguments = [Some(2), Some(0x80801), Some(0), Some(0x7ffd), None, None];
    assert_eq!(record.arguments, arguments);
    assert_eq!(
        (record.process, record.exe.as_str()),
        (Some(4242), "/usr/sbin/nginx")
    );
    assert_eq!(tally.others, 2);
}

#[test]
fn arguments_of_another_call_do_not_count() {
    let other = SYSCALL.replace("syscall=41", "syscall=42");
    let (_, entries) = read(None, format!("{SECCOMP}\n{other}\n")).unwrap();
    assert_eq!(calls(&entries)[0].arguments, [None; 6]);
}

#[test]
fn enriched_logs_other_nodes_and_numbers_for_kinds_are_read() {
    for line in [
        format!("{SECCOMP}\u{1d}ARCH=x86_64 SYSCALL=socket AUID=\"root\" UID=\"root\" SYSCALL=9"),
        format!("node=web.example.org {SECCOMP}"),
        SECCOMP.replace("SECCOMP", "1326"),
        SECCOMP.replace("SECCOMP", "UNKNOWN[1326]"),
        SECCOMP
            .replace("c000003e", "x86_64")
            .replace("syscall=41", "syscall=socket"),
    ] {
        let (_, entries) = read(None, format!("{line}\n")).expect(&line);
        assert_eq!(numbers(&entries), [41], "{line}");
    }
}

#[test]
fn a_log_without_a_filters_record_is_refused_with_the_reason() {
    let error = read(None, format!("{SYSCALL}\n")).unwrap_err().to_string();
    assert_eq!(
        error,
        "the log: no line of it is a record of a filter's (SECCOMP or type=1326)"
    );
    let error = read(None, "nothing\nof use\n").unwrap_err().to_string();
    assert!(error.contains("no line is one of a kernel log"), "{error}");
    assert!(read(None, "").is_err());
}

/// A field of the export format in either form.
fn field(name: &str, value: &[u8], binary: bool) -> Vec<u8> {
    let mut bytes = name.as_bytes().to_vec();
    match binary {
        true => {
            bytes.push(b'\n');
            bytes.extend((value.len() as u64).to_le_bytes());
        }
        false => bytes.push(b'='),
    }
    bytes.extend(value);
    bytes.push(b'\n');
    bytes
}

fn entry(fields: &[(&str, &str)], binary: &str) -> Vec<u8> {
    let fields = fields
        .iter()
        .map(|(name, value)| field(name, value.as_bytes(), *name == binary));
    let mut bytes: Vec<u8> = field("__CURSOR", b"s=1;i=1", false);
    bytes.extend(fields.flatten());
    bytes.push(b'\n');
    bytes
}

/// An entry by audit's socket.
fn audit() -> Vec<(&'static str, &'static str)> {
    vec![
        ("__REALTIME_TIMESTAMP", "1795361497999999"),
        ("_TRANSPORT", "audit"),
        ("_SOURCE_REALTIME_TIMESTAMP", "1795361497447000"),
        ("_AUDIT_TYPE", "1326"),
        ("_AUDIT_ID", "91"),
        ("_PID", "4242"),
        ("_UID", "1000"),
        ("_COMM", "a name"),
        ("_EXE", "/usr/sbin/nginx"),
        ("_AUDIT_FIELD_ARCH", "c000003e"),
        ("_AUDIT_FIELD_SYSCALL", "41"),
        ("_AUDIT_FIELD_SIG", "0"),
        ("_AUDIT_FIELD_CODE", "0x7ffc0000"),
    ]
}

const MESSAGE: &str = "SECCOMP auid=1000 uid=1000 gid=1000 ses=3 pid=4242 comm=61206E616D65 exe=\"/usr/sbin/nginx\" sig=0 \
    arch=c000003e syscall=41 compat=0 ip=0x7f00 code=0x7ffc0000";
const KERNEL: &str = "audit: type=1326 audit(1795361497.447:91): auid=1000 uid=1000 pid=4242 comm=\"nginx\" \
    exe=\"/usr/sbin/nginx\" sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f00 code=0x7ffc0000";

#[test]
fn the_export_format_is_read_with_its_binary_fields() {
    let mut whole = audit();
    whole.push(("MESSAGE", MESSAGE));
    for (fields, binary) in [
        (audit(), ""),
        (audit(), "_COMM"),
        (whole.clone(), ""),
        (whole.clone(), "MESSAGE"),
        (
            vec![
                ("_TRANSPORT", "kernel"),
                ("SYSLOG_FACILITY", "0"),
                ("MESSAGE", KERNEL),
            ],
            "",
        ),
    ] {
        let log = [
            entry(&[("MESSAGE", "of others")], "MESSAGE"),
            entry(&fields, binary),
        ]
        .concat();
        let (tally, entries) = read(None, log).expect(binary);
        assert_eq!((tally.format, tally.others), (Some(Format::Journal), 1));
        let record = calls(&entries)[0];
        assert_eq!((record.number, record.serial), (41, Some(91)), "{fields:?}");
        assert_eq!(record.exe, "/usr/sbin/nginx");
        let since = record.time.unwrap().duration_since(std::time::UNIX_EPOCH);
        assert_eq!(since.unwrap().as_millis(), 1_795_361_497_447);
    }
    let (_, entries) = read(None, entry(&audit(), "")).unwrap();
    assert_eq!(
        (calls(&entries)[0].comm.as_str(), calls(&entries)[0].process),
        ("a name", Some(4242))
    );
}

#[test]
fn a_journal_that_is_cut_says_so() {
    let mut log = entry(&audit(), "");
    let cut = entry(&audit(), "_COMM");
    let end = cut.windows(6).position(|bytes| bytes == b"a name").unwrap() + 3;
    log.extend(&cut[..end]);
    let (tally, entries) = read(None, log).unwrap();
    assert_eq!(tally.broken[0].why, "the field's value is cut");
    assert!(losses(&entries).iter().any(|lost| lost.why == Loss::Broken));
}

#[test]
fn only_the_kernel_and_audit_speak_in_a_journal() {
    for transport in ["syslog", "journal", "stdout"] {
        let log = [
            entry(&audit(), ""),
            entry(
                &[
                    ("_TRANSPORT", transport),
                    ("MESSAGE", KERNEL),
                    ("MESSAGE", MESSAGE),
                ],
                "",
            ),
        ];
        let (tally, entries) = read(None, log.concat()).unwrap();
        assert_eq!((calls(&entries).len(), tally.others), (1, 1), "{transport}");
    }
    // What a program wrote to /dev/kmsg has its facility.
    let log = entry(
        &[
            ("_TRANSPORT", "kernel"),
            ("SYSLOG_FACILITY", "1"),
            ("MESSAGE", KERNEL),
        ],
        "",
    );
    assert!(read(None, log).is_err());
}

fn json(fields: &[(&str, serde_json::Value)]) -> String {
    let object: serde_json::Map<_, _> = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    serde_json::Value::Object(object).to_string() + "\n"
}

#[test]
fn the_json_of_a_journal_is_read() {
    let bytes: Vec<u8> = MESSAGE.bytes().collect();
    for message in [serde_json::json!(MESSAGE), serde_json::json!(bytes)] {
        let line = json(&[
            ("_TRANSPORT", "audit".into()),
            ("_AUDIT_TYPE_NAME", "SECCOMP".into()),
            ("MESSAGE", message),
            ("_AUDIT_ID", "91".into()),
            ("__REALTIME_TIMESTAMP", "1795361497447000".into()),
        ]);
        let (tally, entries) = read(None, format!("{line}{{\"MESSAGE\":null}}\n")).unwrap();
        assert_eq!(tally.format, Some(Format::Json));
        let record = calls(&entries)[0];
        assert_eq!((record.number, record.comm.as_str()), (41, "a name"));
    }
    let (tally, _) = read(
        Some(Format::Json),
        json(&[("_TRANSPORT", "kernel".into()), ("MESSAGE", KERNEL.into())]) + "{\n",
    )
    .unwrap();
    assert_eq!(
        (tally.broken[0].line, tally.broken[0].why),
        (2, "no object of JSON")
    );
}

#[test]
fn a_record_from_two_sources_counts_once_and_the_rate_limit_of_one_does_not_matter() {
    let kernel = json(&[("_TRANSPORT", "kernel".into()), ("MESSAGE", KERNEL.into())]);
    let suppressed = "kauditd_printk_skb: 991 callbacks suppressed";
    let suppressed = json(&[
        ("_TRANSPORT", "kernel".into()),
        ("MESSAGE", suppressed.into()),
    ]);
    let own = json(&[
        ("_TRANSPORT", "audit".into()),
        ("_AUDIT_TYPE", "1326".into()),
        ("MESSAGE", MESSAGE.into()),
        ("_AUDIT_ID", "91".into()),
        ("_SOURCE_REALTIME_TIMESTAMP", "1795361497447000".into()),
    ]);
    let (_, entries) = read(None, format!("{own}{kernel}{suppressed}")).unwrap();
    assert_eq!((calls(&entries).len(), losses(&entries).len()), (1, 0));
    // What was left out before is lost.
    for early in [format!("{suppressed}{own}{kernel}"), {
        let before = kernel.replace("497.447:91", "490.447:90");
        format!("{before}{suppressed}{own}{kernel}")
    }] {
        let (_, entries) = read(None, early).unwrap();
        assert_eq!(losses(&entries).len(), 1);
    }
    let (_, entries) = read(None, format!("{suppressed}{kernel}")).unwrap();
    assert_eq!((calls(&entries).len(), losses(&entries).len()), (1, 1));
    let missed = json(&[
        ("_TRANSPORT", "driver".into()),
        ("MESSAGE", "Missed 25 kernel messages".into()),
    ]);
    let (_, entries) = read(None, format!("{kernel}{missed}")).unwrap();
    assert_eq!(
        (losses(&entries)[0].why, losses(&entries)[0].count),
        (Loss::Journal, Some(25))
    );
}

#[test]
fn a_record_in_two_logs_counts_once() {
    let mut entries = Vec::new();
    let mut reader = Reader::new(None);
    let kernel = record(1, 39) + &record(2, 40);
    let auditd = kernel.replace("[  517.262099] audit: type=1326 ", "type=SECCOMP msg=");
    reader
        .read("one", &mut kernel.as_bytes(), &mut |entry| {
            entries.push(entry)
        })
        .unwrap();
    let second: Vec<Entry> = Vec::new();
    let known = reader.read("other", &mut auditd.as_bytes(), &mut |entry| {
        entries.push(entry)
    });
    assert_eq!((numbers(&entries), second.len()), (vec![39, 40], 0));
    // A log whose every record is known is still a log.
    assert!(known.is_ok(), "{known:?}");
}
