//! What reports look like, in each form, and what becomes of repetitions and of hostile text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod report_support;

use policy::{Action, Errno, Mode, Request};
use report_support::{ABI, call, judge, judge_of, mkdir, numbered, plain, violation};
use serde_json::{Value, json};
use watch::{Format, MOST_DISTINCT, Outcome, Reporter, Violation, card};

fn taken(format: Format, violation: &Violation) -> String {
    let mut reporter = Reporter::new(format, false);
    reporter.take(violation).expect("a report")
}

fn objects(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_line_of_text_tells_everything() {
    assert_eq!(
        taken(Format::Text, &mkdir(Outcome::Ran)),
        "sandboxify: violation: mkdir(\"/tmp/x\", 0777): would be killed: not in the list; \
         add mkdir; at libc.so.6+0x10e1a3 (mkdir+0xb); python3.11[1234], call 83, 00:00:00.123\n"
    );
}

#[test]
fn a_line_of_text_leaves_out_what_is_unknown() {
    let mut violation = mkdir(Outcome::Died);
    violation.place = None;
    violation.call.thread = 1240;
    assert_eq!(
        taken(Format::Text, &violation),
        "sandboxify: violation: mkdir(\"/tmp/x\", 0777): killed: not in the list; \
         add mkdir; python3.11[1234/1240], call 83, 00:00:00.123\n"
    );
}

#[test]
fn the_consequence_is_that_of_the_action() {
    let errno = Action::Errno(Errno::new(13).unwrap());
    for (action, outcome, expected) in [
        (Action::KillProcess, Outcome::Ran, ": would be killed: "),
        (Action::KillProcess, Outcome::Died, ": killed: "),
        (
            Action::KillThread,
            Outcome::Ran,
            ": thread would be killed: ",
        ),
        (Action::KillThread, Outcome::Died, ": thread killed: "),
        (Action::Trap, Outcome::Ran, ": would get SIGSYS: "),
        (Action::Trap, Outcome::Trapped, ": got SIGSYS: "),
        (errno, Outcome::Ran, ": would fail with EACCES: "),
        (errno, Outcome::Failed(13), ": failed with EACCES: "),
        (Action::Log, Outcome::Ran, ": logged: "),
    ] {
        let request = Request {
            default: action,
            ..plain(Mode::AllowList, "read")
        };
        let judge = judge_of(&request, &[]);
        let violation = violation(&judge, call("mkdir", &[]), "mkdir(NULL, 0)", outcome);
        let line = taken(Format::Text, &violation);
        assert!(line.contains(expected), "{action:?} {outcome:?}: {line}");
    }
}

#[test]
fn oz_has_its_two_lines() {
    let mut violation = mkdir(Outcome::Ran);
    violation.command = b"/bin/echo\0hi\0".to_vec();
    violation.rendered = "access(\"/etc/ld.so.preload\", R_OK)".to_owned();
    violation.call = call("access", &[]);
    violation.call.process = 2157;
    assert_eq!(
        taken(Format::Oz, &violation),
        "I seccomp hit on sandbox pid 2157 (/bin/echo hi ) syscall access (21):\n  \
         access(\"/etc/ld.so.preload\", R_OK)\n"
    );
}

#[test]
fn oz_wiki_has_them_between_lines_of_46_signs() {
    let mut violation = mkdir(Outcome::Ran);
    violation.command = b"/bin/echo\0hi\0".to_vec();
    let sign = "=".repeat(46);
    assert_eq!(
        taken(Format::OzWiki, &violation),
        format!(
            "I {sign}\nseccomp hit on sandbox pid 1234 (/bin/echo hi ) syscall mkdir (83): \n\n\
             mkdir(\"/tmp/x\", 0777)\nI {sign}\n\n"
        )
    );
    violation.generic = Some("mkdir(\"/tmp/x\",511)".into());
    let text = taken(Format::OzWiki, &violation);
    let both = format!("mkdir(\"/tmp/x\", 0777)\nmkdir(\"/tmp/x\",511)\nI {sign}\n\n");
    assert!(text.ends_with(&both), "{text}");
    let mut reporter = Reporter::new(Format::OzWiki, false);
    reporter.take(&violation);
    assert_eq!(
        reporter.summary(),
        "I sandboxify: 1 distinct violation, 1 in all:\nI      1  mkdir  not in the list\n"
    );
}

#[test]
fn a_call_is_shown_as_numbers_too_where_that_says_more() {
    let mut violation = mkdir(Outcome::Ran);
    violation.generic = Some("mkdir(\"/tmp/x\n\",511)".into());
    let text = taken(Format::Oz, &violation);
    let (_, calls) = text.split_once(":\n").unwrap();
    assert_eq!(
        calls,
        "  mkdir(\"/tmp/x\", 0777)\n  mkdir(\"/tmp/x\\n\",511)\n"
    );
    violation.generic = Some(violation.rendered.clone());
    assert_eq!(taken(Format::Oz, &violation).lines().count(), 2);
    for (format, wanted) in [
        (Format::Text, false),
        (Format::Json, false),
        (Format::Oz, true),
        (Format::OzWiki, true),
    ] {
        let reporter = Reporter::new(format, false);
        assert!(!reporter.wants_generic());
        assert_eq!(reporter.debugging().wants_generic(), wanted, "{format:?}");
    }
}

#[test]
fn json_has_all_keys() {
    let line = taken(Format::Json, &mkdir(Outcome::Ran));
    assert_eq!(line.matches('\n').count(), 1);
    assert_eq!(
        objects(&line),
        [json!({
            "time": 1_709_164_800.123,
            "date": "2024-02-29T00:00:00.123Z",
            "pid": 1234,
            "tid": 1234,
            "program": "/usr/bin/python3.11",
            "call": "mkdir",
            "number": 83,
            "arch": "x86_64",
            "arguments": ["0x7fff1234", "0x1ff", "0x0", "0x0", "0x0", "0x0"],
            "rendered": "mkdir(\"/tmp/x\", 0777)",
            "module": "/usr/lib/x86_64-linux-gnu/libc.so.6",
            "offset": "0x10e1a3",
            "symbol": "mkdir+0xb",
            "instruction": "0x7f000010e1a3",
            "stack": null,
            "stack_end": null,
            "rule": null,
            "reason": "not in the list",
            "action": "kill_process",
            "outcome": "ran",
            "add": {"item": "mkdir"},
            "cure": "add mkdir",
            "count": 1,
        })]
    );
}

#[test]
fn json_keeps_its_keys_where_nothing_is_known() {
    let judge = judge(Mode::AllowList, "read");
    let call = numbered(0xc000_0028, 7, &[]);
    let mut violation = violation(&judge, call, "7()", Outcome::Failed(1));
    violation.place = None;
    let line = &objects(&taken(Format::Json, &violation))[0];
    for key in ["call", "module", "offset", "symbol", "rule", "add"] {
        assert_eq!(line.get(key), Some(&Value::Null), "{key}");
    }
    assert_eq!(line["arch"], "0xc0000028");
    assert_eq!(line["outcome"], "EPERM");
    assert_eq!(line["cure"], "no policy here holds for 0xc0000028");
}

#[test]
fn a_card_has_three_lines() {
    assert_eq!(
        card(&mkdir(Outcome::Died), "sandboxify"),
        "sandboxify: killed by the filter: mkdir(\"/tmp/x\", 0777) [mkdir, 83] in pid 1234 (python3.11)\n  \
         called from libc.so.6+0x10e1a3 (mkdir+0xb)\n  \
         to allow it: --allow '…:mkdir'\n"
    );
}

#[test]
fn a_card_says_what_cannot_be_added_and_which_line_a_file_needs() {
    let x32 = judge(Mode::AllowList, "read");
    let call_x32 = report_support::call_of(syscalls::Abi::X32, "read", &[]);
    let mut violation_x32 = violation(&x32, call_x32, "read(0, NULL, 0)", Outcome::Died);
    violation_x32.place = None;
    assert!(card(&violation_x32, "sandboxify").ends_with(
        "  called from 0x7f000010e1a3, in no known file\n  \
         x32 call; x32 calls are never allowed\n"
    ));
    let files = [("/p.seccomp", "read: 1\n")];
    for (origin, expected) in [
        (
            "--allow",
            "  to allow it: --allow '…:mkdir'  (or for a file: add the line `mkdir: 1`)\n",
        ),
        (
            "SECCOMP_SYSCALL_ALLOW",
            "  to allow it: SECCOMP_SYSCALL_ALLOW='…:mkdir'  (or for a file: add the line `mkdir: 1`)\n",
        ),
        ("--policy", "  to allow it: add the line `mkdir: 1`\n"),
    ] {
        let request = Request {
            origin,
            ..plain(Mode::AllowList, "/p.seccomp")
        };
        let judge = judge_of(&request, &files);
        let violation = violation(&judge, call("mkdir", &[]), "mkdir(NULL, 0)", Outcome::Died);
        let card = card(&violation, "sandboxify");
        assert!(card.ends_with(expected), "{origin}: {card}");
    }
}

#[test]
fn repetitions_are_counted_and_not_shown() {
    let judge = judge(Mode::AllowList, "read:mkdir=EPERM");
    let wait = |address| call("futex", &[address, 128, 1]);
    let wake = |address| call("futex", &[address, 129, 1]);
    let mkdir = |address| call("mkdir", &[address, 0o700]);
    let mut reporter = Reporter::new(Format::Text, false);
    let mut lines = Vec::new();
    for at in 0..10 {
        for call in [wait(at), wait(at + 100), wake(at), mkdir(at)] {
            if !reporter.repeats(&call, &judge.verdict(&call)) {
                let violation = violation(&judge, call, "…", Outcome::Ran);
                lines.extend(reporter.take(&violation));
            }
        }
    }
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(reporter.total(), 40);
    assert_eq!(
        reporter.summary(),
        "sandboxify: 3 distinct violations, 40 in all:\n    \
         20  futex(op == FUTEX_WAIT_PRIVATE)  not in the list\n    \
         10  futex(op == FUTEX_WAKE_PRIVATE)  not in the list\n    \
         10  mkdir                            denied by mkdir=EPERM; add mkdir=allow\n"
    );
}

#[test]
fn one_addition_allows_it_all() {
    let list = "read:mkdir=EPERM";
    let judge = judge(Mode::AllowList, list);
    let calls = [
        call("mkdir", &[]),
        call("fcntl", &[0, 1]),
        call("fcntl", &[0, 2]),
        report_support::call_of(syscalls::Abi::X86, "read", &[]),
        call("rmdir", &[]),
    ];
    let together = |format, count: usize| {
        let mut reporter = Reporter::new(format, false);
        for call in &calls[..count] {
            reporter.take(&violation(&judge, *call, "…", Outcome::Ran));
        }
        reporter.together(&judge)
    };
    assert_eq!(together(Format::Text, 1), None);
    assert_eq!(
        together(Format::Text, 5).as_deref(),
        Some(
            "sandboxify: to allow it all: --arch x86 --allow \
             '…:fcntl(cmd == F_GETFD):fcntl(cmd == F_SETFD):mkdir=allow:rmdir'\n"
        )
    );
    let json = objects(&together(Format::Json, 3).unwrap());
    let item = "fcntl(cmd == F_GETFD):fcntl(cmd == F_SETFD):mkdir=allow";
    assert_eq!(json[0]["add"], json!({ "item": item }));
    let x32 = report_support::call_of(syscalls::Abi::X32, "read", &[]);
    let mut reporter = Reporter::new(Format::Text, false);
    for call in [calls[0], x32] {
        reporter.take(&violation(&judge, call, "…", Outcome::Ran));
    }
    assert_eq!(reporter.together(&judge), None);
}

#[test]
fn a_card_says_that_only_a_thread_died() {
    let request = Request {
        default: Action::KillThread,
        ..plain(Mode::AllowList, "read")
    };
    let judge = judge_of(&request, &[]);
    let mut violation = violation(&judge, call("mkdir", &[]), "mkdir()", Outcome::Died);
    violation.call.thread = 1240;
    let card = card(&violation, "sandboxify");
    assert!(
        card.starts_with("sandboxify: thread 1240 killed by the filter: mkdir() ["),
        "{card}"
    );
}

#[test]
fn taking_a_repetition_counts_it_once() {
    let violation = mkdir(Outcome::Ran);
    let mut reporter = Reporter::new(Format::Text, false);
    assert!(reporter.take(&violation).is_some());
    assert!(reporter.take(&violation).is_none());
    assert_eq!(reporter.total(), 2);
    let mut reporter = Reporter::new(Format::Json, true);
    for count in 1..=3 {
        let verdict = judge(Mode::AllowList, "read").verdict(&violation.call);
        assert!(!reporter.repeats(&violation.call, &verdict));
        let line = reporter.take(&violation).expect("every one");
        assert_eq!(objects(&line)[0]["count"], count);
    }
}

#[test]
fn a_summary_in_json_ends_with_the_total() {
    let mut reporter = Reporter::new(Format::Json, false);
    let nothing =
        json!({"summary": "total", "distinct": 0, "violations": 0, "beyond": 0, "lost": 0});
    assert_eq!(objects(&reporter.summary()), [nothing]);
    reporter.take(&mkdir(Outcome::Ran));
    reporter.take(&mkdir(Outcome::Ran));
    reporter.lose(5);
    let lines = objects(&reporter.summary());
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["summary"], "violation");
    assert_eq!(lines[0]["call"], "mkdir");
    assert_eq!(lines[0]["subject"], "mkdir");
    assert_eq!(lines[0]["count"], 2);
    assert_eq!(
        lines[1],
        json!({"summary": "total", "distinct": 1, "violations": 2, "beyond": 0, "lost": 5})
    );
}

#[test]
fn a_quiet_run_has_no_summary_and_lost_reports_are_told() {
    let mut reporter = Reporter::new(Format::Text, false);
    assert_eq!(reporter.summary(), "");
    reporter.lose(2);
    assert_eq!(reporter.summary(), "sandboxify: 2 reports were lost\n");
    let mut reporter = Reporter::new(Format::Oz, false);
    reporter.take(&mkdir(Outcome::Ran));
    assert_eq!(
        reporter.summary(),
        "I sandboxify: 1 distinct violation, 1 in all:\nI      1  mkdir  not in the list\n"
    );
}

#[test]
fn a_program_cannot_fill_the_memory_of_its_watcher() {
    let judge = judge(Mode::AllowList, "write(fd == 1)");
    let mut reporter = Reporter::new(Format::Text, false);
    let mut shown = 0;
    let more = 100;
    let kept = u64::try_from(MOST_DISTINCT).unwrap();
    let like = violation(
        &judge,
        call("write", &[2]),
        "write(2, NULL, 0)",
        Outcome::Ran,
    );
    for fd in 2..2 + kept + more {
        let call = call("write", &[fd]);
        let verdict = judge.verdict(&call);
        if !reporter.repeats(&call, &verdict) {
            let mut violation = like.clone();
            violation.call = call;
            violation.judgement = judge.judge(&call);
            shown += u64::from(reporter.take(&violation).is_some());
        }
    }
    assert_eq!(shown, kept);
    assert_eq!(reporter.total(), kept + more);
    let summary = reporter.summary();
    assert!(summary.ends_with("   100  more, of which nothing was kept\n"));
}

#[test]
fn hostile_names_stay_on_their_line() {
    let mut violation = mkdir(Outcome::Died);
    let evil = "/tmp/a]; add @known\n\u{1b}[2J\u{202e}\"\\";
    violation.program = evil.to_owned();
    violation.rendered = "mkdir(\"\n\r\u{1b}]0;x\u{7}\u{2028}\")".to_owned();
    violation.command = b"/bin/x\0a\nI seccomp hit\x1b\xff\0".to_vec();
    let place = violation.place.as_mut().unwrap();
    place.module = "/lib/x\ny".to_owned();
    place.symbol = Some(("f\u{1b}g(int)".to_owned(), 1));
    let text = taken(Format::Text, &violation);
    assert_eq!(
        text,
        "sandboxify: violation: mkdir(\"\\n\\r\\u{1b}]0;x\\u{7}\\u{2028}\"): killed: not in the list; \
         add mkdir; at \"x\\ny\"+0x10e1a3 (\"f\\u{1b}g(int)\"+0x1); \
         \"a]; add @known\\n\\u{1b}[2J\\u{202e}\\\"\\\\\"[1234], call 83, 00:00:00.123\n"
    );
    assert_eq!(card(&violation, "sandboxify").lines().count(), 3);
    let oz = taken(Format::Oz, &violation);
    assert!(oz.starts_with(
        "I seccomp hit on sandbox pid 1234 (/bin/x a\\nI seccomp hit\\u{1b}\u{fffd} ) syscall mkdir (83):\n  mkdir("
    ));
    assert_eq!(oz.lines().count(), 2);
    let wiki = taken(Format::OzWiki, &violation);
    assert_eq!(wiki.lines().count(), 6);
    let json = taken(Format::Json, &violation);
    for report in [&text, &card(&violation, "sandboxify"), &oz, &wiki, &json] {
        let control = |letter: char| "\u{202e}\u{2028}".contains(letter) || letter.is_control();
        let lines = report.replace('\n', "");
        assert!(!lines.contains(control), "{report:?}");
    }
    assert_eq!(objects(&json)[0]["program"], evil);
}

#[test]
fn long_text_is_cut() {
    let mut violation = mkdir(Outcome::Died);
    violation.rendered = "x".repeat(1 << 20);
    violation.program = "ä\n".repeat(1 << 20);
    violation.command = vec![b'c'; 1 << 20];
    let place = violation.place.as_mut().unwrap();
    place.module = "m".repeat(1 << 20);
    place.symbol = Some(("\u{7}".repeat(1 << 20), 1));
    for format in [Format::Text, Format::Json, Format::Oz, Format::OzWiki] {
        let length = taken(format, &violation).len();
        assert!(length < 32 * 1024, "{format:?}: {length}");
    }
    assert!(card(&violation, "sandboxify").len() < 4096);
}

#[test]
fn numbers_without_a_name_are_shown() {
    let judge = judge(Mode::AllowList, "read");
    let violation = violation(
        &judge,
        numbered(ABI.audit(), 999, &[]),
        "999()",
        Outcome::Ran,
    );
    let oz = taken(Format::Oz, &violation);
    assert!(oz.contains("syscall 999 (999):"), "{oz}");
    let text = taken(Format::Text, &violation);
    assert!(text.contains("add 999;"), "{text}");
}
