//! The variables of `environment` and `xserver.env` (oz.md §2.2, §4.4).

use crate::block::{Block, Field, Text};
use crate::diagnostic::Problem;
use crate::report::Report;

/// The keys of an item.
pub(crate) const KEYS: &[&str] = &["name", "value"];

/// A variable of the program's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentVariable {
    /// Its name; without `=`, never empty.
    pub name: String,
    /// Its value; `None` copies it from the caller, if it is there.
    pub value: Option<String>,
}

/// Reads a list of variables. When one is there twice, the last counts.
pub(crate) fn read(items: Vec<Field<'_>>, report: &mut Report) -> Vec<EnvironmentVariable> {
    let mut variables: Vec<EnvironmentVariable> = Vec::new();
    for item in items {
        let block = Block::open(Some(item), KEYS, report);
        let value = block.string("value", report);
        let Some(name) = block.text("name", report) else {
            block.missing("name", report);
            continue;
        };
        let Some(name) = variable_name(&name, report) else {
            continue;
        };
        let before = variables.len();
        variables.retain(|variable| variable.name != name);
        if variables.len() < before {
            let problem = Problem::NoEffect("an earlier item sets this variable, the last counts");
            block.warning(report, problem);
        }
        variables.push(EnvironmentVariable { name, value });
    }
    variables
}

/// A name that an environment can hold.
pub(crate) fn variable_name(name: &Text<'_>, report: &mut Report) -> Option<String> {
    if name.text.contains('=') {
        name.unfit(report, "is no name of a variable", "its value has a key");
        return None;
    }
    Some(name.text.into())
}
