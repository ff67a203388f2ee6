//! Who broke the policy: the program, a child, a thread, or another program that it became; and what
//! each action does then.

use std::time::Duration;

use sandbox_tests::{Outcome, SIGSYS_STATUS, compile};

use crate::workshop::Job;

/// Makes a directory where none can be made, in a process or thread of its own, or as another program.
const WHO: &str = r#"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void *make(void *unused)
{
	mkdir("/nonexistent/d", 0700);
	return unused;
}

int main(int count, char **words)
{
	char *who = words[1];
	int status = 0;
	pthread_t thread;
	if (!strcmp(who, "child")) {
		if (fork() == 0) {
			make(NULL);
			_exit(0);
		}
		wait(&status);
	} else if (!strcmp(who, "thread")) {
		pthread_create(&thread, NULL, make, NULL);
		pthread_join(thread, NULL);
	} else if (!strcmp(who, "exec")) {
		execl("/bin/mkdir", "mkdir", "/nonexistent/d", NULL);
	} else {
		make(NULL);
	}
	printf("went on, %d\n", status);
	return 0;
}
"#;

fn explained(who: &str, action: &str, place: &str) -> (Outcome, String) {
    let program = compile(WHO, &["-pthread"]);
    let name = program
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let job = Job::new(program, &[who]);
    let options = ["-q", "--explain", "--at", place, "--default-action", action];
    let running = job
        .launched(options.iter().chain(&["--deny", "mkdir:mkdirat"]))
        .start();
    (running.outcome_within(Duration::from_secs(20)), name)
}

/// Whether the program itself goes on behind the violation, and what it ends with.
fn goes_on(who: &str, action: &str) -> (bool, i32) {
    match (who, action) {
        (_, "EPERM" | "log") => (who != "exec", if who == "exec" { 1 } else { 0 }),
        ("child", _) | ("thread", "kill_thread") => (true, 0),
        _ => (false, SIGSYS_STATUS),
    }
}

#[test]
fn each_with_each_action() {
    for who in ["self", "child", "thread", "exec"] {
        for action in ["kill_process", "kill_thread", "trap", "EPERM", "log"] {
            for place in ["exec", "main"] {
                let (outcome, name) = explained(who, action, place);
                let what = format!("{who}, {action}, {place}: {outcome:#?}");
                let (goes_on, status) = goes_on(who, action);
                assert_eq!(outcome.status, status, "{what}");
                assert_eq!(outcome.stdout.contains("went on"), goes_on, "{what}");
                let name = if who == "exec" { "mkdir" } else { &name };
                let whom = match action {
                    "kill_process" | "kill_thread" => format!(" ({name})\n"),
                    _ => format!("; {name}["),
                };
                assert!(outcome.stderr.contains(&whom), "{what}");
                let said = match action {
                    "kill_process" => {
                        "sandboxify: killed by the filter: mkdir(\"/nonexistent/d\", 07"
                    }
                    "kill_thread" => " killed by the filter: mkdir(\"/nonexistent/d\", 07",
                    "trap" => "): got SIGSYS: denied by mkdir; ",
                    "EPERM" => "): failed with EPERM: denied by mkdir; ",
                    _ => "): logged: logged by mkdir; ",
                };
                assert!(outcome.stderr.contains(said), "{what}");
                let total = "sandboxify: 1 distinct violation, 1 in all:\n";
                assert!(outcome.stderr.contains(total), "{what}");
            }
        }
    }
}

#[test]
fn a_childs_death_is_in_its_parents_eyes_as_without_us() {
    let (outcome, _) = explained("child", "kill_process", "exec");
    outcome.succeeded().stdout("went on, 31\n");
}

#[test]
fn a_thread_is_named_beside_its_process() {
    let (outcome, name) = explained("thread", "EPERM", "exec");
    let (_, behind) = outcome
        .stderr
        .split_once(&format!("{name}["))
        .expect("a name");
    let (who, _) = behind.split_once(']').expect("a number");
    let (process, thread) = who.split_once('/').expect("two numbers");
    assert_ne!(process, thread);
}
