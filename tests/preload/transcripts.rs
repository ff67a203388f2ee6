//! The README's transcripts of the dynamic helloworld.

use std::collections::BTreeSet;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

use sandbox_tests::{Run, installed, public_directory, skip};
use syscalls::Abi;

use crate::programs::{
    HELLO_CALLS, calling, filters, filters_around_the_tests, hello, linked_to_libsandbox, number,
};

const NO_AUDIT: &str = "audit records need CAP_AUDIT_READ";
const THREE_LINES: &str = "adding newfstatat to the process seccomp filter\n\
                           adding write to the process seccomp filter\n\
                           adding exit_group to the process seccomp filter\n";

#[test]
fn three_names_suffice_and_are_announced() {
    Run::preloaded(hello())
        .allow(HELLO_CALLS)
        .outcome()
        .succeeded()
        .stdout("Hello, world!\n")
        .stderr(THREE_LINES);
}

#[test]
fn without_any_one_of_the_names_the_program_dies_of_a_bad_system_call() {
    for (list, printed) in [
        ("write:exit_group", ""),
        ("newfstatat:exit_group", ""),
        ("newfstatat:write", "Hello, world!\n"),
    ] {
        let outcome = Run::preloaded(hello()).allow(list).outcome();
        outcome.killed().stdout(printed);
    }
}

#[test]
fn the_list_of_2020_lacks_what_todays_libc_calls() {
    Run::preloaded(hello())
        .allow("fstat:write:exit_group")
        .outcome()
        .killed()
        .stdout("");
}

#[test]
fn a_kill_leaves_an_audit_record_with_the_call() {
    let run = Run::preloaded(hello()).allow("write:exit_group");
    let Some((outcome, records)) = run.audited(1) else {
        return skip(NO_AUDIT);
    };
    outcome.killed();
    let [record] = &records[..] else {
        panic!("not one record: {records:#?}");
    };
    assert_eq!(record.syscall, number("newfstatat"));
    assert_eq!((record.arch, record.signal), (Abi::NATIVE.audit(), 31));
    assert!(record.text.contains("code=0x80000000"), "{record:?}");
}

#[test]
fn log_with_an_empty_list_runs_to_the_end_and_records_exactly_the_calls() {
    let run = Run::preloaded(hello()).allow("").default_action("log");
    let Some((outcome, records)) = run.audited(3) else {
        return skip(NO_AUDIT);
    };
    outcome.succeeded().stdout("Hello, world!\n").stderr("");
    let recorded: BTreeSet<u32> = records.iter().map(|record| record.syscall).collect();
    let made: BTreeSet<u32> = HELLO_CALLS.split(':').map(number).collect();
    assert_eq!(recorded, made);
    assert!(
        records.iter().all(|record| record.signal == 0),
        "{records:#?}"
    );
}

#[test]
fn a_deny_list_stops_what_it_names_and_nothing_else() {
    let denied = "execve:mprotect";
    Run::preloaded(hello())
        .deny(denied)
        .outcome()
        .succeeded()
        .stdout("Hello, world!\n")
        .stderr(
            "adding execve to the process seccomp filter\n\
             adding mprotect to the process seccomp filter\n",
        );
    Run::preloaded("sh")
        .args(["-c", "exec true"])
        .deny(denied)
        .outcome()
        .killed();
    calling(&["mprotect"])
        .deny(denied)
        .outcome()
        .killed()
        .stdout("");
}

#[test]
fn a_program_that_names_the_object_as_its_library_needs_no_preload() {
    let directory = public_directory();
    let program = linked_to_libsandbox(&hello(), directory.path());
    Run::new(&program)
        .allow(HELLO_CALLS)
        .outcome()
        .succeeded()
        .stdout("Hello, world!\n")
        .stderr(THREE_LINES);
    Run::new(&program)
        .allow("write:exit_group")
        .outcome()
        .killed();
}

#[test]
fn the_process_status_shows_one_more_filter() {
    let outcome = Run::preloaded("grep")
        .args(["Seccomp", "/proc/self/status"])
        .allow("")
        .default_action("log")
        .outcome()
        .succeeded()
        .stdout_has("Seccomp:\t2\n");
    assert_eq!(filters(&outcome), filters_around_the_tests() + 1);
}

/// The kernel log keeps ten records in five seconds, and other tests make some: hence the repetition.
#[test]
fn the_kernel_log_shows_a_kill() {
    let Some(dmesg) = installed("dmesg") else {
        return skip("dmesg is not installed");
    };
    if !Run::new(&dmesg).outcome().stderr.is_empty() {
        return skip("the kernel log is not readable");
    }
    if audit_daemon_runs() {
        return skip("an audit daemon takes the records out of the kernel log");
    }
    for _ in 0..15 {
        let running = Run::preloaded(hello()).allow("write:exit_group").start();
        let process = format!(" pid={} ", running.pid());
        running.outcome().killed();
        let call = format!(" syscall={} ", number("newfstatat"));
        let log = Run::new(&dmesg).outcome().succeeded().stdout;
        let found = log.lines().any(|line| {
            ["type=1326 ", &process, &call]
                .iter()
                .all(|part| line.contains(part))
        });
        if found {
            return;
        }
        sleep(Duration::from_secs(2));
    }
    panic!("none of fifteen kills showed in the kernel log");
}

fn audit_daemon_runs() -> bool {
    let processes = fs::read_dir("/proc").expect("/proc");
    processes.flatten().any(|process| {
        fs::read_to_string(process.path().join("comm")).is_ok_and(|name| name == "auditd\n")
    })
}
