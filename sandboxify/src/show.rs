//! `--print`: the compiled policy in words.
//!
//! The words come from running the compiled program on every known call, so they show what the
//! kernel will do and not what was meant. Of calls whose arguments decide, the conditions are shown.

use std::fmt::Write as _;

use filter::{Call, Checked};
use policy::{Action, Answer, Compiled, MINUS_ONE, Policy, Table};
use syscalls::Abi;

use crate::compiler::Compiler;
use crate::failure::Failure;

/// Writes a text to standard output; a reader that went away is no failure.
pub(crate) fn to_stdout(text: &str) -> Result<(), Failure> {
    match supervise::sys::write_all(libc::STDOUT_FILENO, text.as_bytes()) {
        Ok(()) | Err(libc::EPIPE) => Ok(()),
        Err(errno) => Err(Failure::System {
            what: "standard output",
            errno,
        }),
    }
}

/// The policy as text: for each ABI, actions with the names of their calls, the commonest without
/// them, then everything that has no name.
pub(crate) fn in_words(compiled: &Compiled, compiler: Compiler) -> Result<String, Failure> {
    let policy = &compiled.policy;
    let shown = Shown {
        policy,
        program: compiler.program(policy, None)?,
    };
    let mut text = String::new();
    for table in policy.tables() {
        if policy.tables().len() > 1 {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# {}", table.abi());
        }
        shown.calls(&mut text, table);
        shown.conditions(&mut text, table);
        shown.numbers(&mut text, table);
    }
    shown.row(&mut text, "calls of other ABIs", 0, 0);
    for note in &compiled.notes {
        let _ = writeln!(text, "note: {note}");
    }
    Ok(text)
}

/// A policy and the program that it was compiled to.
struct Shown<'a> {
    policy: &'a Policy,
    program: Checked,
}

impl Shown<'_> {
    fn answer(&self, audit: u32, number: u32) -> Option<u32> {
        let call = Call {
            audit,
            number,
            ..Call::default()
        };
        filter::run(self.program.instructions(), &call).ok()
    }

    /// The calls whose arguments do not matter.
    fn calls(&self, text: &mut String, table: &Table) {
        let audit = table.abi().audit();
        let mut sections: Vec<(Action, Vec<&str>)> = Vec::new();
        for action in self.policy.actions() {
            let wanted = Some(filter::action_value(action));
            let calls = syscalls::names(table.abi());
            let calls = calls.filter(|&(_, number)| !depends(table, number));
            let names = calls.filter(|&(_, number)| self.answer(audit, number) == wanted);
            sections.push((action, names.map(|(name, _)| name).collect()));
        }
        sections.sort_by_key(|(_, names)| names.len());
        let most = sections.pop();
        for (action, names) in &sections {
            section(text, *action, names);
        }
        if let Some((action, names)) = most {
            let _ = writeln!(text, "{action}: the other {} system calls", names.len());
        }
    }

    /// The calls whose arguments decide, with the conditions.
    fn conditions(&self, text: &mut String, table: &Table) {
        for (name, number) in syscalls::names(table.abi()) {
            if depends(table, number) {
                let words = self.policy.words(name, table.answer(number));
                let _ = writeln!(text, "{name}: {words}");
            }
        }
    }

    /// Numbers without names.
    fn numbers(&self, text: &mut String, table: &Table) {
        let abi = table.abi();
        let newest = syscalls::newest(abi);
        let above = format!("numbers above {newest}");
        self.row(text, &above, abi.audit(), newest + 1);
        self.row(text, "number -1", abi.audit(), MINUS_ONE);
        if abi == Abi::X86_64 {
            self.row(text, "x32 calls", abi.audit(), Abi::X32_BIT);
        }
    }

    fn row(&self, text: &mut String, what: &str, audit: u32, number: u32) {
        let value = self.answer(audit, number);
        let known = |action: &Action| Some(filter::action_value(*action)) == value;
        let action = self.policy.actions().into_iter().find(known);
        let word = action.map_or_else(|| "unknown".to_string(), |action| action.to_string());
        let _ = writeln!(text, "{what}: {word}");
    }
}

/// Whether what a call gets depends on its arguments.
fn depends(table: &Table, number: u32) -> bool {
    matches!(table.answer(number), Answer::Decision(_))
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
