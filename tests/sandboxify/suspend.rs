//! `--method suspend`: many launches at once, tracers that die, and where it cannot work.

use std::fs;
use std::path::Path;
use std::thread::{scope, sleep};
use std::time::Duration;

use sandbox_tests::{Outcome, Run, public_directory, publish, root, rounds, sandboxify, skip};

use crate::paused::{Paused, status_of};
use crate::programs::{
    STATIC_CALLS, arguments, filtered, filtered_calls, hello_static, may_suspend, methods, text,
};

const LIMIT: Duration = Duration::from_secs(30);
const KILLED: i32 = 128 + 9;
const NOT_POSSIBLE: &str = "suspend needs CAP_SYS_ADMIN, no filter and no tracer";

/// The filter was there when the program looked, and stopped the call behind that.
fn ran_filtered(outcome: &Outcome) -> bool {
    outcome.status == sandbox_tests::SIGSYS_STATUS && outcome.stdout == "filtered\n"
}

#[test]
fn a_thousand_launches_twenty_at_a_time_all_run_filtered() {
    for method in methods() {
        let calls = filtered_calls();
        let options = ["-q", "--method", method, "--allow", &calls];
        scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    for _ in 0..rounds(1000) / 20 {
                        let running = Run::launched(options, filtered()).start();
                        let outcome = running.outcome_within(LIMIT);
                        assert!(ran_filtered(&outcome), "{method}: {outcome:#?}");
                    }
                });
            }
        });
    }
}

/// The processes that execute a launcher, but for one.
fn others_of(launcher: &Path, known: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers
        .filter(|&process: &u32| process != known && executes(process, launcher))
        .collect()
}

fn executes(process: u32, program: &Path) -> bool {
    fs::read_link(format!("/proc/{process}/exe")).is_ok_and(|exe| exe == program)
}

fn kill(process: u32) {
    // It may be gone already.
    let process = nix::unistd::Pid::from_raw(i32::try_from(process).expect("a process id"));
    let _ = nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGKILL);
}

#[test]
fn a_tracer_killed_at_any_moment_leaves_no_program_without_a_filter() {
    if !may_suspend() {
        return skip(NOT_POSSIBLE);
    }
    // A copy, so that only this test's tracers are found.
    let directory = public_directory();
    let launcher = publish(&sandboxify(), directory.path());
    let (mut killed, mut died, mut unharmed) = (0, 0, 0);
    for round in 0..rounds(2000) {
        let method = ["suspend", "auto"][round as usize % 2];
        let running = Run::new(&launcher)
            .args(["-q", "--method", method, "--allow", &filtered_calls()])
            .arg(filtered())
            .start();
        sleep(Duration::from_micros(u64::from(round) * 37 % 1500));
        for tracer in others_of(&launcher, running.pid()) {
            kill(tracer);
            killed += 1;
        }
        let outcome = running.outcome_within(LIMIT);
        match outcome.status {
            // Before it was attached: a failure, with its reason; auto goes on without.
            125 if method == "suspend" => {
                let outcome = outcome.stdout("");
                outcome.stderr_has("sandboxify: --method suspend: ");
            }
            KILLED => {
                assert!(["", "filtered\n"].contains(&outcome.stdout.as_str()));
                died += 1;
            }
            _ => {
                assert!(ran_filtered(&outcome), "{method}: {outcome:#?}");
                unharmed += 1;
            }
        }
    }
    assert!(killed > 0, "no tracer was ever there to be killed");
    assert!(died > 0, "no program ever died with its tracer");
    assert!(unharmed > 0, "no program ever ran");
}

#[test]
fn a_launcher_dies_with_its_tracer() {
    if !may_suspend() {
        return skip(NOT_POSSIBLE);
    }
    for method in ["suspend", "auto"] {
        let options = ["--method", method, "--deny", "acct"];
        let paused = Paused::start(Run::launched(options, hello_static()));
        let tracer: u32 = paused.status("TracerPid").parse().expect("a tracer");
        assert_ne!(tracer, 0, "nothing traces the launcher");
        // No child of the launcher, so that the program will not have it either.
        assert_ne!(status_of(tracer, "PPid"), paused.pid().to_string());
        kill(tracer);
        let outcome = paused.go_on().outcome();
        outcome.status(KILLED).stdout("");
    }
}

#[test]
fn the_tracer_ends_with_the_launch() {
    if !may_suspend() {
        return skip(NOT_POSSIBLE);
    }
    let directory = public_directory();
    let launcher = publish(&sandboxify(), directory.path());
    let run = |program: &Path| {
        let run = Run::new(&launcher).args(["-q", "--method", "suspend", "--deny", "acct"]);
        run.arg(program).outcome()
    };
    for _ in 0..20 {
        run(&hello_static()).succeeded();
        let failing = run(&directory.path().join("missing"));
        failing.status(127);
    }
    // The program may be faster than its tracer's end, but not by much.
    let mut left = others_of(&launcher, 0);
    for _ in 0..1000 {
        if left.is_empty() {
            return;
        }
        sleep(Duration::from_millis(5));
        left = others_of(&launcher, 0);
    }
    panic!("tracers that never end: {left:?}");
}

#[test]
fn under_another_tracer_auto_takes_the_ticket() {
    let directory = public_directory();
    let log = directory.path().join("log");
    let traced = |method: &str| {
        Run::new("strace")
            .args(["-f", "-o"])
            .arg(&log)
            .arg(sandboxify())
            .args(["-q", "--method", method, "--allow", STATIC_CALLS])
            .arg(hello_static())
            .outcome()
    };
    for method in ["auto", "ticket"] {
        traced(method).succeeded().stdout("Hello, world!\n");
    }
    let outcome = traced("suspend").status(125).stdout("");
    outcome.stderr_has("use --method ticket");
}

#[test]
fn inside_another_filter_auto_takes_the_ticket() {
    // As a container's default filter: most is allowed, some answers an error.
    let outer = "@mount=EPERM:reboot=EPERM:kexec_load=EPERM:open_by_handle_at=EPERM:\
                 init_module=EPERM:userfaultfd=EPERM:clone3=ENOSYS";
    let launcher = sandboxify();
    let launcher = text(&launcher);
    for (outer_method, method) in methods()
        .into_iter()
        .flat_map(|outer| ["auto", "ticket", "suspend"].map(|inner| (outer, inner)))
    {
        let outcome = Run::launched(["-q", "--method", outer_method, "--deny", outer], launcher)
            .args(["-q", "--method", method, "--allow", STATIC_CALLS])
            .arg(hello_static())
            .outcome();
        if method == "suspend" {
            outcome
                .status(125)
                .stdout("")
                .stderr_has("no filter so far");
        } else {
            outcome.succeeded().stdout("Hello, world!\n");
        }
    }
}

#[test]
fn launchers_nest() {
    let launcher = sandboxify();
    let launcher = text(&launcher);
    let inner = ["-q", "--deny", "getpgrp=EPERM"];
    let count = |depth: usize| {
        let mut words = Vec::new();
        for _ in 0..depth {
            words.extend([&[launcher][..], &inner].concat());
        }
        words.extend(["grep", "Seccomp_filters", "/proc/self/status"]);
        let outcome = Run::new(words[0]).args(&words[1..]).outcome().succeeded();
        let number = outcome
            .stdout
            .split_whitespace()
            .last()
            .map(str::parse::<usize>);
        number.expect("a number").expect("a number")
    };
    let around = count(0);
    for depth in 1..=3 {
        assert_eq!(count(depth), around + depth);
    }
    // The innermost filter holds as well as the outermost.
    for (outer, inner) in [("getppid", "acct"), ("acct", "getppid")] {
        let run = Run::launched(["-q", "--deny", outer], launcher);
        let run = run.args(["-q", "--deny", inner]).arg(filtered());
        run.outcome().killed().stdout("filtered\n");
    }
}

#[test]
fn an_ordinary_user_needs_no_execve_in_the_list() {
    if !root() {
        return skip("only root can become another user");
    }
    let directory = public_directory();
    let place = directory.path();
    let launcher = publish(&sandboxify(), place);
    let calls = filtered_calls();
    let cases = [
        (publish(&filtered(), place), calls.as_str()),
        (publish(&hello_static(), place), STATIC_CALLS),
        (publish(&arguments(), place), STATIC_CALLS),
    ];
    for (program, calls) in cases {
        for method in ["auto", "ticket"] {
            let run = Run::new(&launcher).args(["-q", "--method", method, "--allow", calls]);
            let outcome = run.arg(&program).as_nobody().outcome();
            let expected = match program.file_name() == filtered().file_name() {
                true => sandbox_tests::SIGSYS_STATUS,
                false => 0,
            };
            assert_eq!(outcome.status, expected, "{outcome:#?}");
            assert!(!outcome.stdout.is_empty());
        }
    }
}
