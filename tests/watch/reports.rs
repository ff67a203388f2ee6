//! Reports of audit and explain: their forms, what is counted, and where they go.

use std::fs;
use std::time::Duration;

use sandbox_tests::{Outcome, compile};
use serde_json::Value;

use crate::workshop::Job;

/// Makes directories where none can be made, three with one mode, and one with another.
pub const CALLS: &str = r#"
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int count, char **words)
{
	for (int n = 0; n < 3; n++) {
		errno = 0;
		mkdir("/nonexistent/d", 0700);
		printf("errno %d\n", errno);
	}
	rmdir("/nonexistent/d");
	return 0;
}
"#;

fn job() -> Job {
    Job::new(compile(CALLS, &[]), &[])
}

/// A watched run under a deny-list that the program breaks four times.
fn watched(job: &Job, options: &[&str]) -> Outcome {
    let deny = ["-q", "--deny", "mkdir=EACCES:rmdir=EBUSY"];
    job.launched(options.iter().chain(&deny)).outcome()
}

const RAN: &str = "errno 2\nerrno 2\nerrno 2\n";
const DENIED: &str = "errno 13\nerrno 13\nerrno 13\n";

fn objects(report: &str) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
    report.lines().map(parse).collect()
}

#[test]
fn audit_enforces_nothing_and_says_what_would_happen() {
    for place in ["exec", "main"] {
        let outcome = watched(&job(), &["--audit", "--at", place]);
        let outcome = outcome.succeeded().stdout(RAN);
        let lines: Vec<&str> = outcome.stderr.lines().collect();
        let [first, second, head, one, other, together] = &lines[..] else {
            panic!("{place}: {lines:#?}");
        };
        let begin = "sandboxify: violation: mkdir(\"/nonexistent/d\", 0700): would fail with EACCES: \
             denied by mkdir=EACCES; add !mkdir; at libc.so.6+0x";
        assert!(first.starts_with(begin), "{first}");
        assert!(
            first.contains(" (mkdir+0x") && first.contains("], call 83, "),
            "{first}"
        );
        assert!(
            second.contains("rmdir(\"/nonexistent/d\"): would fail with EBUSY"),
            "{second}"
        );
        assert_eq!(*head, "sandboxify: 2 distinct violations, 4 in all:");
        assert_eq!(*one, "     3  mkdir  denied by mkdir=EACCES; add !mkdir");
        assert_eq!(*other, "     1  rmdir  denied by rmdir=EBUSY; add !rmdir");
        let all = "sandboxify: to allow it all: --deny '…:!mkdir:!rmdir'";
        assert_eq!(*together, all);
    }
}

#[test]
fn explain_enforces_and_tells() {
    for place in ["exec", "main"] {
        let outcome = watched(&job(), &["--explain", "--at", place]);
        let outcome = outcome.succeeded().stdout(DENIED);
        outcome
            .stderr_has(
                "mkdir(\"/nonexistent/d\", 0700): failed with EACCES: denied by mkdir=EACCES; ",
            )
            .stderr_has("rmdir(\"/nonexistent/d\"): failed with EBUSY: ")
            .stderr_has("\nsandboxify: 2 distinct violations, 4 in all:\n");
    }
}

#[test]
fn every_repetition_only_when_asked_for() {
    let lines = |options: &[&str]| {
        let outcome = watched(&job(), options).succeeded();
        let lines = outcome.stderr.lines();
        lines
            .filter(|line| line.starts_with("sandboxify: violation: "))
            .count()
    };
    for purpose in ["--audit", "--explain"] {
        assert_eq!(lines(&[purpose]), 2);
        assert_eq!(lines(&[purpose, "--every"]), 4);
    }
}

#[test]
fn a_report_in_a_file_leaves_standard_error_clean_and_is_appended_to() {
    let job = job();
    let report = job.file("report");
    let name = report.display().to_string();
    fs::write(&report, "what was there\n").expect("the report");
    for runs in 1..=2 {
        let outcome = watched(&job, &["--audit", "--report", &name]);
        outcome.succeeded().stdout(RAN).stderr("");
        let text = fs::read_to_string(&report).expect("the report");
        assert!(
            text.starts_with("what was there\nsandboxify: violation: "),
            "{text}"
        );
        assert_eq!(
            text.matches("2 distinct violations, 4 in all:").count(),
            runs,
            "{text}"
        );
    }
}

/// The keys of a violation, as documented.
const KEYS: [&str; 23] = [
    "action",
    "add",
    "arch",
    "arguments",
    "call",
    "count",
    "cure",
    "date",
    "instruction",
    "module",
    "number",
    "offset",
    "outcome",
    "pid",
    "program",
    "reason",
    "rendered",
    "rule",
    "stack",
    "stack_end",
    "symbol",
    "tid",
    "time",
];

#[test]
fn json_is_an_object_a_line() {
    let job = job();
    let outcome = watched(&job, &["--explain", "--every", "--report-format", "json"]);
    let outcome = outcome.succeeded().stdout(DENIED);
    let all = objects(&outcome.stderr);
    let (violations, summary): (Vec<&Value>, Vec<&Value>) =
        all.iter().partition(|one| one.get("summary").is_none());
    assert_eq!(violations.len(), 4, "{all:#?}");
    for (place, one) in violations.iter().enumerate() {
        let keys: Vec<&String> = one.as_object().expect("an object").keys().collect();
        assert_eq!(keys, KEYS);
        assert_eq!(one["arguments"].as_array().map(Vec::len), Some(6));
        let (call, count, outcome) = match place {
            3 => ("rmdir", 1, "EBUSY"),
            nth => ("mkdir", nth + 1, "EACCES"),
        };
        assert_eq!(
            (&one["call"], &one["outcome"]),
            (&call.into(), &outcome.into())
        );
        assert_eq!(one["count"], count);
        assert_eq!(one["arch"], "x86_64");
        let program = fs::canonicalize(compile(CALLS, &[])).expect("the program");
        assert_eq!(one["program"], program.display().to_string());
    }
    let kinds: Vec<&Value> = summary.iter().map(|one| &one["summary"]).collect();
    assert_eq!(kinds[..2], ["violation", "violation"]);
    let total = summary
        .iter()
        .find(|one| one["summary"] == "total")
        .expect("a total");
    assert_eq!(
        (&total["distinct"], &total["violations"]),
        (&2.into(), &4.into())
    );
    assert_eq!((&total["beyond"], &total["lost"]), (&0.into(), &0.into()));
}

#[test]
fn oz_has_its_two_lines() {
    let outcome = watched(&job(), &["--audit", "--report-format", "oz"]).succeeded();
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    let program = compile(CALLS, &[]);
    let (before, behind) = lines[0].split_once(" (").expect("a command line");
    assert!(
        before.starts_with("I seccomp hit on sandbox pid "),
        "{outcome:#?}"
    );
    assert_eq!(
        behind,
        format!("{} ) syscall mkdir (83):", program.display())
    );
    assert_eq!(lines[1], "  mkdir(\"/nonexistent/d\", 0700)");
    assert_eq!(lines[3], "  rmdir(\"/nonexistent/d\")");
    assert_eq!(lines[4], "I sandboxify: 2 distinct violations, 4 in all:");
}

#[test]
fn a_report_that_cannot_be_opened_fails_before_the_program() {
    let job = job();
    let report = job.file("none").join("report").display().to_string();
    let outcome = watched(&job, &["--audit", "--report", &report]);
    outcome.status(125).stdout("").stderr_has("--report: ");
}

#[test]
fn no_violation_no_report() {
    let job = job();
    for purpose in ["--audit", "--explain"] {
        let options = ["-q", purpose, "--deny", "reboot"];
        job.launched(options)
            .outcome()
            .succeeded()
            .stdout(RAN)
            .stderr("");
        let options = ["-q", purpose, "--report-format", "json", "--deny", "reboot"];
        let outcome = job.launched(options).outcome().succeeded();
        assert_eq!(objects(&outcome.stderr).len(), 1, "{outcome:#?}");
    }
}

#[test]
fn who_does_not_read_the_report_holds_nobody_up() {
    let source = "#include <sys/syscall.h>\n#include <unistd.h>\n\
        int main(void) { for (int n = 0; n < 20000; n++) syscall(SYS_getppid); return 7; }\n";
    let job = Job::new(compile(source, &[]), &[]);
    for purpose in ["--audit", "--explain"] {
        let options = ["-q", purpose, "--every", "--deny", "getppid=EPERM"];
        // Standard error is read when the program has ended, and a pipe holds a few hundred lines.
        let running = job.launched(options).start();
        running.outcome_within(Duration::from_secs(30)).status(7);
    }
}

#[test]
fn hostile_names_make_no_lines() {
    let directory = sandbox_tests::public_directory();
    let name = "a\nsandboxify: violation: forged\r\u{1b}[2J\u{202e}b";
    let program = directory.path().join(name);
    fs::copy(compile(CALLS, &[]), &program).expect("a copy");
    for format in ["text", "json", "oz"] {
        let job = Job::new(
            &program,
            &["x\nI seccomp hit on sandbox pid 1 (forged)\n{}"],
        );
        let outcome = watched(&job, &["--audit", "--report-format", format]).succeeded();
        let forged = |line: &str| {
            let begins = [
                "sandboxify: violation: forged",
                "I seccomp hit on sandbox pid 1 (",
                "{}",
            ];
            begins.iter().any(|begin| line.starts_with(begin))
        };
        assert!(!outcome.stderr.lines().any(forged), "{outcome:#?}");
        let raw = |letter: char| letter != '\n' && (letter.is_control() || letter == '\u{202e}');
        assert!(!outcome.stderr.contains(raw), "{format}: {outcome:#?}");
        if format == "json" {
            let named = objects(&outcome.stderr);
            let path = named[0]["program"].as_str().expect("a path");
            assert!(path.ends_with(name), "{path:?}");
        }
    }
}

#[test]
fn a_learning_run_reports_how_often_each_call_was_made() {
    for (format, begins) in [("text", "3  mkdir\n"), ("json", "{\"assumed\":")] {
        let job = job();
        let report = job.file("counts");
        let path = report.to_str().expect("a path");
        let options = ["--at", "main", "--report", path, "--report-format", format];
        let learned = job.file("learned.seccomp");
        let learn = ["--learn", learned.to_str().expect("a path")];
        let outcome = job.launched(options.iter().chain(&learn)).outcome();
        outcome.succeeded().stdout(RAN);
        let text = std::fs::read_to_string(&report).expect("a report");
        assert!(text.starts_with(begins), "{text}");
    }
}
