//! Static C programs: musl's, and glibc's at a fixed place and position-independent.

use std::path::PathBuf;

use sandbox_tests::{Outcome, compile, compile_with};

use crate::lists::{assert_close_to_minimal, names, without};
use crate::place::{Door, Place, User};

/// A file, a thread and a child; with an argument another program.
const SOURCE: &str = r#"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *work(void *place)
{
	*(int *)place = 42;
	return NULL;
}

int main(int argc, char **argv)
{
	char line[80] = "";
	int result = 0, status;
	pthread_t thread;
	FILE *file;

	if (argc > 1) {
		execl("/bin/echo", "echo", "executed", NULL);
		perror("echo");
		return 1;
	}
	if (!(file = fopen("kept", "w+")))
		return 2;
	fputs("kept words\n", file);
	rewind(file);
	if (!fgets(line, sizeof line, file) || fclose(file))
		return 3;
	fputs(line, stdout);
	if (pthread_create(&thread, NULL, work, &result) || pthread_join(thread, NULL))
		return 4;
	printf("thread %d\n", result);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0)
		_exit(7);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 5;
	printf("child %d\n", WEXITSTATUS(status));
	return 0;
}
"#;

const DONE: &str = "kept words\nthread 42\nchild 7\n";

/// What the program calls with musl.
const MUSL: &str = "arch_prctl:brk:clone:close:exit:exit_group:fcntl:fork:futex:ioctl:lseek:mmap:\
                    mprotect:munmap:open:read:rt_sigprocmask:set_tid_address:gettid:wait4:writev";

/// What it calls with glibc. clone3 is for the thread, clone for the child.
const GLIBC: &str = "arch_prctl:brk:clone:clone3:close:exit:exit_group:futex:getrandom:lseek:madvise:\
                     mmap:mprotect:munmap:newfstatat:openat:prlimit64:read:readlink:rseq:\
                     rt_sigaction:rt_sigprocmask:set_robust_list:set_tid_address:wait4:write";

/// A program, what it is, and its list.
fn programs() -> [(PathBuf, &'static str, &'static str); 3] {
    [
        (compile_with("musl-gcc", SOURCE, &["-static"]), "musl", MUSL),
        (compile(SOURCE, &["-static"]), "static", GLIBC),
        (compile(SOURCE, &["-static-pie"]), "static-pie", GLIBC),
    ]
}

#[test]
fn a_file_a_thread_and_a_child_work_under_the_list() {
    for place in Place::launchers() {
        for (program, kind, list) in programs() {
            let outcome = place.allow_exactly(list, place.bring(&program)).outcome();
            assert_eq!(outcome.status, 0, "{kind}: {outcome:#?}");
            outcome.stdout(DONE).stderr("");
        }
    }
}

#[test]
fn without_an_essential_name_it_dies() {
    for place in Place::launchers() {
        for (program, _, list) in programs() {
            let program = place.bring(&program);
            for name in ["arch_prctl", "clone", "read", "wait4", "exit_group"] {
                let run = place.allow_exactly(&without(list, name), &program);
                run.outcome().killed();
            }
        }
    }
}

#[test]
fn the_lists_are_close_to_minimal() {
    let place = Place::new(Door::Launcher, User::Own);
    for (program, _, list) in programs() {
        let job = |list: &str| -> Outcome { place.allow_exactly(list, &program).outcome() };
        assert_close_to_minimal(list, DONE, job);
    }
}

#[test]
fn an_exec_dies_without_execve_in_the_list_and_gets_the_error_of_a_deny_list() {
    for place in Place::launchers() {
        for (program, _, list) in programs() {
            assert!(names(list).all(|name| !name.starts_with("execve")));
            let program = place.bring(&program);
            let allowed = place.allow_exactly(list, &program).arg("exec");
            allowed.outcome().killed().stdout("");
            let denied = place.deny("execve", &program).arg("exec");
            denied.outcome().killed().stdout("");
            let refused = place.deny("execve=EACCES", &program).arg("exec");
            let refused = refused.outcome().status(1).stdout("");
            refused.stderr("echo: Permission denied\n");
        }
    }
}
