//! Real programs, learned and enforced: interpreters, a database, version control and shells.

use std::fs;
use std::path::Path;

use sandbox_tests::{GO_PROGRAM, Run, build_go, installed};

use crate::workshop::{Door, Job};

/// A value written and read back, a connection to itself, and a child.
const PYTHON: &str = concat!(
    include_str!("../support/job.py"),
    r#"
import subprocess
print("child", subprocess.run(["/bin/cat", "kept.json"], capture_output=True).stdout[:7])
"#
);

const SHELL: &str = r#"
for word in pear apple fig; do echo "$word"; done | sort > sorted
echo "lines $(cat sorted | wc -l)"
echo "first $(head -n 1 < sorted)"
(exit 7) || echo "status $?"
exit 3
"#;

fn program(name: &str) -> std::path::PathBuf {
    installed(name).unwrap_or_else(|| panic!("{name}; `make test` installs it"))
}

#[test]
fn python_replays() {
    Job::new("/usr/bin/python3", &["-I", "-c", PYTHON])
        .starting_others()
        .replays(&Door::ALL);
}

#[test]
fn bash_replays() {
    Job::new(program("bash"), &["-c", SHELL])
        .starting_others()
        .replays(&Door::ALL);
}

#[test]
fn a_script_replays() {
    let prepare = |work: &Path| {
        fs::write(work.join("job.sh"), SHELL).expect("the script");
    };
    Job::new(program("bash"), &["./job.sh"])
        .starting_others()
        .prepared(prepare)
        .replays(&Door::ALL);
}

#[test]
fn busybox_replays() {
    Job::new(program("busybox"), &["sh", "-c", SHELL]).replays(&Door::STATIC);
}

#[test]
fn sqlite_replays() {
    let statements = "CREATE TABLE t (n INTEGER); \
        WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000) \
        INSERT INTO t SELECT n FROM c; SELECT count(*), sum(n) FROM t;";
    let words = ["-batch", "-init", "/dev/null", "numbers.db", statements];
    Job::new(program("sqlite3"), &words).replays(&Door::ALL);
}

/// A repository with a commit, in `source`.
fn repository(work: &Path) {
    let git = |words: &[&str]| {
        let run = Run::new("git").env("HOME", work).directory(work);
        let run = run.env("GIT_CONFIG_NOSYSTEM", "1");
        run.args(words).outcome().succeeded();
    };
    let config = "[user]\n\tname = A\n\temail = a@example.org\n[init]\n\tdefaultBranch = main\n";
    fs::write(work.join(".gitconfig"), config).expect("the configuration");
    git(&["init", "-q", "source"]);
    fs::write(work.join("source/file"), "one\n").expect("a file");
    git(&["-C", "source", "add", "file"]);
    git(&["-C", "source", "commit", "-q", "-m", "the first"]);
}

#[test]
fn a_log_of_git_replays() {
    Job::new(program("git"), &["-C", "source", "log", "--format=%s"])
        .prepared(repository)
        .replays(&Door::ALL);
}

#[test]
fn a_clone_by_git_replays() {
    let words = [
        "-c",
        "protocol.file.allow=always",
        "clone",
        "-q",
        "--no-local",
        "source",
        "copy",
    ];
    Job::new(program("git"), &words)
        .starting_others()
        .prepared(repository)
        .replays(&Door::ALL);
}

#[test]
fn a_go_server_replays() {
    Job::new(build_go(GO_PROGRAM), &[]).replays(&Door::STATIC);
}

#[test]
fn a_listing_replays() {
    Job::new(program("ls"), &["-la", "/etc"]).replays(&Door::ALL);
}
