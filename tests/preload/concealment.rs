//! The variables are gone before the program runs; everything else in its environment stays.

use sandbox_tests::{Run, compile, libsandbox};

const VARIABLES: [&str; 6] = [
    "SECCOMP_SYSCALL_ALLOW",
    "SECCOMP_SYSCALL_DENY",
    "SECCOMP_DEFAULT_ACTION",
    "SECCOMP_ARCH",
    "SECCOMP_LOG",
    "SECCOMP_QUIET",
];

/// Prints what getenv(3) knows of its arguments.
const ASKER: &str = r#"
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *value = getenv(argv[i]);
		printf("%s\n", value ? value : "nothing");
	}
	return 0;
}
"#;

/// Replaces itself by a program with exactly the environment given before "--".
const STARTER: &str = r#"
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int end = 1;
	while (strcmp(argv[end], "--"))
		end++;
	argv[end] = NULL;
	execve(argv[end + 1], argv + end + 1, argv + 1);
	return 127;
}
"#;

/// A program with all variables set, and some that are not ours.
fn with_all_variables(program: impl AsRef<std::ffi::OsStr>) -> Run {
    Run::preloaded(program)
        .allow("@known:!ptrace")
        .deny("kexec_load")
        .default_action("EPERM")
        .env("SECCOMP_ARCH", "")
        .env("SECCOMP_LOG", "0")
        .env("SECCOMP_QUIET", "1")
        .env("SECCOMP_SYSCALL_ALLOWED", "not ours")
        .env("XSECCOMP_LOG", "not ours")
}

/// What the environment holds after [`with_all_variables`].
fn what_stays() -> Vec<String> {
    vec![
        "LC_ALL=C".to_string(),
        format!("LD_PRELOAD={}", libsandbox().display()),
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin".to_string(),
        "SECCOMP_SYSCALL_ALLOWED=not ours".to_string(),
        "XSECCOMP_LOG=not ours".to_string(),
    ]
}

fn sorted(lines: impl Iterator<Item = impl ToString>) -> Vec<String> {
    let mut lines: Vec<String> = lines.map(|line| line.to_string()).collect();
    lines.sort();
    lines
}

#[test]
fn getenv_knows_none_of_the_variables() {
    with_all_variables(compile(ASKER, &[]))
        .args(VARIABLES)
        .arg("SECCOMP_SYSCALL_ALLOWED")
        .outcome()
        .succeeded()
        .stdout(&format!("{}not ours\n", "nothing\n".repeat(6)))
        .stderr("");
}

#[test]
fn the_environment_keeps_everything_else_and_the_preload() {
    let outcome = with_all_variables("env").outcome().succeeded();
    assert_eq!(sorted(outcome.stdout.lines()), what_stays());
}

#[test]
fn a_child_inherits_none_of_the_variables() {
    let outcome = with_all_variables("sh").args(["-c", "env; exit 0"]);
    let outcome = outcome.outcome().succeeded();
    let inherited = outcome
        .stdout
        .lines()
        .filter(|line| !line.starts_with("PWD="));
    // Shells bring some of their own.
    let inherited =
        inherited.filter(|line| !line.starts_with("OLDPWD=") && !line.starts_with("_="));
    assert_eq!(sorted(inherited), what_stays());
}

#[test]
fn the_kernels_view_of_the_environment_is_wiped() {
    let outcome = with_all_variables("cat")
        .arg("/proc/self/environ")
        .outcome();
    let entries = outcome.stdout.split('\0').filter(|entry| !entry.is_empty());
    assert_eq!(sorted(entries), what_stays());
}

#[test]
fn nothing_of_the_lists_is_left_on_the_stack() {
    let outcome = with_all_variables("python3")
        .args(["-I", "-c", READ_OWN_STACK])
        .outcome()
        .succeeded();
    assert_eq!(outcome.stdout, "LD_PRELOAD True\nlist False\n");
}

/// Searches the stack for the beginnings of two values, put together so that the script does not hold them.
const READ_OWN_STACK: &str = r#"
low, high = next(l.split()[0].split("-") for l in open("/proc/self/maps") if "[stack]" in l)
with open("/proc/self/mem", "rb") as memory:
    memory.seek(int(low, 16))
    stack = memory.read(int(high, 16) - int(low, 16))
print("LD_PRELOAD", b"LD_PRE" + b"LOAD=/" in stack)
print("list", b"@known:" + b"!ptrace" in stack)
"#;

#[test]
fn every_definition_goes_and_the_first_one_counts() {
    let preload = format!("LD_PRELOAD={}", libsandbox().display());
    let environment = [
        "SECCOMP_SYSCALL_DENY=getppid",
        "FIRST=1",
        "SECCOMP_SYSCALL_DENY=write",
        &preload,
        "SECCOMP_SYSCALL_DENY=execve",
        "LAST=1",
        "SECCOMP_QUIET=1",
    ];
    Run::new(compile(STARTER, &[]))
        .args(environment)
        .args(["--", "/usr/bin/env"])
        .outcome()
        .succeeded()
        .stdout(&format!("FIRST=1\n{preload}\nLAST=1\n"))
        .stderr("");
}

/// A library that grows the environment, so that the C library moves the array.
const SETS_A_VARIABLE: &str = r#"
#include <stdlib.h>

__attribute__((constructor)) static void start(void)
{
	setenv("SET_BY_A_LIBRARY", "1", 1);
}
"#;

#[test]
fn an_environment_that_another_library_moved_is_emptied_too() {
    let library = compile(SETS_A_VARIABLE, &["-shared", "-fPIC"]);
    let preload = format!("{}:{}", libsandbox().display(), library.display());
    let script = "env | grep -E 'SECCOMP|SET_BY'; tr '\\0' '\\n' < /proc/$$/environ | grep -c SECCOMP_SYSCALL";
    Run::new("bash")
        .args(["-c", script])
        .env("LD_PRELOAD", preload)
        .deny("ptrace")
        .outcome()
        .stdout("SET_BY_A_LIBRARY=1\n0\n");
}
