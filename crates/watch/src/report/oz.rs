//! A violation in the lines of Oz's tracer, for what reads the daemon's log.

use super::escape::{LONGEST_CALL, LONGEST_COMMAND, line};
use crate::violation::Violation;

/// What stands around a hit in the documentation.
const SEPARATOR: &str = "==============================================";

/// The two lines, with their newlines; a third where the call is to be shown as numbers, too.
pub(crate) fn violation(violation: &Violation) -> String {
    let calls = calls(violation).map(|call| format!("  {call}\n"));
    format!("I {}\n{}", hit(violation), calls.collect::<String>())
}

/// The hit between separators. Only these begin as a line of the log does; the blank behind the colon, and
/// the empty lines, are those of the original.
pub(crate) fn separated(violation: &Violation) -> String {
    let calls = calls(violation).map(|call| format!("{call}\n"));
    let (hit, calls) = (hit(violation), calls.collect::<String>());
    format!("I {SEPARATOR}\n{hit} \n\n{calls}I {SEPARATOR}\n\n")
}

fn hit(violation: &Violation) -> String {
    // Oz shows the file as it is, with a blank for each NUL: one stands behind the last argument.
    let command = String::from_utf8_lossy(&violation.command).replace('\0', " ");
    format!(
        "seccomp hit on sandbox pid {} ({}) syscall {} ({}):",
        violation.call.process,
        line(&command, LONGEST_COMMAND),
        violation.name(),
        violation.call.number,
    )
}

/// The call, decoded and as numbers. Of a call that could not be decoded both are the same, and one stands.
fn calls(violation: &Violation) -> impl Iterator<Item = String> {
    let rendered = &violation.rendered;
    let generic = violation.generic.iter().filter(move |one| *one != rendered);
    let both = std::iter::once(rendered).chain(generic);
    both.map(|call| line(call, LONGEST_CALL))
}
