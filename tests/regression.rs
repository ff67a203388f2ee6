//! Bugs that were there once, each with the smallest run that showed it.

#[path = "regression/watched.rs"]
mod watched;

use filter::Program;
use policy::{Action, Compiled, Mode, Request};
use sandbox_tests::{Outcome, Run, public_directory, sandbox_policy};
use syscalls::Abi;

/// sandbox-policy on policies in files `a` and `b`.
fn tool(arguments: &[&str], a: &str, b: &str) -> Outcome {
    let directory = public_directory();
    for (name, policy) in [("a", a), ("b", b)] {
        std::fs::write(directory.path().join(name), policy).expect("a policy");
    }
    let run = Run::new(sandbox_policy()).args(arguments);
    run.directory(directory.path()).outcome()
}

fn compile(mode: Mode, list: &str, default: Action) -> Compiled {
    let request = Request::plain(mode, "LIST", list.as_bytes(), default);
    request
        .compile(Abi::X86_64, &policy::no_files)
        .expect("a list in the grammar")
}

fn decide(compiled: &Compiled, number: u32) -> Action {
    compiled.policy.decide(Abi::X86_64.audit(), number, &[0; 6])
}

/// The action of the number behind the newest known one ran on to the end of the numbers, and the
/// check before the load stopped the program.
#[test]
fn a_number_right_behind_the_newest_known_one_can_be_listed() {
    let newest = syscalls::newest(Abi::X86_64);
    let list = (newest + 1).to_string();
    let compiled = compile(Mode::DenyList, &list, Action::KillProcess);
    let program = Program::compile(&compiled.policy, None).expect("a short program");
    assert!(program.check(&compiled.policy, None).is_ok());
    Run::preloaded("/bin/true").deny(list).outcome().succeeded();
}

/// With `log` for everything, restart_syscall was allowed instead of logged, and its record was missing.
#[test]
fn a_log_default_leaves_a_record_of_restart_syscall_too() {
    let restart = syscalls::number(Abi::X86_64, "restart_syscall").expect("a number");
    let everything_logged = compile(Mode::AllowList, "", Action::Log);
    assert_eq!(decide(&everything_logged, restart), Action::Log);
    let logged = compile(Mode::AllowList, "nanosleep=log", Action::KillProcess);
    assert_eq!(decide(&logged, restart), Action::Log);
    let allowed = compile(Mode::AllowList, "nanosleep=log:poll", Action::KillProcess);
    assert_eq!(decide(&allowed, restart), Action::Allow);
}

/// A backslash was taken for part of a name, and the list that was printed read as another one.
#[test]
fn a_backslash_is_no_part_of_a_name() {
    Run::preloaded("/bin/true")
        .deny("read\\ :write")
        .outcome()
        .status(1)
        .stderr_has("SECCOMP_SYSCALL_DENY: item \"read\\\\\" (column 1): not an item");
}

/// An item that was overridden and listed again was announced again.
#[test]
fn what_was_announced_is_not_announced_again() {
    let compiled = compile(Mode::AllowList, "read:read=log:read", Action::KillProcess);
    assert_eq!(
        compiled.announcement,
        "adding read to the process seccomp filter\nadding read to the process seccomp filter (log)\n"
    );
}

/// The message showed the item as it was understood, not as it was written.
#[test]
fn an_error_shows_the_item_as_it_was_written() {
    Run::preloaded("/bin/true")
        .allow("write: opennat = kill ")
        .outcome()
        .status(1)
        .stderr_has(
            "item \"opennat = kill\" (column 8): unknown system call; did you mean \"openat\"?",
        );
}

/// The last item of the list was named as the rule, for calls that no rule is about.
#[test]
fn what_is_not_listed_is_named_after_no_rule() {
    for call in ["write", "restart_syscall", "500"] {
        let outcome = tool(&["test", "a", call], "read:mkdir", "");
        outcome
            .status(1)
            .stdout(&format!("{call}: kill_process (not listed)\n"));
    }
    let outcome = tool(&["test", "a", "restart_syscall"], "read:poll", "");
    outcome.stdout("restart_syscall: allow (resumes a call that is listed)\n");
}

/// What nobody had named was noted, because it was not allowed.
#[test]
fn a_logged_default_brings_no_note_about_calls_that_nobody_named() {
    let compiled = compile(Mode::AllowList, "read", Action::Log);
    assert_eq!(compiled.notes, []);
    let compiled = compile(Mode::DenyList, "uprobe", Action::Log);
    assert_eq!(compiled.notes.len(), 1);
}

/// The words came from calls with zeros as arguments, so a condition that zero fulfils was left out.
#[test]
fn a_launcher_prints_conditions_that_zero_fulfils() {
    let options = ["--print", "--allow", "read:write(fd == 0)"];
    let outcome = Run::new(sandbox_tests::sandboxify())
        .args(options)
        .outcome();
    let text = outcome.succeeded().stdout;
    assert!(text.contains("fd == 0"), "{text}");
    assert!(!text.contains("read write"), "{text}");
}

/// Conditions that no single number of theirs fulfils.
const UNCOMMON: [(&str, &str); 4] = [
    (
        "mmap(flags & 0xf == MAP_PRIVATE && flags & 0xf0 == MAP_ANONYMOUS)",
        "mmap(*, *, *, MAP_PRIVATE|MAP_ANONYMOUS)",
    ),
    ("read(argL0 * 3 == 0x333)", "read(0x111)"),
    ("read(argL0 >> 4 == 3)", "read(0x35)"),
    ("read(argL0 - 100 == 1000)", "read(1100)"),
];

/// Only the numbers in a condition and their neighbours were tried, so policies were called equal
/// that are not.
#[test]
fn policies_that_differ_are_never_called_the_same() {
    for (item, call) in UNCOMMON {
        let with = format!("write:{item}");
        tool(&["test", "a", call], &with, "").succeeded();
        for command in ["diff", "subset"] {
            let outcome = tool(&[command, "a", "b"], &with, "write");
            // Where no counter-example is found, it must be said that some were not looked for.
            let honest = outcome.status == 1 || outcome.stdout.contains("only a sample");
            assert!(honest, "{item}: {outcome:?}");
        }
    }
    let (item, _) = UNCOMMON[0];
    tool(&["diff", "a", "b"], item, "").status(1);
}

/// For the same reason rules were said never to decide.
#[test]
fn a_rule_that_decides_is_not_said_never_to() {
    for (item, _) in UNCOMMON {
        let outcome = tool(&["check", "a"], &format!("write:{item}"), "");
        outcome.succeeded().stdout("nothing found\n");
    }
}

/// And calls were said to get the same for all arguments.
#[test]
fn an_answer_that_depends_says_so() {
    let (item, _) = UNCOMMON[0];
    let outcome = tool(&["test", "a", "mmap"], item, "");
    outcome.status(1).stdout_has("), for some arguments\n");
}

/// Of several answers the first that stops the call was given, and not the worst.
#[test]
fn of_several_answers_the_worst_is_given() {
    for (list, answer) in [
        (
            "read:read(fd == 0)=EPERM:read(fd == 1)=kill",
            "kill_process (read(fd == 1)=kill)",
        ),
        (
            "read:read(fd == 0)=EPERM:read(fd == 1)=trap",
            "trap (read(fd == 1)=trap)",
        ),
        (
            "read:read(fd == 0)=kill_thread:read(fd == 1)=kill",
            "kill_process (read(fd == 1)=kill)",
        ),
        ("read:read(fd == 5)=log", "log (read(fd == 5)=log)"),
    ] {
        let outcome = tool(&["test", "a", "read"], list, "");
        outcome.stdout(&format!("read: {answer}, for some arguments\n"));
    }
}

/// A number without a name stood for all above it, whether they differ or not.
#[test]
fn one_number_that_differs_is_not_all_above_it() {
    for number in ["400", "500"] {
        let list = format!("read:{number}=EPERM");
        let outcome = tool(&["diff", "a", "b"], &list, "read").status(1);
        assert_eq!(outcome.stdout.lines().count(), 1, "{outcome:?}");
        assert!(!outcome.stdout.contains("above"), "{outcome:?}");
    }
}

/// Parentheses in a string counted, and the arguments behind it were taken for part of it.
#[test]
fn a_string_may_hold_parentheses() {
    for string in ["\"a(b\"", "\"a)b\"", "\"((\"", "\"a,b\""] {
        let call = format!("openat(AT_FDCWD, {string}, O_RDONLY)");
        tool(&["test", "a", &call], "read:openat(flags == O_RDONLY)", "").succeeded();
    }
}

/// A string that does not end swallowed the rest.
#[test]
fn a_string_that_does_not_end_is_an_error() {
    let outcome = tool(
        &["test", "a", "openat(AT_FDCWD, \"x, O_RDONLY)"],
        "openat",
        "",
    );
    outcome.status(2).stdout("");
}

/// A list of one item with `!=`, `<=` or `>=` and a number was taken for a definition of Oz's.
#[test]
fn one_item_with_a_condition_is_a_list() {
    for item in [
        "read(fd != 1)",
        "read(fd <= 2)",
        "read(fd >= 2)",
        "read(argL0 & 0x30 != 0)",
    ] {
        let outcome = tool(&["test", "a", "write"], item, "");
        outcome.status(1).stdout_has("write: kill_process (");
    }
}

/// The message named the variable, which nobody had set.
#[test]
fn a_wrong_abi_is_blamed_on_the_option_that_names_it() {
    let outcome = tool(&["show", "--add-arch", "vax", "a"], "read", "");
    let outcome = outcome.status(2).stdout("");
    assert!(!outcome.stderr.contains("SECCOMP_ARCH"), "{outcome:?}");
    outcome.stderr_has("--add-arch: \"vax\": ");
}

/// A remainder holds its number more than once, and each of sixty around each other doubled the work;
/// a chain of complements made the check try the square of its constants.
#[test]
fn arithmetic_within_arithmetic_takes_no_time() {
    let remainders = (0..60).fold("argL0".to_string(), |inner, _| format!("({inner} % 77)"));
    let complements = format!("{}arg0 & {}arg1 == 5", "~".repeat(200), "~".repeat(200));
    for condition in [format!("{remainders} == 1"), complements] {
        let list = format!("read({condition})");
        let request = Request::plain(Mode::AllowList, "LIST", list.as_bytes(), Action::Trap);
        let start = std::time::Instant::now();
        if let Ok(compiled) = request.compile(Abi::X86_64, &policy::no_files) {
            let policy = &compiled.policy;
            if let Ok(program) = Program::compile(policy, None) {
                assert!(program.check(policy, None).is_ok());
            }
        }
        let taken = start.elapsed();
        assert!(taken.as_secs() < 5, "{taken:?} for {condition:.40}");
    }
}

/// The check tried every pair of constants on every argument of a comparison.
#[test]
fn a_short_list_with_one_large_comparison_is_checked_at_once() {
    let mut terms: Vec<String> = (0..128)
        .map(|at| format!("count&{}", (at + 1) * 2))
        .collect();
    while terms.len() > 1 {
        let pairs = terms
            .chunks(2)
            .map(|pair| format!("({}|{})", pair[0], pair[1]));
        terms = pairs.collect();
    }
    let list = format!("write({} == 1)", terms[0]);
    let start = std::time::Instant::now();
    let compiled = compile(Mode::AllowList, &list, Action::Trap);
    if let Ok(program) = Program::compile(&compiled.policy, None) {
        assert!(program.check(&compiled.policy, None).is_ok());
    }
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

/// A condition on a sleeping call that only ever logs let restart_syscall through without a record.
#[test]
fn what_runs_on_record_alone_is_resumed_on_record() {
    let restart = syscalls::number(Abi::X86_64, "restart_syscall").expect("a number");
    for (list, wanted) in [
        ("nanosleep(arg0 == 1)=trap:read", Action::Log),
        ("nanosleep(arg0 == 1):read", Action::Allow),
    ] {
        let compiled = compile(Mode::AllowList, list, Action::Log);
        assert_eq!(decide(&compiled, restart), wanted, "{list}");
    }
}

/// An allow-list whose violations are logged lost its implied restart_syscall.
#[test]
fn restart_syscall_is_allowed_beside_poll_whatever_a_violation_does() {
    let number = syscalls::number(Abi::X86_64, "restart_syscall").expect("its number");
    for default in [Action::Log, Action::Trap, Action::KillProcess] {
        let compiled = compile(Mode::AllowList, "poll", default);
        assert_eq!(decide(&compiled, number), Action::Allow, "{default}");
    }
}
