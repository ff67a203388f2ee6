//! `diff` and `subset`: two policies, call by call, over all arguments that their conditions tell
//! apart.

use std::ffi::OsStr;
use std::fmt::Write as _;

use policy::{Action, Answer, MINUS_ONE, Policy, Table};
use syscalls::Abi;

use crate::Output;
use crate::arguments::Files;
use crate::failure::Failure;
use crate::source::Source;
use crate::vectors::Candidates;

/// A call that two policies treat differently.
struct Difference {
    call: String,
    /// The arguments of the counter-example, where they matter.
    arguments: Option<[u64; 6]>,
    a: Action,
    b: Action,
}

/// What was found.
#[derive(Default)]
struct Findings {
    differences: Vec<Difference>,
    /// Calls of which only a sample of arguments could be compared.
    sampled: Vec<String>,
}

/// `diff A B`
pub(crate) fn diff(files: &Files, a: &OsStr, b: &OsStr, json: bool) -> Result<Output, Failure> {
    let findings = compare(files, a, b, |a, b| a != b)?;
    let equal = "the two policies mean the same";
    Ok(report(&findings, "equal", equal, json))
}

/// `subset A B`
pub(crate) fn subset(files: &Files, a: &OsStr, b: &OsStr, json: bool) -> Result<Output, Failure> {
    let findings = compare(files, a, b, |a, b| a.runs() && !b.runs())?;
    let within = "everything that the first lets run the second lets run, too";
    Ok(report(&findings, "subset", within, json))
}

fn compare(
    files: &Files,
    a: &OsStr,
    b: &OsStr,
    differ: impl Fn(Action, Action) -> bool + Copy,
) -> Result<Findings, Failure> {
    let a = Source::of_file(files, a)?.compile(Abi::NATIVE)?.policy;
    let b = Source::of_file(files, b)?.compile(Abi::NATIVE)?.policy;
    let mut findings = Findings::default();
    let tables = a.tables().iter().chain(b.tables());
    let mut abis: Vec<Abi> = tables.map(Table::abi).collect();
    abis.sort_unstable_by_key(|abi| *abi != Abi::NATIVE);
    abis.dedup();
    for abi in abis {
        findings.calls_of(abi, &a, &b, differ);
    }
    findings.other(
        "calls of other ABIs",
        a.default_action(),
        b.default_action(),
        differ,
    );
    Ok(findings)
}

impl Findings {
    /// Compares every call, and every number that one of the policies sets apart from the one before.
    fn calls_of(
        &mut self,
        abi: Abi,
        a: &Policy,
        b: &Policy,
        differ: impl Fn(Action, Action) -> bool + Copy,
    ) {
        let answer = |policy: &Policy, number| {
            let table = policy.tables().iter().find(|table| table.abi() == abi);
            match table {
                Some(table) => table.answer(number),
                None => Answer::Action(policy.default_action()),
            }
        };
        let mut numbers: Vec<u32> = syscalls::names(abi).map(|(_, number)| number).collect();
        numbers.push(syscalls::newest(abi) + 1);
        for policy in [a, b] {
            let tables = policy.tables().iter().filter(|table| table.abi() == abi);
            let ranges = tables.flat_map(|table| table.ranges());
            numbers.extend(ranges.map(|range| range.first));
        }
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            let answers = [(a, answer(a, number)), (b, answer(b, number))];
            self.call(abi, number, answers, differ);
        }
        let at = |policy: &Policy| policy.decide(abi.audit(), MINUS_ONE, &[0; 6]);
        self.other("number -1", at(a), at(b), differ);
    }

    fn call(
        &mut self,
        abi: Abi,
        number: u32,
        answers: [(&Policy, Answer); 2],
        differ: impl Fn(Action, Action) -> bool,
    ) {
        let constant = answers
            .iter()
            .all(|(_, answer)| matches!(answer, Answer::Action(_)));
        let candidates = Candidates::new(&answers);
        let decide = |(policy, _): (&Policy, Answer), arguments: &[u64; 6]| {
            policy.decide(abi.audit(), number, arguments)
        };
        let mut found = None;
        let all = candidates.each(|arguments| {
            let (a, b) = (decide(answers[0], arguments), decide(answers[1], arguments));
            if differ(a, b) {
                found = Some((*arguments, a, b));
            }
            found.is_some()
        });
        let call = name(abi, number);
        match found {
            Some((arguments, a, b)) => self.differences.push(Difference {
                call,
                arguments: Some(arguments).filter(|_| !constant),
                a,
                b,
            }),
            None if !all => self.sampled.push(call),
            None => {}
        }
    }

    fn other(&mut self, what: &str, a: Action, b: Action, differ: impl Fn(Action, Action) -> bool) {
        let known = self
            .differences
            .iter()
            .any(|difference| difference.call == what);
        if differ(a, b) && !known {
            let (call, arguments) = (what.to_string(), None);
            self.differences.push(Difference {
                call,
                arguments,
                a,
                b,
            });
        }
    }
}

/// A call's name, with the ABI where it is not the native one.
fn name(abi: Abi, number: u32) -> String {
    let name = match syscalls::name(abi, number) {
        Some(name) => name.to_string(),
        None => format!("call {number}"),
    };
    match abi == Abi::NATIVE {
        true => name,
        false => format!("{name} ({abi})"),
    }
}

fn report(findings: &Findings, key: &str, yes: &str, json: bool) -> Output {
    let clean = findings.differences.is_empty();
    if json {
        let rows: Vec<_> = findings.differences.iter().map(row).collect();
        let value = serde_json::json!({
            key: clean, "differences": rows, "sampled": findings.sampled,
        });
        return Output::answer(format!("{value:#}\n"), clean);
    }
    let mut text = String::new();
    for difference in &findings.differences {
        let Difference {
            call,
            arguments,
            a,
            b,
        } = difference;
        let arguments = arguments.map_or_else(String::new, |arguments| in_words(&arguments));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{call}{arguments}: {a} | {b}");
    }
    if clean {
        let _ = writeln!(text, "{yes}");
    }
    if !findings.sampled.is_empty() {
        let calls = findings.sampled.join(", ");
        let _ = writeln!(
            text,
            "note: of the arguments of {calls} only a sample was compared"
        );
    }
    Output::answer(text, clean)
}

fn in_words(arguments: &[u64; 6]) -> String {
    let words: Vec<String> = arguments
        .iter()
        .map(|value| format!("{value:#x}"))
        .collect();
    format!("({})", words.join(", "))
}

fn row(difference: &Difference) -> serde_json::Value {
    serde_json::json!({
        "call": difference.call, "arguments": difference.arguments,
        "a": difference.a.to_string(), "b": difference.b.to_string(),
    })
}
