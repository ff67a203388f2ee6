//! Programs that do not notice `oz-seccomp` and `oz-seccomp-tracer`, nor the policy that the one has written.

use std::fs;
use std::time::{Duration, Instant};

use sandbox_tests::{Outcome, Run, SIGSYS_STATUS, rounds};

use crate::host::Host;

const TANGLE: &str = include_str!("tangle.c");

/// The end of the program of tangle.c.
#[track_caller]
fn is_as_alone(outcome: &Outcome, alone: &Outcome) {
    let same = (outcome.status, &outcome.stdout) == (42, &alone.stdout);
    assert!(same, "{outcome:#?}\n{alone:#?}");
    assert!(
        outcome.stderr.contains("no newline at the end"),
        "{outcome:#?}"
    );
}

#[test]
fn a_program_with_threads_timers_signals_stops_and_a_tree_of_processes_ends_as_without_the_tracer()
{
    for host in Host::all() {
        let program = host.program(TANGLE, &["-pthread"]);
        let alone = host.command(&program).outcome();
        let name = program.display().to_string();
        host.write("all.seccomp", "write:1\n");
        let profile = host.profile(r#""Mode": "whitelist", "Whitelist": "all.seccomp""#);
        for words in [
            vec!["-o", "made.seccomp", &name],
            vec!["-d", "-x", "-v", "-o", "made.seccomp", &name],
            vec!["-r", "-p", profile, &name],
        ] {
            let running = host.tracer(&words).start();
            is_as_alone(&running.outcome(), &alone);
        }
        assert!(host.is_deserted());
    }
}

#[test]
fn a_trained_policy_compiles_and_the_program_ends_under_it_enforced_as_without() {
    for host in Host::all() {
        let program = host.program(TANGLE, &["-pthread"]);
        let alone = host.command(&program).outcome();
        let name = program.display().to_string();
        host.tracer(&["-o", "made.seccomp", &name])
            .outcome()
            .status(42);
        let policy = host.read("made.seccomp");
        for call in [
            "setitimer",
            "kill",
            "clone",
            "wait4",
            "execve",
            "exit_group",
        ] {
            assert!(
                policy.contains(&format!("\n{call}:")),
                "{call} is not in {policy}"
            );
        }
        let profile = host.enforcing("made.seccomp");
        for _ in 0..rounds(20) {
            let outcome = host.seccomp(&["-profile", profile, &name]).outcome();
            is_as_alone(&outcome, &alone);
        }
        // Nothing else gets through.
        let outcome = host
            .seccomp(&["-profile", profile, "mkdir", "made"])
            .outcome();
        outcome.status(SIGSYS_STATUS);
        assert!(!host.at("made").exists());
    }
}

#[test]
fn signals_from_outside_are_the_programs() {
    let host = Host::new();
    let script = "trap 'echo told; exit 5' TERM; touch ready; while :; do sleep 0.01; done";
    for outside in ["TERM", "STOP"] {
        let _ = fs::remove_file(host.at("ready"));
        let running = host.tracer(&["-o", "p", "sh", "-c", script]).start();
        wait_until(|| host.at("ready").exists());
        let process = running.pid();
        send(process, outside);
        if outside == "STOP" {
            wait_until(|| "Tt".contains(state(process)));
            send(process, "CONT");
            wait_until(|| !"Tt".contains(state(process)));
            send(process, "TERM");
        }
        let outcome = running.outcome_within(Duration::from_secs(20));
        outcome.status(5).stdout("told\n");
        assert!(host.read("p").contains("\nrt_sigreturn:1\n"));
    }
}

/// A shell that waits for its job to stop, and lets it go on.
fn jobs(command: &str) -> String {
    format!(
        "set -m; {command} & \
         until grep -q 'State:.[Tt]' /proc/$!/status; do sleep 0.01; done; \
         until jobs | grep -q Stopped; do sleep 0.01; done; \
         kill -CONT %1; wait %1; echo $?"
    )
}

#[test]
fn a_shell_controls_its_jobs_as_without_the_tracer() {
    const STOPS: &str = "sh -c 'kill -STOP $$; exit 4'";
    for host in Host::all() {
        host.tracer(&["-o", "p", "true"]).outcome().succeeded();
        let traced = format!("./oz-seccomp-tracer -o p {STOPS} 2>/dev/null");
        let bash = || host.command("bash".as_ref());
        let inside = host.tracer(&["-o", "p", "bash", "-c", &jobs(STOPS)]);
        for run in [
            bash().args(["-c", &jobs(STOPS)]),
            inside,
            bash().args(["-c", &jobs(&traced)]),
        ] {
            let outcome = run.start().outcome_within(Duration::from_secs(30));
            outcome.succeeded().stdout("4\n");
        }
    }
}

fn send(process: u32, signal: &str) {
    let number = format!("{process}");
    let run = Run::new("kill").args(["-s", signal, &number]);
    run.outcome().succeeded();
}

/// The state of a process (proc_pid_stat(5)).
fn state(process: u32) -> char {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let behind = stat.rsplit_once(") ").map(|(_, behind)| behind);
    behind.and_then(|text| text.chars().next()).unwrap_or('?')
}

fn wait_until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "it does not come to that");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_program_begins_as_it_would_alone() {
    let script =
        "env; grep -E '^(Sig[^Q]|Shd)' /proc/self/status; ls /proc/self/fd; pwd; umask; echo $0 $*";
    for host in Host::all() {
        let words = ["sh", "-c", script, "name", "one two"];
        let alone = host
            .command("/bin/sh".as_ref())
            .args(&words[1..])
            .outcome()
            .succeeded();
        let policy = host.write("b.seccomp", "mkdir:1\nmkdirat:1\n");
        for enforce in ["true", "false"] {
            host.write("p.json", &format!(
                r#"{{"Seccomp": {{"Mode": "blacklist", "Enforce": {enforce}, "Blacklist": "{}"}}}}"#,
                policy.display()
            ));
            let words = [&["-mode=blacklist", "-profile=p.json"][..], &words].concat();
            let outcome = host.seccomp(&words).outcome().succeeded();
            assert_eq!(outcome.stdout, alone.stdout);
        }
        let words = [&["-o", "p"][..], &words].concat();
        assert_eq!(
            host.tracer(&words).outcome().succeeded().stdout,
            alone.stdout
        );
    }
}
