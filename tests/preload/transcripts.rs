//! The README's transcripts of the dynamic helloworld.

use sandbox_tests::{Run, compile};

const HELLO: &str = include_str!("../../examples/helloworld.c");

#[test]
fn three_names_suffice_and_are_announced() {
    Run::preloaded(compile(HELLO, &[]))
        .allow("newfstatat:write:exit_group")
        .outcome()
        .succeeded()
        .stdout("Hello, world!\n")
        .stderr(
            "adding newfstatat to the process seccomp filter\n\
             adding write to the process seccomp filter\n\
             adding exit_group to the process seccomp filter\n",
        );
}
