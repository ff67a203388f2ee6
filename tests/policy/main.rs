//! sandbox-policy: each subcommand, as users run it.

mod check;
mod check_conditions;
mod check_files;
mod command_line;
mod compare;
mod convert;
mod export;
mod export_conditions;
mod groups;
mod judge;
mod judge_abis;
mod judge_arguments;
mod judge_files;
mod show;
mod syscalls_command;
mod verify;
mod verify_filters;

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use policy::{Compiled, Mode, Request};
use sandbox_tests::{Outcome, Run, public_directory, sandbox_policy};
use serde_json::Value;
use syscalls::Abi;
use tempfile::TempDir;

/// The tool with arguments.
fn tool<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Run {
    Run::new(sandbox_policy()).args(arguments)
}

/// What it prints as JSON.
#[track_caller]
fn json(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:#?}"))
}

/// What the policy crate makes of a list.
fn compiled(mode: Mode, list: &str) -> Compiled {
    let request = Request::new(mode, "list", list.as_bytes(), |_| None).expect("a request");
    request
        .compile(Abi::NATIVE, &filter::sys::read_policy)
        .expect("a policy")
}

/// All native names, a line each.
fn known() -> String {
    let names = syscalls::names(Abi::NATIVE).map(|(name, _)| format!("{name}\n"));
    names.collect()
}

/// Policy files in a directory that is gone when the value is dropped.
struct Files(TempDir);

impl Files {
    /// Files of these names with these texts.
    fn new(files: &[(&str, &str)]) -> Files {
        let directory = public_directory();
        for (name, text) in files {
            fs::write(directory.path().join(name), text).expect("a policy");
        }
        Files(directory)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// The tool with arguments, in the directory.
    fn tool<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Run {
        tool(arguments).directory(self.path())
    }
}
