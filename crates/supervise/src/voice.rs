//! Who speaks to the user, and where.

use crate::sys;

/// What stands before each message, and where messages go; the caller's decision. The descriptor stays the
/// caller's, and is kept open by everything that is forked here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voice {
    /// The program's name.
    pub program: &'static str,
    /// Where it is written to.
    pub descriptor: i32,
}

impl Voice {
    /// A message as a line.
    pub fn line(self, what: &str) -> String {
        format!("{}: {what}\n", self.program)
    }

    /// Says a message at once. Where it cannot be written there is nowhere to say so.
    pub fn say(self, what: &str) {
        self.put(&self.line(what));
    }

    /// The same for what the user should know of a run that goes on.
    pub fn note(self, what: &str) {
        self.say(&format!("note: {what}"));
    }

    /// Writes a text. A terminal that somebody has told to print bytes as they are begins its lines where
    /// the last one ended.
    pub fn put(self, text: &str) {
        let _ = match sys::prints_as_it_is(self.descriptor) {
            false => sys::write_all(self.descriptor, text.as_bytes()),
            true => sys::write_all(self.descriptor, text.replace('\n', "\r\n").as_bytes()),
        };
    }
}
