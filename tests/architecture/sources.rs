//! What source files may say: where `unsafe` may stand, what the inner rooms keep away from, how long a file may be.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox_tests::{repository, skip};

/// Rooms that are data in, data out: no files, no environment, no clock.
const WITHOUT_OUTSIDE: [&str; 4] = [
    "crates/syscalls",
    "crates/policy",
    "crates/filter",
    "libsandbox",
];

/// Every `src` of the workspace.
fn source_directories() -> Vec<PathBuf> {
    let top = repository();
    let rooms = fs::read_dir(top.join("crates"))
        .expect("crates")
        .map(|entry| entry.expect("a room").path());
    let doors = ["libsandbox", "sandbox-policy", "sandboxify"].map(|door| top.join(door));
    rooms
        .chain(doors)
        .map(|room| room.join("src"))
        .filter(|source| source.is_dir())
        .collect()
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Rust source without comments and without what strings hold.
fn code(source: &str) -> String {
    let (mut code, mut rest) = (String::new(), source);
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("r#\"") {
            rest.find("\"#").map_or(rest.len(), |end| end + 2)
        } else if first == '"' {
            string_length(rest)
        } else if rest.starts_with("'\"'") {
            3
        } else if rest.starts_with("'\\\"'") {
            4
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        code.push(' ');
        rest = &rest[length..];
    }
    code
}

/// The length of a string literal at the start of a text, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, letter)| {
        let ends = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
}

#[test]
fn comments_and_strings_are_no_code() {
    for (source, wanted) in [
        ("a // unsafe\nb", "a  \nb"),
        ("a /* unsafe */ b", "a   b"),
        ("f(\"unsafe \\\" // \", b)", "f( , b)"),
        ("g(r#\"unsafe \" x\"#, b)", "g( , b)"),
        ("h('\"', unsafe, '\\\"')", "h( , unsafe,  )"),
        ("\"a\\\\\" unsafe", "  unsafe"),
    ] {
        assert_eq!(code(source), wanted, "{source}");
    }
}

#[test]
fn unsafe_stands_in_files_named_sys_alone() {
    let mut in_sys = 0;
    for file in source_directories()
        .iter()
        .flat_map(|directory| rust_files(directory))
    {
        let source = fs::read_to_string(&file).expect("a source");
        // The constructor's attribute has the word as an argument.
        let code = code(&source).replace("#[ctor(unsafe)]", "");
        let count = words(&code).filter(|word| *word == "unsafe").count();
        if file.file_name().is_some_and(|name| name == "sys.rs") {
            in_sys += count;
        } else {
            assert_eq!(count, 0, "{}", file.display());
        }
    }
    assert!(in_sys > 0, "the search finds nothing");
}

#[test]
fn rooms_without_unsafe_forbid_it_and_the_others_deny_it() {
    for directory in source_directories() {
        let files = rust_files(&directory);
        let has_sys = files.iter().any(|file| file.ends_with("sys.rs"));
        for root in ["lib.rs", "main.rs"].map(|root| directory.join(root)) {
            let Ok(source) = fs::read_to_string(&root) else {
                continue;
            };
            let wanted = if has_sys {
                "#![deny(unsafe_code)]"
            } else {
                "#![forbid(unsafe_code)]"
            };
            assert!(
                source.lines().any(|line| line == wanted),
                "{} lacks {wanted}",
                root.display()
            );
        }
    }
}

/// `if let … && …` is Rust 1.88's; the manifest promises 1.85, and clippy does not look for it.
#[test]
fn a_chain_of_patterns_is_found_wherever_the_pattern_stands() {
    let chains = [
        "if a && let Some(b) = c {",
        "if let Some(a) = b\n    && c\n{",
        "if let Some(a) = b\n    .filter(f)\n    && c\n{",
    ];
    assert!(chains.iter().all(|chain| begins_a_chain(chain)));
    let others = [
        "if let Some(a) = b {\n    c\n    && d",
        "let a = b\n    && c;",
    ];
    assert!(!others.iter().any(|other| begins_a_chain(other)));
}

#[test]
fn no_condition_joins_a_pattern_with_another_condition() {
    for directory in source_directories() {
        for file in rust_files(&directory) {
            let source = fs::read_to_string(&file).expect("source");
            assert!(!begins_a_chain(&source), "{} has a chain", file.display());
        }
    }
}

/// Whether there is such a chain, laid out by rustfmt.
fn begins_a_chain(source: &str) -> bool {
    let code = code(source);
    let words: Vec<_> = code.split_whitespace().collect();
    if words.windows(2).any(|pair| pair == ["&&", "let"]) {
        return true;
    }
    let mut pattern = false;
    for line in code.lines().map(str::trim_start) {
        if line.starts_with("&& ") && pattern {
            return true;
        }
        let begins = ["if let ", "while let ", "} else if let "];
        pattern = begins.iter().any(|begin| line.starts_with(begin)) && !line.ends_with('{')
            || pattern && line.starts_with('.');
    }
    false
}

#[test]
fn the_inner_rooms_do_not_touch_the_outside() {
    for room in WITHOUT_OUTSIDE {
        let directory = repository().join(room).join("src");
        let root = fs::read_to_string(directory.join("lib.rs")).expect("lib.rs");
        assert!(root.contains("no_std"), "{room} uses the standard library");
        for file in rust_files(&directory) {
            let code = code(&fs::read_to_string(&file).expect("a source"));
            for outside in ["std::", "extern crate std"] {
                assert!(!code.contains(outside), "{outside} in {}", file.display());
            }
        }
    }
}

/// The files under version control, as text where they are; nothing outside a checkout.
pub fn tracked() -> Option<Vec<(String, String)>> {
    let top = repository();
    let output = Command::new("git")
        .current_dir(&top)
        .args(["ls-files", "-z"])
        .output()
        .ok()?;
    let names = String::from_utf8(output.stdout)
        .ok()
        .filter(|_| output.status.success())?;
    let files = names.split_terminator('\0').filter_map(|name| {
        let bytes = fs::read(top.join(name)).ok()?;
        Some((name.to_string(), String::from_utf8(bytes).ok()?))
    });
    Some(files.collect())
}

#[test]
fn no_source_file_is_longer_than_500_lines() {
    let Some(files) = tracked() else {
        return skip("git does not know this directory");
    };
    let is_source = |name: &str| {
        [".rs", ".c", ".S", ".sh", ".py"]
            .iter()
            .any(|end| name.ends_with(end))
    };
    let is_table = |name: &str| {
        let file = name.rsplit('/').next().unwrap_or(name);
        file.starts_with("table") && file.ends_with(".rs")
    };
    assert!(
        files.iter().any(|(name, _)| is_source(name)),
        "no sources at all"
    );
    for (name, text) in files
        .iter()
        .filter(|(name, _)| is_source(name) && !is_table(name))
    {
        let lines = text.lines().count();
        assert!(lines <= 500, "{name} has {lines} lines");
    }
}

#[test]
fn no_file_names_the_machine_that_it_was_written_on() {
    let Some(files) = tracked() else {
        return skip("git does not know this directory");
    };
    // In two pieces each, so that this file does not hold what it forbids.
    let places = [
        ("/wo", "rk/"),
        ("/home/", "runner"),
        (".cargo/", "registry"),
        ("arti", "factory"),
    ];
    for (name, text) in files {
        for place in places.map(|(start, end)| format!("{start}{end}")) {
            let line = text.lines().find(|line| line.contains(&place));
            assert_eq!(line, None, "{place} in {name}");
        }
    }
}
