//! `--print`: the compiled policy in words.
//!
//! The words come from running the compiled program on every known call, so they show what the
//! kernel will do and not what was meant. Of calls whose arguments decide, the conditions are shown.

use std::fmt::Write as _;

use filter::Call;
use policy::{Action, Answer, Compiled, MINUS_ONE, Policy};
use syscalls::Abi;

use crate::compiler::Compiler;
use crate::failure::Failure;
use crate::sys;

/// Writes a text to standard output; a reader that went away is no failure.
pub(crate) fn to_stdout(text: &str) -> Result<(), Failure> {
    match sys::write_all(libc::STDOUT_FILENO, text.as_bytes()) {
        Ok(()) | Err(libc::EPIPE) => Ok(()),
        Err(errno) => Err(Failure::System {
            what: "standard output",
            errno,
        }),
    }
}

/// The policy as text: each action with the names of its calls, the commonest without them, then
/// everything that has no name.
pub(crate) fn in_words(compiled: &Compiled, compiler: Compiler) -> Result<String, Failure> {
    let policy = &compiled.policy;
    let program = compiler.program(policy, None)?;
    let audit = policy.abi().audit();
    let answer = |audit, number| {
        filter::run(
            program.instructions(),
            &Call {
                audit,
                number,
                ..Call::default()
            },
        )
        .ok()
    };
    let mut sections: Vec<(Action, Vec<&str>)> = Vec::new();
    for action in policy.actions() {
        let wanted = Some(filter::action_value(action));
        let calls = syscalls::names(policy.abi()).filter(|&(_, number)| !depends(policy, number));
        let names = calls.filter(|&(_, number)| answer(audit, number) == wanted);
        sections.push((action, names.map(|(name, _)| name).collect()));
    }
    sections.sort_by_key(|(_, names)| names.len());
    let most = sections.pop();
    let mut text = String::new();
    for (action, names) in &sections {
        section(&mut text, *action, names);
    }
    if let Some((action, names)) = most {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{action}: the other {} system calls", names.len());
    }
    conditional(&mut text, policy);
    rest(&mut text, policy, answer);
    for note in &compiled.notes {
        let _ = writeln!(text, "note: {note}");
    }
    Ok(text)
}

/// Whether what a call gets depends on its arguments.
fn depends(policy: &Policy, number: u32) -> bool {
    matches!(policy.native().answer(number), Answer::Decision(_))
}

/// The calls whose arguments decide, with the conditions.
fn conditional(text: &mut String, policy: &Policy) {
    for (name, number) in syscalls::names(policy.abi()) {
        if depends(policy, number) {
            let words = policy.words(name, policy.native().answer(number));
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name}: {words}");
        }
    }
}

fn section(text: &mut String, action: Action, names: &[&str]) {
    if names.is_empty() {
        return;
    }
    let calls = if names.len() == 1 {
        "system call"
    } else {
        "system calls"
    };
    let _ = writeln!(text, "{action}: {} {calls}", names.len());
    let mut line = String::from(" ");
    for name in names {
        const WIDTH: usize = 80;
        if line.len() + 1 + name.len() > WIDTH {
            let _ = writeln!(text, "{line}");
            line = String::from(" ");
        }
        let _ = write!(line, " {name}");
    }
    let _ = writeln!(text, "{line}");
}

/// Numbers and ABIs without names.
fn rest(text: &mut String, policy: &Policy, answer: impl Fn(u32, u32) -> Option<u32>) {
    let audit = policy.abi().audit();
    let in_word = |value: Option<u32>| {
        let actions = policy.actions();
        let action = actions
            .into_iter()
            .find(|&action| Some(filter::action_value(action)) == value);
        action.map_or_else(|| "unknown".to_string(), |action| action.to_string())
    };
    let newest = syscalls::newest(policy.abi());
    let mut row = |what: &str, value| {
        let _ = writeln!(text, "{what}: {}", in_word(value));
    };
    row(
        &format!("numbers above {newest}"),
        answer(audit, newest + 1),
    );
    row("number -1", answer(audit, MINUS_ONE));
    if policy.abi() == Abi::X86_64 {
        row("x32 calls", answer(audit, Abi::X32_BIT));
    }
    row("calls of other ABIs", answer(0, 0));
}
