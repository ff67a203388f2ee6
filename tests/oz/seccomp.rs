//! `oz-seccomp` on the host: each mode of a profile, enforced and not.

use sandbox_tests::{SIGSYS_STATUS, root, skip};

use crate::host::{Host, NO_DIRECTORIES, hits};

const NOTE: &str = "oz-seccomp: note: the profile does not enforce its filter: what that does not allow runs, and is reported\n";

#[test]
fn an_enforced_whitelist_kills_what_it_does_not_name_and_says_what_that_was() {
    for host in Host::all() {
        host.tracer(&["-o", "made.seccomp", "mkdir", "one"])
            .outcome()
            .succeeded();
        let policy = host.read("made.seccomp");
        let lines = policy.lines().filter(|line| !line.starts_with("mkdir"));
        host.write("w.seccomp", &lines.collect::<Vec<_>>().join("\n"));
        let profile = host.enforcing("w.seccomp");
        let outcome = host
            .seccomp(&["-profile", profile, "mkdir", "two"])
            .outcome();
        let outcome = outcome.status(SIGSYS_STATUS);
        assert!(!host.at("two").exists());
        let why = "oz-seccomp: killed by the filter: mkdir(\"two\", 0777) [mkdir, 83] in pid ";
        outcome
            .stderr_has(why)
            .stderr_has("add the line `mkdir: 1`");
        // What it names runs, and nothing is said.
        let profile = host.enforcing("made.seccomp");
        let run = host.seccomp(&["-mode=whitelist", "-profile", profile, "mkdir", "two"]);
        run.outcome().succeeded().stderr("");
        assert!(host.at("two").exists());
        assert!(host.is_deserted());
    }
}

#[test]
fn a_whitelist_that_is_not_enforced_lets_all_run_and_reports_it_once() {
    for host in Host::all() {
        host.write("w.seccomp", "exit_group:1\n");
        let profile =
            host.profile(r#""Mode": "whitelist", "Enforce": false, "Whitelist": "w.seccomp""#);
        let run = host.seccomp(&["-profile", profile, "echo", "hello"]);
        let outcome = run.outcome().succeeded().stdout("hello\n");
        assert!(outcome.stderr.starts_with(NOTE), "{outcome:#?}");
        let line = "(echo hello ) syscall write (1):\n  write(1,\"hello\\n\",6)\n";
        assert!(outcome.stderr.contains(line), "{outcome:#?}");
        let hits = hits(&outcome.stderr);
        assert_eq!(
            hits.iter().filter(|call| *call == "close").count(),
            1,
            "{outcome:#?}"
        );
        assert!(!hits.contains(&"exit_group".to_owned()), "{outcome:#?}");
        assert!(host.is_deserted());
    }
}

#[test]
fn an_enforced_blacklist_kills_what_it_names_and_nothing_else() {
    for host in Host::all() {
        let profile = host.blacklisting(r#", "Enforce": true"#);
        let run = host.seccomp(&["-mode=blacklist", "-profile", profile, "mkdir", "made"]);
        let outcome = run.outcome().status(SIGSYS_STATUS);
        outcome.stderr_has("oz-seccomp: killed by the filter: mkdir(\"made\", 0777) ");
        assert!(!host.at("made").exists());
        let run = host.seccomp(&["-mode", "blacklist", "-profile", profile, "ls"]);
        run.outcome()
            .succeeded()
            .stderr("")
            .stdout_has("b.seccomp\n");
    }
}

#[test]
fn an_error_that_a_rule_gives_comes_from_the_kernel_alone() {
    for host in Host::all() {
        host.write("e.seccomp", "mkdir: return EROFS\nmkdirat: return EROFS\n");
        let profile =
            host.profile(r#""Mode": "blacklist", "Enforce": true, "Blacklist": "e.seccomp""#);
        let run = host.seccomp(&["-mode=blacklist", "-profile", profile, "mkdir", "made"]);
        let text = "mkdir: cannot create directory 'made': Read-only file system\n";
        run.outcome().status(1).stderr(text);
    }
}

#[test]
fn a_blacklist_that_is_not_enforced_reports_one_hit() {
    for host in Host::all() {
        let profile = host.blacklisting("");
        let run = host.seccomp(&["-mode=blacklist", "-profile", profile, "mkdir", "made"]);
        let outcome = run.outcome().succeeded();
        assert!(host.at("made").exists());
        assert_eq!(hits(&outcome.stderr), ["mkdir"], "{outcome:#?}");
        let hit = "(mkdir made ) syscall mkdir (83):\n  mkdir(\"made\", 0777)\n";
        assert!(outcome.stderr.contains(hit), "{outcome:#?}");
        assert_eq!(
            outcome.stderr.matches("violation").count(),
            1,
            "{outcome:#?}"
        );
    }
}

#[test]
fn a_profile_in_debug_has_calls_as_numbers_too() {
    let host = Host::new();
    let profile = host.blacklisting(r#", "Debug": true"#);
    let run = host.seccomp(&["-mode=blacklist", "-profile", profile, "mkdir", "made"]);
    let lines = "  mkdir(\"made\", 0777)\n  mkdir(\"made\",511)\n";
    run.outcome().succeeded().stderr_has(lines);
}

#[test]
fn a_profile_comes_from_standard_input_or_a_file_alone_or_whole() {
    let host = Host::new();
    let path = host.write("b.seccomp", NO_DIRECTORIES);
    let path = path.display();
    let block = format!(r#"{{"mode": "blacklist", "enforce": true, "blacklist": "{path}"}}"#);
    let whole = format!(r#"{{"name": "x", "path": "/bin/x", "seccomp": {block}}}"#);
    let alone = format!(r#"{{"Seccomp": {block}}}"#);
    for profile in [&whole, &alone] {
        host.write("p.json", profile);
        for options in [vec![], vec!["-profile", "-"], vec!["--profile=p.json"]] {
            let words = [&["-mode=blacklist"][..], &options, &["mkdir", "made"]].concat();
            let run = host.seccomp(&words).input(profile.as_bytes());
            run.outcome().status(SIGSYS_STATUS);
        }
    }
    assert!(!host.at("made").exists());
}

#[test]
fn policies_lie_beside_their_profile() {
    let host = Host::new();
    host.blacklisting(r#", "Enforce": true"#);
    let profile = host.at("profile.json").display().to_string();
    let run = host.seccomp(&[
        "-mode=blacklist",
        "-profile",
        &profile,
        "mkdir",
        "/tmp/made-nowhere",
    ]);
    run.directory("/".as_ref()).outcome().status(SIGSYS_STATUS);
}

#[test]
fn definitions_of_the_profile_hold_in_its_policy() {
    let host = Host::new();
    host.write("more.seccomp", "NAMES=SIGUSR1\n");
    host.write("b.seccomp", "kill: argL1 == NAMES || argL1 == OTHER\n");
    let profile = host.profile(
        r#""Mode": "blacklist", "Enforce": true, "Blacklist": "b.seccomp",
           "ExtraDefs": ["more.seccomp", "{inline}OTHER=SIGUSR2\n"]"#,
    );
    for (signal, status) in [
        ("USR1", SIGSYS_STATUS),
        ("USR2", SIGSYS_STATUS),
        ("WINCH", 0),
    ] {
        let script = format!("kill -s {signal} $$");
        let run = host.seccomp(&["-mode=blacklist", "-profile", profile, "sh", "-c", &script]);
        run.outcome().status(status);
    }
}

#[test]
fn without_a_blacklist_of_its_own_a_profile_has_the_machines() {
    if !root() {
        return skip("a configuration is root's");
    }
    let host = Host::new();
    host.write("blacklist-generic.seccomp", NO_DIRECTORIES);
    let settings = host.at("").display().to_string();
    let config = host.write("oz.conf", &format!("{{\"etc_prefix\": \"{settings}\"}}\n"));
    let profile = host.profile(r#""Mode": "blacklist", "Enforce": true"#);
    let run = host.seccomp(&["-mode=blacklist", "-profile", profile, "mkdir", "made"]);
    run.env("OZ_CONFIG_PATH", config)
        .outcome()
        .status(SIGSYS_STATUS);
}

#[test]
fn calls_of_other_abis_stop_whatever_the_mode() {
    if !cfg!(target_arch = "x86_64") {
        return skip("x32 and int 0x80 are x86_64's");
    }
    let host = Host::new();
    let program = host.program(include_str!("foreign_calls.c"), &["-static"]);
    let name = program.display().to_string();
    host.tracer(&["-o", "w.seccomp", &name])
        .outcome()
        .succeeded();
    host.write("b.seccomp", NO_DIRECTORIES);
    for mode in ["whitelist", "blacklist"] {
        for enforce in ["true", "false"] {
            let profile = host.profile(&format!(
                r#""Mode": "{mode}", "Enforce": {enforce}, "Whitelist": "w.seccomp", "Blacklist": "b.seccomp""#
            ));
            let run = |words: &[&str]| {
                let flag = format!("-mode={mode}");
                let words = [&[&flag, "-profile", profile, name.as_str()][..], words].concat();
                host.seccomp(&words).outcome()
            };
            run(&[]).succeeded().stdout("came back\n");
            for abi in ["x32", "i386"] {
                run(&[abi]).status(SIGSYS_STATUS).stdout("");
            }
        }
    }
    for abi in ["x32", "i386"] {
        host.tracer(&["-o", "p", &name, abi])
            .outcome()
            .status(SIGSYS_STATUS)
            .stdout("");
        host.seccomp(&["-mode=train", &name, abi])
            .outcome()
            .status(SIGSYS_STATUS);
    }
}

#[test]
fn training_writes_what_a_policy_does_not_allow_where_the_profile_says() {
    for host in Host::all() {
        let running = host.seccomp(&["-mode=train", "mkdir", "one"]).start();
        let name = format!("mkdir-{}.seccomp", running.pid());
        running.outcome().succeeded();
        assert!(host.read(&name).contains("\nmkdir:1\n"));
        assert_eq!(host.mode(&name), 0o600);

        let without = host.read(&name);
        let lines = without.lines().filter(|line| !line.starts_with("mkdir"));
        host.write("rest.seccomp", &lines.collect::<Vec<_>>().join("\n"));
        let profile = host.profile(r#""Mode": "train", "train_output": "${HOME}/t.seccomp""#);
        let words = [
            "-mode=train",
            "-profile",
            profile,
            "-policy",
            "rest.seccomp",
            "mkdir",
            "two",
        ];
        let outcome = host.seccomp(&words).outcome().succeeded();
        assert_eq!(hits(&outcome.stderr), ["mkdir"], "{outcome:#?}");
        let learned = host.read("t.seccomp");
        assert!(
            learned.contains("\nmkdir:1\n") && !learned.contains("\nopenat"),
            "{learned}"
        );
    }
}

#[test]
fn privileges_can_be_gained_only_if_root_says_so() {
    for (host, ordinary) in Host::all().into_iter().zip([!root(), true]) {
        let profile = host.blacklisting(r#", "Enforce": true"#);
        let grep = ["grep", "NoNewPrivs", "/proc/self/status"];
        let run = |flags: &[&str]| {
            let words = [&["-mode=blacklist", "-profile", profile][..], flags, &grep].concat();
            host.seccomp(&words).outcome()
        };
        run(&[]).succeeded().stdout("NoNewPrivs:\t1\n");
        let train = |flags: &[&str]| {
            host.tracer(&[&["-o", "p"][..], flags, &grep].concat())
                .outcome()
        };
        train(&[]).succeeded().stdout("NoNewPrivs:\t1\n");
        if ordinary {
            let text = " needs CAP_SYS_ADMIN: without it the kernel takes no filter of a process that can gain privileges\n";
            run(&["-allow-new-privs"])
                .status(1)
                .stderr(&format!("oz-seccomp: -allow-new-privs{text}"));
            train(&["-N"])
                .status(1)
                .stderr(&format!("oz-seccomp-tracer: -N{text}"));
        } else {
            run(&["-allow-new-privs"])
                .succeeded()
                .stdout("NoNewPrivs:\t0\n");
            train(&["-N"]).succeeded().stdout("NoNewPrivs:\t0\n");
        }
    }
}

#[test]
fn a_program_that_may_trace_is_not_traced() {
    // A process has one tracer: whoever wrote ptrace into a whitelist wants it to be another.
    let host = Host::new();
    let source =
        "#include <sys/ptrace.h>\nint main(void) { return ptrace(PTRACE_TRACEME, 0, 0, 0) != 0; }";
    let program = host.program(source, &["-static"]).display().to_string();
    host.tracer(&["-o", "w.seccomp", &program])
        .outcome()
        .status(1);
    assert!(host.read("w.seccomp").contains("\nptrace:"));
    let profile = host.enforcing("w.seccomp");
    let run = host.seccomp(&["-profile", profile, &program]);
    run.outcome().succeeded().stderr("");
}
