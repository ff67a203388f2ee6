//! The lines of a unit file, put together where they are continued (systemd.syntax(7)).

/// A line with those that continue it.
pub(super) struct Line {
    pub(super) text: String,
    /// Where in the text each line of the file starts, and its number.
    starts: Vec<(usize, usize)>,
}

impl Line {
    /// The number of the line in the file and the column, both from 1, of a byte of the text.
    pub(super) fn place(&self, at: usize) -> (usize, usize) {
        let before = self.starts.iter().rev().find(|(start, _)| *start <= at);
        let (start, number) = before.copied().unwrap_or((0, 1));
        (number, at - start + 1)
    }
}

/// The lines of a text without comments. A comment between a line and what continues it is left
/// out, too; a blank line ends what it stands in.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut open: Option<Line> = None;
    for (number, raw) in (1..).zip(text.split('\n')) {
        let raw = raw.strip_suffix('\r').unwrap_or(raw);
        if raw.trim_start().starts_with(['#', ';']) {
            continue;
        }
        let mut line = open.take().unwrap_or(Line {
            text: String::new(),
            starts: Vec::new(),
        });
        line.starts.push((line.text.len(), number));
        line.text.push_str(raw);
        if ends_escaping(&line.text) {
            line.text.pop();
            line.text.push(' ');
            open = Some(line);
        } else {
            lines.push(line);
        }
    }
    lines.extend(open);
    lines
}

/// Whether the last byte is a backslash that nothing escapes.
fn ends_escaping(text: &str) -> bool {
    let backslashes = text.bytes().rev().take_while(|&byte| byte == b'\\').count();
    backslashes % 2 == 1
}
