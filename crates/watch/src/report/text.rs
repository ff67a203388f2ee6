//! A violation as a line for people, which grep and cut can still take apart:
//! `PROGRAM: violation: CALL: CONSEQUENCE: REASON; CURE; at PLACE; PROGRAM[PID], call NUMBER, TIME`.

use super::clock;
use super::escape::{LONGEST_CALL, LONGEST_RULE, line, word};
use crate::violation::{Place, Violation};

/// The line, with its newline.
pub(crate) fn violation(violation: &Violation, speaker: &str) -> String {
    let judgement = &violation.judgement;
    let mut parts = vec![format!(
        "{speaker}: violation: {}: {}: {}",
        line(&violation.rendered, LONGEST_CALL),
        violation.consequence(),
        line(&judgement.ground.to_string(), LONGEST_RULE),
    )];
    parts.push(cure(violation));
    parts.extend(
        violation
            .place
            .as_ref()
            .map(|at| format!("at {}", place(at))),
    );
    parts.push(format!(
        "{}[{}], call {}, {}\n",
        word(violation.program_name()),
        who(violation),
        violation.call.number,
        clock::time_of_day(violation.call.time),
    ));
    parts.join("; ")
}

/// What to do about it.
pub(crate) fn cure(violation: &Violation) -> String {
    let cure = match &violation.judgement.addition {
        Ok(addition) => addition.to_string(),
        Err(reason) => reason.clone(),
    };
    line(&cure, LONGEST_CALL)
}

/// `libc.so.6+0x10e1a3 (mkdir+0xb)`
pub(crate) fn place(place: &Place) -> String {
    let module = word(place.module_name());
    let code = format!("{module}+{:#x}", place.offset);
    match &place.symbol {
        Some((symbol, offset)) => format!("{code} ({}+{offset:#x})", word(symbol)),
        None => code,
    }
}

/// The process, and the thread where it is not the first.
fn who(violation: &Violation) -> String {
    let call = &violation.call;
    match call.thread == call.process {
        true => call.process.to_string(),
        false => format!("{}/{}", call.process, call.thread),
    }
}
