//! The command: whose calls, since when, as a policy or as a report.

use std::fs;

use sandbox_tests::{Outcome, public_directory};

use crate::recorder::from_log;

/// A record of the kernel log.
fn record(seconds: u32, exe: &str, call: u32) -> String {
    let comm = exe.rsplit('/').next().unwrap_or(exe);
    format!(
        "[  517.262099] audit: type=1326 audit(17953614{seconds:02}.447:{seconds}{call}): auid=4294967295 uid=0 gid=0 \
         ses=4294967295 pid={seconds} comm=\"{comm}\" exe=\"{exe}\" sig=0 arch=c000003e syscall={call} compat=0 \
         ip=0x7fb1413d686a code=0x7ffc0000\n"
    )
}

/// getpid, socket and getppid of two programs.
fn log() -> String {
    [
        record(10, "/usr/bin/one", 39),
        record(20, "/usr/bin/one", 41),
        record(30, "/usr/bin/other", 110),
    ]
    .concat()
}

fn run(words: &[&str]) -> Outcome {
    from_log(words).input(log()).outcome()
}

/// The calls that were seen, in order.
fn seen(outcome: &Outcome) -> Vec<&str> {
    let lines = outcome
        .stdout
        .lines()
        .filter(|line| line.contains("# seen"));
    lines.filter_map(|line| line.split(':').next()).collect()
}

#[test]
fn of_several_programs_one_must_be_chosen() {
    let outcome = run(&[]).status(2).stdout("");
    let outcome = outcome.stderr_has("several programs");
    outcome.stderr_has("       2  /usr/bin/one\n       1  /usr/bin/other\n");
    for (words, expected) in [
        (&["--exe", "/usr/bin/one"][..], &["getpid", "socket"][..]),
        (
            &["--exe", "/usr/bin/one", "--exe", "/usr/bin/other"],
            &["getpid", "getppid", "socket"],
        ),
        (&["--comm", "other"], &["getppid"]),
        (&["--pid", "20"], &["socket"]),
        (&["--pid", "20", "--exe", "/usr/bin/one"], &["socket"]),
        (&["--all"], &["getpid", "getppid", "socket"]),
        (&["--since", "1795361425"], &["getppid"]),
        (
            &["--since", "1795361420.447", "--all"],
            &["getppid", "socket"],
        ),
    ] {
        assert_eq!(seen(&run(words).succeeded()), expected, "{words:?}");
    }
    let outcome = run(&["--exe", "/usr/bin/none"]).status(2).stdout("");
    outcome.stderr_has("       2  /usr/bin/one");
}

#[test]
fn names_of_programs_cannot_write_to_the_terminal() {
    let exe = "2F1B5B324A";
    let log = record(10, "/a", 39) + &record(20, "X", 39).replace("\"X\"", exe);
    let outcome = from_log([""; 0]).input(log).outcome().status(2);
    assert!(!outcome.stderr.contains('\u{1b}'), "{outcome:?}");
    outcome.stderr_has("/\\u{1b}[2J");
}

#[test]
fn what_the_log_does_not_say_is_allowed_with_a_comment() {
    let outcome = run(&["--exe", "/usr/bin/one"]).succeeded();
    assert!(
        outcome
            .stdout
            .contains("\nsocket: 1  # seen 1; arguments unknown\n"),
        "{outcome:?}"
    );
    assert!(
        outcome
            .stdout
            .starts_with("# Learned by sandbox-policy from-log from: /usr/bin/one\n")
    );
    outcome.stderr_has("arguments unknown, so any use is allowed: socket");
}

#[test]
fn the_list_in_force_is_what_a_new_policy_begins_with() {
    let outcome = run(&[
        "--pid",
        "10",
        "--learn",
        "-",
        "--list-allow",
        "read:socket(family == AF_UNIX)",
    ]);
    let outcome = outcome.succeeded();
    for line in ["\nread: 1\n", "\ngetpid: 1  # seen 1\n", "\nsocket: "] {
        assert!(outcome.stdout.contains(line), "{line}{outcome:#?}");
    }
    assert!(!outcome.stderr.contains("leave no record"), "{outcome:?}");
}

#[test]
fn a_file_grows_and_a_broken_one_is_left() {
    let directory = public_directory();
    let policy = directory.path().join("p.seccomp");
    fs::write(&policy, "read: 1  # mine\n").expect("the policy");
    let path = policy.to_str().expect("a path");
    run(&["--pid", "10", "--learn", path])
        .succeeded()
        .stderr_has("learned 1 call (1 seen), all new");
    run(&["--pid", "30", "--learn", path])
        .succeeded()
        .stderr_has("learned 1 call (1 seen), all new");
    let text = fs::read_to_string(&policy).expect("the policy");
    assert!(text.starts_with("read: 1  # mine\n"), "{text}");
    assert!(
        text.contains("# learned: 2 runs, nothing new in the last 0\n"),
        "{text}"
    );

    fs::write(&policy, "getpid[-EACCES]: 0 == 1\n").expect("the policy");
    let outcome = run(&["--pid", "10", "--learn", path]);
    if outcome.status == 2 {
        outcome.stderr_has("what was learned is in");
    }
    fs::write(&policy, "no policy").expect("the policy");
    run(&["--pid", "10", "--learn", path])
        .status(2)
        .stderr_has("--learn ");
    assert_eq!(
        fs::read_to_string(&policy).expect("the policy"),
        "no policy"
    );
}

#[test]
fn a_report_says_what_a_policy_would_have_denied() {
    let outcome = run(&["--all", "--list-allow", "getpid:socket(family == AF_UNIX)"]).status(1);
    let text = &outcome.stdout;
    assert!(
        text.contains("violation: getppid(): would be killed: not in the list; add getppid"),
        "{text}"
    );
    assert!(
        text.contains("     1  socket  depends on arguments that the log does not hold"),
        "{text}"
    );
    assert!(!text.contains("getpid("), "{text}");
    run(&["--all", "--list-allow", "getpid:getppid:socket"])
        .succeeded()
        .stdout("");
    let outcome = run(&[
        "--all",
        "--report",
        "json",
        "--list-allow",
        "getpid:getppid",
    ])
    .status(1);
    let lines: Vec<serde_json::Value> = outcome
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines[0]["call"], "socket");
    assert_eq!(lines[0]["program"], "/usr/bin/one");
    assert_eq!(lines[0]["rendered"], "socket(?, ?, ?)");
    assert!(lines[0]["arguments"][0].is_null(), "{outcome:?}");
    assert_eq!(lines[0]["add"]["item"], "socket");
    let outcome = run(&["--all", "--report", "oz", "--list-allow", "getpid:getppid"]).status(1);
    assert!(outcome.stdout.contains("socket"), "{outcome:?}");
}

#[test]
fn a_broken_record_is_named_with_its_file_and_place() {
    let directory = public_directory();
    let path = directory.path().join("kern.log");
    let log = record(10, "/a", 39) + &record(20, "/a", 40).replace("syscall=40", "syscall=forty");
    fs::write(&path, &log).expect("the log");
    let column = log
        .lines()
        .nth(1)
        .and_then(|line| line.find("forty"))
        .expect("a column")
        + 1;
    let outcome = from_log([&path]).outcome().status(1);
    let said = format!(
        "warning: {}:2:{column}: syscall= is no system call",
        path.display()
    );
    assert!(
        outcome
            .stdout
            .starts_with("# INCOMPLETE: 1 record was lost (records that cannot be read)")
    );
    outcome.stderr_has(&said);
}

#[test]
fn a_file_that_is_no_log_is_an_error_with_its_name() {
    let directory = public_directory();
    let path = directory.path().join("text");
    fs::write(&path, "just\nwords\n").expect("a file");
    let outcome = from_log([&path]).outcome().status(2).stdout("");
    outcome.stderr_has(&format!(
        "sandbox-policy: {}: no line is one of",
        path.display()
    ));
    let missing = directory.path().join("missing");
    from_log([&missing])
        .outcome()
        .status(2)
        .stderr_has("No such file");
    from_log(["--json"])
        .input("")
        .outcome()
        .status(2)
        .stderr_has("--json");
}
