//! Supervised runs are as unconfined ones: status, output, identity, children, and nobody is left
//! behind.

use std::fs;
use std::path::Path;

use sandbox_tests::{Run, compile, public_directory, rounds};

use crate::programs::{LIMIT, REPORTER, SETTER, ended, others_of, own_launcher, text, wait_until};

/// Ends as its argument says, after a line on each stream.
const ENDING: &str = r#"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *last(void *nothing) { usleep(2000); return 0; }

int main(int argc, char **argv)
{
	pthread_t thread;
	printf("out\n");
	fflush(stdout);
	if (!strcmp(argv[1], "signal"))
		raise(SIGTERM);
	if (!strcmp(argv[1], "core"))
		abort();
	if (!strcmp(argv[1], "kill"))
		kill(getpid(), SIGKILL);
	if (!strcmp(argv[1], "thread")) {
		pthread_create(&thread, 0, last, 0);
		pthread_exit(0);
	}
	if (!strcmp(argv[1], "exec"))
		execl("/bin/sh", "sh", "-c", "echo more; exit 5", (char *)0);
	return atoi(argv[1]);
}
"#;

/// The options of each kind of supervised run; a learned policy goes to the directory.
fn purposes(directory: &Path) -> Vec<Vec<String>> {
    let learned = text(&directory.join("learned")).to_owned();
    let mut all = Vec::new();
    for method in ["ticket", "inject"] {
        for purpose in [
            "--audit --deny acct",
            "--explain --deny acct=EPERM",
            "--learn",
        ] {
            let words = format!("-q --method {method} {purpose}");
            let mut words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            if purpose == "--learn" {
                words.push(learned.clone());
            }
            all.push(words);
        }
    }
    all
}

#[test]
fn a_watched_program_ends_as_one_that_is_not() {
    let directory = public_directory();
    let launcher = own_launcher(directory.path());
    let program = compile(ENDING, &["-pthread"]);
    for how in ["0", "7", "signal", "core", "kill", "thread", "exec"] {
        let bare = ended(Run::new(&program).arg(how));
        for options in purposes(directory.path()) {
            let run = Run::new(&launcher).args(&options).arg(&program).arg(how);
            let outcome = run.start().outcome_within(LIMIT);
            let found = (outcome.status, outcome.stdout.as_str());
            assert_eq!(found, (bare.status, bare.stdout.as_str()), "{options:?}");
        }
    }
    wait_until("watchers end", || others_of(&launcher, 0).is_empty());
}

#[test]
fn a_watched_program_finds_the_process_as_the_launcher_found_it() {
    let directory = public_directory();
    for program in [compile(REPORTER, &[]), compile(REPORTER, &["-static"])] {
        for state in ["", "sdmuf", "c"] {
            let bare = report(state, &[], &program);
            assert!(bare.contains("wait ") && bare.contains("pid kept\n"));
            for options in purposes(directory.path()) {
                let launcher = sandbox_tests::sandboxify();
                let mut words = vec![text(&launcher)];
                words.extend(options.iter().map(String::as_str));
                assert_eq!(report(state, &words, &program), bare, "{options:?}");
            }
        }
    }
}

/// What a program reports of its process, but for who traces it.
fn report(state: &str, launcher: &[&str], program: &Path) -> String {
    let directory = public_directory();
    let report = directory.path().join("report");
    fs::write(&report, "").expect("a file");
    let run = Run::new(compile(SETTER, &["-static"]))
        .arg(&report)
        .arg(state)
        .args(launcher)
        .arg(program)
        .arg(&report)
        .directory(directory.path());
    ended(run).succeeded();
    let report = fs::read_to_string(&report).expect("a report");
    let lines = report.lines().filter(|line| !line.starts_with("TracerPid"));
    let rest: String = lines.map(|line| format!("{line}\n")).collect();
    assert!(rest.ends_with("end\n"), "{rest}");
    rest.replace(text(directory.path()), "DIRECTORY")
}

#[test]
fn watchers_end_with_programs_of_many_threads_and_processes() {
    let source = r#"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *nothing(void *argument) { return 0; }
static void *other_image(void *argument)
{
	execl("/proc/self/exe", "again", "again", (char *)0);
	return 0;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	for (int i = 0; i < 50; i++) {
		pthread_create(&thread, 0, nothing, 0);
		if (i % 2)
			pthread_join(thread, 0);
		if (fork() == 0)
			_exit(0);
	}
	while (wait(0) > 0)
		;
	if (argc > 1)
		return puts("end") < 0;
	pthread_create(&thread, 0, other_image, 0);
	pthread_join(thread, 0);
	return 1;
}
"#;
    let directory = public_directory();
    let launcher = own_launcher(directory.path());
    let program = compile(source, &["-pthread"]);
    for options in purposes(directory.path()) {
        for _ in 0..rounds(50) {
            let run = Run::new(&launcher).args(&options).arg(&program);
            let outcome = run.start().outcome_within(LIMIT).succeeded();
            outcome.stdout("end\n");
        }
    }
    wait_until("watchers end", || others_of(&launcher, 0).is_empty());
}
