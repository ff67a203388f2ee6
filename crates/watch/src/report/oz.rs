//! A violation in the two lines of Oz's tracer, for what reads the daemon's log.

use super::escape::{LONGEST_CALL, LONGEST_COMMAND, line};
use crate::violation::Violation;

/// The two lines, with their newlines.
pub(crate) fn violation(violation: &Violation) -> String {
    // Oz shows the file as it is, with a blank for each NUL: one stands behind the last argument.
    let command = String::from_utf8_lossy(&violation.command).replace('\0', " ");
    format!(
        "I seccomp hit on sandbox pid {} ({}) syscall {} ({}):\n  {}\n",
        violation.call.process,
        line(&command, LONGEST_COMMAND),
        violation.name(),
        violation.call.number,
        line(&violation.rendered, LONGEST_CALL),
    )
}
