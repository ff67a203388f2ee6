//! Programs that several tests run, and what this machine lets the launcher do.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sandbox_tests::{Run, compile};
use syscalls::Abi;

/// The README's program.
pub const HELLO: &str = include_str!("../../examples/helloworld.c");

/// What a static helloworld calls from its first instruction on (glibc 2.36).
pub const STATIC_CALLS: &str = "brk:arch_prctl:set_tid_address:set_robust_list:rseq:prlimit64:\
                                readlink:getrandom:mprotect:newfstatat:write:exit_group";

/// What the loader and a dynamic helloworld call (glibc 2.36).
pub const DYNAMIC_CALLS: &str = "brk:mmap:access:openat:newfstatat:close:read:pread64:arch_prctl:\
                                 set_tid_address:set_robust_list:rseq:mprotect:prlimit64:munmap:\
                                 getrandom:write:exit_group";

/// Prints `filtered` when there is a filter (PR_GET_SECCOMP, prctl(2)), else `bare`; then makes a
/// call that no list here allows.
const FILTERED: &str = r#"
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(void)
{
	puts(prctl(PR_GET_SECCOMP) == 2 ? "filtered" : "bare");
	fflush(stdout);
	getppid();
	puts("not stopped");
	return 0;
}
"#;

/// Makes the calls whose numbers are its arguments and prints what became of each.
const CALLER: &str = r#"
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		long answer = syscall(strtol(argv[i], NULL, 0), 0, 0, 0, 0, 0, 0);
		if (answer == -1)
			printf("errno %d\n", errno);
		else
			printf("ran\n");
	}
	return 0;
}
"#;

/// Prints its arguments from the zeroth on, one a line.
const ARGUMENTS: &str = r#"
#include <stdio.h>

int main(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		puts(argv[i]);
	return 0;
}
"#;

/// Helloworld as a static program.
pub fn hello_static() -> PathBuf {
    compile(HELLO, &["-static"])
}

/// Helloworld as a dynamic program.
pub fn hello_dynamic() -> PathBuf {
    compile(HELLO, &[])
}

/// A static program that says whether it is filtered and then, under [`FILTERED_CALLS`], dies.
pub fn filtered() -> PathBuf {
    compile(FILTERED, &["-static"])
}

/// What [`filtered`] needs to say so.
pub fn filtered_calls() -> String {
    format!("{STATIC_CALLS}:prctl")
}

/// A static program that makes the named calls without arguments.
pub fn calling(options: &[&str], names: &[&str]) -> Run {
    let numbers = names.iter().map(|name| number(name).to_string());
    Run::launched(options, compile(CALLER, &["-static"])).args(numbers)
}

/// A static program that prints its arguments.
pub fn arguments() -> PathBuf {
    compile(ARGUMENTS, &["-static"])
}

/// The native number of a call.
pub fn number(name: &str) -> u32 {
    syscalls::number(Abi::NATIVE, name).unwrap_or_else(|| panic!("{name} has no number"))
}

/// Writes a file with a mode.
pub fn file(directory: &Path, name: &str, content: impl AsRef<[u8]>, mode: u32) -> PathBuf {
    let path = directory.join(name);
    overwrite(&path, content.as_ref());
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("chmod");
    path
}

/// Gives a file another content. Another process does it: a child that another test forks meanwhile
/// would inherit our descriptor, and a file that anyone has open for writing cannot be executed.
pub fn overwrite(path: &Path, content: &[u8]) {
    let destination = format!("of={}", text(path));
    Run::new("dd")
        .args(["status=none", &destination])
        .input(content)
        .outcome()
        .succeeded();
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a path in ASCII")
}

/// Whether this process could suspend the filter of another: CAP_SYS_ADMIN, and no filter of its own.
pub fn may_suspend() -> bool {
    const CAP_SYS_ADMIN: u32 = 21;
    let status = fs::read_to_string("/proc/self/status").expect("/proc/self/status");
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.expect("a field of the status file").trim().to_string()
    };
    let capabilities = u64::from_str_radix(&field("CapEff:"), 16).expect("capabilities");
    capabilities >> CAP_SYS_ADMIN & 1 == 1 && field("Seccomp:") == "0" && field("TracerPid:") == "0"
}

/// The methods for static programs that must work here.
pub fn methods() -> Vec<&'static str> {
    if may_suspend() {
        vec!["auto", "suspend", "ticket"]
    } else {
        vec!["auto", "ticket"]
    }
}

/// The announcement of a plain list.
pub fn announced(list: &str) -> String {
    let line = |name| format!("adding {name} to the process seccomp filter\n");
    list.split(':').map(line).collect()
}

/// Puts copies of the program that prints its arguments into a directory.
pub fn copies_of_arguments(directory: &Path, names: &[&str]) {
    let bytes = std::fs::read(arguments()).expect("the program");
    for name in names {
        file(directory, name, &bytes, 0o755);
    }
}

/// Options under which only the launcher can execute anything.
pub fn without_execve(method: &str) -> [&str; 5] {
    ["-q", "--method", method, "--deny", "execve:execveat"]
}
