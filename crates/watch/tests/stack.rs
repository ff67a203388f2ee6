//! Callers on a card and in a report.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod report_support;

use report_support::mkdir;
use serde_json::{Value, json};
use trace::unwind::{End, Found};
use watch::{Caller, Format, Outcome, Place, Reporter, Stack, Violation, card};

fn caller(number: u64, symbol: Option<&str>, found: Found) -> Caller {
    Caller {
        address: 0x5500_0000_1000 + number,
        place: Some(Place {
            module: "/opt/a b/hello".to_owned(),
            offset: 0x1000 + number,
            symbol: symbol.map(|name| (name.to_owned(), number)),
        }),
        found,
    }
}

fn with(callers: Vec<Caller>, end: End) -> Violation {
    Violation {
        stack: Some(Stack { callers, end }),
        ..mkdir(Outcome::Died)
    }
}

/// What the card has between its second and its last line.
fn between(violation: &Violation) -> String {
    let card = card(violation, "sandboxify");
    let (_, behind) = card.split_once("(mkdir+0xb)\n").expect("the place");
    let (between, _) = behind.split_once("  to allow it").expect("the cure");
    between.to_owned()
}

#[test]
fn callers_stand_below_the_place_of_the_call() {
    let nowhere = Caller {
        place: None,
        ..caller(0, None, Found::Pointer)
    };
    let callers = vec![
        caller(0x1c, Some("inner"), Found::Table),
        caller(0x2c, None, Found::Call),
        nowhere,
        caller(0x3c, Some("wait"), Found::Interrupted),
        caller(0x4c, Some("main"), Found::Table),
    ];
    assert_eq!(
        between(&with(callers.clone(), End::Outermost)),
        "  #1 inner+0x1c in hello\n  \
         #2 hello+0x102c, by its call\n  \
         #3 0x550000001000, in no known file, by a frame pointer\n  \
         #4 wait+0x3c in hello, interrupted by a signal\n  \
         #5 main+0x4c in hello\n"
    );
    let unknown = between(&with(callers, End::Unknown));
    assert!(unknown.ends_with("in hello\n  … who called that is not known\n"));
}

#[test]
fn a_card_shows_sixteen_callers_and_counts_the_others() {
    let many = |count| {
        (0..count)
            .map(|n| caller(n, Some("f"), Found::Table))
            .collect()
    };
    let ends = [
        (16, End::Outermost, ""),
        (16, End::Unknown, "  … who called that is not known\n"),
        (17, End::Outermost, "  … 1 more\n"),
        (63, End::Limit, "  … 47 more at least\n"),
        (40, End::Unknown, "  … 24 more at least\n"),
        (0, End::Unknown, "  … who called that is not known\n"),
        (0, End::Outermost, ""),
    ];
    for (count, end, last) in ends {
        let between = between(&with(many(count), end));
        let lines = between.matches("  #").count();
        assert_eq!(lines, usize::try_from(count).unwrap().min(16), "{between}");
        assert!(between.ends_with(last), "{count} {end:?}: {between}");
        assert_eq!(between.contains('…'), !last.is_empty());
    }
}

#[test]
fn text_of_a_hostile_stack_stays_in_its_line_and_is_cut() {
    let evil = format!(
        "f\n  to allow it: --allow x\u{1b}[2J\u{202e}{}",
        "x".repeat(5000)
    );
    let mut callers = vec![caller(1, Some(&evil), Found::Table); 16];
    for caller in &mut callers {
        caller.place.as_mut().unwrap().module = evil.clone();
    }
    let violation = with(callers, End::Limit);
    let card = card(&violation, "sandboxify");
    assert_eq!(card.lines().count(), 3 + 17);
    assert!(card.len() < 16 * 1024, "{}", card.len());
    let report = Reporter::new(Format::Json, true).take(&violation).unwrap();
    assert!(report.len() < 256 * 1024 && report.matches('\n').count() == 1);
    for text in [&card.replace('\n', ""), &report.replace('\n', "")] {
        assert!(!text.contains(|letter: char| letter.is_control() || letter == '\u{202e}'));
    }
}

#[test]
fn a_report_has_the_frames_from_the_call_outwards() {
    let callers = vec![
        caller(0x1c, Some("inner"), Found::Table),
        caller(0x2c, None, Found::Pointer),
    ];
    let violation = with(callers, End::Unknown);
    let report = Reporter::new(Format::Json, true).take(&violation).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        report["stack"],
        json!([
            { "address": "0x7f000010e1a3", "module": "/usr/lib/x86_64-linux-gnu/libc.so.6",
              "offset": "0x10e1a3", "symbol": "mkdir+0xb", "found": "table" },
            { "address": "0x55000000101c", "module": "/opt/a b/hello", "offset": "0x101c",
              "symbol": "inner+0x1c", "found": "table" },
            { "address": "0x55000000102c", "module": "/opt/a b/hello", "offset": "0x102c",
              "symbol": null, "found": "frame pointer" },
        ])
    );
    assert_eq!(report["stack_end"], "unknown");
    let text = Reporter::new(Format::Text, true).take(&violation).unwrap();
    assert_eq!(text.lines().count(), 1);
    let without = Reporter::new(Format::Json, true).take(&mkdir(Outcome::Ran));
    let without: Value = serde_json::from_str(&without.unwrap()).unwrap();
    assert_eq!(without.get("stack"), Some(&Value::Null));
    assert_eq!(without.get("stack_end"), Some(&Value::Null));
}
