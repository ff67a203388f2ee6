//! Where the new program header finds its place in programs of each kind, as readelf(1) sees it.

use std::path::Path;

use sandbox_tests::Run;

use crate::workshop::{KINDS, Kind, Workshop};

/// The kinds of program headers in their order, with the addresses of those that are mapped.
fn headers(program: &Path) -> Vec<(String, u64)> {
    let outcome = Run::new("readelf")
        .arg("-lW")
        .arg(program)
        .outcome()
        .succeeded();
    let lines = outcome
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let entries = lines.filter(|words| words.len() > 6 && words[1].starts_with("0x"));
    let entry = |words: Vec<&str>| {
        let address = words[2].trim_start_matches("0x");
        (
            words[0].to_string(),
            u64::from_str_radix(address, 16).expect("an address"),
        )
    };
    entries.map(entry).collect()
}

fn count(headers: &[(String, u64)], kind: &str) -> usize {
    headers.iter().filter(|(name, _)| name == kind).count()
}

#[test]
fn one_segment_is_new_all_are_in_order_and_at_most_a_note_is_missing() {
    let workshop = Workshop::new();
    for kind in KINDS {
        let before = headers(&kind.hello());
        let after = headers(&workshop.hello(kind));
        assert_eq!(
            count(&after, "LOAD"),
            count(&before, "LOAD") + 1,
            "{kind:?}"
        );
        let loads = after.iter().filter(|(name, _)| name == "LOAD");
        let addresses: Vec<u64> = loads.map(|(_, address)| *address).collect();
        assert!(addresses.is_sorted(), "{kind:?}: {addresses:x?}");
        let lost = usize::from(matches!(
            kind,
            Kind::Glibc | Kind::GlibcPie | Kind::MuslNote
        ));
        assert_eq!(
            count(&after, "NOTE") + lost,
            count(&before, "NOTE"),
            "{kind:?}"
        );
        for name in [
            "GNU_STACK",
            "GNU_RELRO",
            "TLS",
            "GNU_PROPERTY",
            "GNU_EH_FRAME",
            "DYNAMIC",
        ] {
            assert_eq!(count(&after, name), count(&before, name), "{kind:?} {name}");
        }
    }
}

#[test]
fn these_programs_have_the_places_that_they_are_named_for() {
    for (kind, notes) in [
        (Kind::Musl, 0),
        (Kind::MuslNote, 1),
        (Kind::MuslTight, 0),
        (Kind::MuslTightPie, 0),
    ] {
        assert_eq!(count(&headers(&kind.hello()), "NOTE"), notes, "{kind:?}");
    }
    let workshop = Workshop::new();
    for kind in KINDS {
        let outcome = Run::new("readelf")
            .arg("-hW")
            .arg(workshop.hello(kind))
            .outcome();
        let text = outcome.succeeded().stdout;
        let line = text
            .lines()
            .find(|line| line.contains("Start of program headers"));
        let stays = line.expect("a line").contains(" 64 ");
        assert_eq!(stays, !kind.moves_headers(), "{kind:?}: {text}");
    }
}

#[test]
fn the_build_id_of_a_program_stays_readable() {
    let source = "int main(void) { return 0; }\n";
    let workshop = Workshop::new();
    let program = sandbox_tests::compile(source, &["-static", "-Wl,--build-id"]);
    let sealed = workshop.embed(&program, &["--deny", "mkdir"], "sealed");
    let id = |program: &Path| {
        let outcome = Run::new("readelf")
            .arg("-nW")
            .arg(program)
            .outcome()
            .succeeded();
        let lines = outcome
            .stdout
            .lines()
            .filter(|line| line.contains("Build ID"));
        lines.map(str::trim).map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(id(&program).len(), 1);
    assert_eq!(id(&sealed), id(&program));
}
