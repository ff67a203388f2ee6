//! Programs that a filter would break or not hold are refused with the reason, and do not run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sandbox_tests::{
    Run, assemble_free_standing, installed, public_directory, publish, root, skip,
};

use crate::programs::{file, hello_static, methods, text};

/// Prints RAN by i386's write and exit.
const I386: &str = r#"
	.globl _start
_start:
	movl $4, %eax
	movl $1, %ebx
	movl $message, %ecx
	movl $4, %edx
	int $0x80
	movl $1, %eax
	xorl %ebx, %ebx
	int $0x80
	.data
message: .ascii "RAN\n"
"#;

#[track_caller]
fn refused_by_all_methods(program: &Path, said: &str) {
    for method in methods().into_iter().chain(["preload"]) {
        for list in [["--allow", "@known"], ["--deny", "acct"]] {
            let options = [&["--method", method], &list[..]].concat();
            let outcome = Run::launched(options, program).outcome();
            let outcome = outcome.status(126).stdout("").stderr_has(said);
            outcome.stderr_has(text(program));
        }
    }
}

/// A changed copy of helloworld.
fn with_byte(directory: &Path, name: &str, at: usize, byte: u8) -> PathBuf {
    let mut bytes = fs::read(hello_static()).expect("helloworld");
    bytes[at] = byte;
    file(directory, name, bytes, 0o755)
}

#[test]
fn a_32_bit_program_is_named_as_such() {
    if !cfg!(target_arch = "x86_64") {
        return skip("i386 programs exist beside x86_64 only");
    }
    let program = assemble_free_standing(I386, &["-m32", "-static"]);
    refused_by_all_methods(&program, "32-bit");
    refused_by_all_methods(&program, "ELFCLASS32");
}

#[test]
fn a_program_for_another_machine_is_named_as_such() {
    const MACHINE: usize = 18;
    const EM_RISCV: u8 = 243;
    let directory = public_directory();
    let program = with_byte(directory.path(), "foreign", MACHINE, EM_RISCV);
    refused_by_all_methods(&program, "another machine");
    refused_by_all_methods(&program, "243");
}

#[test]
fn a_script_whose_interpreter_is_no_native_program_is_refused() {
    const MACHINE: usize = 18;
    let directory = public_directory();
    let place = directory.path();
    let foreign = with_byte(place, "foreign", MACHINE, 243);
    let script = file(place, "script", format!("#!{}\n", text(&foreign)), 0o755);
    for method in methods().into_iter().chain(["preload"]) {
        let options = ["--method", method, "--deny", "acct"];
        let outcome = Run::launched(options, &script).outcome();
        outcome.status(126).stdout("").stderr_has("another machine");
    }
}

#[test]
fn a_program_that_gains_an_id_is_refused() {
    let directory = public_directory();
    let program = publish(&hello_static(), directory.path());
    for mode in [0o4755, 0o4711, 0o2755, 0o6755, 0o4700] {
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).expect("chmod");
        refused_by_all_methods(&program, "gains privileges");
    }
    // The same program without the bits runs, also with the one that means locking (stat(2)).
    for mode in [0o755, 0o2745] {
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).expect("chmod");
        let run = Run::launched(["--deny", "acct"], &program);
        run.outcome().succeeded();
    }
}

#[test]
fn a_program_with_file_capabilities_is_refused() {
    if !root() {
        return skip("only root can give a file capabilities");
    }
    let Some(setcap) = installed("setcap") else {
        return skip("setcap is not installed");
    };
    let directory = public_directory();
    let program = publish(&hello_static(), directory.path());
    let given = Run::new(setcap).arg("cap_net_raw+ep").arg(&program);
    if given.outcome().status != 0 {
        return skip("this file system keeps no file capabilities");
    }
    refused_by_all_methods(&program, "gains privileges");
}

#[test]
fn an_interpreter_that_gains_privileges_is_no_reason_to_refuse_silently() {
    let directory = public_directory();
    let place = directory.path();
    let interpreter = publish(&hello_static(), place);
    fs::set_permissions(&interpreter, fs::Permissions::from_mode(0o4755)).expect("chmod");
    let script = file(
        place,
        "script",
        format!("#!{}\n", text(&interpreter)),
        0o755,
    );
    let outcome = Run::launched(["--deny", "acct"], &script).outcome();
    outcome
        .status(126)
        .stdout("")
        .stderr_has("gains privileges");
}
