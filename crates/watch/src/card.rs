//! The card of a death: what was called, from where, and what to add so that it is allowed.

use policy::Action;

use crate::report::escape::{LONGEST_CALL, line, word};
use crate::report::place;
use crate::violation::Violation;

/// Three lines, each with its newline.
pub fn card(violation: &Violation) -> String {
    let call = &violation.call;
    let whom = match violation.judgement.action {
        Action::KillThread => format!("thread {} ", call.thread),
        _ => String::new(),
    };
    let what = format!(
        "sandboxify: {whom}killed by the filter: {} [{}, {}] in pid {} ({})",
        line(&violation.rendered, LONGEST_CALL),
        violation.name(),
        call.number,
        call.process,
        word(violation.program_name()),
    );
    let whence = match &violation.place {
        Some(known) => place(known),
        None => format!("{:#x}, in no known file", call.instruction),
    };
    let judgement = &violation.judgement;
    let cure = match &judgement.addition {
        Ok(addition) => format!("to allow it: {}", addition.typed()),
        Err(reason) => format!("{}; {reason}", judgement.ground),
    };
    let cure = line(&cure, LONGEST_CALL);
    format!("{what}\n  called from {whence}\n  {cure}\n")
}
