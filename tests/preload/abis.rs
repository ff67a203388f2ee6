//! Calls in other numberings than the native one: 32-bit ones, x32, and the number −1.

use std::path::PathBuf;

use sandbox_tests::{Run, compile, skip};
use syscalls::Abi;

use crate::programs::{HELLO, calling_numbers};

/// A 64-bit program that asks for its pid the 32-bit way (i386 getpid is 20).
const INT_80: &str = r#"
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	long answer;
	__asm__ volatile("int $0x80" : "=a"(answer) : "a"(20L)
		: "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
	dprintf(1, answer == getpid() ? "its pid\n" : "answer %ld\n", answer);
	return 0;
}
"#;

const I386_GETPID: u32 = 20;

/// getppid as an x32 call, as strtol(3) reads it.
const X32_GETPPID: &str = "0x4000006e";

const NO_32_BIT: &str = "this kernel runs no 32-bit programs";

/// The program with a 32-bit call, where the kernel has such calls.
fn int_80() -> Option<PathBuf> {
    let program = compile(INT_80, &[]);
    let bare = Run::new(&program).outcome();
    (bare.stdout == "its pid\n").then_some(program)
}

/// Helloworld as a 32-bit program, where the kernel runs such.
fn hello_32() -> Option<PathBuf> {
    let program = compile(HELLO, &["-m32"]);
    let started = std::process::Command::new(&program).output();
    started.is_ok().then_some(program)
}

#[test]
fn a_32_bit_call_of_a_64_bit_program_dies_even_under_a_deny_list() {
    let Some(program) = int_80() else {
        return skip(NO_32_BIT);
    };
    for list in ["ptrace", ""] {
        let outcome = Run::preloaded(&program).deny(list).outcome();
        outcome.killed().stdout("");
    }
    Run::preloaded(&program)
        .allow("@known")
        .outcome()
        .killed()
        .stdout("");
}

#[test]
fn a_32_bit_call_gets_the_default_action_whatever_it_is() {
    let Some(program) = int_80() else {
        return skip(NO_32_BIT);
    };
    Run::preloaded(&program)
        .deny("ptrace")
        .default_action("errno(1234)")
        .outcome()
        .succeeded()
        .stdout("answer -1234\n");
}

#[test]
fn log_mode_runs_and_records_a_32_bit_call() {
    let Some(program) = int_80() else {
        return skip(NO_32_BIT);
    };
    let run = Run::preloaded(&program)
        .deny("ptrace")
        .default_action("log");
    let Some((outcome, records)) = run.audited(1) else {
        return skip("audit records need CAP_AUDIT_READ");
    };
    outcome.succeeded().stdout("its pid\n");
    let recorded: Vec<_> = records
        .iter()
        .map(|record| (record.arch, record.syscall, record.signal))
        .collect();
    assert_eq!(recorded, [(Abi::X86.audit(), I386_GETPID, 0)]);
}

/// The README's limit: the loader of a 32-bit program skips a 64-bit object, and nothing filters.
#[test]
fn a_32_bit_program_runs_unfiltered_and_the_loader_says_why() {
    let Some(program) = hello_32() else {
        return skip(NO_32_BIT);
    };
    let outcome = Run::preloaded(program).allow("").outcome();
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:#?}");
    outcome
        .succeeded()
        .stdout("Hello, world!\n")
        .stderr_has("wrong ELF class: ELFCLASS64");
}

#[test]
fn a_32_bit_program_started_by_a_filtered_one_is_killed() {
    let Some(program) = hello_32() else {
        return skip(NO_32_BIT);
    };
    let started = || {
        let run = Run::preloaded("env").arg("--unset=LD_PRELOAD");
        run.arg(&program).deny("ptrace")
    };
    started().outcome().killed().stdout("");
    started()
        .default_action("log")
        .outcome()
        .succeeded()
        .stdout("Hello, world!\n");
}

#[test]
fn an_x32_call_dies_even_under_a_deny_list() {
    for list in ["ptrace", ""] {
        let outcome = calling_numbers(&[X32_GETPPID]).deny(list).outcome();
        outcome.killed().stdout("");
    }
    let outcome = calling_numbers(&[X32_GETPPID]).allow("@known").outcome();
    outcome.killed().stdout("");
}

#[test]
fn an_x32_call_gets_the_default_action_whatever_it_is() {
    calling_numbers(&[X32_GETPPID, "0x40000000", "0x7fffffff"])
        .deny("ptrace")
        .default_action("errno(1234)")
        .outcome()
        .succeeded()
        .stdout(&format!(
            "{X32_GETPPID}: errno 1234\n0x40000000: errno 1234\n0x7fffffff: errno 1234\n"
        ));
    let logged = calling_numbers(&[X32_GETPPID]).deny("ptrace");
    let Some((outcome, records)) = logged.default_action("log").audited(1) else {
        return skip("audit records need CAP_AUDIT_READ");
    };
    outcome.succeeded();
    let recorded: Vec<_> = records.iter().map(|record| record.syscall).collect();
    assert_eq!(recorded, [Abi::X32_BIT | 110]);
}

#[test]
fn number_minus_one_is_let_through_where_violations_do_not_end_the_program() {
    let not_implemented = "-1: errno 38\n";
    let minus_one = || calling_numbers(&["-1"]);
    let deny_lists = ["kill_process", "trap", "EPERM", "log"]
        .map(|action| minus_one().deny("ptrace").default_action(action));
    let allow_lists = ["EPERM", "errno(1234)", "log"].map(|action| {
        let run = minus_one().allow("write:exit_group");
        run.default_action(action)
    });
    for run in deny_lists.into_iter().chain(allow_lists) {
        run.outcome().succeeded().stdout(not_implemented);
    }
}

#[test]
fn number_minus_one_is_a_violation_of_an_allow_list_that_kills() {
    for action in ["kill_process", "kill_thread", "trap"] {
        let run = calling_numbers(&["-1"]).allow("write:exit_group");
        let outcome = run.default_action(action).outcome();
        outcome.killed().stdout("");
    }
}
