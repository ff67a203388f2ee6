//! What is kept of a log has a limit, and nothing of one log is left when the next begins.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use logs::{Entry, Format, Loss, Lost, Reader};
use support::{calls, losses, numbers, read, record};

const SUPPRESSED: &str = "[ 1.0] kauditd_printk_skb: 1 callbacks suppressed\n";

/// The record with the arguments of [`record`]'s event.
fn arguments(milliseconds: u64) -> String {
    let words = "arch=c000003e syscall=41 success=yes a0=1 a1=2 a2=3 a3=4";
    let line = record(milliseconds, 41).replace("type=1326", "type=1300");
    let (stamp, _) = line.split_once("auid=").unwrap();
    format!("{stamp}{words}\n")
}

#[test]
fn thousands_of_records_wait_for_their_arguments_and_no_more() {
    let count = 8192 + 5;
    let mut log: String = (0..count).map(|n| record(n * 600, 41)).collect();
    for n in [0, 4, 5, count - 1] {
        log.push_str(&arguments(n * 600));
    }
    let (_, entries) = read(None, log).unwrap();
    let known: Vec<usize> = calls(&entries)
        .iter()
        .enumerate()
        .filter_map(|(place, record)| record.arguments[0].map(|_| place))
        .collect();
    assert_eq!(known, [5, 8192 + 4]);
}

#[test]
fn losses_are_told_apart_up_to_a_limit() {
    let log = record(1, 39) + &SUPPRESSED.repeat(5000);
    let (_, entries) = read(None, log).unwrap();
    let lost = losses(&entries);
    assert_eq!(lost.len(), 4096);
    assert_eq!((lost[0].count, lost[4095].count), (Some(1), None));
}

/// What each of some logs, read one behind the other, says was lost.
fn lost(logs: &[&str]) -> Vec<Vec<Lost>> {
    let mut reader = Reader::new(None);
    let each = logs.iter().map(|log| {
        let mut lost = Vec::new();
        let mut take = |entry| {
            if let Entry::Lost(one) = entry {
                lost.push(one);
            }
        };
        reader
            .read("log", &mut log.as_bytes(), &mut take)
            .expect("a log");
        lost
    });
    each.collect()
}

#[test]
fn losses_of_one_log_say_nothing_of_the_next() {
    let counter = |count: u64| format!("[ 1.0] audit: audit_lost={count} audit_rate_limit=5 x=1\n");
    let (one, other) = (
        record(1, 39) + &counter(57),
        record(60_000, 39) + &counter(50),
    );
    let found = lost(&[&one, &other]);
    assert_eq!((found[0].len(), found[1].len()), (1, 1));

    let one = SUPPRESSED.to_owned() + &record(1, 39);
    let other = SUPPRESSED.to_owned() + &record(60_000, 39);
    let found = lost(&[&one, &other]);
    assert!(found[1][0].before > found[0][0].before, "{found:?}");

    // The journal listened to audit; the kernel log of somewhere else has its rate limit.
    let journal = "{\"_TRANSPORT\":\"audit\",\"_AUDIT_TYPE\":\"1326\",\"_AUDIT_ID\":\"1\",\
                   \"__REALTIME_TIMESTAMP\":\"1000000\",\"MESSAGE\":\"SECCOMP pid=7 arch=c000003e syscall=39\"}\n";
    let found = lost(&[journal, &(record(1, 39) + SUPPRESSED)]);
    assert_eq!((found[0].len(), found[1][0].why), (0, Loss::Printk));
}

#[test]
fn only_the_first_mistakes_are_named_and_all_are_counted() {
    let log = record(1, 39) + &record(2, 39).replace("syscall=39 ", "").repeat(25);
    let (tally, entries) = read(None, log).unwrap();
    assert_eq!((tally.broken.len(), tally.broken_in_all), (20, 25));
    assert_eq!(losses(&entries)[0].count, Some(25));
}

#[test]
fn what_is_behind_the_longest_line_is_no_line_of_its_own() {
    let line = "x".repeat(1 << 20) + &record(1, 39);
    let (tally, entries) = read(None, line + &record(2, 40)).unwrap();
    assert_eq!((tally.lines, numbers(&entries)), (2, vec![40]));
}

#[test]
fn a_word_before_audit_is_a_date_or_somebody_elses() {
    let text = record(1, 39);
    let (_, text) = text.split_once("] ").unwrap();
    for (start, count) in [
        ("2026-11-23T04:00:00,123456+00:00 ", 1),
        ("program ", 0),
        ("2026-11-23 ", 0),
        ("xxxx-11-23T ", 0),
        ("kernel: ", 0),
        ("host kernel: ", 0),
        ("Nov 23 04:00:00 host kernel: ", 1),
        ("Nov 23 04:00:00 host program: ", 0),
    ] {
        let log = format!("{}{start}{text}", record(5, 40));
        let (_, entries) = read(Some(Format::Dmesg), log).unwrap();
        assert_eq!(calls(&entries).len(), 1 + count, "{start}");
    }
}

#[test]
fn a_value_of_a_journal_that_is_too_long_is_read_over() {
    let mut log = b"__CURSOR=x\n_TRANSPORT=audit\n_AUDIT_TYPE=1326\n_COMM\n".to_vec();
    let value = vec![b'n'; 200_000];
    log.extend((value.len() as u64).to_le_bytes());
    log.extend(&value);
    log.extend(b"\n_AUDIT_FIELD_ARCH=c000003e\n_AUDIT_FIELD_SYSCALL=39\n\n");
    let (_, entries) = read(None, &log).unwrap();
    let all = calls(&entries);
    assert_eq!((all[0].number, all[0].comm.len()), (39, 1 << 16));
}

#[test]
fn digits_have_no_signs() {
    let signed = record(1, 39).replace(".001:1)", ".+01:1)");
    let (_, entries) = read(None, record(5, 40) + &signed).unwrap();
    assert_eq!(calls(&entries)[1].serial, None);
    for (written, name) in [("2f+1", "2f+1"), ("2f1", "2f1"), ("2f61", "/a")] {
        let log = record(1, 39).replace("\"/bin/hello\"", written);
        let (_, entries) = read(None, log).unwrap();
        assert_eq!(calls(&entries)[0].exe, name);
    }
}
