//! `oz-seccomp-tracer` on the host: policies by training, reports of what a profile does not allow, and programs
//! that do not notice.

use std::fs;
use std::time::Duration;

use sandbox_tests::{Outcome, SIGSYS_STATUS, repository, rounds, skip};

use crate::host::{Host, hits};

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
        let profile =
            host.profile(r#""Mode": "whitelist", "Enforce": true, "Whitelist": "made.seccomp""#);
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

/// What Oz's tracer saw and wrote.
fn known(name: &str) -> Option<String> {
    let directory = repository().join("../shared/data/oz/tracer-observed");
    let text = fs::read_to_string(directory.join(name));
    if text.is_err() {
        skip("what Oz's tracer wrote is not here");
    }
    text.ok()
}

/// Whether all of these are there, in this order.
fn is_within(some: &[String], all: &[String]) -> bool {
    let mut all = all.iter();
    some.iter().all(|one| all.any(|other| one == other))
}

#[test]
fn the_program_that_oz_trained_with_has_the_same_hits_and_a_policy_that_holds() {
    let (Some(source), Some(seen), Some(written)) = (
        known("train-t-input.c.txt"),
        known("train-t.stderr"),
        known("train-t.seccomp"),
    ) else {
        return;
    };
    let host = Host::new();
    let flags = ["-static", "-D_GNU_SOURCE=", "-include", "signal.h"];
    let program = host.program(&source.replace("/tmp/", ""), &flags);
    let name = program.display().to_string();
    let outcome = host
        .tracer(&["-d", "-o", "made.seccomp", &name])
        .outcome()
        .succeeded();

    // From the program's first own call on; what was before is the C library's and Oz's own.
    let seen = Outcome {
        status: 0,
        stdout: String::new(),
        stderr: seen,
    };
    let theirs = hits(&seen);
    let first = theirs
        .iter()
        .position(|call| call == "socket")
        .expect("a call");
    assert!(theirs.len() - first > 40, "{theirs:?}");
    assert!(is_within(&theirs[first..], &hits(&outcome)), "{outcome:#?}");

    let made = host.read("made.seccomp");
    for line in written.lines().take_while(|line| !line.is_empty()) {
        let Some((call, _)) = line.split_once(':') else {
            continue;
        };
        // One was Oz's own, one let Oz's launcher through.
        if ["nanosleep", "execve"].contains(&call) || line.starts_with('#') {
            continue;
        }
        assert!(
            made.contains(&format!("\n{call}:")),
            "{call} is not in {made}"
        );
    }
    let profile =
        host.profile(r#""Mode": "whitelist", "Enforce": true, "Whitelist": "made.seccomp""#);
    let outcome = host.seccomp(&["-profile", profile, &name]).outcome();
    outcome.succeeded().stdout("out\tline\u{1}\n\0");
}

#[test]
fn a_report_has_the_lines_of_oz_and_the_programs_output_is_untouched() {
    for host in Host::all() {
        host.write("w.seccomp", "exit_group:1\n");
        let profile =
            host.profile(r#""Mode": "whitelist", "Enforce": false, "Whitelist": "w.seccomp""#);
        let run = host.tracer(&["--run", "--profile", profile, "printf", "one\\n\\033two"]);
        let running = run.start();
        let process = running.pid();
        let outcome = running.outcome().succeeded().stdout("one\n\u{1b}two");
        let stderr = &outcome.stderr;
        let beginning = format!(
            "I Tracer running command (printf) arguments ([one\\n\\033two])\n\
             I Tracing child pid: {process}\n"
        );
        assert!(stderr.starts_with(&beginning), "{stderr}");
        let hit = format!(
            "I seccomp hit on sandbox pid {process} (printf one\\n\\033two ) syscall write (1):\n  \
             write(1,\"one\\n.two\",8)\n"
        );
        assert!(stderr.contains(&hit), "{stderr}");
        let end = format!("I Child pid {process} finished.\nI oz-seccomp-tracer: ");
        assert!(stderr.contains(&end), "{stderr}");
        assert!(stderr.ends_with("\nDONE\n"), "{stderr}");
        for text in ["finished.", "distinct violation", "DONE"] {
            assert_eq!(stderr.matches(text).count(), 1, "{text}: {stderr}");
        }
        // All of them are the program's.
        let hits = stderr.lines().filter(|line| line.contains("seccomp hit"));
        let own = format!("pid {process} (printf ");
        assert!(hits.clone().all(|line| line.contains(&own)), "{stderr}");
        let times = hits
            .filter(|line| line.contains(" syscall brk (12)"))
            .count();
        assert_eq!(times, 1, "each once: {stderr}");
        assert!(host.is_deserted());
    }
}

#[test]
fn calls_without_a_name_in_oz_have_one_and_none_is_lost() {
    let host = Host::new();
    let outcome = host.tracer(&["-o", "p", "true"]).outcome().succeeded();
    assert!(hits(&outcome).contains(&"rseq".to_owned()), "{outcome:#?}");
    assert!(host.read("p").contains("\nrseq:1\n"));
}

#[test]
fn a_policy_is_written_where_it_is_said_or_at_home_and_is_its_owners_alone() {
    for host in Host::all() {
        host.tracer(&["-o", "said", "true"]).outcome().succeeded();
        assert_eq!(host.mode("said"), 0o600);

        let running = host.tracer(&["true"]).start();
        let name = format!("true-{}.seccomp", running.pid());
        running.outcome().succeeded().stderr_has(&name);
        assert_eq!(host.mode(&name), 0o600);
        assert!(host.read(&name).contains("\nexit_group:1\n"));
    }
    let host = Host::new();
    let mut run = host.tracer(&["true"]);
    run.command().env_remove("HOME");
    let text = "oz-seccomp-tracer: HOME is not set: name the policy's file with -o\n";
    run.outcome().status(1).stderr(text);
}

#[test]
fn a_policy_grows_with_append_and_is_a_new_one_without() {
    let host = Host::new();
    let train = |words: &[&str]| host.tracer(words).outcome().succeeded();
    train(&["-a", "-o", "p.seccomp", "mkdir", "one"]);
    assert_eq!(host.mode("p.seccomp"), 0o600);
    train(&["-a", "-o", "p.seccomp", "rmdir", "one"]);
    let both = host.read("p.seccomp");
    assert!(
        both.contains("\nmkdir:") && both.contains("\nrmdir:"),
        "{both}"
    );
    let profile = host.profile(r#""Mode": "whitelist", "Enforce": true, "Whitelist": "p.seccomp""#);
    for program in ["mkdir", "rmdir"] {
        let run = host.seccomp(&["-profile", profile, program, "two"]);
        run.outcome().succeeded();
    }
    train(&["-o", "p.seccomp", "mkdir", "one"]);
    let one = host.read("p.seccomp");
    assert!(
        one.contains("\nmkdir:") && !one.contains("\nrmdir:"),
        "{one}"
    );

    host.write("broken.seccomp", "mkdir: (\n");
    let run = host.tracer(&["-a", "-o", "broken.seccomp", "mkdir", "three"]);
    run.outcome().status(1).stderr_has("broken.seccomp");
    assert!(!host.at("three").exists(), "it was run");
    assert_eq!(host.read("broken.seccomp"), "mkdir: (\n");
}

#[test]
fn counts_the_policy_what_was_seen_and_numbers_are_shown_to_whoever_asks() {
    let host = Host::new();
    let outcome = host
        .tracer(&["-xvd", "-o", "p", "true"])
        .outcome()
        .succeeded();
    let (policy, stderr) = (host.read("p"), &outcome.stderr);
    assert!(policy.contains("\n# Raw system call data:\n"), "{policy}");
    assert!(policy.contains("# mprotect ["), "{policy}");
    let counts = "\nInvocation counts for observed system calls:\n\n";
    let (_, rest) = stderr.split_once(counts).expect("counts");
    assert!(rest.contains("\nexit_group calls: 1\n"), "{rest}");
    let listed = format!("\nTrainer generated seccomp-bpf whitelist policy:\n\n{policy}\n");
    assert!(rest.contains(&listed), "{rest}");
    // The second form of each call, and each of a kind.
    let decoded = |line: &&str| line.starts_with("  mprotect(0x") && line.ends_with(", PROT_READ)");
    let generic = |line: &&str| line.starts_with("  mprotect(") && line.ends_with(",1)");
    let count = |stderr: &str| {
        let lines = stderr.lines();
        (
            lines.clone().filter(decoded).count(),
            lines.filter(generic).count(),
        )
    };
    let (first, second) = count(stderr);
    assert!(first > 1 && second == first, "{stderr}");

    let outcome = host.tracer(&["-o", "p", "true"]).outcome().succeeded();
    assert!(!host.read("p").contains("Raw system call data"));
    let stderr = &outcome.stderr;
    assert!(!stderr.contains("Invocation counts"), "{stderr}");
    assert_eq!(count(stderr), (1, 0), "{stderr}");
}

#[test]
fn the_older_form_has_separators() {
    let host = Host::new();
    let run = host.tracer(&["--format", "oz-wiki", "-o", "p", "true"]);
    let outcome = run.outcome().succeeded();
    let separator = format!("I {}\n", "=".repeat(46));
    assert!(
        outcome.stderr.matches(&separator).count() > 20,
        "{outcome:#?}"
    );
    assert!(
        outcome
            .stderr
            .contains(" ) syscall exit_group (231): \n\nexit_group(0)\n"),
        "{outcome:#?}"
    );
}

#[test]
fn a_profile_that_trains_has_its_policy_written_where_it_says() {
    let host = Host::new();
    let profile = host.profile(r#""Mode": "train", "train_output": "${HOME}/here.seccomp""#);
    host.tracer(&["-r", "-p", profile, "true"])
        .outcome()
        .succeeded();
    assert!(host.read("here.seccomp").contains("\nexit_group:1\n"));
    // What the command line says counts more.
    host.tracer(&["-r", "-p", profile, "-o", "there", "true"])
        .outcome()
        .succeeded();
    assert!(host.at("there").exists());
}

#[test]
fn a_filter_before_the_program_is_taken_for_what_it_means() {
    // As Oz called the two for a profile that does not enforce: neither of them was meant to be watched.
    let host = Host::new();
    host.write("b.seccomp", "mkdir:1\nmkdirat:1\n");
    let profile = r#"{"seccomp": {"mode": "blacklist", "blacklist": "b.seccomp"}}"#;
    let words = [
        "-r",
        "-p",
        "-",
        "/opt/oz/bin/oz-seccomp",
        "-mode=blacklist",
        "mkdir",
        "made",
    ];
    let outcome = host.tracer(&words).input(profile).outcome().succeeded();
    assert_eq!(hits(&outcome), ["mkdir"], "{outcome:#?}");
    assert!(host.at("made").exists());

    let words = ["-o", "p", "oz-seccomp", "-mode=whitelist", "rmdir", "made"];
    host.tracer(&words).outcome().succeeded();
    assert!(host.read("p").contains("\nrmdir:1\n"));
}

#[test]
fn what_cannot_be_meant_is_refused_and_nothing_is_run() {
    let host = Host::new();
    host.write("w.seccomp", "write:1\n");
    let profile =
        host.profile(r#""Mode": "whitelist", "Enforce": false, "Whitelist": "w.seccomp""#);
    let text = |text: &str| format!("oz-seccomp-tracer: {text}");
    for (words, status, wanted) in [
        (vec![], 1, text("must specify a command to be traced.\n")),
        (vec!["-r", "mkdir", "x"], 1, "--profile <FILE>".into()),
        (vec!["-p", profile, "mkdir", "x"], 1, "--run".into()),
        (
            vec!["-r", "-p", "none.json", "mkdir", "x"],
            1,
            text("unable to decode profile data: none.json\n"),
        ),
        (
            vec!["-r", "-p", profile, "-o", "p", "mkdir", "x"],
            1,
            text("-o goes with training"),
        ),
        (
            vec!["-o", ".", "mkdir", "x"],
            1,
            "is no regular file".into(),
        ),
        (
            vec!["-o", "none/p", "mkdir", "x"],
            1,
            "cannot be written".into(),
        ),
        (
            vec!["no-such-program"],
            127,
            text("no-such-program: command not found\n"),
        ),
        (
            vec!["./w.seccomp"],
            126,
            text("./w.seccomp: permission denied\n"),
        ),
    ] {
        let outcome = host.tracer(&words).outcome().status(status);
        assert!(outcome.stderr.contains(&wanted), "{words:?}: {outcome:#?}");
        assert!(!host.at("x").exists(), "{words:?}: it was run");
    }
    assert!(host.is_deserted());
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
    let run = sandbox_tests::Run::new("kill").args(["-s", signal, &number]);
    run.outcome().succeeded();
}

/// The state of a process (proc_pid_stat(5)).
fn state(process: u32) -> char {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let behind = stat.rsplit_once(") ").map(|(_, behind)| behind);
    behind.and_then(|text| text.chars().next()).unwrap_or('?')
}

fn wait_until(condition: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(
            std::time::Instant::now() < deadline,
            "it does not come to that"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}
