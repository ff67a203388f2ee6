//! Transcripts in Markdown: what a `console` block says, and whether a run says the same.
//!
//! Lines that begin with `$ ` are commands, lines that begin with `> ` behind one go on with it, and
//! all others are output, standard error included. `[..]` in a line stands for anything within that
//! line, a line of three dots for any number of lines.

/// A command and what it is said to print.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The command as a shell reads it.
    pub command: String,
    /// The lines that it prints.
    pub output: Vec<String>,
}

const PROMPT: &str = "$ ";
const CONTINUATION: &str = "> ";
const ANY_LINES: &str = "...";
const ANYTHING: &str = "[..]";

/// All steps of all `console` blocks of a page, in order.
pub fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if inside {
            take_up(&mut steps, line);
        }
    }
    steps
}

fn take_up(steps: &mut Vec<Step>, line: &str) {
    if let Some(command) = line.strip_prefix(PROMPT) {
        steps.push(Step {
            command: command.to_string(),
            output: Vec::new(),
        });
        return;
    }
    let step = steps.last_mut().expect("output before the first command");
    match line.strip_prefix(CONTINUATION) {
        Some(rest) if step.output.is_empty() => {
            step.command.push('\n');
            step.command.push_str(rest);
        }
        _ => step.output.push(line.to_string()),
    }
}

/// Whether lines are what they are said to be.
pub fn lines_match(said: &[String], printed: &[&str]) -> bool {
    match said {
        [] => printed.is_empty(),
        [first, rest @ ..] if first == ANY_LINES => {
            (0..=printed.len()).any(|skipped| lines_match(rest, &printed[skipped..]))
        }
        [first, rest @ ..] => match printed {
            [line, others @ ..] => line_matches(first, line) && lines_match(rest, others),
            [] => false,
        },
    }
}

fn line_matches(said: &str, printed: &str) -> bool {
    let Some((start, rest)) = said.split_once(ANYTHING) else {
        return said == printed;
    };
    let Some(tail) = printed.strip_prefix(start) else {
        return false;
    };
    let mut ends = (0..=tail.len()).filter(|&end| tail.is_char_boundary(end));
    ends.any(|end| line_matches(rest, &tail[end..]))
}

#[test]
fn commands_and_their_output_are_told_apart() {
    let page = "text\n```sh\n$ no\n```\n```console\n$ a \\\n> b\nout\n> out\n$ c\n```\n$ no\n";
    let step = |command: &str, output: &[&str]| Step {
        command: command.to_string(),
        output: output.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(
        steps(page),
        [step("a \\\nb", &["out", "> out"]), step("c", &[])]
    );
}

#[test]
fn wildcards_stand_for_parts_of_a_line_and_for_lines() {
    for (said, printed, matches) in [
        ("a b", "a b", true),
        ("a b", "a c", false),
        ("a [..] c", "a b c", true),
        ("[..]b[..]", "b", true),
        ("a[..]", "b", false),
        ("a\n...\nd", "a\nb\nc\nd", true),
        ("a\n...", "a", true),
        ("...\nb", "a", false),
        ("", "a", false),
    ] {
        let said: Vec<String> = said.lines().map(String::from).collect();
        let printed: Vec<&str> = printed.lines().collect();
        assert_eq!(
            lines_match(&said, &printed),
            matches,
            "{said:?} {printed:?}"
        );
    }
}
