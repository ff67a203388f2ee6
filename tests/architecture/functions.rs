//! How long a function may be.

use sandbox_tests::skip;

use crate::sources::tracked;

const MOST_LINES: usize = 40;

/// The name of the function that begins on a line.
fn name(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    if let Some(public) = rest.strip_prefix("pub") {
        let restricted = public
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'));
        rest = restricted.map_or(public, |(_, rest)| rest).trim_start();
    }
    for word in ["const ", "unsafe ", "extern \"C\" "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let rest = rest.strip_prefix("fn ")?;
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    Some(&rest[..end.unwrap_or(rest.len())]).filter(|name| !name.is_empty())
}

/// The functions of a file as rustfmt lays them out, and how many lines they have. They end with a
/// brace as far in as they begin; those without a body or on one line have none of their own.
fn functions(source: &str) -> Vec<(&str, usize)> {
    let lines: Vec<&str> = source.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = name(line).filter(|_| !line.ends_with(['}', ';'])) else {
            continue;
        };
        let indentation = &line[..line.len() - line.trim_start().len()];
        let end = lines[start..].iter().position(|line| {
            let inner = line.strip_prefix(indentation);
            inner.is_some_and(|rest| rest == "}" || rest.starts_with(')') && rest.ends_with(';'))
        });
        let end = end.unwrap_or_else(|| panic!("{name} has no end"));
        found.push((name, end + 1));
    }
    found
}

#[test]
fn functions_are_found_with_their_lengths() {
    let source = "fn a() {\n    b\n}\nimpl X {\n    pub(crate) const unsafe fn c(\n    ) -> u8 {\n        \
                  {\n        }\n    }\n    fn d();\n    fn e() {}\n    fn f(\n    ) -> u8;\n}\n\
                  pub extern \"C\" fn g<T>()\nwhere\n{\n}\n// fn h() {\nlet fn_i = 1;\n";
    let wanted = [("a", 3), ("c", 5), ("f", 2), ("g", 4)];
    assert_eq!(functions(source), wanted);
}

#[test]
fn no_function_is_longer_than_40_lines() {
    let Some(files) = tracked() else {
        return skip("git does not know this directory");
    };
    let is_table =
        |name: &str| name.starts_with("crates/syscalls/src/") && name.ends_with("table.rs");
    let is_source = |name: &str| name.ends_with(".rs") && !is_table(name);
    let sources = files.iter().filter(|(name, _)| is_source(name));
    let (mut count, mut longer) = (0, Vec::new());
    for (file, text) in sources {
        for (name, lines) in functions(text) {
            count += 1;
            if lines > MOST_LINES {
                longer.push(format!("{file}: {name} has {lines} lines"));
            }
        }
    }
    assert!(count > 500, "only {count} functions were found");
    assert!(longer.is_empty(), "{}", longer.join("\n"));
}
