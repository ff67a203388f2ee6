//! `--method ticket`: whoever has not the words does not pass, and nobody but the launcher has them.

use std::collections::BTreeSet;

use sandbox_tests::{
    Outcome, Run, assemble_free_standing, compile, public_directory, root, sandboxify, skip,
};

use crate::paused::status_of;
use crate::programs::{STATIC_CALLS, hello_static, methods};
use crate::timing::{with_ticket, write_filter};

/// A ticket whose words fit into the registers of i386.
const SHORT_WORDS: [u64; 3] = [0x1357_9bdf, 0x2468_ace1, 0x0f1e_2d3c];

/// A ticket as the launcher draws them.
const LONG_WORDS: [u64; 3] = [
    0x1357_9bdf_fdb9_7531,
    0x8642_0ace_eca0_2468,
    0x0f1e_2d3c_4b5a_6978,
];

/// Tries to get past a filter whose words are known.
fn knock(words: [u64; 3], mode: &str) -> Outcome {
    let directory = public_directory();
    let instructions = with_ticket("execve:execveat:write:exit_group", words);
    let filter = write_filter(directory.path(), "filter", &instructions);
    Run::new(compile(include_str!("knock.c"), &["-static"]))
        .arg(filter)
        .args(words.map(|word| format!("{word:x}")))
        .arg(mode)
        .outcome()
}

/// Whether a filter is around the tests.
fn filtered_already() -> bool {
    status_of(std::process::id(), "Seccomp") != "0"
}

fn x86_64() -> bool {
    cfg!(target_arch = "x86_64")
}

#[test]
fn the_words_open_three_calls_and_nothing_like_them_does() {
    if !x86_64() {
        return skip("written for the registers of x86_64");
    }
    for words in [SHORT_WORDS, LONG_WORDS] {
        // -14 is EFAULT: past the filter. -9 is EBADF, and so is that.
        let expected = "right words: -14\n\
                        no words: -1\n\
                        swapped words: -1\n\
                        the first word alone: -1\n\
                        the last word alone: -1\n\
                        a bit off: 192 refused\n\
                        execveat with the words: -1\n\
                        write without: -1\n\
                        exit_group without: -1\n\
                        write with: -9\n";
        knock(words, "native").succeeded().stdout(expected);
    }
}

#[test]
fn the_words_do_not_open_the_calls_of_x32() {
    if !x86_64() {
        return skip("x32 exists beside x86_64 only");
    }
    if filtered_already() {
        return skip("an outer filter has its own say about x32");
    }
    let expected = "x32 execve: -1\n\
                    x32 execve by the native number: -1\n\
                    x32 write: -1\n";
    knock(LONG_WORDS, "x32").succeeded().stdout(expected);
}

#[test]
fn the_words_do_not_open_the_execve_of_i386() {
    if !x86_64() {
        return skip("i386 exists beside x86_64 only");
    }
    if filtered_already() {
        return skip("an outer filter has its own say about i386");
    }
    let outcome = knock(SHORT_WORDS, "i386");
    const SEGMENTATION_FAULT: i32 = 128 + 11;
    if outcome.status == SEGMENTATION_FAULT {
        return skip("this kernel has no calls of i386");
    }
    outcome.succeeded().stdout("i386 execve: -1\n");
}

/// Calls execve, or what the second argument says, with random words, as often as the first says.
/// What it executes prints RAN.
const GUESSER: &str = r#"
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t state = 88172645463325252ull;

static uint64_t random_word(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

int main(int argc, char **argv)
{
	char *arguments[] = {argv[0], "RAN", NULL};
	long refused = 0, rounds = argc > 1 ? atol(argv[1]) : 0;
	if (argc > 1 && !strcmp(argv[1], "RAN")) {
		puts("RAN");
		return 0;
	}
	state ^= (uintptr_t)&argv;
	for (long i = 0; i < rounds; i++) {
		long answer = syscall(59, "/proc/self/exe", arguments, NULL,
				      random_word(), random_word(), random_word());
		refused += answer == -1 && errno == EPERM;
	}
	printf("%ld refused\n", refused);
	return 0;
}
"#;

#[test]
fn a_hundred_thousand_guesses_execute_nothing() {
    if !x86_64() {
        return skip("written for the call numbers of x86_64");
    }
    let program = compile(GUESSER, &["-static"]);
    for method in methods() {
        let options = ["-q", "--method", method, "--default-action", "EPERM"];
        let list = ["--allow", STATIC_CALLS];
        let run = Run::launched([&options[..], &list].concat(), &program);
        run.arg("100000")
            .outcome()
            .succeeded()
            .stdout("100000 refused\n");
    }
    // Where execve is allowed, one guess is enough.
    let run = Run::launched(["-q", "--method", "ticket", "--deny", "acct"], &program);
    run.arg("1").outcome().succeeded().stdout("RAN\n");
}

/// Writes its fifteen registers, as they are at its first instruction, to standard output.
const REGISTERS: &str = r#"
	.globl _start
_start:
	pushq %r15; pushq %r14; pushq %r13; pushq %r12; pushq %r11; pushq %r10; pushq %r9; pushq %r8
	pushq %rbp; pushq %rdi; pushq %rsi; pushq %rdx; pushq %rcx; pushq %rbx; pushq %rax
	movl $1, %eax
	movl $1, %edi
	movq %rsp, %rsi
	movl $120, %edx
	syscall
	movl $231, %eax
	xorl %edi, %edi
	syscall
"#;

#[test]
fn all_registers_are_zero_at_the_first_instruction() {
    if !x86_64() {
        return skip("written for the registers of x86_64");
    }
    let program = assemble_free_standing(REGISTERS, &["-static"]);
    for method in methods() {
        let options = ["-q", "--method", method, "--allow", "write:exit_group"];
        let outcome = Run::launched(options, &program).outcome().succeeded();
        outcome.stdout(&"\0".repeat(15 * 8));
    }
}

#[test]
fn the_words_are_nowhere_in_the_new_image() {
    if !root() {
        return skip("only root can trace an undumpable launcher and read its memory");
    }
    if !x86_64() {
        return skip("written for the registers of x86_64");
    }
    let outcome = hunt("QUIETLY");
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    let line = |start: &str| {
        let found = lines.iter().find(|line| line.starts_with(start));
        found.unwrap_or_else(|| panic!("no {start} in {outcome:#?}"))
    };
    assert_eq!(*line("words:"), "words: 3");
    // The launcher has them, in its memory and in /proc/PID/syscall: the search finds what is there.
    let launcher = *line("launcher:");
    assert!(launcher.ends_with(" searched"), "{launcher}");
    assert!(!launcher.contains("memory 0 "), "{launcher}");
    assert!(!launcher.contains("files 0 "), "{launcher}");
    assert_eq!(*line("start:"), "start: memory 0 files 0 searched");
    assert_eq!(*line("registers:"), "registers: zero");
    assert_eq!(*line("end:"), "end: memory 0 files 0 searched");
    assert_eq!(*line("status:"), "status: 0");
}

#[test]
fn every_launch_draws_words_of_its_own() {
    if !root() {
        return skip("only root can trace an undumpable launcher and read its memory");
    }
    if !x86_64() {
        return skip("written for the registers of x86_64");
    }
    let mut seen = BTreeSet::new();
    for _ in 0..4 {
        let outcome = hunt("SHOW_WORDS");
        let mut lines = outcome.stdout.lines();
        let words = lines.find_map(|line| line.strip_prefix("shown: "));
        seen.extend(words.expect("the words").split(' ').map(str::to_string));
    }
    assert_eq!(seen.len(), 4 * 3, "{seen:?}");
}

/// Traces a launch and searches for the words.
fn hunt(variable: &str) -> Outcome {
    Run::new(compile(include_str!("hunt_words.c"), &["-static"]))
        .arg(sandboxify())
        .args(["-q", "--method", "ticket", "--allow", STATIC_CALLS])
        .arg(hello_static())
        .env(variable, "1")
        .outcome()
        .succeeded()
}
