//! The card of a death: what was called, from where, by whom, and what to add so that it is allowed.

use policy::Action;
use trace::unwind::{End, Found};

use crate::report::escape::{LONGEST_CALL, line, word};
use crate::report::place;
use crate::violation::{Caller, Stack, Violation};

/// As many callers are shown: behind them is what most programs begin with.
const MOST_CALLERS: usize = 16;

/// Three lines, each with its newline, and one for each caller; `speaker` tells them.
pub fn card(violation: &Violation, speaker: &str) -> String {
    let call = &violation.call;
    let whom = match violation.judgement.action {
        Action::KillThread => format!("thread {} ", call.thread),
        _ => String::new(),
    };
    let what = format!(
        "{speaker}: {whom}killed by the filter: {} [{}, {}] in pid {} ({})",
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
    let stack = violation.stack.as_ref().map(callers).unwrap_or_default();
    format!("{what}\n  called from {whence}\n{stack}  {cure}\n")
}

/// The callers, a line each, and what is behind them.
fn callers(stack: &Stack) -> String {
    let shown = stack.callers.iter().take(MOST_CALLERS).zip(1..);
    let mut lines: Vec<String> = shown
        .map(|(one, number)| format!("#{number} {}", caller(one)))
        .collect();
    let more = stack.callers.len().saturating_sub(MOST_CALLERS);
    lines.extend(match (more, stack.end) {
        (0, End::Outermost) => None,
        (0, End::Limit | End::Unknown) => Some("… who called that is not known".to_owned()),
        (more, End::Outermost) => Some(format!("… {more} more")),
        (more, End::Limit | End::Unknown) => Some(format!("… {more} more at least")),
    });
    lines.iter().map(|line| format!("  {line}\n")).collect()
}

/// `main+0x1c in hello`
fn caller(caller: &Caller) -> String {
    let whence = match &caller.place {
        None => format!("{:#x}, in no known file", caller.address),
        Some(known) => match &known.symbol {
            Some((symbol, offset)) => {
                let module = word(known.module_name());
                format!("{}+{offset:#x} in {module}", word(symbol))
            }
            None => place(known),
        },
    };
    let how = match caller.found {
        Found::Table => "",
        Found::Pointer => ", by a frame pointer",
        Found::Call => ", by its call",
        Found::Interrupted => ", interrupted by a signal",
    };
    format!("{whence}{how}")
}
