//! Finding a program: a path as it is, a name in the directories of PATH.

use sandbox_tests::{Run, public_directory};

use crate::programs::{copies_of_arguments, file, methods, text, without_execve};

#[test]
fn a_name_is_found_in_path_and_stays_the_zeroth_argument() {
    let directory = public_directory();
    copies_of_arguments(directory.path(), &["found"]);
    let path = format!("/nonexistent:{}:/usr/bin", text(directory.path()));
    for method in methods() {
        Run::launched(without_execve(method), "found")
            .args(["one", "two"])
            .env("PATH", &path)
            .outcome()
            .succeeded()
            .stdout("found\none\ntwo\n");
    }
}

#[test]
fn the_first_of_several_is_run() {
    let (first, second) = (public_directory(), public_directory());
    file(first.path(), "tool", "#!/bin/sh\necho first\n", 0o755);
    file(second.path(), "tool", "#!/bin/sh\necho second\n", 0o755);
    let path = format!("{}:{}", text(first.path()), text(second.path()));
    let run = Run::launched(["-q", "--deny", "acct"], "tool").env("PATH", path);
    run.outcome().succeeded().stdout("first\n");
}

#[test]
fn an_empty_element_of_path_is_the_current_directory() {
    let directory = public_directory();
    copies_of_arguments(directory.path(), &["here"]);
    let run = |path: &str| {
        Run::launched(["-q", "--deny", "acct"], "here")
            .env("PATH", path)
            .directory(directory.path())
            .outcome()
    };
    for path in [
        "",
        ":/nonexistent",
        "/nonexistent:",
        "/nonexistent::/usr/bin",
    ] {
        run(path).succeeded().stdout("here\n");
    }
    run("/nonexistent").status(127);
}

#[test]
fn without_path_the_systems_directories_are_searched() {
    let mut run = Run::launched(["-q", "--deny", "acct"], "echo").arg("found");
    run.command().env_remove("PATH");
    run.outcome().succeeded().stdout("found\n");
    // Not the current directory.
    let directory = public_directory();
    copies_of_arguments(directory.path(), &["only-here"]);
    let mut run = Run::launched(["-q", "--deny", "acct"], "only-here");
    run.command().env_remove("PATH");
    run.directory(directory.path()).outcome().status(127);
}

#[test]
fn what_cannot_be_executed_is_passed_over_in_path() {
    let (first, second) = (public_directory(), public_directory());
    file(first.path(), "tool", "#!/bin/sh\necho RAN\n", 0o644);
    std::fs::create_dir(first.path().join("other")).expect("a directory");
    let path = format!("{}:{}", text(first.path()), text(second.path()));
    let run = |name: &str| {
        let run = Run::launched(["-q", "--deny", "acct"], name);
        run.env("PATH", &path).outcome()
    };
    for name in ["tool", "other"] {
        run(name).status(126).stdout("").stderr_has(name);
    }
    copies_of_arguments(second.path(), &["tool", "other"]);
    for name in ["tool", "other"] {
        run(name).succeeded().stdout(&format!("{name}\n"));
    }
}

#[test]
fn a_path_is_not_searched_for() {
    let directory = public_directory();
    let inner = directory.path().join("inner");
    std::fs::create_dir(&inner).expect("a directory");
    copies_of_arguments(&inner, &["tool"]);
    for (program, status) in [("./tool", 127), ("inner/tool", 0)] {
        let run = Run::launched(["-q", "--deny", "acct"], program);
        let run = run.env("PATH", &inner).directory(directory.path());
        let outcome = run.outcome().status(status);
        assert_eq!(outcome.stdout.is_empty(), status != 0);
    }
}
