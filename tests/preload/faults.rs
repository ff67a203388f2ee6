//! Faults of the original that are gone: shells, standard error, exits, long and new names.

use sandbox_tests::{Run, broken_pipe, compile, installed, libsandbox, public_directory, skip};

use crate::programs::{HELLO_CALLS, calling, failed, filters_around_the_tests, hello};

/// Calls newer than the libseccomp of Debian 12.
const NEW_CALLS: [&str; 13] = [
    "statmount",
    "listmount",
    "lsm_get_self_attr",
    "lsm_set_self_attr",
    "lsm_list_modules",
    "mseal",
    "setxattrat",
    "getxattrat",
    "listxattrat",
    "removexattrat",
    "open_tree_attr",
    "file_getattr",
    "file_setattr",
];

#[test]
fn bash_and_its_children_are_filtered_once_and_know_no_variable() {
    let Some(bash) = installed("bash") else {
        return skip("bash is not installed");
    };
    let script = "echo \"[$SECCOMP_SYSCALL_DENY]\"; env | grep SECCOMP; cat /proc/self/status | grep Seccomp_filters";
    let filters = filters_around_the_tests() + 1;
    Run::preloaded(bash)
        .args(["-c", script])
        .deny("ptrace:mount")
        .outcome()
        .succeeded()
        .stdout(&format!("[]\nSeccomp_filters:\t{filters}\n"));
}

#[test]
fn children_of_bash_survive_an_allow_list_without_the_calls_that_load_filters() {
    let Some(bash) = installed("bash") else {
        return skip("bash is not installed");
    };
    Run::preloaded(bash)
        .args(["-c", "echo one two | tr ' ' '\\n' | wc -l; echo $(id -u)"])
        .allow("@known:!seccomp:!prctl")
        .outcome()
        .succeeded()
        .stdout(&format!("2\n{}\n", nix::unistd::geteuid()));
}

#[test]
fn a_closed_standard_error_is_harmless() {
    let hello = hello();
    let assignments = [
        format!("LD_PRELOAD={}", libsandbox().display()),
        format!("SECCOMP_SYSCALL_ALLOW={HELLO_CALLS}"),
    ];
    Run::new("sh")
        .args(["-c", "exec env \"$@\" 2>&-", "sh"])
        .args(assignments)
        .arg(hello)
        .outcome()
        .succeeded()
        .stdout("Hello, world!\n");
}

#[test]
fn a_full_standard_error_is_harmless() {
    let full = std::fs::File::options().write(true).open("/dev/full");
    Run::preloaded(hello())
        .stderr_to(full.expect("/dev/full"))
        .allow(HELLO_CALLS)
        .outcome()
        .succeeded()
        .stdout("Hello, world!\n");
}

#[test]
fn a_broken_pipe_as_standard_error_is_harmless() {
    Run::preloaded(hello())
        .stderr_to(broken_pipe())
        .allow(HELLO_CALLS)
        .outcome()
        .succeeded()
        .stdout("Hello, world!\n");
}

#[test]
fn a_broken_pipe_changes_no_signal_state() {
    let signals = |run: Run| {
        let run = run.args(["-E", "^(Sig(Pnd|Blk|Ign|Cgt)|ShdPnd)", "/proc/self/status"]);
        run.stderr_to(broken_pipe()).outcome().succeeded().stdout
    };
    let filtered = signals(Run::preloaded("grep").deny("ptrace"));
    assert!(
        filtered.contains("SigPnd:\t0000000000000000\n"),
        "{filtered}"
    );
    assert_eq!(filtered, signals(Run::new("grep")));
}

/// Becomes another program with SIGPIPE blocked and pending.
const PENDING_SIGPIPE: &str = r#"
#include <signal.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	sigset_t set;
	(void)argc;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGPIPE);
	execv(argv[1], argv + 1);
	return 127;
}
"#;

#[test]
fn a_sigpipe_that_was_pending_before_stays_pending() {
    let outcome = Run::new(compile(PENDING_SIGPIPE, &[]))
        .arg("/usr/bin/env")
        .arg(format!("LD_PRELOAD={}", libsandbox().display()))
        .args(["SECCOMP_SYSCALL_DENY=ptrace", "cat", "/proc/self/status"])
        .stderr_to(broken_pipe())
        .outcome()
        .succeeded();
    outcome
        .stdout_has("SigPnd:\t0000000000001000\n")
        .stdout_has("SigBlk:\t0000000000001000\n")
        .stdout_has(&format!(
            "Seccomp_filters:\t{}\n",
            filters_around_the_tests() + 1
        ));
}

#[test]
fn all_lines_are_written_at_once() {
    let directory = public_directory();
    let log = directory.path().join("calls");
    Run::new("strace")
        .args(["-f", "-e", "trace=write", "-o"])
        .arg(&log)
        .arg("-E")
        .arg(format!("LD_PRELOAD={}", libsandbox().display()))
        .args([
            "-E",
            "SECCOMP_SYSCALL_ALLOW=newfstatat:mmap2:write:exit_group",
        ])
        .arg(hello())
        .outcome()
        .succeeded()
        .stdout("Hello, world!\n");
    let log = std::fs::read_to_string(log).expect("strace's log");
    let writes: Vec<_> = log
        .lines()
        .filter(|line| line.contains("write(2,"))
        .collect();
    let [write] = &writes[..] else {
        panic!("not one write to standard error: {log}");
    };
    assert!(write.contains("adding newfstatat"), "{write}");
}

/// A library that wants to say goodbye in two ways.
const GOODBYE: &str = r#"
#include <stdlib.h>
#include <unistd.h>

static void at_exit(void)
{
	(void)!write(1, "handler\n", 8);
}

__attribute__((constructor)) static void start(void)
{
	atexit(at_exit);
}

__attribute__((destructor)) static void end(void)
{
	(void)!write(1, "destructor\n", 11);
}
"#;

#[test]
fn after_an_error_no_exit_handler_or_destructor_runs() {
    let library = compile(GOODBYE, &["-shared", "-fPIC"]);
    let preload = format!("{}:{}", libsandbox().display(), library.display());
    let with_list = |list: &str| {
        let run = Run::new("true").env("LD_PRELOAD", &preload);
        run.deny(list).outcome()
    };
    with_list("wirte").status(1).stdout("");
    // They are there, and run when the program does.
    with_list("ptrace")
        .succeeded()
        .stdout("destructor\nhandler\n");
}

#[test]
fn a_list_may_be_much_longer_than_127_characters() {
    let names = || syscalls::names(syscalls::Abi::NATIVE).map(|(name, _)| name);
    let list: Vec<_> = names().filter(|name| *name != "getppid").collect();
    let outcome = calling(&["getppid"]).allow(list.join(":")).outcome();
    assert_eq!(outcome.stderr.lines().count(), names().count() - 1);
    outcome.killed();
    // A thousand blanks around an item are no part of it.
    let padded = format!("{0}getppid=EPERM{0}", " ".repeat(1000));
    let outcome = calling(&["getppid"]).deny(padded).outcome();
    outcome.succeeded().stdout(&failed("getppid", 1));
}

#[test]
fn names_newer_than_libseccomp_can_be_denied() {
    let outcome = calling(&NEW_CALLS)
        .deny(NEW_CALLS.join(":"))
        .default_action("errno(1234)")
        .outcome()
        .succeeded();
    let all_failed: String = NEW_CALLS.iter().map(|name| failed(name, 1234)).collect();
    outcome.stdout(&all_failed);
    for name in NEW_CALLS {
        calling(&[name]).deny(name).outcome().killed();
    }
}

#[test]
fn names_newer_than_libseccomp_can_be_allowed() {
    let list = format!("write:exit_group:{}", NEW_CALLS.join(":"));
    let outcome = calling(&NEW_CALLS)
        .allow(list)
        .default_action("errno(1234)");
    let outcome = outcome.outcome().succeeded();
    // What they answer to arguments of zero is the kernel's business.
    assert_eq!(outcome.stdout.lines().count(), NEW_CALLS.len());
    assert!(!outcome.stdout.contains("1234"), "{outcome:#?}");
    for name in NEW_CALLS {
        let outcome = calling(&[name]).allow("write:exit_group").outcome();
        assert!(outcome.killed().stdout.is_empty(), "{name}");
    }
}
