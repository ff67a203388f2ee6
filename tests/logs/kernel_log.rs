//! What the kernel log keeps of a program's calls, and what it does not.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sandbox_tests::{Outcome, Run, public_directory, publish, root, skip};

use crate::recorder::from_log;

/// As long as the kernel counts messages.
const INTERVAL: Duration = Duration::from_secs(5);

fn kernel_log() -> String {
    Run::new("dmesg").outcome().succeeded().stdout
}

/// A shell with a path of its own, whose every call but those of `list` is logged.
fn shell(directory: &Path) -> PathBuf {
    publish(Path::new("/bin/dash"), directory)
}

fn seconds() -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a time after 1970");
    format!("{}.{:03}", now.as_secs(), now.subsec_millis())
}

/// Whether the log has records of a program by now; they are on their way for a moment.
fn appears(program: &Path) -> bool {
    let exe = format!("exe=\"{}\"", program.display());
    (0..20).any(|_| {
        sleep(Duration::from_millis(20));
        kernel_log().contains(&exe)
    })
}

#[test]
fn more_than_the_kernel_log_keeps_is_said_to_be_missing() {
    if !root() {
        return skip("only root reads the kernel log");
    }
    let directory = public_directory();
    let program = shell(directory.path());
    // What others log meanwhile counts against the same limit.
    let told = (0..12).find_map(|_| {
        let since = seconds();
        let run = Run::preloaded(&program).args(["-c", "for i in 1 2 3 4 5 6 7 8 9; do (:); done"]);
        run.allow("read")
            .default_action("log")
            .outcome()
            .succeeded();
        let found = appears(&program).then(|| learn(&program, &since, kernel_log()));
        found.or_else(|| {
            sleep(INTERVAL / 2);
            None
        })
    });
    let outcome = told.expect("records of the program").status(1);
    assert!(outcome.stdout.starts_with("# INCOMPLETE: "), "{outcome:#?}");
    outcome
        .stderr_has("INCOMPLETE: ")
        .stderr_has("the kernel log")
        .stderr_has("--follow");
}

fn learn(program: &Path, since: &str, log: String) -> Outcome {
    let run = from_log(["--since", since, "--exe"]).arg(program);
    run.input(log).outcome()
}

#[test]
fn a_record_now_and_then_is_kept() {
    if !root() {
        return skip("only root reads the kernel log");
    }
    let directory = public_directory();
    let program = shell(directory.path());
    let found = (0..24).any(|_| {
        let run = Run::preloaded(&program)
            .args(["-c", ":"])
            .deny("getppid=log");
        run.outcome().succeeded();
        appears(&program) || {
            sleep(INTERVAL / 4);
            false
        }
    });
    assert!(found, "no record of the program in the kernel log");
    // Others may log meanwhile, and lose theirs.
    let exe = program.display().to_string();
    let log = kernel_log();
    let own: Vec<&str> = log.lines().filter(|line| line.contains(&exe)).collect();
    let outcome = from_log([""; 0])
        .input(own.join("\n"))
        .outcome()
        .succeeded();
    assert!(!outcome.stderr.contains("INCOMPLETE"), "{outcome:#?}");
    assert!(
        outcome.stdout.contains("\ngetppid: 1  # seen "),
        "{outcome:#?}"
    );
    let names = outcome
        .stdout
        .lines()
        .filter(|line| line.contains("# seen"));
    assert_eq!(names.count(), 1, "{outcome:#?}");
}
