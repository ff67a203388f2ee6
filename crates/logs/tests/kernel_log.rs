//! Records in all the forms that a kernel log is printed in, and what it says of losses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use logs::{Format, Loss};
use support::{calls, losses, read, record};

/// A record as the kernel prints it.
const RECORD: &str = "audit: type=1326 audit(1795361497.447:2): auid=4294967295 uid=33 gid=0 ses=4294967295 \
    pid=10047 comm=\"hello\" exe=\"/usr/bin/hello\" sig=31 arch=c000003e syscall=262 compat=0 \
    ip=0x7fb1413d686a code=0x80000000";

/// The same as the journal prints it that has it from audit's socket.
fn fields() -> &'static str {
    RECORD.split_once("): ").unwrap().1
}

#[test]
fn every_way_to_print_the_kernel_log_is_read() {
    for head in [
        "[  517.262099] ",
        "[  517.262099][ T1234] ",
        "[    0.000000] [T1] ",
        "[Mon Nov 23 02:00:01 2026] ",
        "[Nov23 02:00] ",
        "[  +0.000012] ",
        "<5>[  517.262099] ",
        "kern  :notice: [  517.262099] ",
        "2026-11-23T02:00:01,123456+00:00 ",
        "",
        "Nov 23 02:00:01 host kernel: [  517.262099] ",
        "Nov  3 02:00:01 host kernel: ",
        "2026-11-23T02:00:01.123456+00:00 host kernel: [  517.262099] ",
    ] {
        let line = format!("{head}{RECORD}\n");
        let (tally, entries) = read(None, &line).expect(head);
        assert_eq!(tally.format, Some(Format::Dmesg), "{head}");
        let record = &calls(&entries)[0];
        assert_eq!(record.serial, Some(2), "{head}");
        assert_eq!((record.audit, record.number), (0xc000_003e, 262));
        assert_eq!((record.process, record.uid), (Some(10047), Some(33)));
        assert_eq!(
            (record.comm.as_str(), record.exe.as_str()),
            ("hello", "/usr/bin/hello")
        );
        assert_eq!((record.signal, record.code), (31, Some(0x8000_0000)));
        assert_eq!(record.instruction, 0x7fb1_413d_686a);
        assert_eq!(record.arguments, [None; 6]);
        assert_eq!(record.unknown(), 0b11_1111);
        let since = record.time.unwrap().duration_since(std::time::UNIX_EPOCH);
        assert_eq!(since.unwrap().as_millis(), 1_795_361_497_447);
    }
}

#[test]
fn the_journals_own_lines_are_read() {
    let line = format!("Nov 23 02:00:01 host audit[10047]: SECCOMP {}\n", fields());
    let (_, entries) = read(None, &line).unwrap();
    assert_eq!(calls(&entries)[0].number, 262);
}

#[test]
fn what_a_program_logs_is_no_record() {
    for head in [
        "Nov 23 02:00:01 host nginx[7]: ",
        "Nov 23 02:00:01 host nginx[7]: kernel: ",
        "Nov 23 02:00:01 host app: [  517.262099] ",
        "user  :notice: [  517.262099] ",
        "daemon:info  : [  517.262099] ",
        "<13>[  517.262099] ",
        "a line about ",
        "[  517.262099] app: ",
    ] {
        let forged = format!("{head}{RECORD}\n");
        let error = read(None, &forged).expect_err(head);
        assert!(error.to_string().starts_with("the log: "), "{error}");
        // Beside a record, it does not count.
        let (tally, entries) = read(None, format!("{RECORD}\n{forged}")).unwrap();
        assert_eq!((calls(&entries).len(), tally.others), (1, 1), "{head}");
    }
}

#[test]
fn names_of_programs_hold_no_fields() {
    let line = record(1, 39).replace("\"hello\"", "706964203D312073797363616C6C3D30");
    let (_, entries) = read(None, &line).unwrap();
    let record = &calls(&entries)[0];
    assert_eq!(
        (record.comm.as_str(), record.number),
        ("pid =1 syscall=0", 39)
    );
}

#[test]
fn what_the_kernel_left_out_is_lost() {
    let log = format!(
        "{}[ 522.3] kauditd_printk_skb: 991 callbacks suppressed\n{}",
        record(1, 39),
        record(6000, 39)
    );
    let (_, entries) = read(None, &log).unwrap();
    let lost = losses(&entries);
    assert_eq!((lost[0].why, lost[0].count), (Loss::Printk, Some(991)));
    assert!(lost[0].before.is_some(), "a record behind it has a time");
    for (line, why, count) in [
        ("audit: rate limit exceeded", Loss::Rate, None),
        ("audit: backlog limit exceeded", Loss::Backlog, None),
        (
            "audit: out of memory in audit_log_start",
            Loss::Kernel,
            None,
        ),
        (
            "audit: audit_lost=57 audit_rate_limit=0 audit_backlog_limit=64",
            Loss::Kernel,
            Some(1),
        ),
        ("audit: *** 12 lost", Loss::Kernel, Some(12)),
        (
            "audit_printk_skb: 7 callbacks suppressed",
            Loss::Printk,
            Some(7),
        ),
    ] {
        let log = format!("{}[ 522.3] {line}\n", record(1, 39));
        let (_, entries) = read(None, &log).expect(line);
        let lost = losses(&entries);
        assert_eq!((lost[0].why, lost[0].count), (why, count), "{line}");
    }
}

#[test]
fn a_counter_of_losses_counts_what_came_in_between() {
    let lost = |count: u64| format!("[ 1.0] audit: audit_lost={count} audit_rate_limit=5 x=1\n");
    let log = record(1, 39) + &lost(57) + &lost(60);
    let (_, entries) = read(None, &log).unwrap();
    let counts: Vec<_> = losses(&entries).iter().map(|lost| lost.count).collect();
    assert_eq!(counts, [Some(1), Some(3)]);
}

#[test]
fn a_log_that_ends_with_as_many_as_the_kernel_takes_may_lack_more() {
    let log = |count: u64| (0..count).map(|n| record(n, 39)).collect::<String>();
    let whys = |text: &str| {
        let (_, entries) = read(None, text).unwrap();
        losses(&entries)
            .iter()
            .map(|lost| lost.why)
            .collect::<Vec<_>>()
    };
    assert_eq!(whys(&log(10)), [Loss::Burst]);
    assert_eq!(whys(&log(9)), []);
    // Had there been more, the kernel had said so before the next.
    assert_eq!(whys(&(log(10) + &record(9000, 39))), []);
}

#[test]
fn a_broken_record_is_named_with_its_place() {
    let whole = record(1, 39);
    for (broken, column, why) in [
        (
            whole.replace("syscall=39", "syscall=x"),
            "syscall=x",
            "syscall= is no system call",
        ),
        (
            whole.replace("arch=c000003e", "arch=moon"),
            "arch=moon",
            "arch= is no architecture",
        ),
    ] {
        let (tally, entries) = read(None, format!("{whole}{broken}")).unwrap();
        assert_eq!(calls(&entries).len(), 1);
        let mistake = &tally.broken[0];
        assert_eq!((mistake.line, mistake.why), (2, why));
        let value = column.find('=').unwrap() + 1;
        let expected = broken.find(column).unwrap() + value + 1;
        assert_eq!(mistake.column, expected, "{broken}");
        assert_eq!(losses(&entries)[0].why, Loss::Broken);
    }
    let cut = &whole[..whole.find(" syscall").unwrap()];
    let (tally, _) = read(None, format!("{whole}{cut}")).unwrap();
    assert_eq!(
        tally.broken[0].to_string(),
        format!("2:{}: the record has no syscall=", cut.len() + 1)
    );
}

/// Thousands of records wait for their arguments, each with a name as long as the line was.
#[test]
fn a_record_that_is_too_long_for_the_kernel_is_none() {
    for (letters, calls, broken) in [(8_000, 1, 0), (17_000, 0, 1)] {
        let name = "2f".repeat(letters / 2);
        let log = record(1, 39).replace("\"/bin/hello\"", &name);
        let (tally, _) = read(None, log).unwrap();
        assert_eq!((tally.calls, tally.broken_in_all), (calls, broken));
    }
}

#[test]
fn number_minus_one_and_x32_are_numbers() {
    for (written, number) in [("-1", u32::MAX), ("1073741863", 0x4000_0027), ("511", 511)] {
        let line = record(1, 39).replace("syscall=39", &format!("syscall={written}"));
        let (_, entries) = read(None, &line).unwrap();
        assert_eq!(calls(&entries)[0].number, number);
    }
}
