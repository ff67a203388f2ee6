//! What the program finds after an injection is what it would have found without: identity, signals,
//! descriptors, timers, its own code.

use std::fs;
use std::path::Path;

use sandbox_tests::{Run, build_go, compile, installed, public_directory, sandboxify, skip};

use crate::programs::{PLACES, REPORTER, SETTER, built_all_ways, ended, injected, text};

/// Sets the letters' state of SIGTRAP (ignored, blocked, pending) and executes its other arguments.
const TRAPS: &str = r#"
#include <signal.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTRAP);
	if (strchr(argv[1], 'i'))
		signal(SIGTRAP, SIG_IGN);
	if (strchr(argv[1], 'b'))
		sigprocmask(SIG_BLOCK, &set, NULL);
	if (strchr(argv[1], 'p'))
		raise(SIGTRAP);
	execv(argv[2], argv + 2);
	return 99;
}
"#;

/// Sets much up before main, and says at main what it finds of it, with a sum over its own code.
const KEPT: &str = r#"
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

extern char __executable_start, etext;
static char stack[65536];
static void handler(int signal) {}

__attribute__((constructor)) static void start(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGRTMIN + 5);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = handler, .sa_flags = SA_ONSTACK}, NULL);
	sigaction(SIGTRAP, &(struct sigaction){.sa_handler = handler, .sa_flags = SA_RESTART}, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_sec = 1000}, NULL);
	raise(SIGUSR2);
	alarm(900);
}

int main(void)
{
	unsigned long sum = 5381;
	for (volatile unsigned char *at = (void *)&__executable_start; at < (unsigned char *)&etext; at++)
		if (at < (unsigned char *)main + 256 && at >= (unsigned char *)main)
			sum = sum * 33 + *at;
	printf("code %lx\n", sum);
	stack_t alternate;
	sigaltstack(NULL, &alternate);
	struct sigaction one, two;
	sigaction(SIGUSR1, NULL, &one);
	sigaction(SIGTRAP, NULL, &two);
	printf("stack %d handlers %d %d flags %x %x\n", alternate.ss_sp == stack,
	       one.sa_handler == handler, two.sa_handler == handler,
	       one.sa_flags & ~0x04000000, two.sa_flags & ~0x04000000);
	struct itimerval timer;
	getitimer(ITIMER_REAL, &timer);
	printf("timer %d\n", timer.it_value.tv_sec > 800 && timer.it_value.tv_sec <= 900);
	FILE *status = fopen("/proc/self/status", "r");
	char line[4096];
	while (fgets(line, sizeof line, status))
		if (line[0] == 'S' && (line[1] == 'i' || line[1] == 'h') && line[3] != 'Q')
			printf("%s", line);
		else if (line[0] == 'T')
			printf("%s", line[1] == 'r' ? line : "");
	return 0;
}
"#;

/// What a program reports of its process.
fn report(state: &str, traps: &str, launcher: &[&str], program: &Path) -> String {
    let directory = public_directory();
    let report = directory.path().join("report");
    fs::write(&report, "").expect("a file");
    let run = Run::new(compile(SETTER, &["-static"]))
        .arg(&report)
        .arg(state)
        .arg(compile(TRAPS, &["-static"]))
        .arg(traps)
        .args(launcher)
        .arg(program)
        .arg(&report)
        .directory(directory.path());
    ended(run).succeeded();
    let report = fs::read_to_string(&report).expect("a report");
    assert!(report.ends_with("end\n"), "{report}");
    report.replace(text(directory.path()), "DIRECTORY")
}

#[test]
fn the_program_finds_the_process_as_the_launcher_found_it() {
    let launcher = sandboxify();
    for program in [compile(REPORTER, &[]), compile(REPORTER, &["-static"])] {
        for state in ["", "sdmufr", "c", "12"] {
            let bare = report(state, "", &[], &program);
            assert!(bare.contains("TracerPid:\t0\n"), "{bare}");
            for place in PLACES {
                let options = ["-q", "--method", "inject", "--at", place, "--deny", "acct"];
                let launcher = [&[text(&launcher)][..], &options].concat();
                let found = report(state, "", &launcher, &program);
                assert_eq!(found, bare, "--at {place}, state {state:?}");
            }
        }
    }
}

#[test]
fn the_callers_sigtrap_stays_as_it_was() {
    let launcher = sandboxify();
    for program in [
        compile(REPORTER, &[]),
        compile(REPORTER, &["-static", "-s"]),
    ] {
        for traps in ["i", "b", "ib", "bp"] {
            let bare = report("", traps, &[], &program);
            for place in PLACES {
                let options = ["-q", "--at", place, "--method", "inject", "--deny", "acct"];
                let launcher = [&[text(&launcher)][..], &options].concat();
                let found = report("", traps, &launcher, &program);
                assert_eq!(found, bare, "--at {place}, SIGTRAP {traps}");
            }
        }
    }
}

#[test]
fn what_the_program_sets_up_before_main_is_there_in_main() {
    for (way, program) in built_all_ways(KEPT) {
        let bare = ended(Run::new(&program)).succeeded();
        for line in ["stack 1 handlers 1 1", "timer 1\n", "TracerPid:\t0\n"] {
            assert!(bare.stdout.contains(line), "{way}: {bare:#?}");
        }
        for place in PLACES {
            let outcome = ended(injected(place, "acct", &program)).succeeded();
            assert_eq!(outcome.stdout, bare.stdout, "{way} --at {place}");
            assert_eq!(outcome.stderr, "", "{way} --at {place}");
        }
    }
}

#[test]
fn a_go_program_is_filtered_at_each_place() {
    if installed("go").is_none() {
        return skip("go is not installed");
    }
    let program = build_go(
        "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"syscall\"\n)\n\nfunc main() {\n\tfmt.Println(os.Args[1], syscall.Mkdir(\"/dev/null/x\", 0))\n}\n",
    );
    for place in PLACES {
        for _ in 0..10 {
            let run = injected(place, "mkdirat=EXDEV:mkdir=EXDEV", &program).arg("ran");
            let outcome = ended(run).succeeded();
            outcome.stdout("ran invalid cross-device link\n");
        }
    }
}

#[test]
fn a_child_subreaper_is_told_that_it_sees_a_child_of_ours() {
    let program = compile("int main(void) { return 4; }\n", &["-static"]);
    let learned = public_directory();
    let learned = learned.path().join("learned");
    let learn = ["--learn", text(&learned)];
    for options in [&["--at", "main", "--deny", "acct"][..], &learn] {
        for (letters, expected) in [("p", true), ("", false)] {
            let run = Run::new(compile(SETTER, &["-static"])).args(["-", letters]);
            let run = run.arg(sandboxify()).arg("-q").args(options).arg(&program);
            let outcome = ended(run).status(4);
            let told = outcome.stderr.contains("child subreaper");
            assert_eq!(told, expected, "{outcome:#?}");
        }
    }
}
