//! What a text is, by what stands in it; where two formats look the same, by its name.

use crate::Format;

/// The format of a text. JSON is a profile of a container engine, `SystemCall...=` a systemd unit;
/// lines `name: condition` are a file of Oz's or of minijail's, and all else is a list.
pub fn detect(path: &str, text: &[u8]) -> Format {
    let text = String::from_utf8_lossy(text);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('{') {
        return Format::Oci;
    }
    let lines = || {
        text.lines()
            .map(uncommented)
            .filter(|line| !line.is_empty())
    };
    if lines().any(|line| line == "kind: SeccompProfile") {
        return Format::Crd;
    }
    if crate::list::is_assigned(text.as_bytes()) {
        return Format::List;
    }
    if lines().any(is_of_a_unit) {
        return Format::Systemd;
    }
    let headed = |line: &str| crate::minijail::HEADS.contains(&line.trim_end());
    if text.lines().any(headed) || lines().any(is_minijails) {
        return Format::Minijail;
    }
    if lines().any(is_ozs) {
        return Format::Seccomp;
    }
    match path.rsplit_once('.').map(|(_, suffix)| suffix) {
        Some("policy") => Format::Minijail,
        Some("seccomp") => Format::Seccomp,
        _ if lines().any(|line| rule(line).is_some()) => Format::Seccomp,
        _ => Format::List,
    }
}

fn uncommented(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

fn is_of_a_unit(line: &str) -> bool {
    const SETTINGS: [&str; 4] = [
        "SystemCallFilter",
        "SystemCallErrorNumber",
        "SystemCallArchitectures",
        "SystemCallLog",
    ];
    let setting = line.split('=').next().unwrap_or_default().trim_end();
    line == "[Service]" || (line.contains('=') && SETTINGS.contains(&setting))
}

/// The head and the body of a line `name: condition`, which an item of a list cannot look like.
fn rule(line: &str) -> Option<(&str, &str)> {
    const STARTS: [&str; 6] = ["arg", "(", "return", "in(", "notIn(", "{"];
    let (head, body) = line.split_once(':')?;
    let (head, body) = (head.trim(), body.trim());
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_-@[]+,. ".contains(&byte);
    let named = head.starts_with(|first: char| first.is_ascii_alphabetic() || first == '@');
    let first = body.split([' ', ';', ',']).next().unwrap_or_default();
    let bodied = ["1", "true", "false"].contains(&first)
        || MINIJAILS.contains(&first)
        || STARTS.iter().any(|start| body.starts_with(start));
    (named && head.bytes().all(letter) && bodied).then_some((head, body))
}

/// Actions that minijail has words for and Oz has not, at this place.
const MINIJAILS: [&str; 8] = [
    "allow",
    "kill",
    "kill-process",
    "kill-thread",
    "trap",
    "trace",
    "log",
    "user-notify",
];

fn is_minijails(line: &str) -> bool {
    let starts = ["@include ", "@frequency ", "@denylist", "@default "];
    if starts.iter().any(|start| line.starts_with(start)) || line == "@denylist" {
        return true;
    }
    let Some((head, body)) = rule(line) else {
        return false;
    };
    let words: Vec<&str> = body.split_ascii_whitespace().collect();
    let after = |word: &str| words.iter().position(|other| *other == word);
    let subset = after("in").is_some_and(|at| at > 0 && words[at - 1].starts_with("arg"));
    // `arg1 & 4` is a whole condition for minijail and half of one for Oz.
    let alternatives = body.split("||").flat_map(|part| part.split("&&"));
    let bits = |part: &str| part.contains(" & ") && !part.contains(['=', '<', '>', '?']);
    let first = words
        .first()
        .map_or("", |word| word.trim_end_matches([';', ',']));
    subset
        || MINIJAILS.contains(&first)
        || head.starts_with('{')
        || body.starts_with('{')
        || alternatives.into_iter().any(bits)
}

fn is_ozs(line: &str) -> bool {
    if line.starts_with("DEFAULT_") && line.contains('=') || line.starts_with("include \"") {
        return true;
    }
    let Some((head, body)) = rule(line) else {
        return binding(line);
    };
    let words = ["argL", "argH", "&?", "in(", "notIn("];
    head.contains('[') || words.iter().any(|word| body.contains(word))
}

/// `NAME = VALUE` or `NAME(PARAMETERS) = VALUE`, which is no item of a list: those compare in
/// parentheses and have an action behind `=`.
fn binding(line: &str) -> bool {
    let Some((head, value)) = line.split_once('=') else {
        return false;
    };
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let (name, parameters) = match head.trim().split_once('(') {
        Some((name, rest)) => (name, rest.strip_suffix(')')),
        None => (head.trim(), Some("")),
    };
    let word = !name.is_empty() && name.trim().bytes().all(letter);
    let names = parameters.is_some_and(|parameters| {
        parameters
            .bytes()
            .all(|byte| letter(byte) || b", ".contains(&byte))
    });
    let number = value
        .trim()
        .starts_with(|first: char| first.is_ascii_digit());
    word && names && number && !line.contains(':')
}
