//! SECCOMP_ARCH: 32-bit programs under a filter that speaks of their numbers, too.

use std::path::PathBuf;

use sandbox_tests::{Run, assemble_free_standing, skip};

/// getpid, socket(argument count, SOCK_STREAM, 0) by number 359, and exit with what it answered.
const I386: &str = r#"
.globl _start
_start:
	movl $20, %eax
	int $0x80
	movl (%esp), %ebx
	movl $1, %ecx
	xorl %edx, %edx
	movl $359, %eax
	int $0x80
	cmpl $-4095, %eax
	jae failed
	xorl %ebx, %ebx
	jmp exit
failed:
	negl %eax
	movl %eax, %ebx
exit:
	movl $252, %eax
	int $0x80
"#;

/// The program, where the kernel runs it.
fn program() -> Option<PathBuf> {
    if !cfg!(target_arch = "x86_64") {
        skip("i386 programs exist beside x86_64 only");
        return None;
    }
    let program = assemble_free_standing(I386, &["-m32", "-static"]);
    let started = std::process::Command::new(&program).output();
    if started.is_err() {
        skip("this kernel runs no 32-bit programs");
        return None;
    }
    Some(program)
}

#[test]
fn a_32_bit_program_is_filtered_by_its_own_numbers() {
    let Some(program) = program() else { return };
    let list = "getpid:exit_group:socket(family == AF_UNIX):socket(family == AF_INET)=EACCES";
    for method in ["ticket", "auto"] {
        let options = ["--method", method, "--arch", "x86", "--allow", list];
        // argc is 1: AF_UNIX.
        let unix = Run::launched(options, &program).outcome();
        unix.succeeded();
        // argc is 2: AF_INET, which answers EACCES, 13.
        let inet = Run::launched(options, &program).arg("2").outcome();
        inet.status(13);
        let other = Run::launched(options, &program).args(["2", "3"]).outcome();
        other.killed();
        let none = ["--method", method, "--arch", "x86", "--allow", "exit_group"];
        Run::launched(none, &program).outcome().killed();
    }
    let variable = Run::launched(["--allow", list], &program).env("SECCOMP_ARCH", "x86");
    variable.outcome().succeeded();
}

#[test]
fn without_it_the_program_is_refused_with_the_cure() {
    let Some(program) = program() else { return };
    let outcome = Run::launched(["--allow", "@known"], &program).outcome();
    outcome
        .status(126)
        .stderr_has("add its ABI with --arch x86");
    let options = ["--method", "preload", "--arch", "x86", "--allow", "@known"];
    let outcome = Run::launched(options, &program).outcome();
    outcome.status(126).stderr_has("use --method ticket");
}

#[test]
fn an_argument_that_the_other_abi_passes_otherwise_is_an_error() {
    let Some(program) = program() else { return };
    let options = ["--arch", "x86", "--allow", "mmap(prot == PROT_READ)"];
    let outcome = Run::launched(options, &program).outcome();
    outcome
        .status(125)
        .stderr_has("another ABI passes this argument differently");
}
