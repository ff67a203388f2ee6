//! The launcher: runs a program that cannot preload anything under the same filter.
//!
//! Arguments become a request, the request a checked filter, the program's file a target; then one
//! of three ways puts the filter in place so that it starts with the program's first instruction:
//! `suspend` (a tracer holds the filter back until exec), `ticket` (the filter lets through one
//! execve that carries secret words) or `preload` (libsandbox.so does it).
//!
//! The entry point is C's `main`: Rust's own start-up opens closed standard descriptors and changes
//! signal dispositions, and the program must find all that as it was.
#![no_main]
#![deny(unsafe_code)]

mod arguments;
mod compiler;
mod elf;
mod failure;
mod isolate;
mod launch;
mod preload;
mod script;
mod show;
#[allow(unsafe_code)]
mod sys;
mod target;
mod watching;

use std::convert::Infallible;

use arguments::{Command, Options};
use failure::Failure;
use policy::Request;
use supervise::Voice;
use target::Target;

/// Who speaks, and where.
const VOICE: Voice = Voice {
    program: "sandboxify",
    descriptor: libc::STDERR_FILENO,
};

/// Runs the launcher; comes back only when there is nothing to launch or it failed.
fn run() -> u8 {
    let done = match Command::parse() {
        Ok(Command::Print(text)) => show::to_stdout(&text),
        Ok(Command::Show(options)) => show(&options),
        Ok(Command::Launch {
            options,
            program,
            arguments,
        }) => match launch(&options, program, arguments) {
            Err(failure) => Err(failure),
        },
        Err(failure) => Err(failure),
    };
    match done {
        Ok(()) => 0,
        Err(failure) => {
            sys::print_to_stderr(&failure.message());
            failure.status()
        }
    }
}

/// `--print`: the policy in words.
fn show(options: &Options) -> Result<(), Failure> {
    let variables = arguments::Variables::read();
    let file = options.policy_file()?;
    let request = options.request(file.as_ref(), &variables)?;
    let mut compiled = Options::compile(file.as_ref(), &request)?;
    compiled
        .notes
        .extend(arguments::foreign_notes(file.as_ref()));
    show::to_stdout(&show::in_words(&compiled, options.compiler)?)
}

/// The way of a program into its sandbox.
fn launch(
    options: &Options,
    program: std::ffi::OsString,
    arguments: Vec<std::ffi::OsString>,
) -> Result<Infallible, Failure> {
    let variables = arguments::Variables::read();
    let file = options.policy_file()?;
    let request: Request<'_> = options.request(file.as_ref(), &variables)?;
    let mut compiled = Options::compile(file.as_ref(), &request)?;
    compiled
        .notes
        .extend(arguments::foreign_notes(file.as_ref()));
    let target = Target::resolve(program, arguments, &compiled.policy)?;
    let others = filter::sys::read_policy;
    let orders = match &file {
        Some(file) => options
            .watching
            .orders(&request, &file.files(&others), &target)?,
        None => options.watching.orders(&request, &others, &target)?,
    };
    let launch = launch::Launch::new(options, request, compiled, target, orders)?;
    launch.go()
}
