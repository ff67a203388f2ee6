//! Injection and supervised runs where something stands in the way: no capability, a filter that denies
//! ptrace(2), another listener, another tracer, another launcher.

use std::fs;
use std::path::Path;

use sandbox_tests::{
    Outcome, Run, compile, installed, public_directory, publish, root, sandboxify, skip,
};

use crate::programs::{FILTERED, LIMIT, PLACES, ended, everybodys_directory, own_launcher};

/// Makes a denied call and says what came of it.
const CALLER: &str = r#"
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	errno = 0;
	syscall(SYS_getppid);
	printf("ran, errno %d\n", errno);
	return 3;
}
"#;

/// Has a listener for acct(2) and executes its arguments in a child under it; ends as the child does.
const LISTENING: &str = r#"
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_acct, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {4, code};
	int status;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter) < 0)
		return 98;
	pid_t child = fork();
	if (child == 0) {
		execv(argv[1], argv + 1);
		_exit(99);
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
"#;

/// Runs the launcher with options on the caller, started by some words and with a place for files.
fn under(outer: &[&str], options: &[&str], place: &Path) -> Outcome {
    let program = compile(CALLER, &[]);
    let launcher = sandboxify();
    let words: Vec<&str> = outer.to_vec();
    let run = match words.split_first() {
        Some((first, rest)) => Run::new(first).args(rest).arg(launcher),
        None => Run::new(launcher),
    };
    let run = run.arg("-q").args(options).arg(program).directory(place);
    run.start().outcome_within(LIMIT)
}

fn launcher_that_denies(what: &'static str) -> Vec<String> {
    let launcher = sandboxify().to_str().expect("UTF-8").to_owned();
    let words = ["-q", "--method", "ticket", "--deny", what];
    [launcher]
        .into_iter()
        .chain(words.map(str::to_owned))
        .collect()
}

#[test]
fn where_ptrace_is_denied_the_refusal_names_what_works() {
    let directory = public_directory();
    let place = directory.path();
    for what in ["ptrace=EPERM", "ptrace"] {
        let outer = launcher_that_denies(what);
        let outer: Vec<&str> = outer.iter().map(String::as_str).collect();
        for options in [
            &["--at", "main"][..],
            &["--at", "entry"],
            &["--method", "inject"],
        ] {
            let options = [options, &["--deny", "getppid=EPERM"]].concat();
            let outcome = under(&outer, &options, place).status(125).stdout("");
            outcome.stderr_has("--method ticket");
        }
        let explain = under(&outer, &["--explain", "--deny", "getppid=EPERM"], place);
        explain.status(125).stdout("").stderr_has("--explain");
    }
}

#[test]
fn where_ptrace_is_denied_audit_and_learn_still_work() {
    let directory = public_directory();
    let place = directory.path();
    for what in ["ptrace=EPERM", "ptrace"] {
        let outer = launcher_that_denies(what);
        let outer: Vec<&str> = outer.iter().map(String::as_str).collect();
        let audit = ["--audit", "--deny", "getppid"];
        let outcome = under(&outer, &audit, place).status(3);
        let outcome = outcome.stdout("ran, errno 0\n").stderr_has("note");
        outcome.stderr_has("getppid");
        // The report's file is open in launcher and watcher alike, and must stay so.
        let apart = [&audit[..], &["--report", "report"]].concat();
        under(&outer, &apart, place).status(3);
        let report = fs::read_to_string(place.join("report")).expect("a report");
        assert!(report.contains("getppid"), "{report}");
        fs::remove_file(place.join("report")).expect("the report");
        let outcome = under(&outer, &["--learn", "learned"], place).status(3);
        outcome.stdout("ran, errno 0\n").stderr_has("note");
        let learned = fs::read_to_string(place.join("learned")).expect("a policy");
        assert!(learned.contains("getppid"), "{learned}");
        fs::remove_file(place.join("learned")).expect("the policy");
    }
}

#[test]
fn beside_another_listener_runs_are_watched_by_a_tracer() {
    let directory = public_directory();
    let place = directory.path();
    let listening = compile(LISTENING, &[]);
    let outer = [listening.to_str().expect("UTF-8")];
    let outcome = under(&outer, &["--audit", "--deny", "getppid"], place).status(3);
    let outcome = outcome.stdout("ran, errno 0\n").stderr_has("listener");
    outcome.stderr_has("getppid");
    let outcome = under(&outer, &["--learn", "learned"], place).status(3);
    outcome.stdout("ran, errno 0\n").stderr_has("listener");
    let learned = fs::read_to_string(place.join("learned")).expect("a policy");
    assert!(learned.contains("getppid"), "{learned}");
    // What is enforced is enforced without a listener of ours.
    let outcome = under(&outer, &["--explain", "--deny", "getppid=EPERM"], place);
    let outcome = outcome.status(3).stdout("ran, errno 1\n");
    outcome.stderr_has("not reported");
    let outcome = under(&outer, &["--explain", "--deny", "getppid"], place);
    outcome.killed().stdout("").stderr_has("getppid");
    for at in PLACES {
        let options = ["--method", "inject", "--at", at, "--deny", "getppid=EPERM"];
        let outcome = under(&outer, &options, place).status(3);
        outcome.stdout("ran, errno 1\n").stderr("");
    }
}

#[test]
fn under_another_tracer_the_reason_is_given() {
    let Some(strace) = installed("strace") else {
        return skip("strace is not installed");
    };
    let directory = public_directory();
    let place = directory.path();
    let outer = [strace.to_str().expect("UTF-8"), "-f", "-o", "/dev/null"];
    for options in [&["--at", "main"][..], &["--explain"]] {
        let options = [options, &["--deny", "getppid=EPERM"]].concat();
        let outcome = under(&outer, &options, place).status(125).stdout("");
        outcome.stderr_has("another tracer");
    }
    let outcome = under(&outer, &["--audit", "--deny", "getppid"], place).status(3);
    let outcome = outcome.stdout("ran, errno 0\n").stderr_has("note");
    outcome.stderr_has("getppid");
}

#[test]
fn launchers_nest() {
    let launcher = sandboxify();
    let program = compile(CALLER, &["-static"]);
    for outer in PLACES {
        for inner in PLACES {
            let run = Run::launched(["-q", "--method", "inject", "--at", outer], "--deny")
                .args(["acct", "--"])
                .arg(&launcher)
                .args(["-q", "--method", "inject", "--at", inner])
                .args(["--deny", "getppid=EPERM"])
                .arg(&program);
            ended(run).status(3).stdout("ran, errno 1\n").stderr("");
        }
    }
}

/// A run by a user who has no capability and can get none.
fn as_nobody(launcher: &Path, options: &[&str], program: &Path, place: &Path) -> Outcome {
    let run = Run::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534"])
        .args(["--clear-groups", "--bounding-set=-all"])
        .arg(launcher);
    let run = run.arg("-q").args(options).arg(program).directory(place);
    run.start().outcome_within(LIMIT)
}

#[test]
fn an_ordinary_user_without_any_capability_can_do_all_of_it() {
    if !root() {
        return skip("only root can become another user");
    }
    let directory = everybodys_directory();
    let place = directory.path();
    let launcher = own_launcher(place);
    let (program, filtered) = (
        publish(&compile(CALLER, &[]), place),
        publish(&compile(FILTERED, &["-static", "-s"]), place),
    );
    let run = |options: &[&str], program: &Path| as_nobody(&launcher, options, program, place);
    for at in PLACES {
        for method in ["--audit", "--explain", "--quiet"] {
            let options = [
                "--method",
                "inject",
                "--at",
                at,
                method,
                "--deny",
                "getppid=EPERM",
            ];
            let errno = i32::from(method != "--audit");
            let outcome = run(&options, &program).status(3);
            outcome.stdout(&format!("ran, errno {errno}\n"));
        }
        let options = ["--at", at, "--method", "inject", "--deny", "getppid"];
        run(&options, &filtered).killed().stdout("filtered\n");
    }
    let outcome = run(&["--explain", "--deny", "getppid"], &filtered).killed();
    outcome.stdout("filtered\n").stderr_has("getppid");
    run(&["--learn", "learned"], &program).status(3);
    let learned = fs::read_to_string(place.join("learned")).expect("a policy");
    assert!(learned.contains("getppid"), "{learned}");
}
