//! Which variables count, what they do, and that the program sees none of them.

use std::path::Path;

use sandbox_tests::{NOBODY, Run, compile, libsandbox, public_directory, publish, skip};
use syscalls::Abi;

use crate::programs::{
    HELLO_CALLS, calling, calling_numbers, failed, filters, filters_around_the_tests, hello,
    number, ran,
};

/// Prints its status file, where the kernel shows filters and no_new_privs.
fn status_of(run: impl FnOnce(Run) -> Run) -> sandbox_tests::Outcome {
    run(Run::preloaded("cat").arg("/proc/self/status"))
        .outcome()
        .succeeded()
}

#[test]
fn an_allow_list_beats_a_deny_list() {
    Run::preloaded(hello())
        .allow(HELLO_CALLS)
        .deny("write")
        .env("SECCOMP_QUIET", "1")
        .outcome()
        .succeeded()
        .stdout("Hello, world!\n")
        .stderr("");
    Run::preloaded(hello())
        .allow("newfstatat:exit_group")
        .deny("ptrace")
        .outcome()
        .killed();
}

#[test]
fn an_allow_list_defined_but_empty_allows_nothing() {
    for list in ["", ":", " : "] {
        Run::preloaded(hello())
            .allow(list)
            .outcome()
            .killed()
            .stdout("")
            .stderr("");
    }
    // An empty list still beats a deny-list.
    Run::preloaded(hello())
        .allow("")
        .deny("ptrace")
        .outcome()
        .killed();
}

#[test]
fn a_deny_list_defined_but_empty_denies_nothing_but_filters() {
    let outcome = status_of(|run| run.deny(""));
    assert_eq!(filters(&outcome), filters_around_the_tests() + 1);
    assert_eq!(outcome.stderr, "");
}

#[test]
fn without_a_list_nothing_is_filtered_and_nothing_is_taken_away() {
    let baseline = Run::new("grep")
        .args(["NoNewPrivs", "/proc/self/status"])
        .outcome();
    let outcome = status_of(|run| run.env("SECCOMP_DEFAULT_ACTION", "log"));
    assert_eq!(filters(&outcome), filters_around_the_tests());
    outcome.stdout_has(&baseline.succeeded().stdout).stderr("");
    // Nothing is read either: not even nonsense in the other variables is noticed.
    Run::preloaded("env")
        .env("SECCOMP_DEFAULT_ACTION", "nonsense")
        .outcome()
        .succeeded()
        .stdout_has("SECCOMP_DEFAULT_ACTION=nonsense\n")
        .stderr("");
}

#[test]
fn without_a_list_no_system_call_is_made() {
    let nothing = compile("", &["-shared", "-fPIC"]);
    let (with_nothing, with_libsandbox) = (calls_with(&nothing), calls_with(&libsandbox()));
    assert!(with_nothing.iter().any(|call| call == "write"));
    assert_eq!(
        after_loading(&with_nothing),
        after_loading(&with_libsandbox)
    );
    // While the loader maps the two objects their segments make a difference, and only they.
    let but_segments = |calls: &[String]| -> Vec<String> {
        let segment = |call: &&String| *call == "mmap" || *call == "mprotect";
        calls
            .iter()
            .filter(|call| !segment(call))
            .cloned()
            .collect()
    };
    assert_eq!(but_segments(&with_nothing), but_segments(&with_libsandbox));
}

/// The system calls of helloworld with an object preloaded.
fn calls_with(object: &Path) -> Vec<String> {
    let directory = public_directory();
    let log = directory.path().join("calls");
    let preload = format!("LD_PRELOAD={}", object.display());
    Run::new("strace")
        .args(["-f", "-o"])
        .arg(&log)
        .args(["-E", &preload])
        .arg(hello())
        .outcome()
        .succeeded()
        .stdout("Hello, world!\n");
    let log = std::fs::read_to_string(log).expect("strace's log");
    let call = |line: &str| {
        Some(
            line.split_whitespace()
                .nth(1)?
                .split_once('(')?
                .0
                .to_string(),
        )
    };
    log.lines().filter_map(call).collect()
}

/// The loader ends by unmapping its cache; constructors come behind.
fn after_loading(calls: &[String]) -> &[String] {
    let end = calls.iter().rposition(|call| call == "munmap");
    &calls[end.expect("the loader's last munmap")..]
}

#[test]
fn no_new_privileges_are_to_be_had_behind_a_filter() {
    status_of(|run| run.deny("ptrace")).stdout_has("NoNewPrivs:\t1\n");
}

#[test]
fn duplicates_and_empty_items_do_no_harm() {
    Run::preloaded(hello())
        .allow("::newfstatat: write :newfstatat::exit_group:1:write:")
        .outcome()
        .succeeded()
        .stdout("Hello, world!\n")
        .stderr(
            "adding newfstatat to the process seccomp filter\n\
             adding write to the process seccomp filter\n\
             adding exit_group to the process seccomp filter\n",
        );
}

#[test]
fn items_work_from_left_to_right() {
    let cases = [
        ("getppid:!getppid", ran("getppid")),
        ("!getppid:getppid", failed("getppid", 1)),
        ("getppid=EACCES:getppid", failed("getppid", 1)),
        ("getppid:getppid=EACCES", failed("getppid", 13)),
        ("@known:@known=allow:getppid", failed("getppid", 1)),
        ("@default:getppid:!@default", ran("getppid")),
    ];
    for (list, printed) in cases {
        let run = calling(&["getppid"]).deny(list).default_action("EPERM");
        let outcome = run.outcome();
        assert_eq!(outcome.stdout, printed, "{list}: {outcome:#?}");
    }
}

#[test]
fn denials_with_an_error_leave_records_only_when_asked_for() {
    for (switch, expected) in [(Some("1"), 1), (Some("0"), 0), (None, 0)] {
        let run = calling(&["getppid"]).deny("getppid=EPERM");
        let run = match switch {
            Some(value) => run.env("SECCOMP_LOG", value),
            None => run,
        };
        let Some((outcome, records)) = run.audited(expected) else {
            return skip("audit records need CAP_AUDIT_READ");
        };
        outcome.succeeded().stdout(&failed("getppid", 1));
        let recorded: Vec<_> = records.iter().map(|record| record.syscall).collect();
        assert_eq!(recorded, vec![number("getppid"); expected], "{switch:?}");
    }
}

#[test]
fn the_native_abi_may_be_named_in_the_list_of_abis() {
    calling(&["getppid"])
        .deny("getppid=EPERM")
        .env("SECCOMP_ARCH", Abi::NATIVE.name())
        .outcome()
        .succeeded()
        .stdout(&failed("getppid", 1));
}

#[test]
fn an_ordinary_user_filters_too() {
    if !sandbox_tests::root() {
        return skip("only root can become another user");
    }
    let directory = public_directory();
    let object = publish(&libsandbox(), directory.path());
    let preloaded = |program: &str| {
        let run = Run::new(program).env("LD_PRELOAD", &object);
        run.env("SECCOMP_QUIET", "1").as_nobody()
    };
    preloaded("id")
        .arg("-u")
        .deny("ptrace")
        .outcome()
        .succeeded()
        .stdout(&format!("{NOBODY}\n"))
        .stderr("");
    let outcome = preloaded("cat").arg("/proc/self/status").deny("ptrace");
    let outcome = outcome.outcome().succeeded();
    assert_eq!(filters(&outcome), filters_around_the_tests() + 1);
    let hello = publish(&hello(), directory.path());
    let hello = hello.to_str().expect("a path in ASCII");
    let killed = preloaded(hello).allow("write:exit_group").outcome();
    killed.killed().stdout("");
}

#[test]
fn the_program_finds_no_descriptor_open_that_was_not() {
    let open = |run: Run| run.arg("/proc/self/fd").outcome().succeeded().stdout;
    // Log mode reads a sysctl before the filter is loaded.
    let filtered = Run::preloaded("ls").deny("ptrace").default_action("log");
    assert_eq!(open(filtered), open(Run::new("ls")));
}

#[test]
fn numbers_around_the_newest_known_one_can_be_listed() {
    let newest = syscalls::newest(Abi::NATIVE);
    for number in newest - 1..newest + 4 {
        let (number, next) = (number.to_string(), (number + 1).to_string());
        let run = || calling_numbers(&[&number, &next]);
        let outcome = run().deny(format!("{number}=errno(1234)")).outcome();
        let (listed, behind) = outcome.stdout.split_once('\n').unwrap_or_default();
        assert_eq!(listed, format!("{number}: errno 1234"), "{outcome:#?}");
        assert!(
            behind.starts_with(&next) && !behind.contains("1234"),
            "{outcome:#?}"
        );
        let outcome = run()
            .allow(format!("write:exit_group:{number}"))
            .outcome()
            .killed();
        assert!(
            outcome.stdout.starts_with(&number) && !outcome.stdout.contains(&next),
            "{outcome:#?}"
        );
    }
}
