//! Calls whose arguments nobody knows: their rules allow any use, and say why; nothing is made up.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/learning.rs"]
mod support;

use policy::{Action, Mode, Request, no_files};
use support::{allows, call, compiled, file, line, options, value};
use syscalls::Abi;
use watch::learn::{Learned, Observations, merge};
use watch::{Call, Format, Judge, Outcome, Reporter, Violation};

/// All six.
const ALL: u8 = 0b11_1111;

fn learn(text: Option<&str>, calls: &[(Call, u8)]) -> Learned {
    let file = file(text);
    let mut seen = Observations::beside(&file).unwrap();
    for (call, unknown) in calls {
        seen.record_partly(call, *unknown);
    }
    merge(&file, &seen, &options()).unwrap()
}

#[test]
fn a_call_without_its_arguments_is_allowed_with_any() {
    let learned = learn(
        None,
        &[(call("socket", &[]), ALL), (call("read", &[]), ALL)],
    );
    assert_eq!(
        line(&learned.text, "socket"),
        "socket: 1  # seen 1; arguments unknown"
    );
    assert_eq!(line(&learned.text, "read"), "read: 1  # seen 1");
    assert_eq!(learned.summary.unknown, ["socket"]);
    let said = learned.summary.to_string();
    assert!(
        said.contains("arguments unknown, so any use is allowed: socket"),
        "{said}"
    );
    let policy = compiled(&learned.text);
    assert!(allows(&policy, &call("socket", &[40, 3, 7])));
}

#[test]
fn arguments_that_do_not_select_may_be_unknown() {
    let family = value("AF_UNIX");
    let socket = call("socket", &[family, 1, 0]);
    let learned = learn(None, &[(socket, 0b11_1000)]);
    assert!(
        line(&learned.text, "socket").contains("family == AF_UNIX"),
        "{}",
        learned.text
    );
    assert_eq!(learned.summary.unknown, Vec::<String>::new());
}

#[test]
fn a_condition_gives_way_and_the_comment_says_why() {
    for (rule, expected) in [
        (
            "socket: family == AF_UNIX",
            "socket: family == AF_UNIX || true  # arguments unknown",
        ),
        (
            "socket: family == AF_UNIX  # ours",
            "socket: family == AF_UNIX || true  # ours; arguments unknown",
        ),
        (
            "socket: family == AF_UNIX  # seen 3",
            "socket: 1  # seen 4; arguments unknown",
        ),
        ("socket: 1", "socket: 1"),
    ] {
        let learned = learn(Some(rule), &[(call("socket", &[]), ALL)]);
        assert_eq!(line(&learned.text, "socket"), expected);
        let told = !learned.summary.unknown.is_empty();
        assert_eq!(told, expected.contains("unknown"), "{rule}");
    }
}

#[test]
fn a_second_run_changes_nothing_but_counts() {
    let first = learn(None, &[(call("socket", &[]), ALL)]);
    let again = learn(
        Some(&first.text),
        &[(call("socket", &[]), ALL), (call("socket", &[1, 1, 0]), 0)],
    );
    assert_eq!(
        line(&again.text, "socket"),
        "socket: 1  # seen 3; arguments unknown"
    );
    assert_eq!(again.summary.new, Vec::<String>::new());
}

#[test]
fn a_file_says_that_it_is_incomplete_once() {
    let mut options = options();
    options.losses = Some("991 records were lost".into());
    let mut seen = Observations::new();
    seen.record(&call("read", &[]));
    let learned = merge(&file(None), &seen, &options).unwrap();
    assert!(
        learned
            .text
            .starts_with("# INCOMPLETE: 991 records were lost\n# Learned by "),
        "{}",
        learned.text
    );
    let again = merge(&file(Some(&learned.text)), &seen, &options).unwrap();
    assert_eq!(again.text.matches("INCOMPLETE").count(), 1);
    compiled(&again.text);
}

fn judge(list: &str) -> Judge {
    let request = Request::plain(
        Mode::AllowList,
        "--list-allow",
        list.as_bytes(),
        Action::KillProcess,
    );
    Judge::new(&request, Abi::NATIVE, &no_files).unwrap()
}

#[test]
fn a_policy_that_looks_at_what_is_unknown_gives_no_answer() {
    let socket = call("socket", &[]);
    assert_eq!(
        judge("socket(family == AF_UNIX)").verdict_partly(&socket, ALL),
        None
    );
    assert!(
        judge("socket(family == AF_UNIX)")
            .verdict_partly(&socket, 0b11_1110)
            .is_some()
    );
    assert!(
        !judge("socket")
            .verdict_partly(&socket, ALL)
            .unwrap()
            .is_violation()
    );
    assert!(
        judge("read")
            .verdict_partly(&socket, ALL)
            .unwrap()
            .is_violation()
    );
}

#[test]
fn a_report_shows_no_argument_that_is_unknown() {
    let judge = judge("read");
    let socket = call("socket", &[0x77, 0x77, 0x77]);
    let judgement = judge.judge_partly(&socket, ALL).unwrap();
    assert_eq!(judgement.subject, "socket");
    let addition = judgement.addition.clone().unwrap();
    assert_eq!(addition.item.as_deref(), Some("socket"));
    let violation = Violation {
        stack: None,
        call: socket,
        program: "/bin/true".into(),
        command: Vec::new(),
        rendered: "socket(?, ?, ?)".into(),
        generic: None,
        place: None,
        judgement,
        outcome: Outcome::Ran,
    };
    let text = Reporter::new(Format::Json, false).take(&violation).unwrap();
    assert!(
        text.contains("\"arguments\":[null,null,null,null,null,null]"),
        "{text}"
    );
    assert!(!text.contains("0x77"), "{text}");
}
