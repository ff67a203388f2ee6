//! Any profile that is written is read back as it was; any bytes are read without harm.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;
#[path = "support/written.rs"]
mod written;

use std::collections::BTreeMap;

use profile::{Circumstances, Config, Gid, Loaded, PathPattern, Severity, Uid, User, directories};
use proptest::prelude::*;
use support::configuration;

/// Pieces that profiles are made of, so that random texts come far.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\\",
        "\\u",
        "\\ud83d\\ude00",
        "\n",
        "#",
        " # x\n",
        "null",
        "true",
        "-1.5e-9",
        "\"path\"",
        "\"/x\"",
        "\"whitelist\"",
        "\"${HOME}/*\"",
        "\"networking\"",
        "\"type\"",
        "\"bridge\"",
        "\"name\"",
        "9050",
        "{\"path\": \"/x\",",
        "\"xserver\": {",
        "\u{feff}",
        "\u{0}",
        "ü",
    ];
    prop_oneof![
        8 => proptest::sample::select(words.to_vec()).prop_map(String::from),
        1 => ".{0,4}",
    ]
}

/// Says that what came of some bytes holds together.
fn holds_together(loaded: &Loaded, bytes: &[u8]) -> Result<(), TestCaseError> {
    let errors = loaded.diagnostics.iter();
    let mut errors = errors.filter(|one| one.severity == Severity::Error);
    prop_assert_eq!(errors.next().is_some(), loaded.profile.is_err());
    let lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
    for diagnostic in &loaded.diagnostics {
        let text = diagnostic.to_string();
        prop_assert!(!text.contains(['\n', '\u{1b}', '\0']), "{}", text);
        let place = diagnostic.place;
        if place.line > 0 {
            let line = lines[place.line - 1];
            prop_assert!((1..=line.len() + 1).contains(&place.column), "{}", text);
        }
    }
    Ok(())
}

/// A text as our reader takes it, as serde_json takes it, if both mean the same by it.
fn both(text: &str) -> (bool, bool) {
    let loaded = Loaded::read("p", text.as_bytes());
    let mut problems = loaded.diagnostics.iter();
    // A profile that is JSON is wrong at a key, or as a whole for what it lacks.
    let is_json = !problems.any(|one| {
        let text = one.problem.to_string();
        text.starts_with("expected ") || matches!(one.problem, profile::Problem::Malformed(_))
    });
    (
        is_json,
        serde_json::from_str::<serde_json::Value>(text).is_ok(),
    )
}

proptest! {
    #![proptest_config(configuration(256))]

    #[test]
    fn a_profile_that_is_written_is_read_back_as_it_was(profile in written::profile()) {
        let text = written::text(&profile);
        let loaded = Loaded::read("p.json", text.as_bytes());
        let errors: Vec<_> = loaded.diagnostics.iter().filter(|one| one.severity == Severity::Error).collect();
        prop_assert!(errors.is_empty(), "{text}\n{errors:?}");
        prop_assert_eq!(loaded.profile.unwrap(), profile);
    }

    #[test]
    fn pieces_of_profiles_in_any_order_are_read_without_harm(pieces in proptest::collection::vec(piece(), 0..60)) {
        let text = pieces.concat();
        holds_together(&Loaded::read("p.json", text.as_bytes()), text.as_bytes())?;
        let _ = Config::read("oz.conf", text.as_bytes());
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        holds_together(&Loaded::read("p.json", &bytes), &bytes)?;
        let _ = Config::read("oz.conf", &bytes);
        for path in directories("/home/u", &bytes, &bytes).values() {
            prop_assert!(path.starts_with("/home/u/"), "{}", path);
        }
    }

    #[test]
    fn what_is_json_for_us_is_json_for_others(pieces in proptest::collection::vec(piece(), 0..12)) {
        // Comments and marks are our own.
        let text = pieces.concat().replace(['#', '\u{feff}'], " ");
        let (ours, theirs) = both(&text);
        prop_assert_eq!(ours, theirs, "{:?}", text);
    }

    #[test]
    fn a_flipped_byte_of_a_profile_is_read_without_harm(profile in written::profile(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = written::text(&profile).into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        holds_together(&Loaded::read("p.json", &bytes), &bytes)?;
    }

    #[test]
    fn a_path_of_any_text_for_any_user_leads_from_name_to_name(text in "(/|\\$\\{HOME\\}/|\\$\\{PATH\\}/)[a.*?\\[\\]/${}UIDSER-]{0,20}", name in ".{0,5}", home in "(/[a.*]{0,4}){0,3}") {
        let user = User { name, uid: Uid(1), gid: Gid(1), home, directories: BTreeMap::new() };
        let circumstances = Circumstances { user: &user, sandbox: "s", display: None };
        let Ok(path) = text.parse::<PathPattern>() else { return Ok(()) };
        for expanded in path.expand(&circumstances).into_iter().flatten() {
            prop_assert!(!expanded.names.is_empty());
            for name in &expanded.names {
                match name {
                    profile::Name::Plain(name) => {
                        let fits = !matches!(name.as_str(), "" | "." | "..") && !name.contains(['/', '\0']);
                        prop_assert!(fits, "{:?}", name);
                    }
                    profile::Name::Pattern(glob) => {
                        prop_assert!(!glob.matches(b".") && !glob.matches(b".."));
                    }
                }
            }
        }
    }
}
