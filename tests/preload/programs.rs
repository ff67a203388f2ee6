//! Programs that several tests run, and readings of what a program says about itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox_tests::{Outcome, Run, compile, libsandbox, publish};
use syscalls::Abi;

/// The README's program.
pub const HELLO: &str = include_str!("../../examples/helloworld.c");

/// The calls that helloworld makes once its libraries are up (glibc 2.33 and newer).
pub const HELLO_CALLS: &str = "newfstatat:write:exit_group";

/// Makes the calls whose numbers are its arguments and prints what became of each. Needs no calls of
/// its own but write and exit_group.
const CALLER: &str = r#"
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char line[80];
		long answer = syscall(strtol(argv[i], NULL, 0), 0, 0, 0, 0, 0, 0);
		int length = answer == -1
			? snprintf(line, sizeof line, "%s: errno %d\n", argv[i], errno)
			: snprintf(line, sizeof line, "%s: ran\n", argv[i]);
		if (write(1, line, length) != length)
			_exit(1);
	}
	_exit(0);
}
"#;

/// Helloworld, compiled.
pub fn hello() -> PathBuf {
    compile(HELLO, &[])
}

/// The program that makes the calls whose numbers are its arguments.
pub fn caller() -> PathBuf {
    compile(CALLER, &[])
}

/// A preloaded program that makes the named calls without arguments and prints what became of each.
pub fn calling(names: &[&str]) -> Run {
    let numbers = names.iter().map(|name| number(name).to_string());
    Run::preloaded(caller()).args(numbers)
}

/// As [`calling`], by numbers as strtol(3) reads them.
pub fn calling_numbers(numbers: &[&str]) -> Run {
    Run::preloaded(caller()).args(numbers)
}

/// What [`calling`] prints of a call that failed.
pub fn failed(name: &str, errno: u32) -> String {
    format!("{}: errno {errno}\n", number(name))
}

/// What [`calling`] prints of a call that ran without an error.
pub fn ran(name: &str) -> String {
    format!("{}: ran\n", number(name))
}

/// The native number of a call.
pub fn number(name: &str) -> u32 {
    syscalls::number(Abi::NATIVE, name).unwrap_or_else(|| panic!("{name} has no number"))
}

/// How many filters a program has, from what it printed of its `/proc/self/status`.
pub fn filters(outcome: &Outcome) -> u32 {
    let lines = outcome.stdout.lines();
    let count = lines
        .filter_map(|line| line.strip_prefix("Seccomp_filters:"))
        .next()
        .unwrap_or_else(|| panic!("no Seccomp_filters in {outcome:#?}"));
    count.trim().parse().expect("a count")
}

/// How many filters a program has that the tests start without libsandbox.so: those around the tests.
pub fn filters_around_the_tests() -> u32 {
    filters(
        &Run::new("cat")
            .arg("/proc/self/status")
            .outcome()
            .succeeded(),
    )
}

/// A copy of a program in a directory, with a copy of libsandbox.so next to it as its first library.
pub fn linked_to_libsandbox(program: &Path, directory: &Path) -> PathBuf {
    let (copy, object) = (
        publish(program, directory),
        publish(&libsandbox(), directory),
    );
    let status = Command::new("patchelf")
        .arg("--add-needed")
        .args([&object, &copy])
        .status()
        .unwrap_or_else(|error| panic!("patchelf: {error}; `make test` installs it"));
    assert!(
        status.success(),
        "patchelf --add-needed {object:?} {copy:?}"
    );
    copy
}
