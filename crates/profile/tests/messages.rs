//! Every message, as it is printed: FILE:LINE:COLUMN, what is wrong, and what to do about it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use profile::{Loaded, Severity};
use support::problems;

/// Texts that are no JSON, or no object.
const NO_JSON: &[(&str, &str)] = &[
    (
        "",
        "1:1: error: expected a value, found the end of the file",
    ),
    (
        "# x",
        "1:4: error: expected a value, found the end of the file",
    ),
    ("{", "1:2: error: expected a key, found the end of the file"),
    (
        "{\n\"a\":1,\n}",
        "3:1: error: expected a key, found '}'; there is no comma behind the last one",
    ),
    (
        "[1,]",
        "1:4: error: expected a value, found ']'; there is no comma behind the last one",
    ),
    ("[1 2]", "1:4: error: expected a comma or ], found '2'"),
    (
        "{\"a\":1 \"b\"",
        "1:8: error: expected a comma or }, found '\"'",
    ),
    ("{\"a\" 1}", "1:6: error: expected a colon, found '1'"),
    (
        "{'a':1}",
        "1:2: error: expected a key, found '\\''; strings have double quotes",
    ),
    (
        "{} x",
        "1:4: error: expected nothing behind the value, found 'x'",
    ),
    (
        "{} # x",
        "1:4: error: expected nothing behind the value, found '#'; a comment has a line of its own",
    ),
    (
        "// x\n{}",
        "1:1: error: expected a value, found '/'; comments begin with # and have a line of their own",
    ),
    ("nul", "1:1: error: expected a value, found 'n'"),
    (
        "-",
        "1:2: error: expected a digit, found the end of the file",
    ),
    (
        "01",
        "1:2: error: expected nothing behind the value, found '1'",
    ),
    (
        "{\"a\": \"x\n\"}",
        "1:9: error: the string has no end on its line",
    ),
    ("\"a", "1:3: error: the string has no end on its line"),
    (
        "\"\t\"",
        "1:2: error: a control character in a string: write \\u00XX",
    ),
    (
        "\"\\q\"",
        "1:2: error: no escape that JSON knows: write \\\\ for a backslash",
    ),
    (
        "\"\\u12x4\"",
        "1:3: error: \\u wants four hexadecimal digits",
    ),
    ("\"\\ud83d\"", "1:2: error: half of a pair of surrogates"),
    (
        "\"\\ud83d\\u0041\"",
        "1:2: error: half of a pair of surrogates",
    ),
    ("\"\\ude00\"", "1:2: error: half of a pair of surrogates"),
    ("[]", "1:1: error: must be an object, not a list"),
    (
        "\u{feff}{} x",
        "1:7: error: expected nothing behind the value, found 'x'",
    ),
    (
        "{\r\n\"a\": ]\r\n}",
        "2:6: error: expected a value, found ']'; there is no comma behind the last one",
    ),
];

/// Profiles whose program or name cannot be.
const NO_PROGRAM: &[(&str, &str)] = &[
    ("{}", "1:1: error: \"path\" is missing"),
    ("{\"path\": \"\"}", "1:1: error: \"path\" is missing"),
    ("{\"paths\": [\"/x\"]}", "1:1: error: \"name\" is missing"),
    (
        "{\"path\": \"x\"}",
        "1:10: error: path: \"x\" is not an absolute path",
    ),
    (
        "{\"path\": \"/a/../x\"}",
        "1:10: error: path: \"/a/../x\" has .. in it",
    ),
    (
        "{\"path\": \"/\"}",
        "1:10: error: path: \"/\" is the root directory",
    ),
    (
        "{\"path\": \"${HOME}/x\"}",
        "1:10: error: path: \"${HOME}/x\" has a variable, which means nothing here",
    ),
    (
        "{\"path\": \"/x\\u0000\"}",
        "1:10: error: path: \"/x\\0\" has a NUL, which no path and no argument can hold",
    ),
    (
        "{\"path\": \"/-x\"}",
        "1:1: error: the last name of \"path\" is no name of a host, so \"name\" has to be there",
    ),
    (
        "{\"path\": 5, \"name\": \"x\"}",
        "1:10: error: path: must be a string, not a number",
    ),
    (
        "{\"path\": \"/x\", \"PATH\": \"/y\"}",
        "1:16: error: path: given twice, first at 1:2",
    ),
];

/// Checks texts of which each has one error.
fn fail(cases: &[(&str, &str)]) {
    for (text, wanted) in cases {
        let (problems, usable) = problems(text);
        assert_eq!(problems, [format!("p.json:{wanted}")], "{text:?}");
        assert!(!usable);
    }
}

/// Checks members that stand behind `{"path": "/x",` in the second line. A table has each on a line, and
/// behind a tab what is said of it, from the column on.
fn say(table: &str) {
    let mut lines = table.lines().peekable();
    let mut count = 0;
    while let Some(members) = lines.next() {
        let mut wanted = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with('\t')) {
            wanted.push(format!("p.json:2:{}", line.trim_start()));
        }
        let (problems, usable) = problems(&format!("{{\"path\": \"/x\",\n{members}}}"));
        assert_eq!(problems, wanted, "{members}");
        let failed = wanted.iter().any(|line| line.contains(" error: "));
        assert_eq!(usable, !failed, "{members}");
        count += 1;
    }
    assert!(count > 10, "{count}");
}

#[test]
fn text_that_is_no_json_is_an_error_at_its_place() {
    fail(NO_JSON);
}

#[test]
fn bytes_that_are_no_profile_at_all_are_an_error() {
    let of = |bytes: &[u8]| {
        let loaded = Loaded::read("p.json", bytes);
        assert!(loaded.profile.is_err());
        loaded.diagnostics[0].to_string()
    };
    assert_eq!(
        of(b"{\n\"\xff\"}"),
        "p.json:2:2: error: these bytes are not UTF-8"
    );
    let deep = [b"{\"path\": ", vec![b'['; 100].as_slice()].concat();
    assert_eq!(
        of(&deep),
        "p.json:1:42: error: values lie more than 32 deep in each other"
    );
    let large = vec![b' '; profile::MOST_BYTES + 1];
    assert_eq!(
        of(&large),
        "p.json:1:1: error: the file has more than 1048576 bytes"
    );
}

#[test]
fn a_program_that_there_cannot_be_is_an_error() {
    fail(NO_PROGRAM);
    let long = format!("{{\"path\": \"/{}\"}}", "x".repeat(256));
    assert!(problems(&long).0[0].ends_with("has a name of more than 255 bytes"));
    let long = format!("{{\"path\": \"{}\"}}", "/xx".repeat(1366));
    assert!(problems(&long).0[0].ends_with("xx...\" has more than 4095 bytes"));
}

#[test]
fn what_is_wrong_with_keys_and_words_is_said() {
    say(include_str!("messages/keys.txt"));
}

#[test]
fn what_is_wrong_with_lists_of_files_and_variables_is_said() {
    say(include_str!("messages/files.txt"));
}

#[test]
fn what_is_wrong_with_a_path_is_said() {
    say(include_str!("messages/paths.txt"));
}

#[test]
fn what_is_wrong_with_the_network_is_said() {
    say(include_str!("messages/network.txt"));
}

#[test]
fn what_is_wrong_with_a_socket_is_said() {
    say(include_str!("messages/sockets.txt"));
}

#[test]
fn what_is_wrong_with_filters_forwarders_and_limits_is_said() {
    say(include_str!("messages/walls.txt"));
}

#[test]
fn all_that_is_wrong_with_a_file_is_said_at_once_and_in_order() {
    let text = "{\"multi\": 1,\n\"name\": \"a b\",\n\"path\": \"x\",\n\"zzz\": 0,\n\"limits\": {\"pids\": 0}}";
    let (problems, usable) = problems(text);
    let places: Vec<&str> = problems.iter().map(|problem| &problem[..9]).collect();
    assert_eq!(
        places,
        [
            "p.json:1:",
            "p.json:2:",
            "p.json:3:",
            "p.json:4:",
            "p.json:5:"
        ]
    );
    assert!(!usable);
}

#[test]
fn a_file_with_thousands_of_mistakes_is_an_error_with_few_messages() {
    let many = "{\"x\": 1},".repeat(1000);
    let text = format!("{{\"path\": \"/x\", \"whitelist\": [{many} {{\"path\": \"x\"}}]}}");
    let loaded = Loaded::read("p.json", text.as_bytes());
    assert!(loaded.profile.is_err());
    assert_eq!(loaded.diagnostics.len(), 101);
    let last = loaded.diagnostics.last().unwrap();
    assert_eq!(
        last.to_string(),
        "p.json: error: 1901 more problems are not shown"
    );
    assert_eq!(last.severity, Severity::Error);
}

#[test]
fn a_list_has_an_end() {
    let of = |count: usize| {
        let paths: Vec<String> = (0..count).map(|at| format!("\"/{at}\"")).collect();
        problems(&format!(
            "{{\"path\": \"/x\", \"paths\": [{}]}}",
            paths.join(",")
        ))
    };
    assert_eq!(of(4096), (Vec::new(), true));
    let wanted = "p.json:1:25: error: paths: the list has more than 4096 items";
    assert_eq!(of(4097), (vec![wanted.into()], false));
}

#[test]
fn foreign_text_stays_on_one_line_and_short() {
    let (problems, _) = problems("{\"path\": \"/x\", \"\\u001b[31m\\n\": 1}");
    assert_eq!(
        problems,
        ["p.json:1:16: warning: \\u{1b}[31m\\n: unknown key, ignored"]
    );
    let long = format!("{{\"path\": \"/x\", \"name\": \"{}\"}}", " ".repeat(10_000));
    assert!(support::problems(&long).0[0].len() < 250);
}
