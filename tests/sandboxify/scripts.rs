//! Scripts: what stands behind `#!`, and `env` there.

use std::path::Path;

use sandbox_tests::{Run, installed, public_directory, publish, skip};

use crate::programs::{
    STATIC_CALLS, copies_of_arguments, file, hello_static, methods, text, without_execve,
};

#[test]
fn an_interpreter_gets_what_the_kernel_gives_it() {
    let directory = public_directory();
    let place = directory.path();
    copies_of_arguments(place, &["interpreter"]);
    let interpreter = place.join("interpreter");
    let interpreter = text(&interpreter);
    let lines = [
        ("", ""),
        (" -x", "-x\n"),
        ("  -a  b c \t", "-a  b c\n"),
        ("\t-t", "-t\n"),
    ];
    for (round, (rest, argument)) in lines.into_iter().enumerate() {
        for prefix in ["#!", "#! ", "#!\t "] {
            let line = format!("{prefix}{interpreter}{rest}\nnot read\n");
            let script = file(place, &format!("script-{round}"), line, 0o755);
            let expected = format!("{interpreter}\n{argument}{}\none\n", text(&script));
            let bare = Run::new(&script).arg("one").outcome().succeeded();
            assert_eq!(bare.stdout, expected);
            for method in methods() {
                let options = ["-q", "--method", method, "--allow", STATIC_CALLS];
                let run = Run::launched(options, &script).arg("one");
                run.outcome().succeeded().stdout(&expected);
            }
        }
    }
}

#[test]
fn a_script_in_path_is_given_to_its_interpreter_by_its_path() {
    let directory = public_directory();
    let place = directory.path();
    copies_of_arguments(place, &["interpreter"]);
    let interpreter = place.join("interpreter");
    let script = file(
        place,
        "script",
        format!("#!{}\n", text(&interpreter)),
        0o755,
    );
    for method in methods() {
        let run = Run::launched(without_execve(method), "script").env("PATH", place);
        let expected = format!("{}\n{}\n", text(&interpreter), text(&script));
        run.outcome().succeeded().stdout(&expected);
    }
}

#[test]
fn an_interpreter_may_be_a_script() {
    let directory = public_directory();
    let place = directory.path();
    copies_of_arguments(place, &["script-0"]);
    // The kernel follows four scripts to a program, and refuses a fifth (fs/exec.c).
    for depth in 1..=6 {
        let below = place.join(format!("script-{}", depth - 1));
        let line = format!("#!{} -{depth}\n", text(&below));
        file(place, &format!("script-{depth}"), line, 0o755);
    }
    for method in methods() {
        for depth in 1..=6 {
            let script = place.join(format!("script-{depth}"));
            let options = ["-q", "--method", method, "--allow", STATIC_CALLS];
            let outcome = Run::launched(options, &script).outcome();
            let bare = Run::new("sh")
                .args(["-c", "exec \"$1\"", "sh"])
                .arg(&script);
            let bare = bare.outcome();
            assert_eq!(outcome.stdout, bare.stdout, "depth {depth}");
            assert_eq!(outcome.status == 0, bare.status == 0, "depth {depth}");
            assert!(
                depth > 4 || outcome.status == 0,
                "depth {depth}: {outcome:#?}"
            );
            if outcome.status != 0 {
                outcome.status(126).stderr_has("interpreter");
            }
        }
    }
}

#[test]
fn env_python_is_resolved_without_a_second_execve() {
    if installed("python3").is_none() {
        return skip("python3 is not installed");
    }
    let directory = public_directory();
    let place = directory.path();
    let text_of_script = "import sys\nprint(sys.argv, 6 * 7)\n";
    let line = format!("#!/usr/bin/env python3\n{text_of_script}");
    let script = file(place, "script.py", line, 0o755);
    for method in methods() {
        let expected = format!("['{}', 'one'] 42\n", text(&script));
        let run = Run::launched(without_execve(method), &script).arg("one");
        run.outcome().succeeded().stdout(&expected);
        let run = Run::launched(without_execve(method), "script.py").arg("one");
        let path = format!("{}:/usr/bin", text(place));
        run.env("PATH", path)
            .outcome()
            .succeeded()
            .stdout(&expected);
    }
}

#[test]
fn env_gives_its_program_the_name_as_zeroth_argument() {
    let directory = public_directory();
    let place = directory.path();
    copies_of_arguments(place, &["interpreter"]);
    for line in [
        "#!/usr/bin/env interpreter\n",
        "#! /usr/bin/env  interpreter \n",
    ] {
        let script = file(place, "script", line, 0o755);
        let bare = Run::new(&script).arg("one").env("PATH", place).outcome();
        assert_eq!(
            bare.stdout,
            format!("interpreter\n{}\none\n", text(&script))
        );
        for method in methods() {
            let run = Run::launched(without_execve(method), &script).arg("one");
            let outcome = run.env("PATH", place).outcome().succeeded();
            assert_eq!(outcome.stdout, bare.stdout);
        }
    }
}

#[test]
fn what_env_does_not_find_gives_127() {
    let directory = public_directory();
    let script = file(
        directory.path(),
        "script",
        "#!/usr/bin/env no-such-program\n",
        0o755,
    );
    for method in methods() {
        let outcome = Run::launched(without_execve(method), &script).outcome();
        outcome.status(127).stderr_has("no-such-program");
    }
}

#[test]
fn env_with_options_is_refused_unless_execve_is_allowed() {
    let directory = public_directory();
    let place = directory.path();
    let hello = publish(&hello_static(), place);
    for words in ["-S", "-i", "-S A=1", "A=1"] {
        let line = format!("#!/usr/bin/env {words} {}\n", text(&hello));
        let script = file(place, "script", line, 0o755);
        for method in methods() {
            let outcome = Run::launched(without_execve(method), &script).outcome();
            let outcome = outcome.status(126).stdout("").stderr_has(text(&script));
            outcome.stderr_has("second execve");
        }
    }
    let script = file(
        place,
        "script",
        format!("#!/usr/bin/env -S {}\n", text(&hello)),
        0o755,
    );
    for method in methods() {
        for list in [["--deny", "acct"], ["--allow", "@known"]] {
            let options = [&["-q", "--method", method], &list[..]].concat();
            let outcome = Run::launched(options, &script).outcome();
            outcome.succeeded().stdout("Hello, world!\n");
        }
    }
}

#[test]
fn env_behind_another_interpreter_is_resolved_or_refused_too() {
    let directory = public_directory();
    let place = directory.path();
    let hello = publish(&hello_static(), place);
    let name = text(hello.file_name().map(Path::new).expect("a name"));
    let inner = file(place, "inner", format!("#!/usr/bin/env {name}\n"), 0o755);
    let script = file(place, "script", format!("#!{}\n", text(&inner)), 0o755);
    for method in methods() {
        let run = Run::launched(without_execve(method), &script).env("PATH", place);
        let outcome = run.outcome();
        if outcome.status == 126 {
            outcome.stdout("").stderr_has("second execve");
        } else {
            outcome.succeeded().stdout("Hello, world!\n");
        }
    }
}

#[test]
fn a_script_edited_on_another_system_fails_as_it_does_without_us() {
    // The kernel takes the carriage return for a part of the interpreter's name.
    let directory = public_directory();
    let script = file(
        directory.path(),
        "script",
        "#!/bin/sh\r\necho RAN\r\n",
        0o755,
    );
    for method in methods() {
        let outcome = Run::launched(without_execve(method), &script).outcome();
        assert!([126, 127].contains(&outcome.status), "{outcome:#?}");
        outcome.stdout("").stderr_has(text(&script));
    }
}
