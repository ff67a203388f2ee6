//! Violations as JSON, an object a line. A violation has all of these keys:
//!
//! `time` seconds since 1970, `date` the same as RFC 3339, `pid`, `tid`, `program` its path, `call` the
//! name or null, `number`, `arch` the ABI or its audit number in hexadecimal, `arguments` six
//! hexadecimal strings (numbers of JSON end at 2⁵³) or null where a log had none, `rendered` the decoded call, `module`, `offset`,
//! `symbol` as `NAME+0xOFFSET`, `instruction`, `rule` the text of the rule that decided or null,
//! `reason`, `action`, `outcome` (`ran`, an error's name, `killed`, `trapped`), `add` what would allow
//! it or null, `cure` the same in words, `count` how many there were so far. `stack` is null, or an array
//! from the place of the call outwards: `address`, `module`, `offset` and `symbol` as above, and `found`
//! (`table`, `frame pointer`, `call`, or `interrupted` for what a signal has interrupted); `stack_end` says what
//! is behind the last: `outermost` (nothing), `limit` (more) or `unknown`.
//! `add` is an object of `arch`, `item` (for the end of the list), `line` (for the file) and `replaces`
//! (the `FILE:LINE` that it takes the place of), as far as there are any.
//!
//! The summary's objects have `"summary": "violation"`, what is the same for all repetitions, `subject`
//! and `count`; the last has `"summary": "total"`, `distinct`, `violations`, `beyond` (of which nothing
//! was kept) and `lost`. Where one addition allows it all, `"summary": "addition"` has it as `add`.

use policy::Action;
use serde_json::{Map, Value, json};
use syscalls::errno;
use trace::unwind::{End, Found};

use super::escape::{LONGEST_CALL, LONGEST_COMMAND, cut, plain_json};
use super::{Entry, Reporter, clock, text};
use crate::addition::Addition;
use crate::violation::{Outcome, Place, Stack, Violation};

/// A violation's object, with a newline.
pub(crate) fn violation(violation: &Violation, count: u64) -> String {
    let mut object = what(violation);
    object.extend(who(violation));
    object.extend(place(
        violation.place.as_ref(),
        violation.call.instruction,
        "instruction",
    ));
    object.extend(stack(violation));
    object.insert("count".to_owned(), json!(count));
    line(object)
}

/// The objects of the summary, each with a newline.
pub(crate) fn summary(reporter: &Reporter) -> String {
    let mut lines = String::new();
    for Entry { first, count } in reporter.sorted() {
        let mut object = what(first);
        object.insert("summary".to_owned(), json!("violation"));
        object.insert("subject".to_owned(), json!(first.judgement.subject));
        object.insert("count".to_owned(), json!(count));
        lines.push_str(&line(object));
    }
    let mut total = Map::new();
    total.insert("summary".to_owned(), json!("total"));
    total.insert("distinct".to_owned(), json!(reporter.entries.len()));
    total.insert("violations".to_owned(), json!(reporter.total()));
    total.insert("beyond".to_owned(), json!(reporter.beyond));
    total.insert("lost".to_owned(), json!(reporter.lost));
    lines + &line(total)
}

/// The object of an addition that allows everything that was seen.
pub(crate) fn together(addition: &Addition) -> String {
    line(object([
        ("summary", json!("addition")),
        ("add", added(addition)),
        ("cure", json!(addition.to_string())),
    ]))
}

fn line(object: Map<String, Value>) -> String {
    plain_json(&Value::Object(object).to_string()) + "\n"
}

/// The call and what is said of it: the same for all its repetitions.
fn what(violation: &Violation) -> Map<String, Value> {
    let (call, judgement) = (&violation.call, &violation.judgement);
    let arch = call.abi().map(|abi| abi.name().to_owned());
    let add = judgement.addition.as_ref().ok().map(added);
    object([
        ("call", json!(call.name())),
        ("number", json!(call.number)),
        (
            "arch",
            json!(arch.unwrap_or_else(|| hexadecimal(call.audit.into()))),
        ),
        (
            "rule",
            json!(judgement.rule().map(|rule| cut(rule, LONGEST_COMMAND))),
        ),
        (
            "reason",
            json!(cut(&judgement.ground.to_string(), LONGEST_COMMAND)),
        ),
        ("action", json!(judgement.action.to_string())),
        (
            "outcome",
            json!(outcome(violation.outcome, judgement.action)),
        ),
        ("add", json!(add)),
        ("cure", json!(text::cure(violation))),
    ])
}

fn who(violation: &Violation) -> Map<String, Value> {
    let call = &violation.call;
    object([
        ("time", json!(clock::seconds(call.time))),
        ("date", json!(clock::date_and_time(call.time))),
        ("pid", json!(call.process)),
        ("tid", json!(call.thread)),
        ("program", json!(cut(&violation.program, LONGEST_COMMAND))),
        ("arguments", arguments(violation)),
        ("rendered", json!(cut(&violation.rendered, LONGEST_CALL))),
    ])
}

/// The registers; none is made up for one that is not known.
fn arguments(violation: &Violation) -> Value {
    let all = violation.call.arguments.iter().enumerate();
    let unknown = violation.judgement.unknown;
    let shown = all.map(|(place, value)| match unknown >> place & 1 {
        0 => json!(hexadecimal(*value)),
        _ => Value::Null,
    });
    shown.collect()
}

/// A place, and the address that it has in memory.
fn place(place: Option<&Place>, address: u64, name: &'static str) -> Map<String, Value> {
    let symbol = place.and_then(|place| place.symbol.as_ref());
    let symbol = symbol.map(|(name, offset)| format!("{}+{offset:#x}", cut(name, LONGEST_CALL)));
    object([
        (
            "module",
            json!(place.map(|place| cut(&place.module, LONGEST_COMMAND))),
        ),
        (
            "offset",
            json!(place.map(|place| hexadecimal(place.offset))),
        ),
        ("symbol", json!(symbol)),
        (name, json!(hexadecimal(address))),
    ])
}

fn stack(violation: &Violation) -> Map<String, Value> {
    let stack = violation.stack.as_ref();
    object([
        ("stack", json!(stack.map(|stack| frames(violation, stack)))),
        ("stack_end", json!(stack.map(|stack| end(stack.end)))),
    ])
}

fn frames(violation: &Violation, stack: &Stack) -> Vec<Map<String, Value>> {
    let call = (
        violation.place.as_ref(),
        violation.call.instruction,
        Found::Table,
    );
    let callers = stack.callers.iter();
    let callers = callers.map(|caller| (caller.place.as_ref(), caller.address, caller.found));
    let frames = std::iter::once(call).chain(callers);
    let frames = frames.map(|(known, address, by)| {
        let mut frame = place(known, address, "address");
        frame.insert("found".to_owned(), json!(found(by)));
        frame
    });
    frames.collect()
}

fn found(found: Found) -> &'static str {
    match found {
        Found::Table => "table",
        Found::Pointer => "frame pointer",
        Found::Call => "call",
        Found::Interrupted => "interrupted",
    }
}

fn end(end: End) -> &'static str {
    match end {
        End::Outermost => "outermost",
        End::Limit => "limit",
        End::Unknown => "unknown",
    }
}

/// An addition as data: only what there is of it.
fn added(addition: &Addition) -> Value {
    let mut parts = Map::new();
    let mut put = |key: &str, value: Option<&str>| {
        if let Some(value) = value {
            parts.insert(key.to_owned(), json!(value));
        }
    };
    put("arch", addition.arch.map(|abi| abi.name()));
    put("item", addition.item.as_deref());
    let line = addition.line.as_ref();
    put("line", line.map(|line| line.text.as_str()));
    put("replaces", line.and_then(|line| line.replaces.as_deref()));
    Value::Object(parts)
}

fn outcome(outcome: Outcome, action: Action) -> String {
    match outcome {
        Outcome::Ran => "ran".to_owned(),
        Outcome::Died if action == Action::KillThread => "thread killed".to_owned(),
        Outcome::Died => "killed".to_owned(),
        Outcome::Trapped => "trapped".to_owned(),
        Outcome::Failed(number) => {
            errno::name(number).map_or_else(|| number.to_string(), str::to_owned)
        }
    }
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Map<String, Value> {
    let entries = entries.into_iter();
    entries
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn hexadecimal(number: u64) -> String {
    format!("{number:#x}")
}
