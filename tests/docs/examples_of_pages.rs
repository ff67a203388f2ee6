//! The examples of seccomp-policy(5) that name a program: they are run with it, in the doors that the
//! page names.

use std::fs;

use sandbox_tests::{Run, public_directory};

use crate::words::page;

const PAGE: &str = "docs/man/seccomp-policy.5";

/// What the page has between two texts, the first time behind the heading of its examples.
fn example(start: &str, end: &str) -> String {
    let page = page(PAGE);
    let (_, examples) = page.split_once(".Sh EXAMPLES\n").expect("examples");
    let (_, rest) = examples.split_once(start).expect("the example");
    let (example, _) = rest.split_once(end).expect("the example's end");
    assert!(!example.contains('\\'), "to be read as mdoc(7): {example}");
    example.to_string()
}

#[test]
fn the_list_for_echo_lets_it_write_to_its_output_and_to_nothing_else() {
    let list = example(".Pa /bin/echo\n", "\n.Pp\nA service");
    let (_, list) = list.split_once(".Dl ").expect("a list on a line");
    let echo = || Run::preloaded("/bin/echo").arg("hello").allow(list);
    let outcome = echo().env("SECCOMP_QUIET", "1").outcome();
    outcome.succeeded().stdout("hello\n").stderr("");

    let elsewhere = list.replace("fd == 1", "fd == 3");
    assert_ne!(elsewhere, list);
    let outcome = echo().allow(&elsewhere).outcome();
    assert_eq!(outcome.stdout, "", "{outcome:?}");
}

#[test]
fn the_file_for_cat_lets_it_run_in_both_doors_and_write_no_file() {
    let directory = public_directory();
    let policy = directory.path().join("cat.seccomp");
    let text = example("-offset indent\n", ".Ed\n");
    fs::write(&policy, &text).expect("the policy");
    let read = directory.path().join("read");
    fs::write(&read, "hello\n").expect("a file");

    let preloaded = || {
        Run::preloaded("/bin/cat")
            .allow(&policy)
            .env("SECCOMP_QUIET", "1")
    };
    preloaded()
        .arg(&read)
        .outcome()
        .succeeded()
        .stdout("hello\n")
        .stderr("");
    for method in ["auto", "ticket", "preload"] {
        let options = ["--quiet", "--method", method, "--policy"].map(Into::into);
        let options = options.into_iter().chain([policy.clone().into_os_string()]);
        let launched = Run::launched(options, "/bin/cat").arg(&read).outcome();
        launched.succeeded().stdout("hello\n").stderr("");
    }

    // The rule of write decides, not what the default action is.
    let text = text.replace("x == 1 || x == 2", "x == 2");
    fs::write(&policy, text).expect("the policy");
    let outcome = preloaded().arg(&read).outcome();
    assert_eq!(outcome.stdout, "", "{outcome:?}");
    outcome.stderr_has("Permission denied");
}
