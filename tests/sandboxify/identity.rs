//! The program finds the process as the launcher found it: nothing added, nothing taken away.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sandbox_tests::{Run, compile, installed, public_directory, root, sandboxify, skip};

use crate::programs::{arguments, file, methods, text};

/// Executes its arguments from the third on, in a process whose state is set as the letters of the
/// second say. The first is where the program reports.
const SETTER: &str = include_str!("set_state.c");

/// Writes down everything of a process that exec keeps.
const REPORTER: &str = include_str!("report_state.c");

/// Longer than any launch takes, also on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// Every letter that the setter knows, and what some of them do together.
const STATES: [&str; 10] = ["", "s", "d", "m", "u", "f", "0", "01", "012", "sdmufr12"];

fn reporter(method: &str) -> PathBuf {
    let linking = if method == "preload" {
        "-dynamic"
    } else {
        "-static"
    };
    compile(REPORTER, &[linking])
}

/// What a program reports when it is started directly or by a launcher.
fn report(state: &str, launcher: &[&str], program: &Path) -> String {
    let directory = public_directory();
    let report = file(directory.path(), "report", "", 0o644);
    let outcome = Run::new(compile(SETTER, &["-static"]))
        .arg(&report)
        .arg(state)
        .args(launcher)
        .arg(program)
        .arg(&report)
        .directory(directory.path())
        .start()
        .outcome_within(LIMIT);
    outcome.succeeded();
    let report = std::fs::read_to_string(&report).expect("a report");
    assert!(report.ends_with("end\n"), "{report}");
    report.replace(text(directory.path()), "DIRECTORY")
}

#[test]
fn the_program_finds_the_process_as_the_launcher_found_it() {
    for method in methods().into_iter().chain(["preload"]) {
        let program = reporter(method);
        let launcher = sandboxify();
        let launcher = [text(&launcher), "--method", method, "--deny", "acct:swapon"];
        for state in STATES {
            let bare = report(state, &[], &program);
            let launched = report(state, &launcher, &program);
            assert_eq!(launched, bare, "--method {method}, state {state:?}");
        }
    }
}

#[test]
fn the_report_shows_what_the_launcher_could_spoil() {
    // Else the test above could not fail.
    let program = reporter("auto");
    let bare = report("", &[], &program);
    for line in [
        "pid kept",
        "parent kept",
        "dumpable 1",
        "wait -1 errno 10",
        "children ",
        "SigPnd:\t0000000000000000",
        "SigBlk:\t0000000000000000",
        "umask 22",
    ] {
        assert!(
            bare.lines().any(|other| other == line),
            "no {line} in\n{bare}"
        );
    }
    let odd = report("sdmufr12", &[], &program);
    // SIGINT and SIGPIPE, beside what the tests were started with.
    assert_eq!(ignored(&odd) & !ignored(&bare), 1 << 1 | 1 << 12, "{odd}");
    assert!(odd.contains("umask 27\n"), "{odd}");
    assert!(odd.contains("descriptor 42 /dev/zero "), "{odd}");
    for standard in ["descriptor 1 ", "descriptor 2 "] {
        assert!(bare.contains(standard) && !odd.contains(standard));
    }
    let (changed, kept) = (report("p", &[], &program), report("c", &[], &program));
    assert!(changed.contains("parent kept") && kept.contains("children 1"));
}

/// The set of ignored signals in a report.
fn ignored(report: &str) -> u64 {
    let mut lines = report.lines();
    let set = lines.find_map(|line| line.strip_prefix("SigIgn:\t"));
    u64::from_str_radix(set.expect("a set"), 16).expect("a number")
}

#[test]
fn the_terminal_stays_the_programs() {
    let program = reporter("auto");
    let on_a_terminal = |launcher: &[&str]| {
        let directory = public_directory();
        let report = file(directory.path(), "report", "", 0o644);
        let setter = compile(SETTER, &["-static"]);
        let words = [&[text(&setter), text(&report), "s"], launcher].concat();
        let command = [&words[..], &[text(&program), text(&report)]].concat();
        let run = Run::new("script").args(["-qec", &command.join(" "), "/dev/null"]);
        run.outcome().succeeded();
        let report = std::fs::read_to_string(&report).expect("a report");
        // Which terminal it is differs from run to run.
        let terminal = report.lines().filter(|line| line.contains("/dev/pts/"));
        assert_eq!(terminal.count(), 3, "{report}");
        let rest = report.lines().filter(|line| !line.contains("/dev/pts/"));
        rest.map(|line| format!("{line}\n")).collect::<String>()
    };
    let bare = on_a_terminal(&[]);
    assert!(bare.contains("foreground 1\n"), "{bare}");
    let launcher = sandboxify();
    for method in methods() {
        let options = [text(&launcher), "-q", "--method", method, "--deny", "acct"];
        assert_eq!(on_a_terminal(&options), bare, "--method {method}");
    }
}

#[test]
fn an_unprivileged_program_finds_the_process_as_the_launcher_found_it() {
    if !root() {
        return skip("only root can become another user");
    }
    let directory = public_directory();
    let place = directory.path();
    let publish = |program: PathBuf| sandbox_tests::publish(&program, place);
    let launcher = publish(sandboxify());
    let (setter, program) = (
        publish(compile(SETTER, &["-static"])),
        publish(reporter("auto")),
    );
    let run = |state: &str, launcher: &[&str]| {
        let path = file(place, "report", "", 0o666);
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o666))
            .expect("chmod");
        let run = Run::new(&setter).arg(&path).arg(state).args(launcher);
        let run = run.arg(&program).arg(&path).as_nobody();
        run.start().outcome_within(LIMIT).succeeded();
        std::fs::read_to_string(&path).expect("a report")
    };
    for method in ["auto", "ticket"] {
        for state in STATES {
            let bare = run(state, &[]);
            assert!(bare.contains("dumpable 1\n"), "{bare}");
            let options = [text(&launcher), "--method", method, "--deny", "acct"];
            assert_eq!(run(state, &options), bare, "--method {method}, {state:?}");
        }
    }
}

#[test]
fn children_that_the_launcher_inherited_stay_the_programs() {
    // The setter forks a child before it executes the launcher; nobody else may reap it.
    for method in methods() {
        let program = reporter(method);
        let launcher = sandboxify();
        let launcher = [text(&launcher), "--method", method, "--deny", "acct"];
        let bare = report("c", &[], &program);
        assert!(bare.contains("children 1\n"), "{bare}");
        assert_eq!(report("c", &launcher, &program), bare, "--method {method}");
    }
}

#[test]
fn a_child_subreaper_gets_no_stranger_for_a_child() {
    let program = reporter("auto");
    let launcher = sandboxify();
    let launcher = [text(&launcher), "--method", "auto", "--deny", "acct"];
    let bare = report("p", &[], &program);
    assert!(bare.contains("subreaper 1\n"), "{bare}");
    for _ in 0..20 {
        assert_eq!(report("p", &launcher, &program), bare);
    }
    let outcome = Run::new(compile(SETTER, &["-static"]))
        .args(["/dev/null", "p"])
        .arg(sandboxify())
        .args(["--method", "suspend", "--deny", "acct"])
        .arg(arguments())
        .outcome();
    let outcome = outcome.status(125).stdout("");
    outcome
        .stderr_has("--method suspend")
        .stderr_has("subreaper");
}

#[test]
fn init_of_a_pid_namespace_gets_no_stranger_for_a_child() {
    let Some(unshare) = installed("unshare") else {
        return skip("unshare is not installed");
    };
    if !root() {
        return skip("only root can make a PID namespace");
    }
    let possible = Run::new(&unshare).args(["--pid", "--fork", "--mount-proc", "true"]);
    if possible.outcome().status != 0 {
        return skip("a PID namespace cannot be made here");
    }
    let program = reporter("auto");
    let directory = public_directory();
    let in_namespace = |launcher: &[&str]| {
        let report = file(directory.path(), "report", "", 0o644);
        let run = Run::new(&unshare).args(["--pid", "--fork", "--kill-child", "--mount-proc"]);
        let run = run.arg(compile(SETTER, &["-static"])).arg(&report).arg("");
        run.args(launcher)
            .arg(&program)
            .arg(&report)
            .outcome()
            .succeeded();
        std::fs::read_to_string(report).expect("a report")
    };
    let bare = in_namespace(&[]);
    assert!(bare.contains("init\n"), "{bare}");
    let launcher = sandboxify();
    let auto = [text(&launcher), "--method", "auto", "--deny", "acct"];
    assert_eq!(in_namespace(&auto), bare);
    let outcome = Run::new(&unshare)
        .args(["--pid", "--fork", "--kill-child"])
        .arg(&launcher)
        .args(["--method", "suspend", "--deny", "acct"])
        .arg(arguments())
        .outcome();
    let outcome = outcome.status(125).stdout("");
    outcome.stderr_has("--method suspend").stderr_has("init");
}
