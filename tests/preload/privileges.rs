//! Programs with privileges that their caller does not have: the caller must not choose their filter.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::statvfs::{FsFlags, statvfs};
use sandbox_tests::{Run, compile, public_directory, publish, root, skip};

use crate::programs::{hello, linked_to_libsandbox};

/// Prints AT_SECURE and the effective user.
const PRIVILEGED: &str = r#"
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>

int main(void)
{
	printf("secure %lu user %u\n", getauxval(AT_SECURE), geteuid());
	return 0;
}
"#;

/// Becomes root for good and executes its argument; without one, says what it sees.
const BECOMES_ROOT: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc > 1) {
		if (setuid(0) == 0)
			execl(argv[1], argv[1], (char *)0);
		return 1;
	}
	const char *list = getenv("SECCOMP_SYSCALL_DENY") ? "there" : "gone";
	printf("secure %lu, list %s\n", getauxval(AT_SECURE), list);
	return 0;
}
"#;

const IGNORED: &str = "ignored: this program runs with privileges that its caller does not have\n";

/// Why a program in a directory would not gain privileges here, if so.
fn no_privileges_in(directory: &Path) -> Option<&'static str> {
    let flags = statvfs(directory).expect("statvfs").flags();
    let status = fs::read_to_string("/proc/self/status").expect("/proc/self/status");
    if !root() {
        Some("only root can make a privileged program and become another user")
    } else if flags.contains(FsFlags::ST_NOSUID) {
        Some("the directory for temporary files is mounted nosuid")
    } else if status.contains("NoNewPrivs:\t1") {
        Some("the tests run with no_new_privs")
    } else {
        None
    }
}

/// A copy of the program, owned by root, that names libsandbox.so as its library.
fn linked(directory: &Path) -> PathBuf {
    linked_to_libsandbox(&compile(PRIVILEGED, &[]), directory)
}

fn make_setuid(program: &Path) {
    fs::set_permissions(program, fs::Permissions::from_mode(0o4755)).expect("chmod u+s");
}

#[test]
fn a_setuid_program_ignores_its_callers_lists_and_says_so() {
    let directory = public_directory();
    if let Some(reason) = no_privileges_in(directory.path()) {
        return skip(reason);
    }
    let program = linked(directory.path());
    make_setuid(&program);
    let as_nobody = || Run::new(&program).as_nobody();
    // The list would kill it, the misspelt name would stop it.
    for list in ["exit_group", "wirte", ""] {
        as_nobody()
            .allow(list)
            .env("SECCOMP_QUIET", "1")
            .outcome()
            .succeeded()
            .stdout("secure 1 user 0\n")
            .stderr(&format!("libsandbox: SECCOMP_SYSCALL_ALLOW {IGNORED}"));
    }
    as_nobody()
        .deny("write=EPERM")
        .outcome()
        .succeeded()
        .stdout("secure 1 user 0\n")
        .stderr(&format!("libsandbox: SECCOMP_SYSCALL_DENY {IGNORED}"));
    // Of two lists the one that would count is named.
    as_nobody()
        .allow("exit_group")
        .deny("write")
        .outcome()
        .succeeded()
        .stderr(&format!("libsandbox: SECCOMP_SYSCALL_ALLOW {IGNORED}"));
    as_nobody()
        .outcome()
        .succeeded()
        .stdout("secure 1 user 0\n")
        .stderr("");
}

#[test]
fn what_a_setuid_program_starts_with_full_privileges_does_not_see_the_list_either() {
    let directory = public_directory();
    if let Some(reason) = no_privileges_in(directory.path()) {
        return skip(reason);
    }
    let program = linked_to_libsandbox(&compile(BECOMES_ROOT, &[]), directory.path());
    make_setuid(&program);
    let outcome = Run::new(&program)
        .as_nobody()
        .arg(&program)
        .deny("getppid")
        .outcome();
    outcome
        .succeeded()
        .stdout("secure 0, list gone\n")
        .stderr(&format!("libsandbox: SECCOMP_SYSCALL_DENY {IGNORED}"));
}

#[test]
fn a_setuid_program_called_by_its_own_user_is_filtered() {
    let directory = public_directory();
    if let Some(reason) = no_privileges_in(directory.path()) {
        return skip(reason);
    }
    let program = linked(directory.path());
    make_setuid(&program);
    let outcome = Run::new(&program).allow("newfstatat:exit_group").outcome();
    outcome.killed().stdout("");
}

#[test]
fn a_program_with_file_capabilities_ignores_its_callers_lists() {
    let directory = public_directory();
    if let Some(reason) = no_privileges_in(directory.path()) {
        return skip(reason);
    }
    let program = linked(directory.path());
    let setcap = Command::new("setcap")
        .arg("cap_net_bind_service+ep")
        .arg(&program)
        .output()
        .expect("setcap; `make test` installs it");
    if !setcap.status.success() {
        return skip("the file system for temporary files takes no capabilities");
    }
    Run::new(&program)
        .as_nobody()
        .allow("exit_group")
        .outcome()
        .succeeded()
        .stdout(&format!("secure 1 user {}\n", sandbox_tests::NOBODY))
        .stderr(&format!("libsandbox: SECCOMP_SYSCALL_ALLOW {IGNORED}"));
}

/// The README's limit: the loader does not preload into such programs.
#[test]
fn a_setuid_program_does_not_load_a_preloaded_object_at_all() {
    let directory = public_directory();
    if let Some(reason) = no_privileges_in(directory.path()) {
        return skip(reason);
    }
    let object = publish(&sandbox_tests::libsandbox(), directory.path());
    let program = publish(&hello(), directory.path());
    make_setuid(&program);
    Run::new(&program)
        .env("LD_PRELOAD", object)
        .allow("exit_group")
        .as_nobody()
        .outcome()
        .succeeded()
        .stdout("Hello, world!\n")
        .stderr("");
}
