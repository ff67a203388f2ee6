//! `oz-seccomp-tracer` on the host: policies by training, reports of what a profile does not allow, and programs
//! that do not notice.

use sandbox_tests::seen_by_oz;

use crate::host::{Host, hits};

/// Whether all of these are there, in this order.
fn is_within(some: &[String], all: &[String]) -> bool {
    let mut all = all.iter();
    some.iter().all(|one| all.any(|other| one == other))
}

#[test]
fn the_program_that_oz_trained_with_has_the_same_hits_and_a_policy_that_holds() {
    let names = ["train-t-input.c.txt", "train-t.stderr", "train-t.seccomp"];
    let [Some(source), Some(seen), Some(written)] = names.map(seen_by_oz) else {
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
    let theirs = hits(&seen);
    let first = theirs.iter().position(|call| call == "socket");
    let theirs = &theirs[first.expect("a call")..];
    assert!(theirs.len() > 40, "{theirs:?}");
    assert!(is_within(theirs, &hits(&outcome.stderr)), "{outcome:#?}");

    let made = host.read("made.seccomp");
    for line in written.lines().take_while(|line| !line.is_empty()) {
        let Some((call, _)) = line.split_once(':') else {
            continue;
        };
        // One was Oz's own, one let Oz's launcher through.
        if ["nanosleep", "execve"].contains(&call) || line.starts_with('#') {
            continue;
        }
        let rule = format!("\n{call}:");
        assert!(made.contains(&rule), "{call} is not in {made}");
    }
    let profile = host.enforcing("made.seccomp");
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
    assert!(
        hits(&outcome.stderr).contains(&"rseq".to_owned()),
        "{outcome:#?}"
    );
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
    let profile = host.enforcing("p.seccomp");
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
    assert_eq!(hits(&outcome.stderr), ["mkdir"], "{outcome:#?}");
    assert!(host.at("made").exists());

    let words = ["-o", "p", "oz-seccomp", "-mode=whitelist", "rmdir", "made"];
    host.tracer(&words).outcome().succeeded();
    assert!(host.read("p").contains("\nrmdir:1\n"));
}

#[test]
fn what_cannot_be_meant_is_refused_and_nothing_is_run() {
    let host = Host::new();
    host.write("w.seccomp", "write:1\n");
    host.profile(r#""Mode": "whitelist", "Enforce": false, "Whitelist": "w.seccomp""#);
    let decoded = "oz-seccomp-tracer: unable to decode profile data: none.json\n";
    let training = "oz-seccomp-tracer: -o goes with training";
    for (words, status, wanted) in [
        (
            "",
            1,
            "oz-seccomp-tracer: must specify a command to be traced.\n",
        ),
        ("-r mkdir x", 1, "--profile <FILE>"),
        ("-p profile.json mkdir x", 1, "--run"),
        ("-r -p none.json mkdir x", 1, decoded),
        ("-r -p profile.json -o p mkdir x", 1, training),
        ("-o . mkdir x", 1, "is no regular file"),
        ("-o none/p mkdir x", 1, "cannot be written"),
        (
            "no-such-program",
            127,
            "oz-seccomp-tracer: no-such-program: command not found\n",
        ),
        (
            "./w.seccomp",
            126,
            "oz-seccomp-tracer: ./w.seccomp: permission denied\n",
        ),
    ] {
        let words: Vec<&str> = words.split_whitespace().collect();
        let outcome = host.tracer(&words).outcome().status(status);
        assert!(outcome.stderr.contains(wanted), "{words:?}: {outcome:#?}");
        assert!(!host.at("x").exists(), "{words:?}: it was run");
    }
    assert!(host.is_deserted());
}
