//! The preloaded object: the constructor reads `SECCOMP_*` and filters the process it runs in.
//!
//! With glibc it runs after the constructors of all other libraries, with musl before them; in both
//! before those of the program and `main`. With neither list
//! defined it returns at once. After any error the process ends with status 1: never unfiltered.
//! No C library, no thread-local, no exported symbol, so that it fits into any process.
#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

extern crate alloc;

mod environment;
mod stack;
#[allow(unsafe_code)]
mod sys;

use alloc::format;
use alloc::string::String;

use environment::Environment;
use filter::{Logging, Program};
use policy::{Action, Compiled, Note, Request};
use syscalls::Abi;

ctor::declarative::ctor! {
    #[ctor(unsafe)]
    fn constructor() {
        if let Err(failure) = sandbox() {
            print(&format!("libsandbox: {failure}\n"));
            sys::exit(1);
        }
    }
}

/// The whole of it: find the variables, forget them, filter.
fn sandbox() -> Result<(), String> {
    let environment = Environment::find()?;
    let Some(list) = [policy::ALLOW, policy::DENY]
        .into_iter()
        .find(|name| environment.defines(name))
    else {
        return Ok(());
    };
    if stack::secure_execution()? {
        print(&format!(
            "libsandbox: {list} ignored: this program runs with privileges that its caller does not have\n"
        ));
        // Nor may a program that it starts with full privileges obey them.
        environment.remove(&policy::VARIABLES);
        return Ok(());
    }
    let variables = environment.look_up(&policy::VARIABLES);
    let Some(request) = Request::from_variables(|name| variables.get(name)).map_err(in_words)?
    else {
        return Ok(());
    };
    let compiled = request
        .compile(Abi::NATIVE, &filter::sys::read_policy)
        .map_err(in_words)?;
    let program = Program::compile(&compiled.policy, None).map_err(in_words)?;
    let program = program.check(&compiled.policy, None).map_err(in_words)?;
    filter::require_actions(&compiled.policy.actions()).map_err(in_words)?;
    announce(&request, compiled);
    let logging = if request.log {
        Logging::Denials
    } else {
        Logging::Default
    };
    environment.remove(&policy::VARIABLES);
    sys::warm_up_the_allocator_of_the_host();
    sys::trim_arena();
    filter::forgo_new_privileges().map_err(in_words)?;
    filter::load(&program, logging).map_err(in_words)
}

fn announce(request: &Request, mut compiled: Compiled) {
    if request.quiet {
        return;
    }
    if compiled.policy.actions().contains(&Action::Log) && filter::log_records_are_dropped() {
        compiled.notes.push(Note::Unrecorded);
    }
    print(&compiled.report("libsandbox"));
}

fn in_words(error: impl core::fmt::Display) -> String {
    format!("{error}")
}

/// One write on standard error, which may be closed, full or a pipe that nobody reads: nothing of
/// that changes what the program does.
fn print(text: &str) {
    if !text.is_empty() {
        let _ = filter::sys::write_without_sigpipe(libc::STDERR_FILENO, text.as_bytes());
    }
}
