//! What a violation can do besides killing the process, for a whole list and for one item.

use sandbox_tests::{Run, compile, skip};
use syscalls::Abi;

use crate::programs::{calling, failed, number, ran};

/// A second thread calls getppid; the process tells whether it and the thread went on.
const CALL_IN_A_THREAD: &str = r#"
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *call(void *unused)
{
	syscall(SYS_getppid);
	dprintf(1, "the thread went on\n");
	return unused;
}

int main(void)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, call, NULL) || pthread_join(thread, NULL))
		return 1;
	dprintf(1, "the process went on\n");
	return 0;
}
"#;

/// Catches SIGSYS and prints what the kernel says about the call.
const CATCH_SIGSYS: &str = r#"
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static void report(int signal, siginfo_t *info, void *context)
{
	(void)context;
	dprintf(1, "signal %d code %d call %d arch %x\n", signal, info->si_code,
		info->si_syscall, info->si_arch);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = report, .sa_flags = SA_SIGINFO };
	sigaction(SIGSYS, &action, NULL);
	syscall(SYS_getppid);
	dprintf(1, "went on\n");
	return 0;
}
"#;

/// The ways to make a denial of getppid answer in some way: as the deny-list's action, for one item
/// of it, and for one item of an allow-list.
fn in_every_way(run: impl Fn() -> Run, action: &str) -> [Run; 3] {
    [
        run().deny("getppid").default_action(action),
        run().deny(format!("ptrace:getppid={action}")),
        run().allow(format!("@known:getppid={action}")),
    ]
}

#[test]
fn an_error_is_given_by_name_or_by_number() {
    for (action, errno) in [
        ("EPERM", 1),
        ("EACCES", 13),
        ("ENOSYS", 38),
        ("EWOULDBLOCK", 11),
        ("errno(EPERM)", 1),
        ("errno(13)", 13),
        ("errno(0x0d)", 13),
        ("errno(1)", 1),
        ("errno(4095)", 4095),
    ] {
        for run in in_every_way(|| calling(&["getppid", "getpid"]), action) {
            let printed = failed("getppid", errno) + &ran("getpid");
            run.outcome().succeeded().stdout(&printed);
        }
    }
}

#[test]
fn an_error_is_what_an_allow_list_answers_to_all_that_it_does_not_name() {
    calling(&["getppid", "getpid", "gettid"])
        .allow("write:exit_group:getpid")
        .default_action("errno(1234)")
        .outcome()
        .succeeded()
        .stdout(&(failed("getppid", 1234) + &ran("getpid") + &failed("gettid", 1234)));
}

#[test]
fn one_item_of_a_killing_list_can_answer_with_an_error() {
    let run = |calls: &[&str]| {
        let list = "write:exit_group:getppid=EPERM";
        calling(calls).allow(list).outcome()
    };
    run(&["getppid"]).succeeded().stdout(&failed("getppid", 1));
    run(&["getppid", "getpid"])
        .killed()
        .stdout(&failed("getppid", 1));
    Run::preloaded("sh")
        .args(["-c", "exec true"])
        .deny("execve=EPERM")
        .outcome()
        .status(126)
        .stderr_has("Operation not permitted");
}

#[test]
fn kill_and_kill_process_end_all_threads() {
    for action in ["kill", "kill_process"] {
        for run in in_every_way(|| Run::preloaded(compile(CALL_IN_A_THREAD, &[])), action) {
            run.outcome().killed().stdout("");
        }
    }
}

#[test]
fn kill_thread_ends_the_calling_thread_and_the_process_goes_on() {
    let program = || Run::preloaded(compile(CALL_IN_A_THREAD, &[]));
    for run in in_every_way(program, "kill_thread") {
        run.outcome().succeeded().stdout("the process went on\n");
    }
}

#[test]
fn kill_thread_of_the_only_thread_ends_the_process() {
    for run in in_every_way(|| calling(&["getppid"]), "kill_thread") {
        run.outcome().killed().stdout("");
    }
}

#[test]
fn trap_sends_a_signal_that_names_the_call() {
    let report = format!(
        "signal 31 code 1 call {} arch {:x}\nwent on\n",
        number("getppid"),
        Abi::NATIVE.audit()
    );
    for run in in_every_way(|| Run::preloaded(compile(CATCH_SIGSYS, &[])), "trap") {
        run.outcome().succeeded().stdout(&report);
    }
}

#[test]
fn trap_kills_a_program_that_does_not_catch_it() {
    for run in in_every_way(|| calling(&["getppid"]), "trap") {
        run.outcome().killed().stdout("");
    }
}

#[test]
fn log_lets_the_call_run_and_records_it() {
    for run in in_every_way(|| calling(&["getpid", "getppid"]), "log") {
        let Some((outcome, records)) = run.audited(1) else {
            return skip("audit records need CAP_AUDIT_READ");
        };
        outcome
            .succeeded()
            .stdout(&(ran("getpid") + &ran("getppid")));
        let recorded: Vec<_> = records
            .iter()
            .map(|record| (record.syscall, record.signal))
            .collect();
        assert_eq!(recorded, [(number("getppid"), 0)]);
    }
}

#[test]
fn an_item_of_a_deny_list_can_be_allowed_again() {
    calling(&["getppid", "getpid"])
        .deny("@known=EPERM:write=allow:exit_group=allow:getppid=allow")
        .outcome()
        .succeeded()
        .stdout(&(ran("getppid") + &failed("getpid", 1)));
}

#[test]
fn a_group_can_have_an_action() {
    calling(&["getpid", "getppid"])
        .allow("@known:@default=EACCES:getpid:exit_group")
        .outcome()
        .succeeded()
        .stdout(&(ran("getpid") + &failed("getppid", 13)));
}
