//! Programs of all makes that the object lives in: glibc, musl, no libc at all, Python, redis, Go.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use sandbox_tests::{
    Run, compile, compile_with, installed, libsandbox, public_directory, repository, skip,
};

use crate::programs::{HELLO, linked_to_libsandbox};

/// Prints its environment without any C library.
const PRINT_ENVIRONMENT: &str = r#"
static long call(long number, long a, const void *b, long c)
{
	long answer;
	__asm__ volatile("syscall" : "=a"(answer) : "a"(number), "D"(a), "S"(b), "d"(c)
		: "rcx", "r11", "memory");
	return answer;
}

__attribute__((used)) static void begin(long *stack)
{
	/* argc, argv, NULL, then the environment (x86-64 psABI, 3.4.1). */
	char **entry = (char **)(stack + stack[0] + 2);
	for (; *entry; entry++) {
		long length = 0;
		while ((*entry)[length])
			length++;
		call(1, 1, *entry, length);
		call(1, 1, "\n", 1);
	}
	call(231, 0, 0, 0);
}

__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");
"#;

fn free_standing() -> PathBuf {
    let flags = [
        "-nostdlib",
        "-nostartfiles",
        "-pie",
        "-fpie",
        "-fno-stack-protector",
    ];
    compile(PRINT_ENVIRONMENT, &flags)
}

#[test]
fn a_musl_program_is_filtered() {
    let hello = compile_with("musl-gcc", HELLO, &[]);
    Run::preloaded(&hello)
        .allow("ioctl:writev:exit_group")
        .outcome()
        .succeeded()
        .stdout("Hello, world!\n")
        .stderr(
            "adding ioctl to the process seccomp filter\n\
             adding writev to the process seccomp filter\n\
             adding exit_group to the process seccomp filter\n",
        );
    for list in ["ioctl:exit_group", "writev:exit_group", ""] {
        let outcome = Run::preloaded(&hello).allow(list).outcome();
        outcome.killed().stdout("");
    }
}

/// musl hands constructors no arguments, so the environment must be found otherwise.
const PRINT_VARIABLES: &str = r#"
#include <stdio.h>

int main(int argc, char **argv, char **environment)
{
	(void)argc;
	(void)argv;
	for (; *environment; environment++)
		puts(*environment);
	return 0;
}
"#;

#[test]
fn a_musl_program_sees_no_variable() {
    let program = compile_with("musl-gcc", PRINT_VARIABLES, &[]);
    let outcome = Run::preloaded(program).deny("getppid").env("KEPT", "1");
    let outcome = outcome.outcome().succeeded();
    assert!(!outcome.stdout.contains("SECCOMP"), "{outcome:#?}");
    outcome.stdout_has("KEPT=1\n").stdout_has("LD_PRELOAD=/");
}

#[test]
fn an_error_ends_a_musl_program() {
    Run::preloaded(compile_with("musl-gcc", HELLO, &[]))
        .allow("wirte")
        .outcome()
        .status(1)
        .stdout("")
        .stderr_has("did you mean \"write\"?");
}

#[test]
fn a_program_without_a_libc_is_filtered_and_sees_no_variable() {
    let program = free_standing();
    let headers = Command::new("readelf").arg("-ld").arg(&program).output();
    let headers = String::from_utf8_lossy(&headers.expect("readelf").stdout).into_owned();
    assert!(
        headers.contains("INTERP") && !headers.contains("(NEEDED)"),
        "{headers}"
    );
    let outcome = Run::preloaded(&program)
        .allow("write:exit_group")
        .env("KEPT", "1")
        .outcome()
        .succeeded()
        .stdout_has("KEPT=1\n")
        .stdout_has("LD_PRELOAD=/");
    assert!(!outcome.stdout.contains("SECCOMP"), "{outcome:#?}");
    for list in ["write", "exit_group"] {
        Run::preloaded(&program).allow(list).outcome().killed();
    }
    let outcome = Run::preloaded(&program).allow("wirte").outcome();
    outcome.status(1).stdout("");
}

#[test]
fn a_program_without_a_libc_and_without_a_list_is_left_alone() {
    Run::preloaded(free_standing())
        .outcome()
        .succeeded()
        .stdout_has(&format!("LD_PRELOAD={}\n", libsandbox().display()))
        .stderr("");
}

const PYTHON_JOB: &str = "
import json, os, socket, sys
a, b = socket.socketpair()
a.sendall(json.dumps({'sum': sum(range(10))}).encode())
print(json.loads(b.recv(100))['sum'])
sys.stdout.flush()
os.getppid()
print('went on')
";

#[test]
fn python_can_name_the_object_as_its_library() {
    let Some(python) = installed("python3") else {
        return skip("python3 is not installed");
    };
    let directory = public_directory();
    let python = linked_to_libsandbox(&python, directory.path());
    let run = || Run::new(&python).args(["-I", "-S", "-c", PYTHON_JOB]);
    run()
        .deny("ptrace")
        .outcome()
        .succeeded()
        .stdout("45\nwent on\n");
    run().deny("getppid").outcome().killed().stdout("45\n");
    run()
        .allow("@system-service:!getppid")
        .outcome()
        .killed()
        .stdout("45\n")
        .stderr_has("adding @system-service (");
}

#[test]
fn redis_can_name_the_object_as_its_library() {
    let Some(redis) = installed("redis-server") else {
        return skip("redis-server is not installed");
    };
    let directory = public_directory();
    let redis = linked_to_libsandbox(&redis, directory.path());
    let socket = directory.path().join("socket");
    let server = Run::new(&redis)
        .args(["--port", "0", "--save", "", "--unixsocket"])
        .arg(&socket)
        .directory(directory.path())
        .allow("@system-service:!execve")
        .start();
    let mut connection = connect(&socket);
    let mut ask = |request: &str, answer: &str| {
        connection.write_all(request.as_bytes()).expect("a request");
        let mut received = vec![0; answer.len()];
        connection.read_exact(&mut received).expect("an answer");
        assert_eq!(String::from_utf8_lossy(&received), answer);
    };
    ask("SET key value\r\n", "+OK\r\n");
    ask("GET key\r\n", "$5\r\nvalue\r\n");
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid()));
    assert!(status.expect("its status").contains("Seccomp:\t2\n"));
    connection
        .write_all(b"SHUTDOWN NOSAVE\r\n")
        .expect("a request");
    let outcome = server.outcome().succeeded();
    outcome.stderr_has("adding @system-service (");
}

/// Connects as soon as a server listens.
fn connect(socket: &Path) -> UnixStream {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        match UnixStream::connect(socket) {
            Ok(connection) => return connection,
            Err(error) => assert!(Instant::now() < deadline, "{}: {error}", socket.display()),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A Go program that needs the C library; its runtime starts threads of its own.
const GO_WITH_C: &str = r#"package main

// #include <unistd.h>
// static int twice(int x) { return 2 * x; }
import "C"
import "fmt"

func main() {
	fmt.Println(C.twice(21))
	C.getppid()
	fmt.Println("went on")
}
"#;

#[test]
fn a_go_program_with_c_in_it_can_name_the_object_as_its_library() {
    let Some(go) = installed("go") else {
        return skip("go is not installed");
    };
    let directory = public_directory();
    let built = directory.path().join("built");
    let source = directory.path().join("main.go");
    fs::write(&source, GO_WITH_C).expect("the source");
    Run::new(go)
        .args(["build", "-o"])
        .args([&built, &source])
        .env("GOCACHE", directory.path().join("cache"))
        .env("GO111MODULE", "off")
        .directory(&repository())
        .outcome()
        .succeeded();
    let copies = public_directory();
    let program = linked_to_libsandbox(&built, copies.path());
    let run = || Run::new(&program).env("SECCOMP_QUIET", "1");
    run()
        .deny("ptrace")
        .outcome()
        .succeeded()
        .stdout("42\nwent on\n");
    run().deny("getppid").outcome().killed().stdout("42\n");
    run()
        .allow("@system-service:!getppid")
        .outcome()
        .killed()
        .stdout("42\n");
}
